"""Messages, events and runs: closed unions that survive the wire, and the sums that stand on them."""

from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from factotum.core.clock import now
from factotum.core.ids import new_id
from factotum.protocol import events
from factotum.protocol.approvals import Approval
from factotum.protocol.budgets import Budget
from factotum.protocol.events import EPHEMERAL, RUN_EVENT, TERMINAL, Event, RunEvent, Snapshot
from factotum.protocol.messages import Message, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from factotum.protocol.runs import (
    ENDED,
    ErrorInfo,
    Plan,
    PlanItem,
    Question,
    Run,
    RunOptions,
    UnreadMessage,
    Usage,
)

PART: TypeAdapter[Part] = TypeAdapter(Part)

CALL = ToolCallPart(
    call_id="c", name="put", arguments={"a": [1, None, {"b": "ä"}]}, dialect="tag", raw="<put/>"
)
MESSAGE = Message(
    id=new_id(),
    thread_id=new_id(),
    run_id=new_id(),
    position=3,
    role="assistant",
    parts=(
        ReasoningPart(text="Hm.", signed={"signature": "s"}),
        TextPart(text="One, "),
        CALL,
        ToolResultPart(call_id="c", name="put", output="", outcome="unknown"),
        TextPart(text="two.", cut="length"),
    ),
    created_at=now(),
)
RUN = Run(
    id=new_id(),
    thread_id=new_id(),
    project_id=new_id(),
    account_id=new_id(),
    status="finished",
    model="m",
    attempt=1,
    step=2,
    plan=Plan(items=(PlanItem(text="one", status="done"),)),
    created_at=now(),
)
USAGE = Usage(input_tokens=1, cached_tokens=1, output_tokens=2, cost_usd=0.5)
ERROR = ErrorInfo(code="x", message="It broke.", hint="Mend it.")

APPROVAL = Approval(
    id="a",
    run_id="r",
    thread_id="t",
    call_id="c",
    tool="put",
    arguments={"a": 1},
    arguments_hash="0" * 64,
    pattern="put",
    created_at=now(),
    expires_at=now(),
)

EVENTS: tuple[RunEvent, ...] = (
    events.RunQueued(thread_id="t"),
    events.RunStarted(attempt=1, model="m"),
    events.RunAwaiting(question=Question(reason="question", text="Well?", choices=("a",))),
    events.RunResumed(attempt=2),
    events.RunSteered(message=UnreadMessage(id="u", text="Faster.", delivery="steer", sent_at=now())),
    events.RunFinished(reason="complete", usage=USAGE, deliverables=("a.txt",)),
    events.RunFailed(error=ERROR, usage=USAGE),
    events.RunStopped(not_executed=("put",), usage=USAGE),
    events.MessageCreated(message=MESSAGE),
    events.MessageDiscarded(message_id="m"),
    events.ToolStarted(call_id="c", message_id="m", name="put", arguments={"a": 1}),
    events.ToolFinished(call_id="c", name="put", outcome="ok", output="x", duration_ms=1),
    events.ApprovalRequested(approval=APPROVAL),
    events.ApprovalResolved(approval_id="a", call_id="c", status="approved", edited_arguments={"b": 1}),
    events.PlanUpdated(plan=Plan()),
    events.ModelChanged(from_model="m", to_model="n", reason="m was away."),
    events.ThreadTitled(thread_id="t", title="Primes"),
    events.UsageRecorded(model="m", usage=USAGE),
    events.SandboxChanged(status="lost"),
    events.FileChanged(path="a", action="created", size_bytes=1),
    events.TextDelta(message_id="m", text="x"),
    events.ReasoningDelta(message_id="m", text="x"),
    events.ToolArgumentsDelta(message_id="m", call_id="c", name="put", parameter="a", text="x"),
    events.ToolOutputDelta(call_id="c", stream="stderr", text="x"),
    events.BrowserFrame(call_id="c", address="https://a.test/", title="A"),
)


def test_every_event_is_tried_here() -> None:
    union, _ = get_args(RunEvent)

    assert [type(event) for event in EVENTS] == list(get_args(union))
    types = {event.type for event in EVENTS}
    assert len(types) == len(EVENTS)
    assert types >= EPHEMERAL | TERMINAL
    deltas = {event.type for event in EVENTS if event.type.endswith("delta")}
    assert deltas | {"browser.frame"} == EPHEMERAL


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_survives_the_wire(event: RunEvent) -> None:
    stamped = event.model_copy(update={"run_id": "r", "seq": 7, "at": now()})

    assert RUN_EVENT.validate_json(stamped.model_dump_json()) == stamped


@pytest.mark.parametrize("data", [{"type": "run.exploded"}, {"type": "text.delta"}, {}])
def test_what_is_no_event_is_refused(data: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        RUN_EVENT.validate_python(data)


def test_an_event_takes_no_unknown_field_and_is_stamped_by_the_log_only() -> None:
    with pytest.raises(ValidationError):
        events.RunQueued.model_validate({"thread_id": "t", "more": 1})
    fresh = Event()
    assert (fresh.run_id, fresh.seq, fresh.at.year) == ("", 0, 1970)


def test_a_message_survives_the_wire_and_tells_its_text_and_calls() -> None:
    assert Message.model_validate_json(MESSAGE.model_dump_json()) == MESSAGE
    assert MESSAGE.text == "One, two."
    assert MESSAGE.calls == (CALL,)


def test_only_a_cut_text_says_so_on_the_wire() -> None:
    assert TextPart(text="x").model_dump() == {"type": "text", "text": "x"}
    assert TextPart(text="x", cut="length").model_dump()["cut"] == "length"
    assert PART.validate_python({"type": "text", "text": "x"}) == TextPart(text="x")


def test_a_snapshot_survives_the_wire() -> None:
    snapshot = Snapshot(seq=3, run=RUN, messages=(MESSAGE,))

    assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
    assert {RUN.status} <= ENDED


def test_usage_adds_up_and_an_unknown_cost_adds_nothing() -> None:
    unknown = Usage(input_tokens=1)

    assert USAGE.plus(USAGE) == Usage(input_tokens=2, cached_tokens=2, output_tokens=4, cost_usd=1.0)
    assert USAGE.plus(unknown).cost_usd == unknown.plus(USAGE).cost_usd == 0.5
    assert unknown.plus(unknown).cost_usd is None
    assert Usage().plus(USAGE) == USAGE


@pytest.mark.parametrize("limit", [0, 1001])
def test_the_step_limit_is_bounded(limit: int) -> None:
    with pytest.raises(ValidationError):
        RunOptions(step_limit=limit)


def test_the_limit_of_steps_is_given_once() -> None:
    assert RunOptions(step_limit=3).limits == Budget(steps=3)
    assert RunOptions(budget=Budget(steps=4, tokens=9)).limits == Budget(steps=4, tokens=9)
    with pytest.raises(ValidationError, match="give one"):
        RunOptions(step_limit=3, budget=Budget(steps=4))
