"""What a dead attempt stored and did not live to tell, and the drafts that it left behind.

A message is stored first and shown then, so a worker that dies in between leaves a log that lacks it. The
next attempt reads the log, and tells the rest before it goes on.
"""

from collections.abc import Sequence

from factotum.bus.entries import CursorTooOld
from factotum.bus.run_log import RunLog
from factotum.core.errors import Unavailable
from factotum.protocol.events import MessageCreated, RunEvent, ToolFinished
from factotum.protocol.messages import Message, ToolResultPart
from factotum.protocol.pieces import last_response
from factotum.runs.telling import Teller
from factotum.runs.told_end import known_events
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.records import ClaimedRun


async def catch_up(database: Database, log: RunLog, run: ClaimedRun, teller: Teller) -> None:
    """Bring the log of a run that was taken over in step with Postgres.

    Raises StaleAttempt, Unavailable, WrittenByNewer.

    Nothing is told when the log is gone or has jumped: its readers get a snapshot.
    """
    told = await _told(log, run)
    if told is None:
        teller.remember_nothing()
        return
    teller.remember(told)
    for message in await _last_step(database, run):
        for part in message.parts:
            if isinstance(part, ToolResultPart):
                await teller.emit(_end_of_call(part))
        await teller.emit(MessageCreated(message=message))
    await teller.discard_drafts()


async def _told(log: RunLog, run: ClaimedRun) -> list[RunEvent] | None:
    """Read the log, from its begin or, where that is gone, from the last number that Postgres kept."""
    for after in (0, run.log_seq):
        try:
            return await _read(log, run.id, after)
        except CursorTooOld:
            continue
        except Unavailable:
            break
    return None


async def _read(log: RunLog, run_id: str, after: int) -> list[RunEvent]:
    events: list[RunEvent] = []
    while True:
        page = await log.read(run_id, after)
        events.extend(known_events(page))
        if page.caught_up:
            return events
        after = page.entries[-1].seq


async def _last_step(database: Database, run: ClaimedRun) -> Sequence[Message]:
    """Return the run's last response and what followed: all before was told before it was stored.

    Without one, what people said, and how the thread is read.
    """
    async with database.tenant(run.caller) as tx:
        messages = await Messages(tx).all_of_run(run.id, whole=True)
    first = last_response(messages)
    return messages if first is None else messages[first:]


def _end_of_call(part: ToolResultPart) -> ToolFinished:
    return ToolFinished(
        call_id=part.call_id,
        name=part.name,
        outcome=part.outcome,
        output=part.output,
        display=part.display,
        duration_ms=0,
    )
