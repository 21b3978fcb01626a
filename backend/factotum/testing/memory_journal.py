"""A run in memory: an honest journal and event sink, fenced by attempt, and the death of its process.

`MemoryThread` is the message log; `MemoryRun` is a run's row, ledger and events, which outlive its attempts;
`claim` begins an attempt and gives it its `MemoryJournal` and `MemoryEvents`.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, assert_never

from factotum.agent.budget import Grant, Need
from factotum.agent.outcome import Awaiting, Finished, HandedOver, RunOutcome
from factotum.agent.ports import CallRecord, CallResult, PlannedCall
from factotum.agent.state import RunState
from factotum.core.clock import now
from factotum.core.errors import Conflict, NotFound, StaleAttempt
from factotum.core.ids import derived_id, new_id
from factotum.protocol.budgets import Amounts, Budget, BudgetUse
from factotum.protocol.events import Delta, RunEvent
from factotum.protocol.messages import Message, Part, Role, TextPart, ToolResultPart
from factotum.protocol.runs import Plan, Question, UnreadMessage, Usage
from factotum.testing.memory_approvals import MemoryApprovals
from factotum.testing.memory_budget import MemoryPool

Moment: TypeAlias = Literal["before", "after"]


class ProcessDied(BaseException):
    """The process of an attempt was killed. No handler may catch it, and nothing it does counts any more."""


@dataclass(slots=True)
class Fate:
    """When an attempt's process dies: right before or right after its `at`-th operation; 0: it lives.

    An operation is one call of the journal that writes, or one event. `done` counts them.
    """

    at: int = 0
    moment: Moment = "after"
    done: int = 0
    dead: bool = False

    def begin(self) -> None:
        """Count an operation. Raises ProcessDied."""
        self.done += 1
        if self.dead or (self.moment == "before" and self.done == self.at):
            self.dead = True
            raise ProcessDied

    def end(self) -> None:
        """Note that an operation was done: of those that go on side by side, any. Raises ProcessDied."""
        if self.moment == "after" and 0 < self.at <= self.done:
            self.dead = True
            raise ProcessDied


class MemoryThread:
    """The message log of one thread: positions are dense from 1, and a message is stored once."""

    def __init__(self, thread_id: str | None = None) -> None:
        self.id = thread_id or new_id()
        self.messages: list[Message] = []
        self.pictures: dict[str, bytes] = {}

    def append(
        self,
        role: Role,
        parts: Sequence[Part],
        *,
        run_id: str | None = None,
        message_id: str | None = None,
        model: str | None = None,
    ) -> Message:
        """Store a message at the end. One whose id is stored already is given back as it stands."""
        chosen = message_id or new_id()
        for message in self.messages if message_id else ():
            if message.id == chosen:
                return message
        message = Message(
            id=chosen,
            thread_id=self.id,
            parent_id=self.messages[-1].id if self.messages else None,
            run_id=run_id,
            position=len(self.messages) + 1,
            role=role,
            parts=tuple(parts),
            model=model,
            created_at=now(),
        )
        # What cannot be stored is refused here, as the database would.
        message.model_dump_json()
        self.messages.append(message)
        return message


class MemoryRun:
    """A run's row, ledger, budget and events. `task` is the user's message that opens it.

    `pool` may be another run's, to share it; `seconds` are those that the run was carried.
    """

    def __init__(self, thread: MemoryThread, task: str, *, model: str = "scripted") -> None:
        self.id = new_id()
        self.thread = thread
        self.model = model
        self.attempt = 0
        self.step = 0
        self.usage = Usage()
        self.plan: Plan | None = None
        self.question: Question | None = None
        self.answer: str | None = None
        self.extension: Budget | None = None
        self.pool: MemoryPool | None = None
        self.seconds = 0.0
        self.outcome: Finished | None = None
        self.ledger: dict[str, CallRecord] = {}
        self.events: list[RunEvent] = []
        self.approvals = MemoryApprovals(self.id, thread.id)
        self.unread: list[UnreadMessage] = []
        thread.append("user", [TextPart(text=task)], run_id=self.id)

    def claim(
        self, *, took_over: bool = False, fate: Fate | None = None
    ) -> tuple[RunState, "MemoryJournal", "MemoryEvents"]:
        """Begin an attempt: from now on every older one is stale. Raises Conflict (`run_ended`)."""
        if self.outcome is not None:
            raise Conflict("The run has ended.", code="run_ended")
        self.attempt += 1
        fate = fate or Fate()
        state = RunState(
            run_id=self.id,
            model=self.model,
            attempt=self.attempt,
            step=self.step,
            usage=self.usage,
            took_over=took_over,
            question=self.question if self.answer is not None else None,
            answer=self.answer,
            extension=self.extension,
        )
        return state, MemoryJournal(self, self.attempt, fate), MemoryEvents(self, self.attempt, fate)

    def hold(self, attempt: int) -> None:
        """Let only the newest attempt of a run that has not ended go on. Raises StaleAttempt."""
        if attempt != self.attempt or self.outcome is not None:
            raise StaleAttempt("A newer attempt owns this run, or it has ended.")

    def leave(self, attempt: int, outcome: RunOutcome) -> None:
        """End an attempt as its worker would: store the end with its closing call, or the question.

        Raises Conflict (`run_steered`) when there is something to read first.
        """
        self.hold(attempt)
        if self.unread and _gives_way(outcome):
            raise Conflict("A message was sent into the run that it must read first.", code="run_steered")
        if self.pool is not None:
            self.pool.settle(self.id, self.usage, self.step, self.seconds)
        match outcome:
            case Finished(closing=closing):
                if closing is not None:
                    self.finish_call(closing.call_id, closing.name, closing.result)
                self.take_unread()
                self.question = self.answer = None
                self.outcome = outcome
            case Awaiting(question=question, approvals=approvals):
                self.approvals.request(approvals)
                self.question, self.answer = question, None
            case HandedOver():
                pass
            case _:
                assert_never(outcome)

    def reply(self, answer: str, extension: Budget | None = None) -> None:
        """Answer the question that the run waits for. Raises Conflict (`run_not_waiting`)."""
        if self.question is None or self.answer is not None:
            raise Conflict("The run waits for no answer.", code="run_not_waiting")
        self.answer, self.extension = answer, extension

    def opened(self, limits: Budget) -> MemoryPool:
        """Return the pool, settled; a run that has none is given its own."""
        self.pool = self.pool or MemoryPool(limits)
        self.pool.settle(self.id, self.usage, self.step, self.seconds)
        return self.pool

    def steer(self, text: str, *, interrupts: bool = False) -> UnreadMessage:
        """Send a message into the run. Raises Conflict (`run_ended`)."""
        if self.outcome is not None:
            raise Conflict("The run has ended.", code="run_ended")
        delivery: Literal["steer", "interrupt"] = "interrupt" if interrupts else "steer"
        self.unread.append(UnreadMessage(id=new_id(), text=text, delivery=delivery, sent_at=now()))
        return self.unread[-1]

    def take_unread(self) -> list[Message]:
        """Store what was sent as user messages."""
        taken, self.unread = self.unread, []
        return [
            self.thread.append("user", [TextPart(text=each.text)], run_id=self.id, message_id=each.id)
            for each in taken
        ]

    def finish_call(self, call_id: str, name: str, result: CallResult) -> Message:
        """Store a call's result once: a second one changes nothing. Raises NotFound."""
        record = self.record(call_id)
        self.ledger[call_id] = replace(record, state="finished")
        self.thread.pictures.update({picture.ref.id: picture.data for picture in result.pictures})
        part = ToolResultPart(
            call_id=call_id,
            name=name,
            output=result.text,
            display=result.display,
            outcome=result.outcome,
            images=tuple(picture.ref for picture in result.pictures),
        )
        return self.thread.append(
            "tool", [part], run_id=self.id, message_id=derived_id(self.id, "result", call_id)
        )

    def record(self, call_id: str) -> CallRecord:
        """Return a call of the ledger. Raises NotFound (`call_not_found`)."""
        if call_id not in self.ledger:
            raise NotFound(f"The ledger holds no call {call_id!r}.", code="call_not_found")
        return self.ledger[call_id]


class _Fenced:
    """One attempt's hold on the run."""

    def __init__(self, run: MemoryRun, attempt: int, fate: Fate) -> None:
        self._run = run
        self._attempt = attempt
        self._fate = fate

    async def _begin(self) -> MemoryRun:
        await asyncio.sleep(0)
        return self._begin_now()

    def _begin_now(self) -> MemoryRun:
        self._fate.begin()
        self._run.hold(self._attempt)
        return self._run


class MemoryJournal(_Fenced):
    """Implements agent.ports.RunJournal for one attempt."""

    async def messages(self, after: int = 0) -> Sequence[Message]:
        """The thread's messages with a position above `after`, by position."""
        return self._run.thread.messages[after:]

    async def ledger(self) -> Mapping[str, CallRecord]:
        """The calls of this run, by call id."""
        return dict(self._run.ledger)

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
        run = await self._begin()
        message = run.thread.append("assistant", parts, run_id=run.id, message_id=message_id, model=model)
        for planned in calls:
            call = planned.call
            run.ledger.setdefault(
                call.call_id, CallRecord(call.call_id, call.name, planned.effect, "pending")
            )
        run.step, run.usage = step, usage
        if run.pool is not None:
            run.pool.settle(run.id, usage, step, run.seconds)
        self._fate.end()
        return message

    async def save_usage(self, step: int, usage: Usage) -> None:
        """Keep what the run used so far."""
        run = await self._begin()
        run.step, run.usage = step, usage

    async def reserve(self, limits: Budget, need: Need, usage: Usage) -> tuple[BudgetUse, Grant | None]:
        """Settle what the run used so far, and keep back what `need` takes of the pool, if there is room."""
        run = await self._begin()
        run.usage = usage
        pool = run.opened(limits)
        grant = pool.reserve(run.id, need)
        self._fate.end()
        return pool.use, grant

    async def extend(self, limits: Budget, by: Amounts) -> None:
        """Add to the limits of the pool, and forget the question and its answer."""
        run = await self._begin()
        run.opened(limits).extend(by)
        run.question = run.answer = None
        self._fate.end()

    async def start_call(self, call_id: str) -> None:
        """Note that a call is about to execute. Raises NotFound, Conflict (`call_finished`)."""
        run = await self._begin()
        record = run.record(call_id)
        if record.state == "finished":
            raise Conflict("The call has ended already.", code="call_finished")
        run.ledger[call_id] = replace(record, state="started")
        self._fate.end()

    async def finish_call(self, call_id: str, name: str, result: CallResult) -> Message:
        """Store a call's result in the ledger and as a message, once. Raises NotFound."""
        message = (await self._begin()).finish_call(call_id, name, result)
        self._fate.end()
        return message

    async def take_unread(self) -> Sequence[Message]:
        """Store what was sent into the run as user messages, each once."""
        await asyncio.sleep(0)
        if not self._run.unread:
            return ()
        messages = (await self._begin()).take_unread()
        self._fate.end()
        return messages

    async def take_answer(self, message_id: str, text: str) -> Message:
        """Store a person's answer as a user message, once."""
        run = await self._begin()
        message = run.thread.append("user", [TextPart(text=text)], run_id=run.id, message_id=message_id)
        self._fate.end()
        return message

    async def store_context(self, message_id: str, parts: Sequence[Part], step: int, usage: Usage) -> Message:
        """Store how the log is to be read from here on, and the run's usage so far."""
        run = await self._begin()
        message = run.thread.append("user", parts, run_id=run.id, message_id=message_id)
        run.step, run.usage = step, usage
        self._fate.end()
        return message

    async def text_of(self, id_: str) -> str | None:
        """The whole output of a call of this thread, or a person's message, by its id; else None."""
        for message in self._run.thread.messages:
            if message.id == id_ and message.role == "user":
                return message.text
            for part in message.parts:
                if isinstance(part, ToolResultPart) and part.call_id == id_:
                    return part.output
        return None

    async def pictures(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """The bytes of the thread's images with these ids."""
        return {id_: data for id_, data in self._run.thread.pictures.items() if id_ in ids}

    async def clear_question(self) -> None:
        """Forget the question and its answer."""
        run = await self._begin()
        run.question = run.answer = None
        self._fate.end()

    async def save_plan(self, plan: Plan) -> None:
        """Keep the plan with the run."""
        (await self._begin()).plan = plan
        self._fate.end()


class MemoryEvents(_Fenced):
    """Implements agent.ports.EventSink for one attempt: stamps events with a dense sequence from 1."""

    async def emit(self, event: RunEvent) -> None:
        """Keep one event, in order. Raises StaleAttempt."""
        self._keep(await self._begin(), event)

    def more(self, delta: Delta, text: str) -> None:
        """Keep more of what `delta` tells of. Raises StaleAttempt."""
        self._keep(self._begin_now(), delta.model_copy(update={"text": text}))

    def _keep(self, run: MemoryRun, event: RunEvent) -> None:
        stamped = event.model_copy(update={"run_id": run.id, "seq": len(run.events) + 1, "at": now()})
        stamped.model_dump_json()
        run.events.append(stamped)
        self._fate.end()


def _gives_way(outcome: RunOutcome) -> bool:
    """Whether an outcome waits until what was sent into the run is read."""
    match outcome:
        case Finished(steerable=steerable):
            return steerable
        case Awaiting(question=question):
            return question.reason in {"question", "hand_over"}
        case HandedOver():
            return False
