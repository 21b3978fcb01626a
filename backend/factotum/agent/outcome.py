"""How one attempt at a run ends, when nothing broke."""

from dataclasses import dataclass

from factotum.agent.ports import CallResult
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
class Awaiting:
    """A person must answer before the run can go on."""

    question: Question


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The worker is draining: the next attempt goes on from the log."""


RunOutcome = Finished | Awaiting | HandedOver
