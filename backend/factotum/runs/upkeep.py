"""Periodic work that keeps the service from growing, in bounded transactions, by any number of workers.

What needs none of it: logs in Redis expire by themselves (a day after their run's end, a week after the last
event of one that never ended), and jobs are deleted as they are done.
"""

import logging

from factotum.bus.run_log import RunLog
from factotum.core.errors import FactotumError, Forbidden, NotFound
from factotum.core.ids import is_id
from factotum.features.deployments import DeploymentService
from factotum.protocol.events import RunEvent, RunFailed
from factotum.protocol.runs import ErrorInfo, Usage
from factotum.runs.announcing import announce
from factotum.runs.dispatch import dispatch
from factotum.runs.queue import RunQueue
from factotum.runs.unread import keep_unread
from factotum.sandbox.port import SandboxProvider
from factotum.store.database import Database
from factotum.store.network_log import NetworkLog
from factotum.store.records import OverdueRun
from factotum.store.runs import Runs
from factotum.store.tx import Tx
from factotum.store.upkeep import Upkeep

log = logging.getLogger(__name__)

_BATCH = 100
_FORGOTTEN = 1000
_KEY_DAYS = 7
_DELETED_DAYS = 90
_NETWORK_DAYS = 30
_SNAPSHOT_DAYS = 30
_SANDBOXES = 100_000
_WORKSPACES = 20


class QuestionExpiry:
    """Ends runs whose question nobody answered for `seconds`: nobody can say what it would have been."""

    def __init__(self, database: Database, queue: RunQueue, run_log: RunLog, *, seconds: float) -> None:
        self._database = database
        self._queue = queue
        self._log = run_log
        self._seconds = seconds

    async def sweep(self) -> int:
        """Look once; return how many runs have waited too long. Raises Unavailable."""
        async with self._database.system() as tx:
            overdue = await Upkeep(tx).overdue(self._seconds, _BATCH)
        for run in overdue:
            await self._expire(run)
        return len(overdue)

    async def _expire(self, run: OverdueRun) -> None:
        error = _unanswered(self._seconds)
        try:
            events = await self._fail(run, error)
        except (NotFound, Forbidden):
            events = await self._fail_without_rights(run, error)
        if events:
            await announce(self._log, run.id, run.attempt, run.log_seq, *events)
            log.info("run %s was not answered in time", run.id)

    async def _fail(self, run: OverdueRun, error: ErrorInfo) -> list[RunEvent]:
        """End it in its creator's name, so that what was sent into it stays in the thread."""
        async with self._database.tenant(run.caller) as tx:
            held = await Runs(tx).lock(run.id)
            if not await Upkeep(tx).fail_overdue(run.id, self._seconds, error):
                return []
            kept = await keep_unread(tx, held)
            await dispatch(tx, self._queue, run.account_id)
        return [*kept, RunFailed(error=error, usage=held.usage)]

    async def _fail_without_rights(self, run: OverdueRun, error: ErrorInfo) -> list[RunEvent]:
        async with self._database.system() as tx:
            if not await Upkeep(tx).fail_overdue(run.id, self._seconds, error):
                return []
            await dispatch(tx, self._queue, run.account_id)
        return [RunFailed(error=error, usage=Usage())]


class Cleaner:
    """Forgets old keys and connections, and removes old snapshots and the workspaces of deleted projects."""

    def __init__(
        self, database: Database, sandboxes: SandboxProvider, deployments: DeploymentService | None = None
    ) -> None:
        self._database = database
        self._sandboxes = sandboxes
        self._deployments = deployments

    async def clean(self) -> int:
        """Do one round; return how many things went. Raises Unavailable."""
        withdrawn = 0 if self._deployments is None else await self._deployments.clean()
        return withdrawn + await self._clean()

    async def _clean(self) -> int:
        found = await self._sandboxes.find(limit=_SANDBOXES)
        kept = [sandbox.project_id for sandbox in found if is_id(sandbox.project_id)]
        gone = await self._forget()
        async with self._database.system() as tx:
            deleted = await Upkeep(tx).deleted_among(kept)
        gone += await self._sandboxes.thin_out(_SNAPSHOT_DAYS * 86_400)
        for project_id in deleted[:_WORKSPACES]:
            try:
                await self._sandboxes.delete(project_id)
                gone += 1
            except (FactotumError, OSError) as fault:
                log.warning("the workspace of the deleted project %s stays for now: %s", project_id, fault)
        return gone

    async def _forget(self) -> int:
        """Forget all that is old, so many rows a transaction: however much came in, it goes."""
        gone = 0
        for forget in (_old_keys, _old_deletions, _old_connections):
            went = _FORGOTTEN
            while went >= _FORGOTTEN:
                async with self._database.system() as tx:
                    went = await forget(tx)
                gone += went
        return gone


async def _old_keys(tx: Tx) -> int:
    return await Upkeep(tx).forget_keys(_KEY_DAYS, _FORGOTTEN)


async def _old_deletions(tx: Tx) -> int:
    return await Upkeep(tx).forget_deleted(_DELETED_DAYS, _FORGOTTEN)


async def _old_connections(tx: Tx) -> int:
    return await NetworkLog(tx).forget(_NETWORK_DAYS, _FORGOTTEN)


def _unanswered(seconds: float) -> ErrorInfo:
    days, hours = seconds / 86_400, seconds / 3_600
    waited = (
        f"{days:.3g} days" if days >= 2 else f"{hours:.3g} hours" if hours >= 2 else f"{seconds:.3g} seconds"
    )
    return ErrorInfo(
        code="question_expired",
        message=f"Nobody answered the run's question within {waited}.",
        hint="Send a message to the thread: a new run goes on from here.",
    )
