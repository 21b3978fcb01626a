"""The events of a run: one closed, tagged union. The log stamps run_id, seq and at; nobody else does."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from factotum.core.frozen import Frozen
from factotum.protocol.approvals import Approval, ApprovalScope
from factotum.protocol.budgets import BudgetUse
from factotum.protocol.messages import Message, Outcome
from factotum.protocol.runs import (
    ErrorInfo,
    FinishReason,
    Plan,
    Question,
    Run,
    StepFinish,
    UnreadMessage,
    Usage,
)

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Event(Frozen):
    """The envelope. `seq` is dense from 1 within a run; `at` is when the log took the event."""

    run_id: str = ""
    seq: int = 0
    at: datetime = _EPOCH


class RunQueued(Event):
    """The run was accepted and waits for a worker."""

    type: Literal["run.queued"] = "run.queued"
    thread_id: str


class RunStarted(Event):
    """A worker claimed the run; `attempt` above 1 means that an earlier one died."""

    type: Literal["run.started"] = "run.started"
    attempt: int
    model: str
    notice: str = ""


class RunAwaiting(Event):
    """The run waits for a person and holds no worker."""

    type: Literal["run.awaiting"] = "run.awaiting"
    question: Question


class RunResumed(Event):
    """A person answered; the run goes on."""

    type: Literal["run.resumed"] = "run.resumed"
    attempt: int


class RunSteered(Event):
    """A message was sent into the run; `message.created` with its id tells when the run reads it."""

    type: Literal["run.steered"] = "run.steered"
    message: UnreadMessage


class RunFinished(Event):
    """The run ended well."""

    type: Literal["run.finished"] = "run.finished"
    reason: FinishReason
    usage: Usage
    deliverables: tuple[str, ...] = ()


class RunFailed(Event):
    """The run ended with an error."""

    type: Literal["run.failed"] = "run.failed"
    error: ErrorInfo
    usage: Usage


class RunStopped(Event):
    """The run was stopped: model, tools and their processes have ended.

    `not_executed` names the calls left undone.
    """

    type: Literal["run.stopped"] = "run.stopped"
    not_executed: tuple[str, ...] = ()
    usage: Usage


class MessageCreated(Event):
    """A message is stored. It replaces the draft with the same id, if deltas made one."""

    type: Literal["message.created"] = "message.created"
    message: Message


class MessageDiscarded(Event):
    """The draft with this id will never be stored: drop what its deltas made."""

    type: Literal["message.discarded"] = "message.discarded"
    message_id: str


class ToolStarted(Event):
    """A call began to execute."""

    type: Literal["tool.started"] = "tool.started"
    call_id: str
    message_id: str
    name: str
    arguments: dict[str, JsonValue]


class ToolFinished(Event):
    """A call ended; `output` is what the model will read, `display` what people are shown in its place."""

    type: Literal["tool.finished"] = "tool.finished"
    call_id: str
    name: str
    outcome: Outcome
    output: str
    display: str | None = None
    duration_ms: int


class ApprovalRequested(Event):
    """A call waits for a person. The run goes on once all of its pending approvals are decided."""

    type: Literal["approval.requested"] = "approval.requested"
    approval: Approval


class ApprovalResolved(Event):
    """An approval was decided, or its time was over; `call_id` is the call's.

    `edited_arguments`: the call runs with these. `decided_by` None: nobody decided.
    """

    type: Literal["approval.resolved"] = "approval.resolved"
    approval_id: str
    call_id: str
    status: Literal["approved", "denied", "expired"]
    scope: ApprovalScope | None = None
    edited_arguments: dict[str, JsonValue] | None = None
    reason: str = ""
    decided_by: str | None = None


class PlanUpdated(Event):
    """The plan, whole."""

    type: Literal["plan.updated"] = "plan.updated"
    plan: Plan


class ModelChanged(Event):
    """Another model answers from here on: the run's own was away, or is back. `reason` says it in words."""

    type: Literal["model.changed"] = "model.changed"
    from_model: str
    to_model: str
    reason: str


class ThreadTitled(Event):
    """The thread was given a title, since nobody had given it one."""

    type: Literal["thread.titled"] = "thread.titled"
    thread_id: str
    title: str


class UsageRecorded(Event):
    """What one call of a model used, and why its response ended.

    `model` is the one that answered, `purpose` what it was asked for.
    """

    type: Literal["usage.recorded"] = "usage.recorded"
    model: str
    usage: Usage
    finish_reason: StepFinish | None = None
    purpose: Literal["step", "title"] = "step"
    budget: BudgetUse | None = None


class SandboxChanged(Event):
    """The sandbox changed its state."""

    type: Literal["sandbox.changed"] = "sandbox.changed"
    status: Literal["started", "stopped", "lost", "recreated"]
    note: str = ""


class FileChanged(Event):
    """A file of the workspace was written, moved or deleted by a tool. `path` is relative to /workspace."""

    type: Literal["file.changed"] = "file.changed"
    path: str
    action: Literal["created", "changed", "deleted"]
    size_bytes: int | None = None


class TextDelta(Event):
    """More prose of a message that is being written."""

    type: Literal["text.delta"] = "text.delta"
    message_id: str
    text: str


class ReasoningDelta(Event):
    """More reasoning of a message that is being written."""

    type: Literal["reasoning.delta"] = "reasoning.delta"
    message_id: str
    text: str


class ToolArgumentsDelta(Event):
    """More of a call's arguments. `parameter` names the XML parameter; None: a fragment of the JSON text."""

    type: Literal["tool.arguments.delta"] = "tool.arguments.delta"
    message_id: str
    call_id: str
    name: str
    parameter: str | None = None
    text: str


class ToolOutputDelta(Event):
    """More output of a running call."""

    type: Literal["tool.output.delta"] = "tool.output.delta"
    call_id: str
    stream: Literal["stdout", "stderr"]
    text: str


class BrowserFrame(Event):
    """The page in the run's browser looks different now.

    The picture is not in the event: `GET /v1/runs/{id}/browser/frame` gives the newest.
    """

    type: Literal["browser.frame"] = "browser.frame"
    call_id: str
    address: str
    title: str


Delta = TextDelta | ReasoningDelta | ToolArgumentsDelta | ToolOutputDelta
"""Pieces of text that show progress; flat, and nearly all that a log holds."""

RunEvent = Annotated[
    RunQueued
    | RunStarted
    | RunAwaiting
    | RunResumed
    | RunSteered
    | RunFinished
    | RunFailed
    | RunStopped
    | MessageCreated
    | MessageDiscarded
    | ToolStarted
    | ToolFinished
    | ApprovalRequested
    | ApprovalResolved
    | PlanUpdated
    | ModelChanged
    | ThreadTitled
    | UsageRecorded
    | SandboxChanged
    | FileChanged
    | TextDelta
    | ReasoningDelta
    | ToolArgumentsDelta
    | ToolOutputDelta
    | BrowserFrame,
    Field(discriminator="type"),
]

EPHEMERAL: frozenset[str] = frozenset(
    {"text.delta", "reasoning.delta", "tool.arguments.delta", "tool.output.delta", "browser.frame"}
)
"""Events that only show progress: what counts of them stands again in a later durable event."""

TERMINAL: frozenset[str] = frozenset({"run.finished", "run.failed", "run.stopped"})
"""After one of these a run's log takes nothing more."""

RUN_EVENT: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)
"""Reads one event from its JSON."""


class Snapshot(Frozen):
    """The whole state of a run, sent as `reset` when a cursor is too old: forget all, start from this.

    `seq` is the last event that the snapshot includes; the stream goes on after it. `approvals` are those
    that are pending.
    """

    type: Literal["reset"] = "reset"
    seq: int
    run: Run
    messages: tuple[Message, ...]
    approvals: tuple[Approval, ...] = ()
