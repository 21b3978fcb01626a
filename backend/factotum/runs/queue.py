"""The queue port, and Procrastinate behind it. A job is only a messenger: the run's row holds the truth.

Jobs carry no Procrastinate lock. A run's claim refuses while an earlier run of its thread has not ended, and
a run's end enqueues the next one in the same transaction; a lock would stay with a job whose worker was
killed (procrastinate #1518, #1408) and hold the thread for as long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from factotum.core.tasks import in_own_thread

if TYPE_CHECKING:
    from procrastinate import App

EXECUTE_RUN = "execute_run"
RUNS_QUEUE = "runs"
FIRST_QUEUE = "runs-first"
"""For the runs of accounts of which nothing else is at work: some room is kept for these."""

_LOWEST_PRIORITY = -10


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How many runs may be at work at once, those on their way to a worker among them.

    `account`: of one account. `total`: of all together; None: as many as the workers carry.
    """

    account: int = 100
    total: int | None = None


class RunQueue(Protocol):
    """Brings runs to workers. `limits` say how many at once (runs/dispatch.py keeps to them)."""

    limits: RunLimits

    async def enqueue(
        self, connection: AsyncConnection[Any], run_id: str, *, ahead: int | None = None
    ) -> None:
        """Write the job of a run on `connection`, inside its open transaction, as the login role.

        `ahead`: how many runs of its account are at work or on their way before it; the more, the later it
        comes. None: a worker had it before; it goes on as soon as there is one.
        """
        ...

    async def hasten(self, connection: AsyncConnection[Any], limit: int) -> None:
        """Let up to `limit` of the jobs that wait come a little earlier, so that none waits for ever."""
        ...

    async def waiting(self, connection: AsyncConnection[Any], run_ids: Sequence[str]) -> set[str]:
        """Return those of the runs whose job still waits for a worker."""
        ...


class ProcrastinateQueue:
    """Writes jobs into Procrastinate's tables. It opens no connection of its own.

    Procrastinate is imported with the first job: an API process that only reads never pays for it.
    """

    def __init__(self, limits: RunLimits | None = None) -> None:
        self.limits = limits or RunLimits()
        self._made: tuple[App, type[Exception]] | None = None

    async def enqueue(
        self, connection: AsyncConnection[Any], run_id: str, *, ahead: int | None = None
    ) -> None:
        """Write the job of a run on `connection`, inside its open transaction. Raises psycopg's errors."""
        app, refusal = self._made = self._made or await in_own_thread(_make_app)
        deferrer = app.configure_task(
            EXECUTE_RUN,
            queue=FIRST_QUEUE if ahead == 0 else RUNS_QUEUE,
            priority=1 if ahead is None else max(-ahead, _LOWEST_PRIORITY),
            connection=connection,
        )
        try:
            await deferrer.defer_async(run_id=run_id)
        except refusal as error:
            # The transaction that it is part of knows what the database's errors mean.
            if isinstance(error.__cause__, psycopg.Error):
                raise error.__cause__ from None
            raise

    async def hasten(self, connection: AsyncConnection[Any], limit: int) -> None:
        """Let up to `limit` of the jobs that wait come a little earlier, so that none waits for ever."""
        await connection.execute(
            """
update queue.procrastinate_jobs set priority = priority + 1 where id in (
    select id from queue.procrastinate_jobs where status = 'todo' and priority < 0 and task_name = %s
    order by priority desc, id limit %s for update skip locked)""",
            (EXECUTE_RUN, limit),
        )

    async def waiting(self, connection: AsyncConnection[Any], run_ids: Sequence[str]) -> set[str]:
        """Return those of the runs whose job still waits for a worker."""
        cursor = connection.cursor(row_factory=tuple_row)
        await cursor.execute(
            """
select args ->> 'run_id' from queue.procrastinate_jobs
where status = 'todo' and task_name = %s and args ->> 'run_id' = any(%s)""",
            (EXECUTE_RUN, list(run_ids)),
        )
        return {str(row[0]) for row in await cursor.fetchall()}


def _make_app() -> "tuple[App, type[Exception]]":
    """Return the app, and what it raises when the database refuses a job."""
    from procrastinate import App, PsycopgConnector
    from procrastinate.exceptions import ConnectorException

    return App(connector=PsycopgConnector()), ConnectorException
