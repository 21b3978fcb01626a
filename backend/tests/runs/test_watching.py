"""Looks at followed runs: one for all of a caller's, and doubt where nobody could look."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from factotum.core.errors import Unavailable
from factotum.core.ids import new_id
from factotum.runs.watching import Watch
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.standing import Standing
from factotum.store.tx import Tx
from tests.runs.stage import Stage
from tests.waiting import until

NEW = Standing(ended=False, log_seq=0)


class Counted(Database):
    """Another's transactions, counted; none while it is `away`."""

    def __init__(self, database: Database) -> None:
        self._inner = database
        self.count = 0
        self.away = False

    @asynccontextmanager
    async def tenant(self, caller: Caller) -> AsyncGenerator[Tx]:
        """Count."""
        if self.away:
            raise Unavailable("It is away.")
        self.count += 1
        async with self._inner.tenant(caller) as tx:
            yield tx


async def test_all_of_a_callers_runs_are_one_look(stage: Stage) -> None:
    runs = [await stage.submit() for _ in range(3)]
    counted = Counted(stage.database)
    watch = Watch(counted, 0.2)
    began = asyncio.get_running_loop().time()
    async with AsyncExitStack() as stack:
        watched = [
            await stack.enter_async_context(watch.of(stage.caller, run.id, NEW))
            for run in runs
            for _ in range(9)
        ]
        await stage.sql("update factotum.runs set log_seq = 7")

        async def have_seen() -> bool:
            return all(each.seen.log_seq == 7 for each in watched)

        await until(have_seen)
        periods = (asyncio.get_running_loop().time() - began) / 0.2
        assert 1 <= counted.count <= periods + 1
    assert len({id(each) for each in watched}) == len(runs)
    looks = counted.count
    await asyncio.sleep(0.5)
    assert counted.count == looks


async def test_a_run_that_is_not_there_is_doubted(stage: Stage) -> None:
    watch = Watch(stage.database, 0.1)
    async with watch.of(stage.caller, new_id(), NEW) as watched:
        assert not watched.is_doubtful

        async def is_doubted() -> bool:
            return watched.is_doubtful

        await until(is_doubted)
        watched.note(NEW)
        assert not watched.is_doubtful


async def test_who_cannot_look_for_long_doubts_and_goes_on(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    run = await stage.submit()
    counted = Counted(stage.database)
    counted.away = True
    watch = Watch(counted, 0.1)
    async with watch.of(stage.caller, run.id, NEW) as watched:

        async def is_doubted() -> bool:
            return watched.is_doubtful

        await until(is_doubted)
        assert watched.seen == NEW
        assert "are not looked at" in caplog.text
        counted.away = False

        async def is_seen() -> bool:
            return not watched.is_doubtful

        await until(is_seen)
