"""Postgres is killed and comes back: the worker takes jobs again, and a run that was going on is finished."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from factotum.core.ids import new_id
from factotum.embedded.data_folder import DataFolder
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.settings import Settings
from factotum.store.database import Database
from factotum.store.migrate import migrate
from factotum.store.records import Caller
from tests.fixtures_store import add_member
from tests.runs.played import Gate, says
from tests.runs.stage import Stage, staged
from tests.waiting import until
from tests.worker.crew import Crew


@pytest.fixture
def own_postgres(short_folder: Path) -> Iterator[EmbeddedPostgres]:
    with DataFolder(short_folder / new_id()[-6:]) as folder:
        server = EmbeddedPostgres(folder)
        server.start()
        migrate(server.admin_url(), server.service_url())
        yield server
        server.stop()


@pytest.fixture
async def own_stage(
    own_postgres: EmbeddedPostgres, valkey_url: str, alice: Caller, alice_account: str
) -> AsyncIterator[Stage]:
    admin_url = own_postgres.admin_url()
    with psycopg.connect(admin_url) as connection:
        connection.execute("insert into factotum.accounts values (%s, 'Alice', 'personal')", (alice_account,))
    add_member(admin_url, alice_account, alice.user_id, "owner")
    database = Database(own_postgres.service_url())
    await database.open()
    async for stage in staged(database, valkey_url, alice, alice_account, admin_url):
        yield stage
    await database.close()


async def test_a_restart_of_postgres_is_survived(
    own_stage: Stage, own_postgres: EmbeddedPostgres, valkey_url: str, settings: Settings
) -> None:
    stage, gate = own_stage, Gate()
    crew = Crew(stage, own_postgres.service_url(), valkey_url, settings)
    crew.start(worker_grace=0.5)
    stage.gateway.turns = [says("Hello.", gate)]
    going = await stage.submit()
    async with asyncio.timeout(20):
        await gate.reached.wait()
    pid = own_postgres.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    async def is_back() -> bool:
        return own_postgres.restarts > 0 and await asyncio.to_thread(own_postgres.wait_ready, 1)

    await until(is_back, 60)
    gate.released.set()
    ended = await crew.becomes(going, "finished", seconds=40)
    assert ended.status == "finished"
    await stage.assert_whole(going)
    after = await stage.submit()
    await crew.becomes(after, "finished", seconds=40)
    assert not any(task.done() for task in crew.tasks)
    await crew.aclose()
