"""The bus over the shared Valkey, and over one of the test's own that may be killed."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest

from tests.bus.helpers import Bus, KillableValkey


@pytest.fixture
async def bus(valkey_url: str) -> AsyncIterator[Bus]:
    """Yield the bus over the shared Valkey; no task may be left when it is closed."""
    before = asyncio.all_tasks()
    bus = Bus(valkey_url)
    yield bus
    await bus.aclose()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


@pytest.fixture
async def own_valkey() -> AsyncIterator[KillableValkey]:
    """Yield a Valkey of the test's own."""
    server = await asyncio.to_thread(KillableValkey)
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(shutil.rmtree, server.folder, ignore_errors=True)


@pytest.fixture
async def own_bus(own_valkey: KillableValkey) -> AsyncIterator[Bus]:
    """Yield the bus over the test's own Valkey, with a quick poll."""
    bus = Bus(own_valkey.url, poll_seconds=0.5)
    yield bus
    await bus.aclose()
