"""A worker's process is killed without warning: another one finishes, and nothing is lost or done twice."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from factotum.protocol.messages import ToolResultPart
from tests.runs.killable_worker import turns
from tests.runs.played import Gate
from tests.runs.stage import Stage, eventually

_BACKEND = Path(__file__).parents[2]


@pytest.mark.parametrize("point", ["stream", "look", "put", "act"])
async def test_another_worker_goes_on(stage: Stage, database_url: str, valkey_url: str, point: str) -> None:
    run = await stage.submit()
    watching = asyncio.create_task(stage.follow(run))
    words = ["-m", "tests.runs.killable_worker", database_url, valkey_url, run.id, point]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=_BACKEND, stdout=PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"reached\n"
    process.kill()
    await process.wait()
    await stage.sql("delete from queue.procrastinate_jobs")

    async def is_swept() -> bool:
        return await stage.sweeper.sweep() == 1

    await eventually(is_swept)
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
