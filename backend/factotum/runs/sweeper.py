"""Finds runs that nobody carries, and brings them to a worker again. It needs no lock: claims decide."""

import logging

from factotum.runs.queue import RunQueue
from factotum.store.database import Database
from factotum.store.leases import Leases

log = logging.getLogger(__name__)

_BATCH = 200


class Sweeper:
    """Enqueues runs whose lease ran out, and those that were queued for `queued_seconds` and have no job."""

    def __init__(self, database: Database, queue: RunQueue, *, queued_seconds: float = 30.0) -> None:
        self._database = database
        self._queue = queue
        self._queued_seconds = queued_seconds

    async def sweep(self) -> int:
        """Look once; return how many runs were enqueued. Raises Unavailable when the database is away."""
        async with self._database.system() as tx:
            lost = await Leases(tx).lost(_BATCH, queued_seconds=self._queued_seconds)
            if not lost:
                return 0
            async with tx.as_login() as connection:
                waiting = await self._queue.waiting(connection, [run.id for run in lost])
                orphans = [run for run in lost if run.id not in waiting]
                for run in orphans:
                    await self._queue.enqueue(connection, run.id)
        for run in orphans:
            log.warning(
                "run %s (%s, attempt %d) had no worker and was enqueued again",
                run.id,
                run.status,
                run.attempt,
            )
        return len(orphans)
