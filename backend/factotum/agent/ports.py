"""What the agent needs of the world: a journal that keeps a run, and a sink that shows it.

Both are bound to one run and one attempt. Any method may raise StaleAttempt: a newer attempt owns the run.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from factotum.agent.budget import Grant, Need
from factotum.protocol.budgets import Amounts, Budget, BudgetUse
from factotum.protocol.events import Delta, RunEvent
from factotum.protocol.messages import Message, Outcome, Part, ToolCallPart
from factotum.protocol.runs import Plan, Usage
from factotum.tools.tool import Effect, Picture


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that is about to enter the ledger."""

    call: ToolCallPart
    effect: Effect


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as the ledger knows it."""

    call_id: str
    name: str
    effect: Effect
    state: Literal["pending", "started", "finished"]


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a call ended, as the model will read it; `display` is for people, where that is another text."""

    text: str
    outcome: Outcome
    pictures: tuple[Picture, ...] = ()
    display: str | None = None


class RunJournal(Protocol):
    """The run's side of the message log, the ledger and the budget. Each method is one fenced transaction."""

    async def messages(self, after: int = 0) -> Sequence[Message]:
        """The messages of the run's path through the thread with a position above `after`, by position."""
        ...

    async def ledger(self) -> Mapping[str, CallRecord]:
        """The calls of this run, by call id."""
        ...

    async def store_step(
        self,
        message_id: str,
        parts: Sequence[Part],
        calls: Sequence[PlannedCall],
        step: int,
        usage: Usage,
        model: str,
    ) -> Message:
        """Store what `model` wrote in one step with its calls as pending, and the run's usage so far."""
        ...

    async def save_usage(self, step: int, usage: Usage) -> None:
        """Keep what the run used so far, after a step whose message was stored before it had ended."""
        ...

    async def reserve(self, limits: Budget, need: Need, usage: Usage) -> tuple[BudgetUse, Grant | None]:
        """Settle what the run used so far, and keep back what `need` takes of the pool; None: no room for it.

        Settling releases what was reserved before, also by an attempt that died. `store_step` and the end of
        the attempt settle too. A run without a pool is given one of its own, with `limits`.
        """
        ...

    async def extend(self, limits: Budget, by: Amounts) -> None:
        """Add to the limits of the pool, and forget the question and its answer."""
        ...

    async def start_call(self, call_id: str) -> None:
        """Note that a call is about to execute: from here on it may have had its effect."""
        ...

    async def finish_call(self, call_id: str, name: str, result: CallResult) -> Message:
        """Store a call's result in the ledger and as a message. Doing it twice stores it once."""
        ...

    async def take_unread(self) -> Sequence[Message]:
        """Store what people sent into the run as user messages, each once; mostly there is nothing."""
        ...

    async def take_answer(self, message_id: str, text: str) -> Message:
        """Store a person's answer as a user message. Doing it twice stores it once."""
        ...

    async def store_context(self, message_id: str, parts: Sequence[Part], step: int, usage: Usage) -> Message:
        """Store how the log is to be read from here on, and the run's usage so far. Twice stores it once."""
        ...

    async def text_of(self, id_: str) -> str | None:
        """The whole output of a call of this thread, or a person's message, by its id; else None."""
        ...

    async def pictures(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """The bytes of the thread's images with these ids; those that are not kept any more are left out."""
        ...

    async def clear_question(self) -> None:
        """Forget the question and its answer: the log holds both now."""
        ...

    async def save_plan(self, plan: Plan) -> None:
        """Keep the plan with the run."""
        ...


class EventSink(Protocol):
    """Where the steps of a run are shown."""

    async def emit(self, event: RunEvent) -> None:
        """Show one event, in order. What only shows progress is not waited for."""
        ...

    def more(self, delta: Delta, text: str) -> None:
        """Show `text` as more of what `delta` tells of, in order; whatever text it has itself is not shown.

        The way for what comes thousands of times a second: nothing is waited for, and one delta serves all
        texts of its kind.
        """
        ...
