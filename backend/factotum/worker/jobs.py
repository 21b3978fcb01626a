"""The Procrastinate app: the one task it knows, and the jobs of workers that are gone."""

from collections.abc import Awaitable, Callable

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from factotum.runs.queue import EXECUTE_RUN, RUNS_QUEUE

_STALLED_SECONDS = 30.0


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


async def clear_stalled_jobs(app: App) -> int:
    """Delete the jobs of workers that are gone; return how many. Their runs are found by their leases."""
    jobs = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS)
    count = 0
    for job in jobs:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        count += 1
    return count
