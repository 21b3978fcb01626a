"""The Procrastinate app: the one task it knows, how it is taken, and the jobs of workers that are gone."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from factotum.core.errors import Unavailable
from factotum.runs.queue import EXECUTE_RUN, FIRST_QUEUE, RUNS_QUEUE
from factotum.store.connection import CONNECT_SECONDS, NOTICING, RECONNECT_SECONDS, PromptConnection

log = logging.getLogger(__name__)

_STALLED_SECONDS = 30.0
_POLL_SECONDS = 5.0
_POOLER_POLL_SECONDS = 0.5
_SPARE_POLL_SECONDS = 1.0
_RESTART_SECONDS = 1.0
_CONNECTIONS = 6


def make_app(database_url: str, *, pooler: bool, execute: Callable[[str], Awaitable[None]]) -> App:
    """Make the app of one worker. Behind a transaction pooler nothing is prepared."""
    connector = PsycopgConnector(
        conninfo=database_url,
        min_size=1,
        max_size=_CONNECTIONS,
        connection_class=PromptConnection,
        reconnect_timeout=RECONNECT_SECONDS,
        kwargs={
            "prepare_threshold": None if pooler else 5,
            "connect_timeout": CONNECT_SECONDS,
            **NOTICING,
        },
    )
    app = App(connector=connector)

    async def execute_run(run_id: str, **_more: object) -> None:
        # A newer version may say more in its jobs.
        await execute(run_id)

    app.task(name=EXECUTE_RUN, queue=RUNS_QUEUE)(execute_run)
    return app


@asynccontextmanager
async def connected(app: App) -> AsyncGenerator[None]:
    """Connect the app for as long as the block lasts. Raises Unavailable."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
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


@dataclass(frozen=True, slots=True)
class Taker:
    """How a worker takes jobs: of which queues, and how many at once."""

    name: str
    queues: tuple[str, ...]
    concurrency: int
    spare: bool = False
    """Takes what nobody else has taken for a moment."""


def takers(owner: str, slots: int) -> tuple[Taker, ...]:
    """Return the takers of a worker with `slots`: those for all runs, and a fifth more for first runs.

    So an account of which nothing is at work finds room although others have filled the slots. The queues
    are named, so that a version that does not know another kind of job leaves it to those that do.
    """
    return (
        Taker(owner, (RUNS_QUEUE, FIRST_QUEUE), slots),
        Taker(f"{owner}:first", (FIRST_QUEUE,), max(1, slots // 5), spare=True),
    )


async def take_jobs(app: App, taker: Taker, draining: asyncio.Event, *, pooler: bool, grace: float) -> None:
    """Take jobs until cancelled; when the database goes away, begin again once it is back."""
    polling = _POOLER_POLL_SECONDS if pooler else _POLL_SECONDS
    if taker.spare:
        polling = _SPARE_POLL_SECONDS
        await asyncio.sleep(polling)
    while not draining.is_set():
        try:
            await app.run_worker_async(
                name=taker.name,
                queues=list(taker.queues),
                concurrency=taker.concurrency,
                listen_notify=not (pooler or taker.spare),
                fetch_job_polling_interval=polling,
                delete_jobs="always",
                install_signal_handlers=False,
                shutdown_graceful_timeout=grace,
            )
        except ConnectorException as fault:
            log.warning("the queue is out of reach and is tried again: %s", fault)
        await asyncio.sleep(_RESTART_SECONDS)


async def clear_stalled_jobs(app: App) -> int:
    """Delete the jobs of workers that are gone; return how many. Their runs are found by their leases."""
    jobs = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS))
    for job in jobs:
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    return len(jobs)
