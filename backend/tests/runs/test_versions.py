"""Two versions of the service side by side: what one does not know it leaves to the other."""

import json
from typing import Any, cast

from factotum.bus.entries import head_key, stream_key
from tests.runs.played import Gate, calls, says
from tests.runs.stage import Stage


async def test_a_run_with_options_of_a_newer_version_is_left_to_it(stage: Stage) -> None:
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit()
    await stage.sql("update factotum.runs set options = %s::jsonb", json.dumps({"from_the_future": 1}))
    older = stage.executor("older")
    for _ in range(3):
        await older.execute(run.id)
    row = await stage.row(run)
    assert (row["status"], row["attempt"], row["crashes"]) == ("running", 1, 0)
    await stage.sql("delete from queue.procrastinate_jobs")
    assert await stage.sweeper.sweep() == 1
    assert await stage.jobs() == [run.id]
    await stage.sql("update factotum.runs set options = '{}'")
    await older.execute(run.id)
    assert (await stage.row(run))["attempt"] == 1
    assert (await stage.carry(run, "newer")).status == "finished"
    assert (await stage.row(run))["crashes"] == 0
    await stage.assert_whole(run)


async def test_events_of_a_newer_version_pass_through(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("A long answer.", gate)]
    run = await stage.submit()
    stage.start(run)
    await gate.reached.wait()
    await stage.let_lease_run_out(run)
    await _add_to_log(stage, run.id, b'comet.seen {"type":"comet.seen","tail":2}')
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("A long answer.")]
    assert (await stage.carry(run)).status == "finished"
    seen = [entry for step in await stage.follow(run) for entry in cast(Any, step)]
    assert [entry.data for entry in seen if entry.type == "comet.seen"] == [b'{"type":"comet.seen","tail":2}']
    assert [entry.seq for entry in seen] == list(range(1, len(seen) + 1))


async def _add_to_log(stage: Stage, run_id: str, line: bytes) -> None:
    redis = cast(Any, stage.bus.redis.client)
    seq = int(await redis.hget(head_key(run_id), "seq")) + 1
    await redis.xadd(stream_key(run_id), {"e": line}, id=f"{seq}-0")
    await redis.hset(head_key(run_id), "seq", seq)
