"""The heartbeat: leases stay alive while the loop is busy, and what it learns reaches the run."""

import asyncio
import logging
import time
from contextlib import AsyncExitStack

import pytest

from factotum.embedded.postgres import EmbeddedPostgres
from factotum.protocol.runs import Run
from factotum.runs.heartbeat import Heartbeat
from factotum.runs.live import LiveRuns
from factotum.store.database import Database
from factotum.testing.memory_sandbox import MemorySandboxProvider, ScriptedCommand
from tests.runs.played import Gate, calls, says
from tests.runs.stage import Stage
from tests.waiting import until

_LEASE = 0.9


class Scene:
    """A run that waits in its model's stream, under a heartbeat."""

    def __init__(self, stage: Stage, url: str, lease: float = _LEASE) -> None:
        self.stage, self.live, self.gate = stage, LiveRuns(), Gate()
        self.url = url
        self.made: list[Database] = []
        self.lease = lease
        self.heartbeat = Heartbeat(self.connect, self.live, owner="worker-a", lease_seconds=lease)

    def connect(self) -> Database:
        """Make the heartbeat's own pool."""
        self.made.append(Database(self.url, pool_size=2))
        return self.made[-1]

    async def begin(self) -> tuple[Run, asyncio.Task[None]]:
        """Carry a run up to the gate."""
        self.stage.gateway.turns = [says("A long answer.", self.gate)]
        run = await self.stage.submit()
        task = self.stage.start(run, self.stage.executor(live=self.live, lease=self.lease))
        await self.gate.reached.wait()
        return run, task


@pytest.fixture
def scene(stage: Stage, database_url: str) -> Scene:
    return Scene(stage, database_url)


def _block(seconds: float) -> None:
    time.sleep(seconds)


async def test_leases_live_while_the_loop_is_blocked(scene: Scene) -> None:
    async with scene.heartbeat:
        run, task = await scene.begin()
        _block(2.5 * _LEASE)
        assert await scene.stage.sweeper.sweep() == 0
        await scene.stage.carry(run, "worker-b")
        assert (await scene.stage.get(run)).attempt == 1
        scene.gate.released.set()
        await task
    assert (await scene.stage.get(run)).status == "finished"


async def test_without_a_heartbeat_they_do_not(scene: Scene) -> None:
    await scene.begin()
    _block(1.5 * _LEASE)
    await scene.stage.sql("delete from queue.procrastinate_jobs")
    assert await scene.stage.sweeper.sweep() == 1


async def test_a_lost_lease_ends_the_run_here(scene: Scene) -> None:
    async with scene.heartbeat:
        run, task = await scene.begin()
        await scene.stage.sql("update factotum.runs set attempt = 2, owner = 'worker-b'")
        before = await scene.stage.dump()
        async with asyncio.timeout(10):
            await task
        assert await scene.stage.dump() == before
    assert scene.gate.cancelled == 1
    assert (await scene.stage.get(run)).status == "running"


async def test_a_run_whose_row_is_written_to_is_not_lost(scene: Scene) -> None:
    scene = Scene(scene.stage, scene.url, 3.0)
    async with scene.heartbeat:
        run, task = await scene.begin()
        async with scene.stage.database.tenant(scene.stage.caller) as tx:
            assert await tx.run("update factotum.runs set step = step where id = %s", (run.id,)) == 1
            await asyncio.sleep(1.5)  # a beat and a half
        lease = (await scene.stage.row(run))["lease_until"]

        async def is_renewed() -> bool:
            return (await scene.stage.row(run))["lease_until"] > lease

        await until(is_renewed)
        scene.gate.released.set()
        await task
    ended = await scene.stage.get(run)
    assert (ended.status, ended.attempt) == ("finished", 1)


async def test_a_wish_to_stop_ends_it_without_a_signal(scene: Scene) -> None:
    async with scene.heartbeat:
        run, _ = await scene.begin()
        assert (await scene.stage.service.stop(scene.stage.caller, run.id)).status == "stopped"
    await scene.stage.assert_whole(run)


async def test_it_tries_again_when_the_database_was_away(
    scene: Scene, postgres: EmbeddedPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    scene = Scene(scene.stage, scene.url, 4.0)
    good, scene.url = scene.url, scene.url.replace("port=5432", "port=5433")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(scene.heartbeat)
        run, task = await scene.begin()
        lease = (await scene.stage.row(run))["lease_until"]

        async def has_failed() -> bool:
            return "leases were not renewed" in caplog.text

        await until(has_failed)
        scene.url = good

        async def is_renewed() -> bool:
            return (await scene.stage.row(run))["lease_until"] > lease

        await until(is_renewed)
        scene.gate.released.set()
        await task
    assert len(scene.made) >= 2
    assert (await scene.stage.get(run)).status == "finished"


async def test_a_run_whose_lease_cannot_be_renewed_is_given_up_before_it_ends(scene: Scene) -> None:
    stage, live, lease = scene.stage, scene.live, 4.0
    stage.sandboxes = MemorySandboxProvider(commands=[ScriptedCommand(seconds=60)])
    stage.gateway.turns = [calls(("shell", {"command": "sleep 60"})), says("x")]
    nowhere = scene.url.replace("port=5432", "port=5433")
    run = await stage.submit()
    async with Heartbeat(lambda: Database(nowhere), live, owner="worker-a", lease_seconds=lease):
        task = stage.start(run, stage.executor(live=live, lease=lease))

        async def is_in_the_tool() -> bool:
            return "tool.started" in await stage.types(run)

        await until(is_in_the_tool)
        before = await stage.dump()
        async with asyncio.timeout(10):
            await task
        (row,) = await stage.sql("select lease_until > clock_timestamp() as lives from factotum.runs")
        assert row["lives"], "its tools have ended before another worker can take it"
        assert await stage.dump() == before
    assert len(live) == 0
    assert (await stage.types(run))[-1] == "sandbox.changed"


async def test_a_heart_that_breaks_is_told(scene: Scene) -> None:
    def broken() -> Database:
        raise LookupError("a fault of ours")

    async with Heartbeat(broken, scene.live, owner="worker-a", lease_seconds=_LEASE) as heartbeat:
        scene.heartbeat = heartbeat
        await scene.begin()
        with pytest.raises(LookupError):
            await heartbeat.ended()


async def test_without_runs_it_opens_nothing(scene: Scene) -> None:
    async with scene.heartbeat:
        await asyncio.sleep(_LEASE)
    assert scene.made == []
