"""What was sent into a run and is unread when it ends: it is read first, or it stays in the thread."""

from factotum.core.errors import Conflict
from factotum.protocol.events import MessageCreated
from factotum.protocol.runs import Run
from factotum.store.records import ClaimedRun
from factotum.store.steering import Steering
from factotum.store.tx import Tx


async def refuse_unread(tx: Tx, run_id: str) -> None:
    """Raise Conflict (`run_steered`) when something was sent into the run that it has not read."""
    if await Steering(tx).last_unread(run_id):
        raise Conflict("A message was sent into the run that it must read first.", code="run_steered")


async def keep_unread(tx: Tx, run: ClaimedRun | Run) -> list[MessageCreated]:
    """Store what the run will never read in the thread, where the next run reads it; return what tells so."""
    steering = Steering(tx)
    kept = await steering.take(run.id, run.thread_id, await steering.last_unread(run.id))
    return [MessageCreated(message=message) for message in kept]
