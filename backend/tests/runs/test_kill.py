"""A worker's process is killed without warning: another one finishes, and nothing is lost or done twice."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Run
from tests.programs import unmeasured
from tests.runs.killable_worker import turns
from tests.runs.played import Gate
from tests.runs.stage import Stage
from tests.waiting import until

_BACKEND = Path(__file__).parents[2]


async def _carried_elsewhere(
    stage: Stage, database_url: str, valkey_url: str, run: Run, point: str, *, ends: bool
) -> asyncio.subprocess.Process:
    """Have a run carried by a process of its own, up to a point where it waits.

    `ends`: whether it will end by itself. One that is killed has no coverage to tell of.
    """
    words = ["-m", "tests.runs.killable_worker", database_url, valkey_url, run.id, point]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=_BACKEND, stdout=PIPE, env=None if ends else unmeasured()
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"reached\n"
    await stage.sql("delete from queue.procrastinate_jobs")
    return process


async def _lost(stage: Stage) -> None:
    """Wait until the run's lease has run out and the sweeper brings it to a worker again."""

    async def is_swept() -> bool:
        return await stage.sweeper.sweep() == 1

    await until(is_swept, 30)


@pytest.mark.parametrize("point", ["stream", "act"])
async def test_one_that_slept_past_its_lease_changes_nothing_and_ends(
    stage: Stage, database_url: str, valkey_url: str, point: str
) -> None:
    run = await stage.submit()
    process = await _carried_elsewhere(stage, database_url, valkey_url, run, point, ends=True)
    process.send_signal(signal.SIGSTOP)
    await _lost(stage)
    open_gate = Gate()
    open_gate.released.set()
    stage.gateway.turns = turns(point, open_gate)
    wanted = "awaiting_input" if point == "act" else "finished"

    async def is_taken_over() -> bool:
        # It may hold the run's row in a transaction, which the database ends after a while.
        return (await stage.carry(run)).status == wanted

    await until(is_taken_over, 90)
    before, told = await stage.dump(), await stage.bus.stored(run.id)
    process.send_signal(signal.SIGCONT)
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    assert await stage.dump() == before
    assert await stage.bus.stored(run.id) == told


@pytest.mark.parametrize("point", ["stream", "look", "put", "act"])
async def test_another_worker_goes_on(stage: Stage, database_url: str, valkey_url: str, point: str) -> None:
    run = await stage.submit()
    watching = asyncio.create_task(stage.follow(run))
    process = await _carried_elsewhere(stage, database_url, valkey_url, run, point, ends=False)
    process.kill()
    await process.wait()
    await _lost(stage)
    open_gate = Gate()
    open_gate.released.set()
    stage.gateway.turns = turns(point, open_gate)
    ended = await stage.carry(run)
    if point == "act":
        assert ended.question is not None
        assert ended.question.reason == "unknown_outcome"
        await stage.answer(run, "Leave it and go on")
        ended = await stage.carry(run)
    assert ended.status == "finished"
    assert stage.acts.count("before") == 0
    assert stage.acts.count("held") == (1 if point in {"look", "put"} else 0)
    await stage.assert_whole(run)
    seen = [entry for step in await watching for entry in step]
    assert seen == await stage.bus.stored(run.id)
    parts = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    wanted = {"stream": [], "look": ["ok", "ok"], "put": ["ok", "ok"], "act": ["unknown", "stopped"]}[point]
    assert [part.outcome for part in parts] == ["ok", "ok", *wanted]
