"""Claims, leases and fencing: one attempt of a run at a time, one run of a thread, no write of an old one."""

import asyncio

import pytest

from factotum.core.errors import Conflict, StaleAttempt
from factotum.core.ids import new_id
from factotum.protocol.runs import ErrorInfo, Question, Run, Usage
from factotum.store.database import Database
from factotum.store.dispatch import Dispatch
from factotum.store.leases import Leases
from factotum.store.projects import Projects
from factotum.store.records import Caller, Thread, ToolCall, Wishes
from factotum.store.runs import Runs
from factotum.store.threads import Threads
from factotum.store.tool_calls import ToolCalls
from factotum.store.tx import Tx
from tests.store.world import claimed

NOTHING, STOP = Wishes(stop=False, unread=False), Wishes(stop=True, unread=False)
_QUESTION = Question(reason="question", text="Which?")


@pytest.fixture
async def thread(database: Database, alice: Caller, alice_account: str) -> Thread:
    async with database.tenant(alice) as tx:
        project = await Projects(tx).create(alice_account, "Work")
        return await Threads(tx).create(project.id)


@pytest.fixture
async def run(database: Database, alice: Caller, thread: Thread) -> Run:
    return await queued(database, alice, thread)


async def queued(database: Database, alice: Caller, thread: Thread) -> Run:
    async with database.tenant(alice) as tx:
        return (await Runs(tx).create(thread.id, created_by=alice.user_id, model="m"))[0]


async def claim(database: Database, run_id: str, owner: str = "w", seconds: float = 60) -> int | None:
    async with database.system() as tx:
        won = await Leases(tx).claim(run_id, owner, seconds)
    return won.attempt if won else None


async def test_of_twenty_claims_at_once_one_wins(database: Database, run: Run) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(claim(database, run.id, f"w{number}")) for number in range(20)]
    assert [task.result() for task in tasks].count(1) == 1
    assert [task.result() for task in tasks].count(None) == 19


async def test_of_many_runs_of_a_thread_one_is_carried(
    database: Database, alice: Caller, thread: Thread
) -> None:
    runs = [await queued(database, alice, thread) for _ in range(8)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(claim(database, run.id)) for run in runs]
    won = [task.result() for task in tasks]
    assert sorted(won, key=str) == [1] + [None] * 7
    async with database.tenant(alice) as tx:
        await Runs(tx).finish(runs[won.index(1)].id, 1, status="finished", usage=Usage(), log_seq=1)
    assert await claim(database, runs[won.index(None)].id) == 1


async def test_a_claim_tells_whom_to_act_for(database: Database, run: Run, alice: Caller) -> None:
    async with database.system() as tx:
        won = await Leases(tx).claim(run.id, "w", 60)
    assert won is not None
    assert (won.caller, won.attempt, won.status) == (alice, 1, "running")
    async with database.tenant(won.caller) as tx:
        seen = await Runs(tx).get(run.id)
    assert (seen.status, seen.attempt) == ("running", 1)
    assert seen.started_at is not None


async def test_a_live_lease_is_respected_and_a_dead_one_taken(database: Database, run: Run) -> None:
    await claimed(database, run.id, seconds=0.3)
    assert await claim(database, run.id) is None
    await asyncio.sleep(0.35)
    async with database.system() as tx:
        assert [lost.id for lost in await Leases(tx).lost(10)] == [run.id]
    assert await claim(database, run.id) == 2
    async with database.system() as tx:
        assert await Leases(tx).lost(10) == []
        assert await Leases(tx).on_their_way(10, queued_seconds=0) == []


async def test_renewal_names_what_is_still_owned(
    database: Database, alice: Caller, thread: Thread, run: Run
) -> None:
    await claimed(database, run.id, owner="w", seconds=0.2)
    async with database.system() as tx:
        leases = Leases(tx)
        assert await leases.renew("w", {run.id: 1, new_id(): 1}, 60) == {run.id: NOTHING}
        assert await leases.renew("w", {run.id: 2}, 60) == {}
        assert await leases.renew("another", {run.id: 1}, 60) == {}
        assert await leases.renew("w", {}, 60) == {}
    await asyncio.sleep(0.25)
    assert await claim(database, run.id) is None
    async with database.tenant(alice) as tx:
        await Runs(tx).request_stop(run.id)
    async with database.system() as tx:
        assert await Leases(tx).renew("w", {run.id: 1}, 60) == {run.id: STOP}


async def test_a_heartbeat_does_not_wait_for_a_step(database: Database, alice: Caller, run: Run) -> None:
    await claimed(database, run.id, owner="w")
    async with database.tenant(alice) as tx:
        await Runs(tx).hold(run.id, 1)
        async with asyncio.timeout(2), database.system() as system:
            assert await Leases(system).renew("w", {run.id: 1}, 60) == {run.id: NOTHING}


async def test_a_row_that_is_being_written_to_is_passed_over(
    database: Database, alice: Caller, run: Run
) -> None:
    await claimed(database, run.id, owner="w")
    async with database.tenant(alice) as tx:
        await Runs(tx).save_step(run.id, 1, step=1, usage=Usage(), log_seq=5)
        async with asyncio.timeout(2), database.system() as system:
            assert await Leases(system).renew("w", {run.id: 1}, 60) == {run.id: None}
    async with database.system() as system:
        assert await Leases(system).renew("w", {run.id: 1}, 60) == {run.id: NOTHING}


async def test_a_claim_waits_for_the_step_that_holds_the_run(
    database: Database, alice: Caller, run: Run
) -> None:
    await claimed(database, run.id, seconds=0)
    async with database.tenant(alice) as tx:
        await Runs(tx).hold(run.id, 1)
        taking = asyncio.create_task(claim(database, run.id))
        await asyncio.sleep(0.2)
        assert not taking.done()
        await Runs(tx).save_step(run.id, 1, step=1, usage=Usage(), plan=None, log_seq=5)
    assert await taking == 2
    async with database.tenant(alice) as tx:
        assert (await Runs(tx).get(run.id)).step == 1
        with pytest.raises(StaleAttempt):
            await Runs(tx).hold(run.id, 1)


async def test_a_released_run_is_to_be_had_and_not_renewed(
    database: Database, alice: Caller, run: Run
) -> None:
    await claimed(database, run.id, owner="w")
    async with database.tenant(alice) as tx:
        await Runs(tx).release(run.id, 1)
    async with database.system() as tx:
        assert await Leases(tx).renew("w", {run.id: 1}, 60) == {}
        assert [lost.id for lost in await Leases(tx).lost(10)] == [run.id]
    assert await claim(database, run.id) == 2


async def test_a_stale_attempt_writes_nothing(database: Database, alice: Caller, run: Run) -> None:
    await claimed(database, run.id, seconds=0)
    async with database.tenant(alice) as tx:
        await _open(tx, run.id, 1)
    await claimed(database, run.id)
    async with database.tenant(alice) as tx:
        before = await Runs(tx).get(run.id)
        runs, calls = Runs(tx), ToolCalls(tx)
        for write in (
            lambda: runs.hold(run.id, 1),
            lambda: runs.save_step(run.id, 1, step=7, usage=Usage(input_tokens=1), plan=None, log_seq=7),
            lambda: runs.clear_answer(run.id, 1),
            lambda: runs.await_input(run.id, 1, question=_QUESTION, log_seq=7),
            lambda: runs.finish(run.id, 1, status="finished", usage=Usage(), log_seq=7),
            lambda: runs.release(run.id, 1),
            lambda: _open(tx, run.id, 1),
            lambda: calls.start(run.id, 1, "c"),
            lambda: calls.finish(run.id, 1, "c", outcome="ok", output=""),
        ):
            with pytest.raises(StaleAttempt):
                await write()
        assert await runs.get(run.id) == before
        assert [call.state for call in await calls.for_run(run.id)] == ["pending"]
    async with database.system() as tx:
        with pytest.raises(StaleAttempt):
            await Leases(tx).fail(run.id, 1, ErrorInfo(code="x", message="x"))


async def test_a_run_that_cannot_be_worked_on_is_failed(database: Database, alice: Caller, run: Run) -> None:
    attempt = await claimed(database, run.id)
    error = ErrorInfo(code="run_dies", message="It died again and again.")
    async with database.system() as tx:
        await Leases(tx).fail(run.id, attempt, error, log_seq=3)
    async with database.tenant(alice) as tx:
        ended = await Runs(tx).get(run.id)
        assert (ended.status, ended.error) == ("failed", error)
        assert await Runs(tx).log_seq(run.id) == 3
    async with database.system() as tx:
        with pytest.raises(StaleAttempt):
            await Leases(tx).fail(run.id, attempt, error)


async def test_a_stopping_run_whose_worker_died_is_claimed_to_be_stopped(
    database: Database, alice: Caller, run: Run
) -> None:
    await claimed(database, run.id, seconds=0)
    async with database.tenant(alice) as tx:
        assert (await Runs(tx).request_stop(run.id)).status == "stopping"
    async with database.system() as tx:
        won = await Leases(tx).claim(run.id, "w2", 60)
    assert won is not None
    assert (won.status, won.stop_requested, won.attempt) == ("stopping", True, 2)
    async with database.tenant(alice) as tx:
        with pytest.raises(Conflict) as caught:
            await Runs(tx).await_input(run.id, 2, question=_QUESTION, log_seq=1)
        assert caught.value.stable_code == "run_stopping"
        assert (
            await Runs(tx).finish(run.id, 2, status="stopped", usage=Usage(), log_seq=1)
        ).status == "stopped"


async def _open(tx: Tx, run_id: str, attempt: int) -> ToolCall:
    return await ToolCalls(tx).open(
        run_id, attempt, call_id="c", message_id=new_id(), name="shell", arguments={}, effect="unsafe"
    )


async def test_a_claim_tells_how_the_attempt_before_ended(
    database: Database, alice: Caller, run: Run
) -> None:
    async def again() -> tuple[bool, bool, int]:
        async with database.system() as tx:
            won = await Leases(tx).claim(run.id, "w", 0)
        assert won is not None
        return won.took_over, won.resumed, won.crashes

    assert await again() == (False, False, 0)
    assert await again() == (True, False, 1)
    assert await again() == (True, False, 2)
    async with database.tenant(alice) as tx:
        await Runs(tx).save_step(run.id, 3, step=1, usage=Usage(), log_seq=1)
        await Runs(tx).release(run.id, 3)
    assert await again() == (False, True, 0)
    async with database.tenant(alice) as tx:
        await Runs(tx).await_input(run.id, 4, question=_QUESTION, log_seq=2)
        await Runs(tx).put_answer(run.id, "x")
    assert await again() == (False, True, 0)


async def test_runs_of_a_thread_take_turns(database: Database, alice: Caller, thread: Thread) -> None:
    first, second = [await queued(database, alice, thread) for _ in range(2)]
    assert await claim(database, second.id) is None
    async with database.system() as tx:
        assert await Dispatch(tx).take(first.account_id, 10) == [first.id]
        assert [late.id for late in await Leases(tx).on_their_way(10, queued_seconds=0)] == [first.id]
        assert await Leases(tx).on_their_way(10, after=first.id, queued_seconds=0) == []
        assert await Leases(tx).on_their_way(10) == []
    await claimed(database, first.id)
    async with database.tenant(alice) as tx:
        await Runs(tx).await_input(first.id, 1, question=_QUESTION, log_seq=1)
    assert await claim(database, second.id) is None
    async with database.tenant(alice) as tx:
        await Runs(tx).request_stop(first.id)
    async with database.system() as tx:
        assert await Dispatch(tx).take(first.account_id, 10) == [second.id]
    assert await claim(database, second.id) == 1
    async with database.system() as tx:
        assert await Dispatch(tx).take(first.account_id, 10) == []
