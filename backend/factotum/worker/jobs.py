"""The Procrastinate app: the one task it knows, and the jobs of workers that are gone."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from factotum.core.errors import Unavailable
from factotum.runs.queue import EXECUTE_RUN, RUNS_QUEUE

_STALLED_SECONDS = 30.0
_CONNECT_SECONDS = 5.0


def make_app(database_url: str, *, pooler: bool, execute: Callable[[str], Awaitable[None]]) -> App:
    """Make the app of one worker. Behind a transaction pooler nothing is prepared."""
    connector = PsycopgConnector(
        conninfo=database_url,
        min_size=1,
        max_size=4,
        kwargs={"prepare_threshold": None if pooler else 5},
    )
    app = App(connector=connector)

    async def execute_run(run_id: str) -> None:
        await execute(run_id)

    app.task(name=EXECUTE_RUN, queue=RUNS_QUEUE)(execute_run)
    return app


@asynccontextmanager
async def connected(app: App) -> AsyncGenerator[None]:
    """Connect the app for as long as the block lasts. Raises Unavailable."""
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await app.open_async()
    except (psycopg.Error, ConnectorException, TimeoutError) as fault:
        await app.close_async()
        raise Unavailable(
            "The queue cannot be reached.", hint="Check DATABASE_URL.", code="database_unavailable"
        ) from fault
    try:
        yield
    finally:
        await app.close_async()


async def clear_stalled_jobs(app: App) -> int:
    """Delete the jobs of workers that are gone; return how many. Their runs are found by their leases."""
    jobs = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS))
    for job in jobs:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    return len(jobs)
