"""The caller's side of runs: what is stored is stored whole, and each refusal has its code."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from factotum.bus.redis import Redis
from factotum.bus.run_log import RunLog
from factotum.bus.signals import Signal, Signals
from factotum.core.errors import Conflict, FactotumError, InvalidInput, NotFound, Unavailable
from factotum.core.ids import new_id
from factotum.protocol.events import RunStopped
from factotum.protocol.runs import RunOptions
from factotum.runs.service import NewRun, RunService
from factotum.store.agents import Agents
from factotum.store.records import Caller
from tests.runs.played import Gate, asks, calls, completes, says
from tests.runs.stage import Stage
from tests.waiting import until


async def test_what_was_accepted_is_stored_whole(stage: Stage) -> None:
    new = NewRun("Do it.", options=RunOptions(tool_execution="parallel"))
    run, created = await stage.service.submit(stage.caller, await stage.thread(), new)
    assert created
    assert (run.status, run.model, run.attempt) == ("queued", "played", 0)
    assert run.options.tool_execution == "parallel"
    assert await stage.jobs() == [run.id]
    (message,) = await stage.messages(run)
    assert (message.role, message.text, message.run_id) == ("user", "Do it.", run.id)
    assert await stage.types(run) == ["run.queued", "message.created"]
    await stage.assert_whole(run)


_BREAK = """
create function public.break() returns trigger language plpgsql as $$
begin raise exception 'broken' using errcode = '53100'; end $$;
create constraint trigger break after insert on {table} {when} for each row execute function public.break();
"""


@pytest.mark.parametrize("table", ["factotum.runs", "factotum.messages", "queue.procrastinate_jobs"])
@pytest.mark.parametrize("when", ["", "deferrable initially deferred"])
async def test_what_fails_half_way_leaves_nothing(stage: Stage, table: str, when: str) -> None:
    thread = await stage.thread()
    for statement in _BREAK.format(table=table, when=when).split(";\ncreate constraint"):
        await stage.sql(statement if statement.startswith("\n") else "create constraint" + statement)
    before = await stage.dump()
    with pytest.raises(Unavailable) as caught:
        await stage.submit(thread)
    assert caught.value.stable_code == "disk_full"
    assert await stage.dump() == before
    assert await stage.jobs() == []


async def test_a_key_gives_the_same_run_again(stage: Stage) -> None:
    thread = await stage.thread()
    new = NewRun("Do it.", idempotency_key="key")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stage.service.submit(stage.caller, thread, new)) for _ in range(5)]
    results = [task.result() for task in tasks]
    assert len({run.id for run, _ in results}) == 1
    assert [created for _, created in results].count(True) == 1
    assert len(await stage.jobs()) == 1
    assert len(await stage.messages(results[0][0])) == 1
    stage.gateway.turns = [asks()]
    await stage.carry(results[0][0])
    again, created = await stage.service.submit(stage.caller, thread, new)
    assert (again.status, created) == ("awaiting_input", False)
    with pytest.raises(Conflict) as caught:
        await stage.service.submit(stage.caller, await stage.thread(), new)
    assert caught.value.stable_code == "idempotency_key_reused"


async def test_what_cannot_be_run_is_refused_and_not_stored(stage: Stage, bob: Caller) -> None:
    thread = await stage.thread()
    before = await stage.dump()
    for caller, new, kind, code in (
        (stage.caller, NewRun("x", model="nope"), InvalidInput, "model_unknown"),
        (stage.caller, NewRun("x", agent_id=new_id()), NotFound, "agent_not_found"),
        (bob, NewRun("x"), NotFound, "thread_not_found"),
    ):
        with pytest.raises(FactotumError) as caught:
            await stage.service.submit(caller, thread, new)
        assert isinstance(caught.value, kind)
        assert caught.value.stable_code == code
    assert await stage.dump() == before


async def test_the_thread_s_agent_and_the_caller_choose_the_model(stage: Stage) -> None:
    async with stage.database.tenant(stage.caller) as tx:
        agent = await Agents(tx).create(stage.account_id, "A", model="agents-own")
        plain = await Agents(tx).create(stage.account_id, "B")
    thread = await stage.thread()
    for new, model in (
        (NewRun("x"), "played"),
        (NewRun("x", agent_id=plain.id), "played"),
        (NewRun("x", agent_id=agent.id), "agents-own"),
        (NewRun("x", agent_id=agent.id, model="mine"), "mine"),
    ):
        run, _ = await stage.service.submit(stage.caller, thread, new)
        assert run.model == model


async def test_a_waiting_run_must_be_answered_first(stage: Stage) -> None:
    stage.gateway.turns = [asks(), completes()]
    run = await stage.submit()
    with pytest.raises(Conflict) as caught:
        await stage.answer(run)
    assert caught.value.stable_code == "run_not_waiting"
    await stage.carry(run)
    before = await stage.dump()
    with pytest.raises(Conflict) as caught:
        await stage.submit(run.thread_id)
    assert caught.value.stable_code == "run_awaiting_input"
    assert run.id in caught.value.hint
    assert await stage.dump() == before
    await stage.answer(run)
    with pytest.raises(Conflict):
        await stage.answer(run)
    await stage.submit(run.thread_id)


async def test_others_see_nothing(stage: Stage, bob: Caller) -> None:
    run = await stage.submit()
    for action in (
        stage.service.get(bob, run.id),
        stage.service.stop(bob, run.id),
        stage.service.answer(bob, run.id, "x"),
    ):
        with pytest.raises(NotFound) as caught:
            await action
        assert caught.value.stable_code == "run_not_found"


async def test_a_queued_run_stops_at_once_and_lets_the_next_go(stage: Stage) -> None:
    thread = await stage.thread()
    run, second = await stage.submit(thread), await stage.submit(thread)
    await stage.sql("delete from queue.procrastinate_jobs")
    stopped = await stage.service.stop(stage.caller, run.id)
    assert stopped.status == "stopped"
    assert await stage.jobs() == [second.id]
    assert await stage.types(run) == ["run.queued", "message.created", "run.stopped"]
    stage.gateway.turns = [says("Hello.")]
    assert (await stage.carry(run)).status == "stopped"
    assert (await stage.carry(second)).status == "finished"
    before = await stage.dump()
    assert (await stage.service.stop(stage.caller, run.id)).status == "stopped"
    assert (await stage.service.stop(stage.caller, second.id)).status == "finished"
    assert await stage.dump() == before


async def test_a_waiting_run_stops_and_the_thread_can_be_used(stage: Stage) -> None:
    stage.gateway.turns = [asks(), says("Hello.")]
    run = await stage.submit()
    await stage.carry(run)
    assert (await stage.service.stop(stage.caller, run.id)).status == "stopped"
    assert isinstance((await stage.events(run))[-1], RunStopped)
    again = await stage.submit(run.thread_id)
    assert (await stage.carry(again)).status == "finished"
    await stage.assert_whole(again)
    roles = [message["role"] for message in stage.gateway.requests[-1].messages]
    assert roles == ["system", "user", "assistant", "tool", "user"]


async def test_stopping_a_waiting_run_uses_no_number_twice(stage: Stage) -> None:
    stage.gateway.turns = [asks()]
    run = await stage.submit()
    await stage.carry(run)
    seen = (await stage.events(run))[-1].seq
    await stage.lose_log(run)
    await stage.service.stop(stage.caller, run.id)
    (last,) = await stage.kept(run)
    assert last.type == "run.stopped"
    assert last.seq > seen


async def test_two_stops_at_once_tell_of_one_end(stage: Stage) -> None:
    run = await stage.submit()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stage.service.stop(stage.caller, run.id)) for _ in range(4)]
    assert {task.result().status for task in tasks} == {"stopped"}
    assert (await stage.types(run)).count("run.stopped") == 1


async def test_a_stop_waits_for_the_end_but_not_for_ever(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    stopping = await stage.service.stop(stage.caller, run.id, wait_seconds=0.2)
    assert stopping.status == "stopping"
    waiting = asyncio.create_task(stage.service.stop(stage.caller, run.id, wait_seconds=10))
    await asyncio.sleep(0.1)
    gate.released.set()
    await task
    assert (await waiting).status == "finished"


async def test_stops_reach_the_worker_by_a_signal(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("Hello.", gate)]
    run = await stage.submit()
    stage.start(run)
    await gate.reached.wait()
    async for signal in _while(stage, run.id):
        assert (signal.kind, signal.run_id) == ("stop", run.id)
        break


async def _while(stage: Stage, run_id: str) -> AsyncGenerator[Signal]:
    listening = stage.signals.listen()
    first = asyncio.ensure_future(anext(listening))

    async def sent() -> bool:
        await stage.service.stop(stage.caller, run_id, wait_seconds=0)
        return first.done()

    await until(sent)
    yield await first
    await listening.aclose()


async def test_without_redis_runs_are_still_taken_answered_and_stopped(stage: Stage) -> None:
    nowhere = Redis("unix:///nowhere.sock", deadline=0.5)
    log = RunLog(nowhere)
    service = RunService(stage.database, stage.queue, log, Signals(nowhere), stage.models)
    run, _ = await service.submit(stage.caller, await stage.thread(), NewRun("Do it."))
    assert await stage.jobs() == [run.id]
    stage.gateway.turns = [asks()]
    await stage.carry(run)
    assert (await service.answer(stage.caller, run.id, "x")).status == "queued"
    assert (await service.stop(stage.caller, run.id)).status == "stopped"
    await log.aclose()
    await nowhere.aclose()


async def test_a_run_made_later_stands_later(stage: Stage) -> None:
    thread = await stage.thread()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stage.submit(thread, str(number))) for number in range(8)]
    runs = sorted((task.result() for task in tasks), key=lambda run: run.id)
    assert [message.run_id for message in await stage.messages(runs[0])] == [runs[0].id]
    assert [run.input is None for run in runs] == [True] + [False] * 7
    assert await stage.jobs() == [runs[0].id]


async def test_calls_before_a_stop_are_kept(stage: Stage) -> None:
    stage.gateway.turns = [calls(("look", {"key": "a"})), asks(), says("x")]
    run = await stage.submit()
    await stage.carry(run)
    await stage.service.stop(stage.caller, run.id)
    assert stage.acts.count("a") == 1
    assert len(await stage.messages(run)) == 4
