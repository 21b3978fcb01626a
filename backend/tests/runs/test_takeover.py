"""A worker that dies or wakes up too late: another one goes on, and nothing is done or told twice."""

import asyncio

import pytest

from factotum.bus.run_log import RunLog
from factotum.core.errors import StaleAttempt
from factotum.protocol.events import FileChanged, MessageCreated, RunStarted, Snapshot
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Run
from factotum.runs.live import LiveRuns
from tests.runs.played import Gate, calls, completes, says
from tests.runs.stage import Stage


async def died(stage: Stage, run: Run, gate: Gate, *, sweep: bool = True) -> asyncio.Task[None]:
    """Carry the run as far as the gate; there its worker is silent until its lease has run out."""
    task = stage.start(run)
    async with asyncio.timeout(10):
        await gate.reached.wait()
    await stage.let_lease_run_out(run)
    await stage.sql("delete from queue.procrastinate_jobs")
    if sweep:
        assert await stage.sweeper.sweep() == 1
        assert await stage.jobs() == [run.id]
    return task


async def wakes_and_changes_nothing(stage: Stage, task: asyncio.Task[None], gate: Gate, run: Run) -> None:
    """Let the dead worker go on, and compare all there is."""
    dump, log = await stage.dump(), await stage.bus.stored(run.id)
    gate.released.set()
    async with asyncio.timeout(10):
        await task
    assert await stage.dump() == dump
    assert await stage.bus.stored(run.id) == log


async def test_one_that_wakes_in_the_model_s_stream_changes_nothing(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), [*says("Half", gate)[:2], *completes()]]
    run = await stage.submit()
    task = await died(stage, run, gate)
    stage.gateway.turns = [stage.gateway.turns[0], completes("By B.")]
    ended = await stage.carry(run)
    assert (ended.status, ended.attempt) == ("finished", 2)
    await wakes_and_changes_nothing(stage, task, gate, run)
    await stage.assert_whole(run)
    assert stage.acts.count("a") == 1


@pytest.mark.parametrize("tool", ["look", "put"])
async def test_one_that_wakes_in_a_tool_changes_nothing(stage: Stage, tool: str) -> None:
    gate = stage.acts.gates["a"] = Gate()
    stage.gateway.turns = [calls((tool, {"key": "a"})), completes()]
    run = await stage.submit()
    task = await died(stage, run, gate)
    del stage.acts.gates["a"]
    assert (await stage.carry(run)).status == "finished"
    await wakes_and_changes_nothing(stage, task, gate, run)
    await stage.assert_whole(run)
    first, second = stage.acts.executed
    assert first == second


async def test_one_that_wakes_before_the_other_has_ended_changes_nothing(stage: Stage) -> None:
    gate, other = Gate(), Gate()
    stage.gateway.turns = [says("Slow one", gate)]
    run = await stage.submit()
    task = await died(stage, run, gate)
    stage.gateway.turns = [says("Quick one", other)]
    second = stage.start(run, stage.executor("worker-b"))
    await other.reached.wait()
    before = await stage.dump()
    gate.released.set()
    await task
    assert await stage.dump() == before
    other.released.set()
    await second
    assert (await stage.get(run)).status == "finished"
    assert (await stage.messages(run))[-1].text == "Quick one"
    await stage.assert_whole(run)


async def test_the_log_refuses_an_old_writer(stage: Stage) -> None:
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit()
    log: RunLog = stage.bus.log
    old = log.writer(run.id, 1, await log.open(run.id, 1, 0))
    await log.open(run.id, 2, 0)
    with pytest.raises(StaleAttempt):
        await old.emit(FileChanged(path="a", action="created"))


async def test_a_client_sees_one_transcript_whatever_dies(stage: Stage) -> None:
    gate = stage.acts.gates["b"] = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"}), ("put", {"key": "b"})), says("Well.")]
    run = await stage.submit()
    watching = asyncio.create_task(stage.follow(run))
    task = await died(stage, run, gate)
    del stage.acts.gates["b"]
    await stage.carry(run)
    steps = await watching
    gate.released.set()
    await task
    seen = [entry for step in steps for entry in step]
    assert seen == await stage.bus.stored(run.id)
    await stage.assert_whole(run)


async def test_an_unsafe_call_is_not_repeated_but_asked_about(stage: Stage) -> None:
    gate = stage.acts.gates["a"] = Gate()
    stage.gateway.turns = [
        calls(("put", {"key": "before"}), ("act", {"key": "a"}), ("act", {"key": "b"})),
        completes(),
    ]
    run = await stage.submit()
    await died(stage, run, gate)
    waiting = await stage.carry(run)
    assert waiting.status == "awaiting_input"
    assert waiting.question is not None
    assert waiting.question.reason == "unknown_outcome"
    assert "act" in waiting.question.text
    await stage.answer(run, "Leave it and go on")
    assert (await stage.carry(run)).status == "finished"
    assert [stage.acts.count(key) for key in ("before", "a", "b")] == [1, 1, 0]
    parts = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    assert [part.outcome for part in parts] == ["ok", "unknown", "stopped", "ok"]
    assert "Leave it and go on" in parts[1].output
    await stage.assert_whole(run)


async def test_what_was_finished_is_reused_and_the_draft_withdrawn(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [
        calls(("act", {"key": "a"}), ("look", {"key": "b"})),
        [*says("A long answer.", gate)],
    ]
    run = await stage.submit()
    await died(stage, run, gate)
    gate.released.clear()
    stage.gateway.turns = [stage.gateway.turns[0], says("Short.")]
    assert (await stage.carry(run)).status == "finished"
    assert [stage.acts.count(key) for key in ("a", "b")] == [1, 1]
    assert [event.attempt for event in await stage.events(run) if isinstance(event, RunStarted)] == [1, 2]
    assert (await stage.types(run)).count("message.discarded") >= 1
    await stage.assert_whole(run)


@pytest.mark.parametrize("after", ["message.created", "tool.finished"])
async def test_what_was_stored_and_not_told_is_told_by_the_next(stage: Stage, after: str) -> None:
    """The worker dies between the commit and the log: here, every event from `after` on is lost."""
    gate = stage.acts.gates["b"] = Gate()
    stage.gateway.turns = [calls(("put", {"key": "a"}), ("put", {"key": "b"}), text="Now."), says("Well.")]
    run = await stage.submit()
    floor = len(await stage.bus.stored(run.id))
    await died(stage, run, gate)
    entries = await stage.bus.stored(run.id)
    first = next(entry.seq for entry in entries if entry.seq > floor and entry.type == after)
    await stage.cut_log(run, first - 1)
    await stage.sql("update factotum.runs set log_seq = %s where id = %s", floor, run.id)
    del stage.acts.gates["b"]
    assert (await stage.carry(run)).status == "finished"
    await stage.assert_whole(run)
    finished = [kind for kind in await stage.types(run) if kind == "tool.finished"]
    assert len(finished) == 2
    told = [e.message.id for e in await stage.events(run) if isinstance(e, MessageCreated)]
    assert told == [message.id for message in await stage.messages(run)]


async def test_a_log_that_was_lost_jumps_and_its_readers_are_reset(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("Hello.", gate)]
    run = await stage.submit()
    await died(stage, run, gate)
    await stage.lose_log(run)
    stage.gateway.turns = [stage.gateway.turns[0], completes()]
    assert (await stage.carry(run)).status == "finished"
    (reset,) = await stage.follow(run, 3)
    assert isinstance(reset, Snapshot)
    assert list(reset.messages) == await stage.messages(run)
    assert not await stage.follower.has_more(stage.caller, run.id, reset.seq)


async def test_a_worker_that_died_while_it_stopped_is_relieved(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("A long answer.", gate)]
    run = await stage.submit()
    await died(stage, run, gate, sweep=False)
    await stage.service.stop(stage.caller, run.id, wait_seconds=0)
    assert await stage.sweeper.sweep() == 1
    ended = await stage.carry(run)
    assert (ended.status, ended.attempt) == ("stopped", 2)
    assert len(stage.gateway.requests) == 1
    await stage.assert_whole(run)


async def test_an_older_attempt_in_the_same_process_is_ended(stage: Stage) -> None:
    live = LiveRuns()
    gate = stage.acts.gates["a"] = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), completes()]
    run = await stage.submit()
    executor = stage.executor(live=live)
    task = stage.start(run, executor)
    await gate.reached.wait()
    await stage.let_lease_run_out(run)
    again = stage.start(run, executor)
    async with asyncio.timeout(10):
        await task
    assert gate.cancelled == 1
    gate.released.set()
    await again
    assert (await stage.get(run)).status == "finished"
    assert len(live) == 0
    await stage.assert_whole(run)


async def test_a_run_that_comes_while_its_worker_drains_is_handed_over(stage: Stage) -> None:
    live = LiveRuns()
    live.drain()
    stage.gateway.turns = [says("Hello.")]
    run = await stage.submit()
    await stage.sql("delete from queue.procrastinate_jobs")
    await stage.executor(live=live).execute(run.id)
    assert await stage.jobs() == [run.id]
    assert stage.gateway.requests == []
    assert (await stage.carry(run)).status == "finished"
    assert (await stage.row(run))["crashes"] == 0
    await stage.assert_whole(run)
