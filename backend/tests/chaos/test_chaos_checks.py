"""The checks of the chaos suite find what they are made to find: each kind of broken history."""

from typing import Any

import pytest

from chaos.checks import bad_effects, bad_reads, bad_threads, bad_transcript, differing_events, lost_runs
from chaos.history import Read, Transcript
from chaos.tasks import prompt, script, steps, unsafe_names

LETTERS = {"run-a": "A", "run-b": "B"}

Rows = list[dict[str, Any]]


def history(run_id: str, letter: str, first: int = 1) -> Rows:
    rows: list[tuple[str, Rows]] = [("user", [{"type": "text", "text": prompt(letter)}])]
    for step in steps(letter):
        rows.append(("assistant", [{"type": "text", "text": step.text}]))
        rows += [("tool", [{"type": "tool_result", "name": name}]) for name in step.calls]
    return [
        {"id": f"{run_id}-{n}", "run_id": run_id, "position": first + n, "role": role, "parts": parts}
        for n, (role, parts) in enumerate(rows)
    ]


def thread() -> Rows:
    first = history("run-a", "A")
    return [*first, *history("run-b", "B", len(first) + 1)]


def renumbered(rows: Rows) -> Rows:
    return [{**row, "position": n} for n, row in enumerate(rows, 1)]


def call(name: str, outcome: str | None) -> dict[str, Any]:
    return {
        "run_id": "run-a",
        "call_id": f"call-{name}",
        "arguments": {"command": f"sleep 1; echo {name} >> effects.txt"},
        "state": "finished" if outcome else "started",
        "outcome": outcome,
    }


def told(run_id: str, rows: Rows) -> Transcript:
    return of(
        run_id, *({"type": "message.created", "message": {"id": r["id"], "parts": r["parts"]}} for r in rows)
    )


def of(run_id: str, *events: dict[str, Any]) -> Transcript:
    return Transcript(run_id, "A", seen=[(n, {"seq": n, **event}) for n, event in enumerate(events, 1)])


def delta(message_id: str, text: str) -> dict[str, Any]:
    return {"type": "text.delta", "message_id": message_id, "text": text}


def created(message_id: str, text: str) -> dict[str, Any]:
    return {
        "type": "message.created",
        "message": {"id": message_id, "parts": [{"type": "text", "text": text}]},
    }


def stored(message_id: str, text: str) -> dict[str, Any]:
    return {"id": message_id, "run_id": "r", "parts": [{"type": "text", "text": text}]}


def test_the_script_does_what_the_checks_expect() -> None:
    scenarios = script()["scenarios"]
    assert [scenario["match"] for scenario in scenarios] == [prompt(letter) for letter in "ABC"]
    assert all(len(s["turns"]) == len(steps(letter)) for s, letter in zip(scenarios, "ABC", strict=True))


def test_a_run_that_did_not_end_well_is_lost() -> None:
    runs = [{"id": "a", "status": "finished"}, {"id": "b", "status": "failed", "error": "why"}]
    assert lost_runs(["a", "b", "c"], runs) == ["run b is failed: why", "run c is None: None"]


def test_a_whole_thread_has_nothing_wrong() -> None:
    assert bad_threads(thread(), LETTERS) == []


def test_a_lost_message_is_found() -> None:
    rows = thread()
    assert len(bad_threads(rows[:3] + rows[4:], LETTERS)) == 2
    assert len(bad_threads(renumbered(rows[:3] + rows[4:]), LETTERS)) == 1


def test_a_doubled_message_is_found() -> None:
    rows = thread()
    assert len(bad_threads(renumbered([*rows[:3], *rows[2:]]), LETTERS)) == 1


def test_messages_in_another_order_are_found() -> None:
    rows = thread()
    assert len(bad_threads(renumbered([*rows[:2], rows[3], rows[2], *rows[4:]]), LETTERS)) == 1
    swapped = [*history("run-b", "B"), *history("run-a", "A")]
    assert bad_threads(renumbered(swapped), LETTERS)[0].startswith("the tasks were not done in their order")


def test_messages_of_a_run_that_nobody_gave_are_found() -> None:
    rows = [*thread(), *history("run-x", "A")]
    assert any("run run-x: expected []" in complaint for complaint in bad_threads(renumbered(rows), LETTERS))


GROWING = [Read(1, 2, ("a",)), Read(2, 3, ("a", "b")), Read(2.5, 2.9, ("a",)), Read(4, 5, ("a", "b", "c"))]


def test_reads_of_a_growing_list_are_beginnings_of_it() -> None:
    assert bad_reads(GROWING, ["a", "b", "c"], {"a": 1.5, "c": 4.5}) == []


@pytest.mark.parametrize(
    ("reads", "known", "found"),
    [
        ([Read(1, 2, ("a", "x"))], {}, "no beginning"),  # read what was never stored, or was taken back
        ([Read(1, 2, ("b", "a"))], {}, "no beginning"),  # another order
        ([Read(1, 2, ("a", "c"))], {}, "no beginning"),  # a hole
        ([Read(1, 2, ("a", "b")), Read(3, 4, ("a",))], {}, "shows 1 messages after one had shown 2"),
        ([Read(3, 4, ("a",))], {"b": 2.5}, "lacks ['b']"),
        ([], {"x": 1.0}, "message x was told to a client and is lost"),
    ],
)
def test_reads_that_fit_into_no_order_of_appends_are_found(
    reads: list[Read], known: dict[str, float], found: str
) -> None:
    (complaint,) = bad_reads(reads, ["a", "b", "c"], known)
    assert found in complaint


def test_effects_that_happened_as_the_ledger_says() -> None:
    letters = {"run-a": "A"}
    calls = [call("A1", "ok"), call("A3", "unknown")]
    assert bad_effects(calls, "A1\n", letters) == []
    assert bad_effects(calls, "A1\nA3\n", letters) == []


@pytest.mark.parametrize(
    ("calls", "effects", "complaints"),
    [
        ([call("A1", "ok"), call("A3", "unknown")], "A1 A3 A3", 1),  # an unsafe call was repeated
        ([call("A1", "ok"), call("A3", "unknown")], "A3", 1),  # what was acknowledged did not happen
        ([call("A1", "ok"), call("A3", "ok")], "A1 A3 A3", 1),
        ([call("A1", "ok")], "A1 A3", 1),  # the ledger does not know of a call
        ([call("A1", "ok"), call("A3", "ok"), call("A3", "ok")], "A1 A3", 1),  # it knows of two
        ([call("A1", "ok"), call("A3", None)], "A1", 1),  # one has no end
        ([call("A1", "ok"), call("A3", "ok")], "A1 A3 Z9", 1),  # nobody was to do this
    ],
)
def test_effects_that_were_repeated_or_are_missing_are_found(
    calls: Rows, effects: str, complaints: int
) -> None:
    assert unsafe_names("A") == ("A1", "A3")
    assert len(bad_effects(calls, effects, {"run-a": "A"})) == complaints


def test_a_transcript_equals_the_log() -> None:
    rows = history("run-a", "A")
    assert bad_transcript(told("run-a", rows), rows) == []


def test_a_reset_starts_a_transcript_anew() -> None:
    rows = history("run-a", "A")
    transcript = told("run-a", rows[:2])
    transcript.seen.append((40, {"seq": 40, "type": "reset", "messages": rows}))
    assert bad_transcript(transcript, rows) == []


def test_gaps_repetitions_and_other_contents_are_found() -> None:
    rows = history("run-a", "A")
    gap = told("run-a", rows)
    del gap.seen[1]
    assert len(bad_transcript(gap, rows)) == 2
    twice = told("run-a", rows)
    twice.seen.insert(1, twice.seen[0])
    assert bad_transcript(twice, rows) == ["run run-a: event 1 came after 1"]
    other = told("run-a", [{**rows[0], "parts": []}, *rows[1:]])
    assert len(bad_transcript(other, rows)) == 1
    short = told("run-a", rows[:-1])
    assert len(bad_transcript(short, rows)) == 1


def test_pieces_of_text_add_up_to_what_is_stored() -> None:
    whole = of("r", delta("m", "one "), delta("m", "two"), created("m", "one two"))
    assert bad_transcript(whole, [stored("m", "one two")]) == []
    anew = of(
        "r",
        delta("m", "one "),
        {"type": "message.discarded", "message_id": "m"},
        delta("m", "three"),
        created("m", "three"),
    )
    assert bad_transcript(anew, [stored("m", "three")]) == []


@pytest.mark.parametrize("texts", [("one ",), ("one ", "one ", "two"), ("two", "one ")])
def test_pieces_of_text_that_are_lost_doubled_or_moved_are_found(texts: tuple[str, ...]) -> None:
    torn = of("r", *(delta("m", text) for text in texts), created("m", "one two"))
    (complaint,) = bad_transcript(torn, [stored("m", "one two")])
    assert "was stored as" in complaint


def test_text_that_a_reset_came_into_is_not_compared() -> None:
    reset: dict[str, Any] = {"type": "reset", "messages": []}
    cut = of("r", delta("m", "one "), reset, delta("m", "two"), created("m", "one two"))
    assert bad_transcript(cut, [stored("m", "one two")]) == []
    later = of("r", reset, created("m", "one"), delta("n", "two"), created("n", "one two"))
    assert len(bad_transcript(later, [stored("m", "one"), stored("n", "one two")])) == 1


def test_one_number_told_in_two_ways_is_found() -> None:
    rows = history("run-a", "A")
    other = told("run-a", [{**rows[0], "parts": []}, *rows[1:]])
    assert differing_events([told("run-a", rows), told("run-a", rows)]) == []
    assert differing_events([told("run-a", rows), other]) == ["run run-a: event 1 was told in two ways"]
