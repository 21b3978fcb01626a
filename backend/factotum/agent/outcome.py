"""How one attempt at a run ends, when nothing broke."""

from dataclasses import dataclass
from datetime import datetime

from factotum.agent.ports import CallResult
from factotum.protocol.messages import ToolCallPart
from factotum.protocol.runs import FinishReason, Question


@dataclass(frozen=True, slots=True)
class ClosingCall:
    """The call that ends the run. Its result is stored in the same transaction as the run's end."""

    call_id: str
    name: str
    result: CallResult


@dataclass(frozen=True, slots=True)
class Finished:
    """The task is done. `steerable`: a message that came before the end keeps the run going."""

    reason: FinishReason
    deliverables: tuple[str, ...] = ()
    closing: ClosingCall | None = None
    steerable: bool = True


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A call that a person must approve first. `pattern` is what they may allow for the whole thread."""

    call: ToolCallPart
    pattern: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A person must answer before the run can go on, or decide about each of the requests."""

    question: Question
    approvals: tuple[ApprovalRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The worker is draining: the next attempt goes on from the log."""


RunOutcome = Finished | Awaiting | HandedOver
