"""A worker takes runs, stops them when asked, sweeps up after others, and leaves in order."""

import asyncio

import psycopg
import pytest

from factotum.core.errors import Unavailable
from factotum.protocol.messages import ToolResultPart
from factotum.services import Addresses
from factotum.testing.memory_sandbox import MemorySandboxProvider, ScriptedCommand
from factotum.worker.jobs import clear_stalled_jobs, make_app
from tests.runs.played import Gate, asks, calls, completes, says
from tests.waiting import until
from tests.worker.crew import Crew


async def test_a_submitted_run_is_carried_at_once(crew: Crew) -> None:
    stage = crew.stage
    worker = crew.start()
    await asyncio.sleep(0.5)
    stage.gateway.turns = [calls(("list_files", {})), completes()]
    run = await stage.submit()
    assert (await crew.becomes(run, "finished", seconds=4)).attempt == 1
    await stage.assert_whole(run)
    await until(lambda: _none(crew))
    assert worker.live_runs == 0


async def _none(crew: Crew) -> bool:
    return await crew.stage.sql("select 1 from queue.procrastinate_jobs") == []


async def test_behind_a_pooler_it_polls(crew: Crew) -> None:
    stage = crew.stage
    crew.start(database_pooler=True)
    stage.gateway.turns = [asks(), completes()]
    run = await stage.submit()
    await crew.becomes(run, "awaiting_input")
    await stage.answer(run)
    await crew.becomes(run, "finished")
    await stage.assert_whole(run)


async def test_ten_threads_side_by_side_and_five_runs_in_a_row(crew: Crew) -> None:
    stage, gate = crew.stage, Gate()
    worker = crew.start(workers=10)
    stage.gateway.turns = [says("Hello.", gate)] + [says(f"{number}.") for number in range(5)]
    runs = [await stage.submit() for _ in range(10)]
    await until(lambda: gate.waiting >= 10, 20)
    assert worker.live_runs == 10
    gate.released.set()
    row = [await stage.submit(runs[0].thread_id, f"Again {number}.") for number in range(5)]
    for run in [*runs, *row]:
        await crew.becomes(run, "finished")
    ends = [(await stage.get(run)).ended_at for run in [runs[0], *row]]
    assert ends == sorted(ends, key=str)


async def test_a_stop_reaches_a_tool_by_the_signal(crew: Crew) -> None:
    stage = crew.stage
    stage.sandboxes = MemorySandboxProvider(commands=[ScriptedCommand(seconds=60)])
    crew.start(lease_seconds=30)
    stage.gateway.turns = [calls(("shell", {"command": "sleep 60"}), ("list_files", {})), says("x")]
    run = await stage.submit()

    async def is_in_the_tool() -> bool:
        return "sandbox.changed" in await stage.types(run)

    await until(is_in_the_tool, 20)
    async with asyncio.timeout(5):
        assert (await stage.service.stop(stage.caller, run.id)).status == "stopped"
    await stage.assert_whole(run)


async def test_a_drained_worker_hands_over_at_the_next_step(crew: Crew) -> None:
    stage, gate = crew.stage, Gate()
    first = crew.start()
    stage.gateway.turns = [[*calls(("list_files", {}))[:-1], gate, calls(("x", {}))[-1]], says("Well.")]
    run = await stage.submit()
    async with asyncio.timeout(20):
        await gate.reached.wait()
    first.drain()
    await asyncio.sleep(0.2)
    assert (await stage.get(run)).status == "running"
    gate.released.set()
    await crew.ended(first)
    handed = await stage.row(run)
    assert (handed["step"], handed["attempt"]) == (1, 1)
    crew.start()
    ended = await crew.becomes(run, "finished")
    assert (ended.attempt, ended.step) == (2, 2)
    assert (await stage.row(run))["crashes"] == 0
    await stage.assert_whole(run)


async def test_when_the_grace_is_over_a_tool_is_ended_and_the_run_handed_over(crew: Crew) -> None:
    stage = crew.stage
    stage.sandboxes = MemorySandboxProvider(commands=[ScriptedCommand(seconds=60), ScriptedCommand()])
    first = crew.start(worker_grace=0.3)
    stage.gateway.turns = [calls(("shell", {"command": "sleep 60"})), says("Well.")]
    run = await stage.submit()

    async def is_in_the_tool() -> bool:
        return "sandbox.changed" in await stage.types(run)

    await until(is_in_the_tool, 20)
    first.drain()
    await crew.ended(first)
    assert (await stage.row(run))["attempt"] == 1
    crew.start()
    waiting = await crew.becomes(run, "awaiting_input")
    assert waiting.question is not None
    assert waiting.question.reason == "unknown_outcome"
    await stage.answer(run, "Leave it and go on")
    await crew.becomes(run, "finished")
    results = [p for m in await stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
    assert [result.outcome for result in results] == ["unknown"]
    await stage.assert_whole(run)


async def test_when_the_grace_is_over_a_draft_is_withdrawn(crew: Crew) -> None:
    stage, gate = crew.stage, Gate()
    first = crew.start(worker_grace=0.3)
    stage.gateway.turns = [says("A long answer.", gate)]
    run = await stage.submit()
    async with asyncio.timeout(20):
        await gate.reached.wait()
    first.drain()
    await crew.ended(first)
    assert (await stage.types(run))[-1] == "message.discarded"
    gate.released.set()
    crew.start()
    await crew.becomes(run, "finished")
    await stage.assert_whole(run)


async def test_it_sweeps_up_after_others(crew: Crew) -> None:
    stage, gate = crew.stage, Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    run = await stage.submit()
    stage.start(run)
    await gate.reached.wait()
    await stage.let_lease_run_out(run)
    await stage.sql("delete from queue.procrastinate_jobs")
    stage.gateway.turns = [says("Hello.")]
    crew.start()
    assert (await crew.becomes(run, "finished")).attempt == 2
    await stage.assert_whole(run)


async def test_jobs_of_dead_workers_are_cleared(crew: Crew) -> None:
    stage = crew.stage
    await stage.submit()
    await stage.submit()
    await stage.sql(
        "insert into queue.procrastinate_workers (last_heartbeat) values (now() - interval '1 hour')"
    )
    await stage.sql(
        "update queue.procrastinate_jobs set status = 'doing',"
        " worker_id = (select max(id) from queue.procrastinate_workers)"
        " where id = (select min(id) from queue.procrastinate_jobs)"
    )

    async def nothing(run_id: str) -> None:
        """Carry nothing."""

    app = make_app(crew.addresses.database_url, pooler=True, execute=nothing)
    async with app.open_async():
        assert await clear_stalled_jobs(app) == 1
        assert await clear_stalled_jobs(app) == 0
    assert len(await stage.sql("select 1 from queue.procrastinate_jobs")) == 1


async def test_its_connections_may_break_and_it_begins_again(crew: Crew) -> None:
    """A restart of the database, as its clients see it: every connection is ended at once."""
    stage = crew.stage
    crew.start(worker_grace=0.3)
    stage.gateway.turns = [says("Hello.")]
    await crew.becomes(await stage.submit(), "finished")
    await stage.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await asyncio.sleep(0.5)
    run = await stage.submit()
    await crew.becomes(run, "finished")
    await stage.assert_whole(run)
    assert not any(task.done() for task in crew.tasks)


async def test_a_queue_that_cannot_be_reached_is_said(crew: Crew) -> None:
    crew.addresses = Addresses(crew.addresses.database_url.replace("port=5432", "port=5433"), "")
    worker = crew.start()
    with pytest.raises(Unavailable) as caught:
        await crew.ended(worker)
    assert caught.value.stable_code == "database_unavailable"


async def test_an_error_of_the_queue_is_tried_again(crew: Crew, caplog: pytest.LogCaptureFixture) -> None:
    stage = crew.stage
    await stage.sql("alter table queue.procrastinate_workers rename to away")
    worker = crew.start()

    async def is_told() -> bool:
        return "the queue is out of reach" in caplog.text

    await until(is_told)
    await stage.sql("alter table queue.away rename to procrastinate_workers")
    stage.gateway.turns = [says("Hello.")]
    await crew.becomes(await stage.submit(), "finished")
    worker.drain()
    await crew.ended(worker)


async def test_a_part_that_breaks_for_a_reason_of_ours_ends_the_worker(crew: Crew) -> None:
    await crew.stage.sql("alter table factotum.runs rename column queued_at to gone")
    worker = crew.start()
    with pytest.raises(psycopg.errors.UndefinedColumn):
        await crew.ended(worker)
