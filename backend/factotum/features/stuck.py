"""Which of the caller's runs do not go on, and what can be done about each."""

from factotum.protocol.stuck import StuckRun, StuckRuns, Why
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.stuck import Stuck

_SECONDS = 60.0

_HINTS: dict[Why, str] = {
    "no_worker": "Its worker went silent; another one takes it when there is one. Look whether workers run.",
    "no_free_worker": "All workers are busy, or none runs. Start another one, or raise FACTOTUM_WORKERS.",
    "no_room": "The account has as many runs at work as it may: FACTOTUM_ACCOUNT_RUNS, FACTOTUM_TOTAL_RUNS.",
    "crashing": "Workers died while they carried it. It is given up after five; look into their logs.",
}


class StuckService:
    """Looks for runs that do not go on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, caller: Caller, limit: int) -> StuckRuns:
        """Return the caller's, those that wait for a person not among them (200 or less)."""
        async with self._database.tenant(caller) as tx:
            rows = await Stuck(tx).list(_SECONDS, limit)
            runs = [await Runs(tx).get(row.run_id) for row in rows]
        items = [
            StuckRun(run=run, why=row.why, seconds=round(row.seconds, 1), hint=_HINTS[row.why])
            for run, row in zip(runs, rows, strict=True)
        ]
        return StuckRuns(items=tuple(items))
