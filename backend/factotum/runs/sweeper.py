"""Finds runs that nobody carries, and brings them to a worker again. It needs no lock: claims decide."""

import logging
from collections.abc import Sequence

from factotum.runs.dispatch import dispatch, hasten, parked_accounts
from factotum.runs.queue import RunQueue
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.records import LostRun
from factotum.store.tx import Tx

log = logging.getLogger(__name__)

_BATCH = 200


class Sweeper:
    """Enqueues runs whose lease ran out, whose job is lost, and those for which there is room after all.

    A job counts as lost when its run was queued for `queued_seconds` and none is waiting. A round looks at a
    bounded number of runs and the next one goes on behind them, so that none is out of its sight for ever.
    """

    def __init__(self, database: Database, queue: RunQueue, *, queued_seconds: float = 30.0) -> None:
        self._database = database
        self._queue = queue
        self._queued_seconds = queued_seconds
        self._lost_after: str | None = None
        self._way_after: str | None = None

    async def sweep(self) -> int:
        """Look once; return how many runs were enqueued. Raises Unavailable when the database is away."""
        async with self._database.system() as tx:
            lost = await Leases(tx).lost(_BATCH, after=self._lost_after)
            late = await Leases(tx).on_their_way(
                _BATCH, after=self._way_after, queued_seconds=self._queued_seconds
            )
            orphans = await self._enqueue_again(tx, [*lost, *late])
            await hasten(tx, self._queue)
            accounts = await parked_accounts(tx, self._queue)
        self._lost_after, self._way_after = _next(lost), _next(late)
        for run in orphans:
            log.warning(
                "run %s (%s, attempt %d) had no worker and was enqueued again",
                run.id,
                run.status,
                run.attempt,
            )
        return len(orphans) + await self._dispatch(accounts)

    async def _enqueue_again(self, tx: Tx, found: Sequence[LostRun]) -> Sequence[LostRun]:
        if not found:
            return ()
        async with tx.as_login() as connection:
            waiting = await self._queue.waiting(connection, [run.id for run in found])
            orphans = [run for run in found if run.id not in waiting]
            for run in orphans:
                await self._queue.enqueue(connection, run.id)
        return orphans

    async def _dispatch(self, accounts: Sequence[str]) -> int:
        """Give their jobs to runs that were left behind, each account in a transaction of its own."""
        found = 0
        for account_id in accounts:
            async with self._database.system() as tx:
                found += await dispatch(tx, self._queue, account_id)
        return found


def _next(page: Sequence[LostRun]) -> str | None:
    return page[-1].id if len(page) == _BATCH else None
