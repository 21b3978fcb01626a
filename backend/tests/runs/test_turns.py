"""One run of a thread at a time, in the order they were made; many threads side by side; and the sweeper."""

import asyncio

import pytest

from factotum.core.errors import Unavailable
from factotum.protocol.runs import Run
from tests.runs.played import Gate, asks, completes, says
from tests.runs.stage import Stage
from tests.waiting import until


async def work_off(stage: Stage, order: list[str]) -> None:
    """Carry what has a job, one after the other, until there is none."""
    while jobs := await stage.jobs():
        await stage.sql("delete from queue.procrastinate_jobs")
        for run_id in jobs:
            (row,) = await stage.sql("select attempt from factotum.runs where id = %s", run_id)
            await stage.executor(f"w{len(order)}").execute(run_id)
            (after,) = await stage.sql("select attempt from factotum.runs where id = %s", run_id)
            if after != row:
                order.append(run_id)


@pytest.mark.parametrize("count", [2, 5])
async def test_runs_of_a_thread_go_one_after_the_other(stage: Stage, count: int) -> None:
    stage.gateway.turns = [says(f"Answer {number}.") for number in range(count)]
    thread = await stage.thread()
    runs = [await stage.submit(thread, f"Question {number}.") for number in range(count)]
    # Every job at once: all claims but the first one's are refused.
    await asyncio.wait([stage.start(run) for run in reversed(runs)])
    order = [run.id for run in runs if (await stage.get(run)).status == "finished"]
    assert order == [runs[0].id]
    await work_off(stage, order)
    assert order == [run.id for run in runs]
    for number, request in enumerate(stage.gateway.requests):
        texts = [str(message["content"]) for message in request.messages[1:]]
        wanted = [text for n in range(number) for text in (f"Question {n}.", f"Answer {n}.")]
        assert texts == [*wanted, f"Question {number}."]
    for run in runs:
        assert (await stage.get(run)).status == "finished"


async def test_runs_behind_one_that_waits_stay_behind_it(stage: Stage) -> None:
    stage.gateway.turns = [asks(), completes(), says("b"), says("c")]
    thread = await stage.thread()
    first, second, third = [await stage.submit(thread) for _ in range(3)]
    order: list[str] = []
    await work_off(stage, order)
    assert order == [first.id]
    assert [(await stage.get(run)).status for run in (second, third)] == ["queued", "queued"]
    assert await stage.sweeper.sweep() == 0
    await stage.answer(first)
    await work_off(stage, order)
    assert order == [first.id, first.id, second.id, third.id]


async def test_ten_threads_run_side_by_side(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    runs = [await stage.submit() for _ in range(10)]
    executor = stage.executor()
    tasks = [stage.start(run, executor) for run in runs]
    await until(lambda: gate.waiting >= 10, 20)
    gate.released.set()
    await asyncio.wait(tasks)
    for run in runs:
        assert (await stage.get(run)).status == "finished"
        await stage.assert_whole(run)


async def test_a_lost_lease_is_swept_once(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    thread = await stage.thread()
    run, _behind = await stage.submit(thread), await stage.submit(thread)
    stage.start(run)
    await gate.reached.wait()
    await stage.sql("delete from queue.procrastinate_jobs")
    assert await stage.sweeper.sweep() == 0
    await stage.let_lease_run_out(run)
    assert await stage.sweeper.sweep() == 1
    assert await stage.sweeper.sweep() == 0
    assert await stage.jobs() == [run.id]


async def test_a_queued_run_without_a_job_is_swept(stage: Stage) -> None:
    thread = await stage.thread()
    run, _behind = await stage.submit(thread), await stage.submit(thread)
    assert await stage.sweeper.sweep() == 0
    await stage.sql("delete from queue.procrastinate_jobs")
    assert await stage.sweeper.sweep() == 1
    assert await stage.jobs() == [run.id]
    assert await stage.sweeper.sweep() == 0


async def test_a_job_in_a_dead_worker_s_hands_is_no_job(stage: Stage) -> None:
    run: Run = await stage.submit()
    await stage.sql("update queue.procrastinate_jobs set status = 'doing'")
    assert await stage.sweeper.sweep() == 1
    assert await stage.jobs() == [run.id]


async def test_an_error_of_the_queue_is_one_of_the_database(stage: Stage) -> None:
    await stage.submit()
    await stage.sql("delete from queue.procrastinate_jobs")
    await stage.sql(
        "create function public.break() returns trigger language plpgsql as"
        " $$ begin raise exception 'full' using errcode = '53100'; end $$"
    )
    await stage.sql(
        "create trigger break before insert on queue.procrastinate_jobs execute function public.break()"
    )
    with pytest.raises(Unavailable) as caught:
        await stage.sweeper.sweep()
    assert caught.value.stable_code == "disk_full"
