"""A stage for runs on the shared Valkey, and one on a Valkey that a test may kill."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest

from factotum.store.database import Database
from factotum.store.records import Caller
from tests.bus.helpers import KillableValkey
from tests.runs.stage import Stage, staged


@pytest.fixture
async def stage(
    database: Database, valkey_url: str, alice: Caller, alice_account: str, admin_database_url: str
) -> AsyncIterator[Stage]:
    async for stage in staged(database, valkey_url, alice, alice_account, admin_database_url):
        yield stage


@pytest.fixture
async def killable() -> AsyncIterator[KillableValkey]:
    server = await asyncio.to_thread(KillableValkey)
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(shutil.rmtree, server.folder, ignore_errors=True)


@pytest.fixture
async def own_stage(
    database: Database, killable: KillableValkey, alice: Caller, alice_account: str, admin_database_url: str
) -> AsyncIterator[Stage]:
    async for stage in staged(database, killable.url, alice, alice_account, admin_database_url):
        yield stage
