"""Writes to the log of a run that no worker carries. Without Redis nothing is lost: Postgres has it."""

import logging

from factotum.bus.run_log import RunLog
from factotum.core.errors import Conflict, Unavailable
from factotum.protocol.events import RunEvent

log = logging.getLogger(__name__)


async def announce(run_log: RunLog, run_id: str, attempt: int, floor: int, *events: RunEvent) -> int:
    """Add events to a run's log, and return the number that it must end at now, for the run's row to keep.

    `floor` is the last number that the row knows. Call it before the transaction that holds the row commits,
    so that no worker can have opened the log yet.
    """
    try:
        last = await run_log.open(run_id, attempt, floor)
        writer = run_log.writer(run_id, attempt, last)
        for event in events:
            await writer.emit(event)
        await writer.close()
    except (Unavailable, Conflict) as fault:
        log.warning("the log of run %s was not written: %s", run_id, fault.message)
        return floor + len(events)
    return writer.seq
