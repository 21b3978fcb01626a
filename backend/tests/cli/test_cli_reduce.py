"""The reducer on event lists: drafts give way to what was stored, nothing is lost, nothing stands twice."""

from collections.abc import Iterable

import pytest

from factotum.cli.reduce import apply
from factotum.cli.view import CallBlock, NoteBlock, PlanBlock, ReasoningBlock, TextBlock, View
from factotum.protocol.events import (
    MessageCreated,
    MessageDiscarded,
    ReasoningDelta,
    RunAwaiting,
    RunEvent,
    RunFailed,
    RunResumed,
    RunStarted,
    RunStopped,
    SandboxChanged,
    Snapshot,
    TextDelta,
    ToolArgumentsDelta,
    ToolFinished,
    ToolOutputDelta,
    ToolStarted,
)
from factotum.protocol.messages import CompactionPart, TextPart, ToolCallPart, ToolResultPart
from factotum.protocol.runs import ErrorInfo, Question, Usage
from tests.cli.cli_support import THREAD_ID, a_whole_run, make_run, message, stamped


def reduced(events: Iterable[RunEvent | Snapshot]) -> View:
    view = View()
    for event in events:
        apply(view, event)
    return view


def texts(view: View) -> list[str]:
    return [block.text for block in view.blocks if isinstance(block, TextBlock)]


def calls(view: View) -> list[CallBlock]:
    return [block for block in view.blocks if isinstance(block, CallBlock)]


def test_a_whole_run() -> None:
    view = reduced(a_whole_run())
    assert (view.status, view.finish_reason, view.ended) == ("finished", "complete", True)
    assert texts(view) == ["Count the files", "I will look."]
    assert [(call.name, call.state) for call in calls(view)] == [("shell", "ok"), ("complete", "ok")]
    assert calls(view)[0].output == "a.txt\nb.txt\n[exit code 0]"
    assert calls(view)[0].duration_ms == 320
    assert all(block.settled for block in view.blocks)
    assert (view.thread_id, view.model, view.steps) == (THREAD_ID, "openai/scripted", 2)
    assert view.usage == Usage(input_tokens=2000, output_tokens=400, cost_usd=0.02)
    assert view.deliverables == ("out/a.txt",)
    assert view.answer == "I will look.\n\nThere are **two** files."
    assert view.seconds == 9.0


def test_drafts_grow_and_are_not_settled() -> None:
    view = reduced(a_whole_run()[:7])
    reasoning, text, call = view.blocks[1:]
    assert isinstance(reasoning, ReasoningBlock)
    assert reasoning.text == "Let me see."
    assert isinstance(text, TextBlock)
    assert text.text == "I will look."
    assert isinstance(call, CallBlock)
    assert (call.state, call.written, call.tail) == ("writing", 15, '{"command": "ls')
    assert not any(block.settled for block in view.blocks[1:])


def test_a_stored_message_replaces_its_draft_where_it_stood() -> None:
    events = a_whole_run()[:7]
    note = SandboxChanged(status="recreated", note="It was restored.", seq=8)
    stored = a_whole_run()[7]
    view = reduced([*events, note, stored])
    assert [type(block) for block in view.blocks] == [TextBlock, TextBlock, CallBlock, NoteBlock]
    assert isinstance(view.blocks[1], TextBlock)
    assert view.blocks[1].key == "m1:0"
    assert calls(view)[0].state == "waiting"


def test_output_of_a_running_call_is_its_tail_and_is_bounded() -> None:
    events: list[RunEvent] = [
        ToolStarted(call_id="c1", message_id="m1", name="shell", arguments={"command": "yes"}),
        *(ToolOutputDelta(call_id="c1", stream="stdout", text="y\n" * 1000) for _ in range(20)),
        ToolOutputDelta(call_id="unknown", stream="stdout", text="lost"),
    ]
    call = calls(reduced(stamped(events)))[0]
    assert call.state == "running"
    assert call.written == 40_000
    assert len(call.tail) == 8_000


def test_output_after_the_end_of_a_call_changes_nothing() -> None:
    view = reduced([*a_whole_run()[:13], ToolOutputDelta(call_id="c1", stream="stdout", text="late")])
    assert calls(view)[0].tail == ""


def test_a_discarded_message_is_gone_and_its_next_attempt_stands() -> None:
    events = stamped(
        [
            RunStarted(attempt=1, model="m"),
            ReasoningDelta(message_id="d1", text="hm"),
            TextDelta(message_id="d1", text="half a sen"),
            ToolArgumentsDelta(message_id="d1", call_id="x", name="shell", text="{"),
            RunStarted(attempt=2, model="m"),
            MessageDiscarded(message_id="d1"),
            TextDelta(message_id="d2", text="Whole."),
        ]
    )
    view = reduced(events)
    assert texts(view) == ["Whole."]
    assert calls(view) == []
    notes = [block.text for block in view.blocks if isinstance(block, NoteBlock)]
    assert notes == ["The service was interrupted; the run goes on (attempt 2)."]


def test_discarding_never_takes_what_was_stored() -> None:
    view = reduced([*a_whole_run()[:8], MessageDiscarded(message_id="m1")])
    assert texts(view) == ["Count the files", "I will look."]


@pytest.mark.parametrize(("summarised", "how"), [(True, "summarised"), (False, "left out")])
def test_a_summary_of_the_earlier_conversation_is_noted(summarised: bool, how: str) -> None:
    part = CompactionPart(summary="S.", until="m", messages=12, turns=4, summarised=summarised)
    view = reduced([MessageCreated(message=message("m9", "user", part))])
    (note,) = view.blocks
    assert isinstance(note, NoteBlock)
    assert note.text.startswith("The model no longer reads the first 12 messages")
    assert how in note.text


def test_waiting_and_going_on() -> None:
    question = Question(reason="question", text="Red or blue?", choices=("red", "blue"), call_id="q")
    events = stamped([RunStarted(attempt=1, model="m"), RunAwaiting(question=question)])
    view = reduced(events)
    assert (view.status, view.question, view.ended) == ("awaiting_input", question, False)
    apply(view, RunResumed(attempt=2, seq=3))
    assert (view.status, view.question, view.attempt) == ("running", None, 2)


def test_a_stop_closes_open_calls_and_names_what_was_not_done() -> None:
    view = reduced([*a_whole_run()[:12], RunStopped(not_executed=("create_file",), usage=Usage(), seq=13)])
    assert (view.status, view.not_executed) == ("stopped", ("create_file",))
    assert [call.state for call in calls(view)] == ["stopped"]


def test_a_failure_drops_what_was_never_stored() -> None:
    error = ErrorInfo(code="stalled", message="The model stalled.", hint="Try again.")
    view = reduced([*a_whole_run()[:6], RunFailed(error=error, usage=Usage(), seq=7)])
    assert (view.status, view.error) == ("failed", error)
    assert texts(view) == ["Count the files"]


def test_a_snapshot_replaces_everything() -> None:
    call = ToolCallPart(call_id="c9", name="shell", arguments={"command": "true"})
    snapshot = Snapshot(
        seq=100,
        run=make_run("running", step=3, usage=Usage(input_tokens=5)),
        messages=(
            message("n1", "assistant", TextPart(text="Again."), call),
            message("n2", "tool", ToolResultPart(call_id="c9", name="shell", output="done", outcome="error")),
        ),
    )
    view = reduced([*a_whole_run()[:12], snapshot])
    assert texts(view) == ["Again."]
    assert [(c.key, c.state, c.output) for c in calls(view)] == [("c9", "error", "done")]
    assert (view.seq, view.steps, view.usage.input_tokens) == (100, 3, 5)
    assert not any(isinstance(block, PlanBlock) for block in view.blocks)


def test_keys_from_events_and_from_a_snapshot_are_the_same() -> None:
    """So that a screen prints nothing twice after a reset."""
    events = a_whole_run()
    messages = tuple(event.message for event in events if isinstance(event, MessageCreated))
    snapshot = Snapshot(seq=19, run=make_run("finished"), messages=messages)
    keys = {b.key for b in reduced(events).blocks if not isinstance(b, PlanBlock)}
    assert {block.key for block in reduced([snapshot]).blocks} == keys


@pytest.mark.parametrize("cut", range(1, 19))
def test_the_same_events_twice_give_the_same_view(cut: int) -> None:
    events = a_whole_run()
    assert reduced(events[:cut]) == reduced(events[:cut])


def test_a_finished_call_that_was_never_announced_is_shown() -> None:
    finished = ToolFinished(call_id="z", name="ask", outcome="ok", output="blue", duration_ms=0)
    assert [(call.name, call.output) for call in calls(reduced([finished]))] == [("ask", "blue")]
