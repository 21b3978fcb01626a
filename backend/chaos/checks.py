"""What must be true of every history, however many faults it went through. Pure: rows in, complaints out.

The messages of a thread are checked as a list that was only ever appended to, in the manner of Elle
(https://github.com/jepsen-io/elle): each task's items are there once, whole, and in their order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chaos.person import Transcript
from chaos.tasks import prompt, steps, unsafe_names

Row = Mapping[str, Any]

_ENDED = {"finished", "failed", "stopped"}


def lost_runs(submitted: Iterable[str], runs: Sequence[Row]) -> list[str]:
    """Every run that was answered with 202 has ended well."""
    status = {str(row["id"]): row["status"] for row in runs}
    return [
        f"run {run_id} is {status.get(run_id)}" for run_id in submitted if status.get(run_id) != "finished"
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
        expected = _expected(letters[run_id])
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


def bad_effects(calls: Sequence[Row], effects: Mapping[str, str], letters: Mapping[str, str]) -> list[str]:
    """Unsafe calls happened once if they say so, and never twice.

    `calls` are rows of the ledger; `effects` is the file of effects by run id.
    """
    complaints: list[str] = []
    for run_id, letter in letters.items():
        done = Counter(effects[run_id].split())
        unsafe = [call for call in calls if str(call["run_id"]) == run_id and call["effect"] == "unsafe"]
        for name, call in zip(unsafe_names(letter), unsafe, strict=False):
            times, outcome = done[name], call["outcome"]
            if times > 1 or (outcome == "ok" and times != 1):
                complaints.append(
                    f"run {run_id}: {name} happened {times} times, and its outcome is {outcome}"
                )
    complaints += [
        f"call {call['call_id']} of run {call['run_id']} is {call['state']}"
        for call in calls
        if call["state"] != "finished"
    ]
    return complaints


def bad_transcript(transcript: Transcript, messages: Sequence[Row]) -> list[str]:
    """What a client saw is the log: no gap, nothing twice, and in the end the stored messages of the run."""
    complaints: list[str] = []
    shown: dict[str, Any] = {}
    last = 0
    for seq, event in transcript.seen:
        if event["type"] == "reset":
            shown = {m["id"]: m["parts"] for m in event["messages"] if m["run_id"] == transcript.run_id}
        elif seq != last + 1:
            complaints.append(f"run {transcript.run_id}: event {seq} came after {last}")
        if event["type"] == "message.created":
            shown[event["message"]["id"]] = event["message"]["parts"]
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


def _expected(letter: str) -> list[tuple[str, str]]:
    expected = [("user", prompt(letter))]
    for step in steps(letter):
        expected.append(("assistant", step.text))
        expected += [("tool", name) for name in step.calls]
    return expected


def _shown(row: Row) -> tuple[str, str]:
    if row["role"] == "tool":
        return "tool", ",".join(part["name"] for part in row["parts"])
    return row["role"], "".join(part["text"] for part in row["parts"] if part["type"] == "text")
