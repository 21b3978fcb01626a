"""The run of somebody who left or may only read: it is stopped whole, in the name of an owner."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest

from factotum.protocol.events import MessageDiscarded, RunStopped
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Run
from factotum.runs.departures import stop_handed_over
from factotum.runs.live import LiveRuns
from factotum.store.members import HandedOver, Members
from factotum.store.records import Caller
from tests.runs.played import Gate, calls, says
from tests.runs.stage import Stage

Leave = Callable[[Members, str], Awaitable[HandedOver | None]]


async def demoted(members: Members, user_id: str) -> HandedOver | None:
    return await members.set_role(user_id, "viewer")


async def removed(members: Members, user_id: str) -> HandedOver | None:
    return await members.remove(user_id)


async def left(stage: Stage, leave: Leave) -> tuple[HandedOver, Caller]:
    """Let the stage's caller go, and return what an owner got of them."""
    heir = Caller(str(uuid.uuid4()))
    await stage.sql(
        "insert into account_members (account_id, user_id, role) values (%s, %s, 'owner')",
        stage.account_id,
        heir.user_id,
    )
    async with stage.database.tenant(heir) as tx:
        handed = await leave(Members(tx, stage.account_id), stage.caller.user_id)
    assert handed is not None
    assert handed.heir == heir.user_id
    return handed, heir


async def stopped(stage: Stage, run: Run, heir: Caller) -> RunStopped:
    """Carry the run on, once a worker let go of it, and return its end."""
    assert (await stage.row(run))["status"] == "stopping"
    assert await stage.jobs() == [run.id]  # nobody waits for the sweeper
    stage.caller = heir
    ended = await stage.carry(run)
    assert (ended.status, ended.error) == ("stopped", None)
    await stage.assert_whole(run)
    (end,) = [event for event in await stage.events(run) if isinstance(event, RunStopped)]
    return end


@pytest.mark.parametrize("leave", [removed, demoted])
@pytest.mark.parametrize("first", ["the stop", "the lost rights"])
async def test_a_run_that_a_worker_carries_is_stopped(stage: Stage, leave: Leave, first: str) -> None:
    live = LiveRuns()
    gate = stage.acts.gates["b"] = Gate()
    stage.gateway.turns = [calls(*[("act", {"key": key}) for key in "abc"])]
    run = await stage.submit()
    await stage.sql("delete from queue.procrastinate_jobs")
    task = stage.start(run, stage.executor(live=live))
    await gate.reached.wait()
    handed, heir = await left(stage, leave)
    if first == "the stop":
        await stop_handed_over(stage.service, handed)
        carried = live.get(run.id)
        assert carried is not None
        carried.cancel("stop")  # what the signal does
    else:
        gate.released.set()
    async with asyncio.timeout(20):
        await task
    assert stage.acts.count("c") == 0
    assert "act" in (await stopped(stage, run, heir)).not_executed
    results = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    assert [result.outcome for result in results] == ["ok", "unknown", "stopped"]


async def test_what_it_was_writing_is_withdrawn(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("A long answer.", gate)]
    run = await stage.submit()
    await stage.sql("delete from queue.procrastinate_jobs")
    task = stage.start(run)
    await gate.reached.wait()
    _, heir = await left(stage, removed)
    gate.released.set()
    async with asyncio.timeout(20):
        await task
    assert (await stopped(stage, run, heir)).not_executed == ()
    assert any(isinstance(event, MessageDiscarded) for event in await stage.events(run))
    assert len(await stage.messages(run)) == 1
