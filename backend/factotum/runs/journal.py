"""The journal of one attempt in Postgres: each method is one transaction that first checks the attempt."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from factotum.agent.budget import Grant, Need
from factotum.agent.ports import CallRecord, CallResult, PlannedCall
from factotum.core.errors import Conflict
from factotum.core.ids import derived_id, is_id
from factotum.protocol.budgets import Amounts, Budget, BudgetUse
from factotum.protocol.messages import Message, Part, Role, TextPart, ToolResultPart
from factotum.protocol.runs import Plan, UnreadMessage, Usage
from factotum.runs.pool import RunPool
from factotum.store.branches import Branches
from factotum.store.database import Database
from factotum.store.images import Images
from factotum.store.messages import Messages
from factotum.store.records import ClaimedRun
from factotum.store.runs import Runs
from factotum.store.steering import Steering
from factotum.store.tool_calls import ToolCalls
from factotum.store.tx import Tx

_PAGE = 200


class PostgresJournal:
    """Implements agent.ports.RunJournal. `log_seq` tells the log's last number, kept with each step.

    `pool` is the run's budget, which every ending settles. Every fence tells whether something was sent into
    the run, so that looking for it costs a step nothing.
    """

    def __init__(self, database: Database, run: ClaimedRun, log_seq: Callable[[], int]) -> None:
        self._database = database
        self._run = run
        self._log_seq = log_seq
        self.pool = RunPool(run)
        self._has_unread = run.has_unread
        self._taken: set[str] = set()

    @asynccontextmanager
    async def fenced(self) -> AsyncGenerator[Tx]:
        """A transaction of the run's creator that holds the attempt. Raises StaleAttempt."""
        async with self._database.tenant(self._run.caller) as tx:
            if await Runs(tx).hold(self._run.id, self._run.attempt):
                self._has_unread = True
            yield tx

    async def messages(self, after: int = 0) -> Sequence[Message]:
        """The messages of the run's path with a position above `after`, by position."""
        found: list[Message] = []
        async with self._database.tenant(self._run.caller) as tx:
            while True:
                page = await Branches(tx).path(self._run.thread_id, after=after, limit=_PAGE, whole=True)
                found.extend(page)
                if len(page) < _PAGE:
                    return found
                after = page[-1].position

    async def ledger(self) -> Mapping[str, CallRecord]:
        """The calls of this run, by call id."""
        async with self._database.tenant(self._run.caller) as tx:
            calls = await ToolCalls(tx).for_run(self._run.id)
        return {call.call_id: CallRecord(call.call_id, call.name, call.effect, call.state) for call in calls}

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
        async with self.fenced() as tx:
            message = await self._append(tx, message_id, "assistant", parts, model)
            ledger = ToolCalls(tx)
            for planned in calls:
                await ledger.open(
                    self._run.id,
                    self._run.attempt,
                    call_id=planned.call.call_id,
                    message_id=message_id,
                    name=planned.call.name,
                    arguments=planned.call.arguments,
                    effect=planned.effect,
                )
            await self._save(tx, step, usage)
        return message

    async def save_usage(self, step: int, usage: Usage) -> None:
        """Keep what the run used so far, after a step whose message was stored before it had ended."""
        async with self.fenced() as tx:
            await self._save(tx, step, usage)

    async def reserve(self, limits: Budget, need: Need, usage: Usage) -> tuple[BudgetUse, Grant | None]:
        """Settle what the run used so far, and keep back what `need` takes of the pool."""
        async with self._database.tenant(self._run.caller) as tx:
            return await self.pool.reserve(tx, limits, need, usage)

    async def extend(self, limits: Budget, by: Amounts) -> None:
        """Add to the limits of the pool, and forget the question and its answer."""
        async with self.fenced() as tx:
            await self.pool.extend(tx, limits, by)

    async def start_call(self, call_id: str) -> None:
        """Note that a call is about to execute."""
        async with self.fenced() as tx:
            await ToolCalls(tx).start(self._run.id, self._run.attempt, call_id)

    async def finish_call(self, call_id: str, name: str, result: CallResult) -> Message:
        """Store a call's result in the ledger and as a message."""
        async with self.fenced() as tx:
            return await self.finish_call_in(tx, call_id, name, result)

    async def finish_call_in(self, tx: Tx, call_id: str, name: str, result: CallResult) -> Message:
        """As `finish_call`, in a fenced transaction that does more."""
        try:
            async with tx.savepoint():
                await ToolCalls(tx).finish(
                    self._run.id, self._run.attempt, call_id, outcome=result.outcome, output=result.text
                )
        except Conflict as conflict:
            if conflict.stable_code != "call_finished":
                raise
        for picture in result.pictures:
            await Images(tx).keep(self._run.thread_id, picture.ref.id, picture.data)
        part = ToolResultPart(
            call_id=call_id,
            name=name,
            output=result.text,
            display=result.display,
            outcome=result.outcome,
            images=tuple(picture.ref for picture in result.pictures),
        )
        return await self._append(tx, derived_id(self._run.id, "result", call_id), "tool", [part])

    async def take_unread(self) -> Sequence[Message]:
        """Store what people sent into the run as user messages."""
        if not self._has_unread:
            return ()
        async with self.fenced() as tx:
            unread = await Steering(tx).unread(self._run.id)
            self._taken.update(message.id for message in unread)
            messages = await Steering(tx).take(self._run.id, self._run.thread_id, unread)
        self._has_unread = False
        return messages

    async def unread(self) -> Sequence[UnreadMessage]:
        """What was sent into the run and is not taken, nor about to be."""
        async with self._database.tenant(self._run.caller) as tx:
            found = await Steering(tx).unread(self._run.id)
        return [message for message in found if message.id not in self._taken]

    async def begin(self, task: str) -> Message:
        """Store the task of a run that has waited for its turn as the message it works on."""
        message_id = derived_id(self._run.id, "task")
        async with self.fenced() as tx:
            message = await self._append(tx, message_id, "user", [TextPart(text=task)])
            await Steering(tx).begin(self._run.id, message_id)
        return message

    async def take_answer(self, message_id: str, text: str) -> Message:
        """Store a person's answer as a user message."""
        async with self.fenced() as tx:
            return await self._append(tx, message_id, "user", [TextPart(text=text)])

    async def store_context(self, message_id: str, parts: Sequence[Part], step: int, usage: Usage) -> Message:
        """Store how the log is to be read from here on, and the run's usage so far."""
        async with self.fenced() as tx:
            message = await self._append(tx, message_id, "user", parts)
            await self._save(tx, step, usage)
        return message

    async def text_of(self, id_: str) -> str | None:
        """The whole output of a call of this thread, or a person's message, by its id; else None."""
        async with self._database.tenant(self._run.caller) as tx:
            output = await ToolCalls(tx).output_in(self._run.thread_id, id_)
            if output is not None or not is_id(id_):
                return output
            return await Messages(tx).words_in(self._run.thread_id, id_)

    async def pictures(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """The bytes of the thread's images with these ids."""
        async with self._database.tenant(self._run.caller) as tx:
            return await Images(tx).get(self._run.thread_id, ids)

    async def clear_question(self) -> None:
        """Forget the question and its answer: the log holds both now."""
        async with self.fenced() as tx:
            await Runs(tx).clear_answer(self._run.id, self._run.attempt)

    async def save_plan(self, plan: Plan) -> None:
        """Keep the plan with the run."""
        async with self.fenced() as tx:
            await Runs(tx).save_plan(self._run.id, self._run.attempt, plan)

    async def _save(self, tx: Tx, step: int, usage: Usage) -> None:
        """Store where the run stands. The pool first: it counts by how much the stored sums grow."""
        await self.pool.settle(tx, usage, step)
        await Runs(tx).save_step(
            self._run.id, self._run.attempt, step=step, usage=usage, log_seq=self._log_seq()
        )

    async def _append(
        self, tx: Tx, message_id: str, role: Role, parts: Sequence[Part], model: str | None = None
    ) -> Message:
        return await Messages(tx).append(
            self._run.thread_id, role, parts, run_id=self._run.id, message_id=message_id, model=model
        )
