"""A log that has ended while its run's row has not: the database has lost the end that clients were told.

That is so after a failover or a restore that lost the newest commits: an end is told only after it is stored.
Nothing more can be told, so the row follows the log. A run that finished, of which messages are missing, has
failed: what it stored last is lost, and nobody should build on it.
"""

import logging
from collections.abc import Sequence

from pydantic import ValidationError

from factotum.bus.entries import CursorTooOld
from factotum.bus.run_log import Page, RunLog
from factotum.core.errors import FactotumError, StaleAttempt
from factotum.protocol.events import (
    RUN_EVENT,
    MessageCreated,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStopped,
)
from factotum.protocol.newer import read_known
from factotum.protocol.runs import ErrorInfo, Usage
from factotum.runs.dispatch import dispatch
from factotum.runs.queue import RunQueue
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.messages import Messages
from factotum.store.records import ClaimedRun
from factotum.store.runs import Runs
from factotum.store.tx import Tx

log = logging.getLogger(__name__)


async def end_as_told(database: Database, run_log: RunLog, queue: RunQueue, run: ClaimedRun) -> None:
    """End the run of a claimed attempt as its log says. Raises StaleAttempt, Unavailable."""
    events = await _read(run_log, run.id)
    try:
        await _end(database, queue, run, events)
    except StaleAttempt:
        # Its creator may change it no more, or a newer attempt owns it: then this is refused too.
        async with database.system() as tx:
            await Leases(tx).fail(run.id, run.attempt, _lost())
            await dispatch(tx, queue, run.account_id)
    log.error("the database had lost the end of run %s; it ends as it was told", run.id)


async def _end(database: Database, queue: RunQueue, run: ClaimedRun, events: Sequence[RunEvent]) -> None:
    end = events[-1] if events else None
    async with database.tenant(run.caller) as tx:
        runs = Runs(tx)
        await runs.hold(run.id, run.attempt)
        usage = end.usage if isinstance(end, RunFinished | RunFailed | RunStopped) else Usage()
        last = max(run.log_seq, end.seq if end is not None else 0)
        if isinstance(end, RunFinished) and await _all_there(tx, run, events):
            await runs.finish(
                run.id,
                run.attempt,
                status="finished",
                usage=usage,
                log_seq=last,
                finish_reason=end.reason,
                deliverables=end.deliverables,
            )
        elif isinstance(end, RunStopped):
            await runs.finish(run.id, run.attempt, status="stopped", usage=usage, log_seq=last)
        else:
            error = end.error if isinstance(end, RunFailed) else _lost()
            await runs.finish(run.id, run.attempt, status="failed", usage=usage, log_seq=last, error=error)
        await dispatch(tx, queue, run.account_id)


def known_events(page: Page) -> list[RunEvent]:
    """Return the events of a page but for those that a newer version of the service wrote."""
    events: list[RunEvent] = []
    for entry in page.entries:
        try:
            events.append(read_known(RUN_EVENT, entry.data))
        except ValidationError:
            log.info("an event of type %s is not known to this version", entry.type)
    return events


async def _read(run_log: RunLog, run_id: str) -> list[RunEvent]:
    """Return what a run's log holds, or its last event where its begin is gone. Raises Unavailable."""
    after = 0
    events: list[RunEvent] = []
    while True:
        try:
            page = await run_log.read(run_id, after)
        except CursorTooOld as gap:
            if events or after:
                return events
            after = gap.resume_after - 1
            continue
        events.extend(known_events(page))
        if page.caught_up:
            return events
        after = page.entries[-1].seq


async def _all_there(tx: Tx, run: ClaimedRun, events: Sequence[RunEvent]) -> bool:
    """Tell whether the log is whole, and each message that it tells of is stored."""
    stored = {message.id for message in await Messages(tx).all_of_run(run.id)}
    told = {event.message.id for event in events if isinstance(event, MessageCreated)}
    return events[0].seq == 1 and told <= stored


def _lost() -> ErrorInfo:
    fault = FactotumError(
        "The database has lost what this run stored last, its end among it.",
        hint="The events that were shown tell more than the thread. Start a new run on the thread.",
        code="run_state_lost",
    )
    return ErrorInfo(code=fault.stable_code, message=fault.message, hint=fault.hint)
