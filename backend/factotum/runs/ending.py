"""How an attempt leaves its run: each ending is one fenced transaction, then the events that tell of it.

The row keeps the number that the log will end at. A reader, or the next attempt, sees by it when the worker
died before it had told all.
"""

from collections.abc import Sequence

from factotum.agent.outcome import Awaiting, ClosingCall, Finished
from factotum.bus.writer import RunLogWriter
from factotum.core.errors import FactotumError
from factotum.core.redaction import redact
from factotum.protocol.events import (
    ApprovalRequested,
    MessageCreated,
    RunAwaiting,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStopped,
    ToolFinished,
)
from factotum.protocol.messages import Message
from factotum.protocol.runs import ErrorInfo, Usage
from factotum.runs.approval_book import store_requests
from factotum.runs.dispatch import dispatch
from factotum.runs.journal import PostgresJournal
from factotum.runs.queue import RunQueue
from factotum.runs.telling import Teller
from factotum.runs.unread import keep_unread, refuse_unread
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.records import ClaimedRun
from factotum.store.runs import Runs
from factotum.store.tx import Tx


class RunEnding:
    """Ends one attempt. What there is room for then gets its job in the same transaction.

    `log` is the attempt's writer, `teller` the sink over it.
    """

    def __init__(
        self,
        database: Database,
        run: ClaimedRun,
        journal: PostgresJournal,
        log: RunLogWriter,
        teller: Teller,
        queue: RunQueue,
    ) -> None:
        self._database = database
        self._run = run
        self._journal = journal
        self._log = log
        self._teller = teller
        self._queue = queue

    async def finished(self, outcome: Finished, usage: Usage) -> None:
        """End well, with the result of the call that ended it.

        Raises Conflict (`run_steered`) when a message came that the run must read first.
        """
        told: list[RunEvent] = []
        log_seq = await self._last_number(1)
        async with self._journal.fenced() as tx:
            if outcome.closing is not None:
                told.extend(await self._close_call(tx, outcome.closing))
            if outcome.steerable:
                await refuse_unread(tx, self._run.id)
            told.extend(await keep_unread(tx, self._run))
            await self._journal.pool.settle(tx, usage)
            await Runs(tx).finish(
                self._run.id,
                self._run.attempt,
                status="finished",
                usage=usage,
                log_seq=log_seq + len(told),
                finish_reason=outcome.reason,
                deliverables=outcome.deliverables,
            )
            await dispatch(tx, self._queue, self._run.account_id)
        told.append(RunFinished(reason=outcome.reason, usage=usage, deliverables=outcome.deliverables))
        await self._tell(told)

    async def awaiting(self, outcome: Awaiting) -> None:
        """Wait for a person, without a worker.

        Raises Conflict when a stop came first (`run_stopping`), or a message of the person that the agent
        wants to ask (`run_steered`).
        """
        log_seq = await self._last_number(len(outcome.approvals) + 1)
        async with self._journal.fenced() as tx:
            if outcome.question.reason in {"question", "hand_over"}:
                await refuse_unread(tx, self._run.id)
            await self._journal.pool.settle(tx)
            await Runs(tx).await_input(
                self._run.id, self._run.attempt, question=outcome.question, log_seq=log_seq
            )
            asked = await store_requests(tx, self._run.id, outcome.approvals)
            await dispatch(tx, self._queue, self._run.account_id)
        requested = [ApprovalRequested(approval=approval) for approval in asked]
        await self._tell([*requested, RunAwaiting(question=outcome.question)])

    async def failed(self, fault: FactotumError, usage: Usage) -> None:
        """End with an error that says what to do. What was shown and not stored is withdrawn."""
        error = _told(fault)
        await self._teller.discard_drafts()
        log_seq = await self._last_number(1)
        async with self._journal.fenced() as tx:
            await self._journal.pool.settle(tx, usage)
            kept = await keep_unread(tx, self._run)
            await Runs(tx).finish(
                self._run.id,
                self._run.attempt,
                status="failed",
                usage=usage,
                log_seq=log_seq + len(kept),
                error=error,
            )
            await dispatch(tx, self._queue, self._run.account_id)
        await self._tell([*kept, RunFailed(error=error, usage=usage)])

    async def failed_without_rights(self, fault: FactotumError, usage: Usage) -> None:
        """End with an error in the system's name, when the run's creator may write no more.

        One that went over to an owner is left to an attempt in their name, which stops it whole.
        Raises StaleAttempt when a newer attempt owns the run, or it is gone.
        """
        error = _told(fault)
        async with self._database.system() as tx:
            if await Leases(tx).went_over(self._run):
                async with tx.as_login() as connection:
                    await self._queue.enqueue(connection, self._run.id)
                return
            await Leases(tx).fail(self._run.id, self._run.attempt, error, log_seq=self._log.seq + 1)
            await dispatch(tx, self._queue, self._run.account_id)
        await self._teller.discard_drafts()
        await self._tell([RunFailed(error=error, usage=usage)])

    async def stopped(self, not_executed: Sequence[str], usage: Usage) -> None:
        """End as a person wished; `not_executed` names the calls left undone."""
        log_seq = await self._last_number(1)
        async with self._journal.fenced() as tx:
            await self._journal.pool.settle(tx, usage)
            kept = await keep_unread(tx, self._run)
            await Runs(tx).finish(
                self._run.id,
                self._run.attempt,
                status="stopped",
                usage=usage,
                log_seq=log_seq + len(kept),
            )
            await dispatch(tx, self._queue, self._run.account_id)
        await self._tell([*kept, RunStopped(not_executed=tuple(not_executed), usage=usage)])

    async def handed_over(self) -> None:
        """Let another worker go on at once. What was shown and not stored is withdrawn: it is done again."""
        await self._teller.discard_drafts()
        async with self._journal.fenced() as tx:
            await self._journal.pool.settle(tx)
            await Runs(tx).release(self._run.id, self._run.attempt)
            async with tx.as_login() as connection:
                await self._queue.enqueue(connection, self._run.id)

    async def _close_call(self, tx: Tx, closing: ClosingCall) -> list[RunEvent]:
        message: Message = await self._journal.finish_call_in(
            tx, closing.call_id, closing.name, closing.result
        )
        finished = ToolFinished(
            call_id=closing.call_id,
            name=closing.name,
            outcome=closing.result.outcome,
            output=closing.result.text,
            display=closing.result.display,
            duration_ms=0,
        )
        return [finished, MessageCreated(message=message)]

    async def _last_number(self, still_to_tell: int) -> int:
        """Return the number that the log will end at after so many more events."""
        await self._log.flush()
        return self._log.seq + still_to_tell

    async def _tell(self, events: Sequence[RunEvent]) -> None:
        for event in events:
            await self._teller.emit(event)


def _told(fault: FactotumError) -> ErrorInfo:
    return ErrorInfo(code=fault.stable_code, message=redact(fault.message), hint=redact(fault.hint))
