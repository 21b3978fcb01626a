"""The checks of the chaos suite find what they are made to find."""

from typing import Any

from chaos.checks import bad_effects, bad_threads, bad_transcript, differing_events, lost_runs
from chaos.person import Transcript
from chaos.tasks import prompt, steps

LETTERS = {"run-a": "A", "run-b": "B"}


def history(run_id: str, letter: str, first: int = 1) -> list[dict[str, Any]]:
    rows: list[tuple[str, list[dict[str, Any]]]] = [("user", [{"type": "text", "text": prompt(letter)}])]
    for step in steps(letter):
        rows.append(("assistant", [{"type": "text", "text": step.text}]))
        rows += [("tool", [{"type": "tool_result", "name": name}]) for name in step.calls]
    return [
        {"id": f"{run_id}-{n}", "run_id": run_id, "position": first + n, "role": role, "parts": parts}
        for n, (role, parts) in enumerate(rows)
    ]


def thread() -> list[dict[str, Any]]:
    first = history("run-a", "A")
    return [*first, *history("run-b", "B", len(first) + 1)]


def renumbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "position": n} for n, row in enumerate(rows, 1)]


def call(name: str, outcome: str | None, effect: str = "unsafe") -> dict[str, Any]:
    state = "finished" if outcome else "started"
    return {"run_id": "run-a", "call_id": name, "effect": effect, "state": state, "outcome": outcome}


def told(run_id: str, rows: list[dict[str, Any]]) -> Transcript:
    events = [{"type": "message.created", "message": {"id": r["id"], "parts": r["parts"]}} for r in rows]
    return Transcript(run_id, "A", seen=[(n, {"seq": n, **event}) for n, event in enumerate(events, 1)])


def test_a_run_that_did_not_end_well_is_lost() -> None:
    runs = [{"id": "a", "status": "finished"}, {"id": "b", "status": "failed"}]
    assert lost_runs(["a", "b", "c"], runs) == ["run b is failed", "run c is None"]


def test_a_whole_thread_has_nothing_wrong() -> None:
    assert bad_threads(thread(), LETTERS) == []


def test_messages_that_are_lost_doubled_or_moved_are_found() -> None:
    rows = thread()
    assert len(bad_threads(rows[:3] + rows[4:], LETTERS)) == 2
    assert len(bad_threads(renumbered(rows[:3] + rows[4:]), LETTERS)) == 1
    assert len(bad_threads(renumbered([*rows[:3], *rows[2:]]), LETTERS)) == 1
    assert len(bad_threads(renumbered([*rows[:2], rows[3], rows[2], *rows[4:]]), LETTERS)) == 1
    swapped = [*history("run-b", "B"), *history("run-a", "A")]
    assert bad_threads(renumbered(swapped), LETTERS)[0].startswith("the tasks were not done in their order")


def test_effects_that_were_repeated_or_are_missing_are_found() -> None:
    calls = [call("A1", "ok"), call("A3", "unknown")]
    letters = {"run-a": "A"}
    assert bad_effects(calls, {"run-a": "A1\n"}, letters) == []
    assert bad_effects(calls, {"run-a": "A1\nA3\n"}, letters) == []
    assert len(bad_effects(calls, {"run-a": "A1\nA3\nA3\n"}, letters)) == 1
    assert len(bad_effects(calls, {"run-a": "A3\n"}, letters)) == 1
    assert bad_effects([call("A1", None)], {"run-a": ""}, letters) == ["call A1 of run run-a is started"]


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


def test_one_number_told_in_two_ways_is_found() -> None:
    rows = history("run-a", "A")
    other = told("run-a", [{**rows[0], "parts": []}, *rows[1:]])
    assert differing_events([told("run-a", rows), told("run-a", rows)]) == []
    assert differing_events([told("run-a", rows), other]) == ["run run-a: event 1 was told in two ways"]
