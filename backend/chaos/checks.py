"""What must be true of every history, however many faults it went through. Pure: rows in, complaints out.

The messages of a thread are checked as a list that was only ever appended to, in the manner of Elle
(https://github.com/jepsen-io/elle): each task's items are there once, whole and in their order, and all that
anybody read meanwhile fits into one order of appends.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chaos.history import Read, Transcript
from chaos.tasks import prompt, steps, unsafe_names

Row = Mapping[str, Any]


def lost_runs(submitted: Iterable[str], runs: Sequence[Row]) -> list[str]:
    """Every run that was answered with 202 has ended well."""
    found = {str(row["id"]): row for row in runs}
    return [
        f"run {run_id} is {row.get('status')}: {row.get('error')}"
        for run_id in submitted
        if (row := found.get(run_id, {})).get("status") != "finished"
    ]


def bad_threads(messages: Sequence[Row], letters: Mapping[str, str]) -> list[str]:
    """Return what is lost, doubled or out of order in one thread's messages, given by position.

    `letters` maps a run's id to its task, in the order the tasks were given.
    """
    complaints: list[str] = []
    positions = [row["position"] for row in messages]
    if positions != list(range(1, len(positions) + 1)):
        complaints.append(f"positions are not dense: {positions}")
    by_run: dict[str, list[Row]] = {run_id: [] for run_id in letters}
    for row in messages:
        by_run.setdefault(str(row["run_id"]), []).append(row)
    for run_id, rows in by_run.items():
        expected = _expected(letters[run_id]) if run_id in letters else []
        found = [_shown(row) for row in rows]
        if found != expected:
            complaints.append(f"run {run_id}: expected {expected}, found {found}")
    first_steps = [
        next((row["position"] for row in by_run[run_id] if row["role"] == "assistant"), 0)
        for run_id in letters
    ]
    if first_steps != sorted(first_steps):
        complaints.append(f"the tasks were not done in their order: {first_steps}")
    return complaints


def bad_reads(reads: Sequence[Read], final: Sequence[str], acknowledged: Mapping[str, float]) -> list[str]:
    """Check what was read of a thread while it grew against what it is in the end: lists of message ids.

    Every read is a beginning of `final`; one that began after another had ended shows no less than that; and
    it shows every message that a client had been told of before (`acknowledged`: when, by id).
    """
    complaints: list[str] = []
    for read in reads:
        if read.message_ids != tuple(final[: len(read.message_ids)]):
            complaints.append(f"a read at {read.began:.2f} is no beginning of the thread: {read.message_ids}")
        known = max((len(r.message_ids) for r in reads if r.ended <= read.began), default=0)
        if len(read.message_ids) < known:
            complaints.append(
                f"a read at {read.began:.2f} shows {len(read.message_ids)} messages after one had shown"
                f" {known}"
            )
        missing = [
            message_id
            for message_id, at in acknowledged.items()
            if at < read.began and message_id not in read.message_ids
        ]
        if missing:
            complaints.append(f"a read at {read.began:.2f} lacks {missing}, which a client knew already")
    complaints += [f"message {m} was told to a client and is lost" for m in acknowledged if m not in final]
    return complaints


def bad_effects(calls: Sequence[Row], effects: str, letters: Mapping[str, str]) -> list[str]:
    """Unsafe calls happened once if they say so, never twice, and every call has ended.

    `calls` are rows of the ledger, `effects` is what the unsafe calls of one thread left in its workspace.
    """
    complaints: list[str] = []
    done = Counter(effects.split())
    for run_id, letter in letters.items():
        for name in unsafe_names(letter):
            outcomes = [call["outcome"] for call in calls if _does(call, run_id, name)]
            times = done.pop(name, 0)
            if len(outcomes) != 1 or times > 1 or (outcomes == ["ok"] and times != 1):
                complaints.append(
                    f"run {run_id}: {name} happened {times} times, and its calls say {outcomes}"
                )
    complaints += [f"{name} happened {times} times, and nobody was to do it" for name, times in done.items()]
    complaints += [
        f"call {call['call_id']} of run {call['run_id']} is {call['state']}"
        for call in calls
        if call["state"] != "finished"
    ]
    return complaints


def bad_transcript(transcript: Transcript, messages: Sequence[Row]) -> list[str]:
    """What a client saw is the log: no gap, nothing twice, and in the end the stored messages of the run.

    The text that came piece by piece is the text that was stored in the end.
    """
    complaints: list[str] = []
    shown: dict[str, Any] = {}
    drafts: dict[str, str] = {}
    last, whole = 0, True
    for seq, event in transcript.seen:
        kind = event["type"]
        if kind == "reset":
            shown = {m["id"]: m["parts"] for m in event["messages"] if m["run_id"] == transcript.run_id}
            drafts, whole = {}, False
        elif seq != last + 1:
            complaints.append(f"run {transcript.run_id}: event {seq} came after {last}")
        if kind == "text.delta" and (whole or event["message_id"] in drafts):
            drafts[event["message_id"]] = drafts.get(event["message_id"], "") + event["text"]
        elif kind == "message.discarded":
            drafts.pop(event["message_id"], None)
        elif kind == "message.created":
            message = event["message"]
            shown[message["id"]] = message["parts"]
            whole = True  # What begins from here on is seen from its first word.
            draft = drafts.pop(message["id"], None)
            if draft is not None and draft != _text(message["parts"]):
                complaints.append(f"run {transcript.run_id}: {draft!r} was stored as {message['parts']}")
        last = seq
    stored = {str(row["id"]): row["parts"] for row in messages if str(row["run_id"]) == transcript.run_id}
    for message_id in sorted({*shown, *stored}):
        if shown.get(message_id) != stored.get(message_id):
            complaints.append(
                f"run {transcript.run_id}, message {message_id}: the client shows"
                f" {shown.get(message_id)}, stored is {stored.get(message_id)}"
            )
    return complaints


def differing_events(transcripts: Iterable[Transcript]) -> list[str]:
    """A number never stands for two different events, whoever looks."""
    told: dict[tuple[str, int], Any] = {}
    complaints: list[str] = []
    for transcript in transcripts:
        for seq, event in transcript.seen:
            if event["type"] != "reset" and told.setdefault((transcript.run_id, seq), event) != event:
                complaints.append(f"run {transcript.run_id}: event {seq} was told in two ways")
    return complaints


def _does(call: Row, run_id: str, name: str) -> bool:
    """Tell whether this is the run's call that leaves `name` in the workspace."""
    return str(call["run_id"]) == run_id and f"echo {name} " in str(call["arguments"].get("command"))


def _expected(letter: str) -> list[tuple[str, str]]:
    expected = [("user", prompt(letter))]
    for step in steps(letter):
        expected.append(("assistant", step.text))
        expected += [("tool", name) for name in step.calls]
    return expected


def _shown(row: Row) -> tuple[str, str]:
    if row["role"] == "tool":
        return "tool", ",".join(part["name"] for part in row["parts"])
    return row["role"], _text(row["parts"])


def _text(parts: Sequence[Mapping[str, Any]]) -> str:
    return "".join(part["text"] for part in parts if part["type"] == "text")
