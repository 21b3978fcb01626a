"""A run from its creation to its end, the ledger of its calls, and what never changes again."""

import asyncio

import pytest

from factotum.core.errors import Conflict, InvalidInput, NotFound, StaleAttempt
from factotum.core.ids import new_id
from factotum.protocol.runs import ErrorInfo, Plan, PlanItem, Question, Usage
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.projects import Projects
from factotum.store.records import Caller, Thread
from factotum.store.runs import Runs
from factotum.store.threads import Threads
from factotum.store.tool_calls import ToolCalls
from tests.store.world import build, claimed

_USAGE = Usage(input_tokens=10, output_tokens=2, cost_usd=0.5)
_QUESTION = Question(reason="question", text="Which?", choices=("a", "b"), call_id="c")


@pytest.fixture
async def thread(database: Database, alice: Caller, alice_account: str) -> Thread:
    async with database.tenant(alice) as tx:
        project = await Projects(tx).create(alice_account, "Work")
        return await Threads(tx).create(project.id)


async def _create(
    database: Database, alice: Caller, thread: Thread, key: str | None = None
) -> tuple[str, bool]:
    async with database.tenant(alice) as tx:
        run, new = await Runs(tx).create(thread.id, created_by=alice.user_id, model="m", idempotency_key=key)
    return run.id, new


async def test_a_key_makes_one_run(database: Database, alice: Caller, thread: Thread) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_create(database, alice, thread, "key")) for _ in range(10)]
    results = [task.result() for task in tasks]
    assert len({run_id for run_id, _ in results}) == 1
    assert [new for _, new in results].count(True) == 1
    assert (await _create(database, alice, thread))[0] != (await _create(database, alice, thread))[0]


async def test_a_key_of_another_thread_is_refused(database: Database, alice: Caller, thread: Thread) -> None:
    await _create(database, alice, thread, "key")
    async with database.tenant(alice) as tx:
        other = await Threads(tx).create(thread.project_id)
        with pytest.raises(Conflict) as caught:
            await Runs(tx).create(other.id, created_by=alice.user_id, model="m", idempotency_key="key")
    assert caught.value.stable_code == "idempotency_key_reused"


async def test_a_key_belongs_to_its_account(
    database: Database, alice: Caller, bob: Caller, bob_account: str, thread: Thread
) -> None:
    await _create(database, alice, thread, "key")
    theirs = await build(database, bob, bob_account)
    assert (await _create(database, bob, theirs.thread, "key"))[1]


async def test_unknown_ids(database: Database, alice: Caller) -> None:
    async with database.tenant(alice) as tx:
        with pytest.raises(NotFound) as caught:
            await Runs(tx).create(new_id(), created_by=alice.user_id, model="m")
        assert caught.value.stable_code == "thread_not_found"
        with pytest.raises(NotFound) as caught:
            await Runs(tx).get(new_id())
        assert caught.value.stable_code == "run_not_found"


async def test_bounds_are_the_databases_too(database: Database, alice: Caller, thread: Thread) -> None:
    with pytest.raises(InvalidInput):
        async with database.tenant(alice) as tx:
            await Runs(tx).create(thread.id, created_by=alice.user_id, model="m" * 201)


async def test_a_run_asks_is_answered_and_ends(database: Database, alice: Caller, thread: Thread) -> None:
    run_id, _ = await _create(database, alice, thread)
    await claimed(database, run_id)
    plan = Plan(items=(PlanItem(text="think", status="active"),))
    async with database.tenant(alice) as tx:
        runs = Runs(tx)
        assert await runs.save_step(run_id, 1, step=1, usage=_USAGE, plan=plan, log_seq=4) is False
        with pytest.raises(Conflict) as caught:
            await runs.put_answer(run_id, "a")
        assert caught.value.stable_code == "run_not_waiting"
        await runs.await_input(run_id, 1, question=_QUESTION, log_seq=5)
        waiting = await runs.get(run_id)
        assert (waiting.status, waiting.question, waiting.plan) == ("awaiting_input", _QUESTION, plan)
        assert await runs.answer(run_id) is None
        with pytest.raises(StaleAttempt):
            await runs.hold(run_id, 1)
    async with database.tenant(alice) as tx:
        resumed = await Runs(tx).put_answer(run_id, {"text": "a"})
        assert (resumed.status, resumed.question) == ("queued", None)
    await claimed(database, run_id)
    async with database.tenant(alice) as tx:
        runs = Runs(tx)
        answer = await runs.answer(run_id)
        assert answer is not None
        assert (answer.question, answer.value) == (_QUESTION, {"text": "a"})
        await runs.clear_answer(run_id, 2)
        assert await runs.answer(run_id) is None
        ended = await runs.finish(
            run_id,
            2,
            status="finished",
            usage=_USAGE,
            log_seq=3,
            finish_reason="complete",
            deliverables=("a.csv",),
        )
        assert await runs.log_seq(run_id) == 5
    assert (ended.status, ended.finish_reason, ended.deliverables) == ("finished", "complete", ("a.csv",))
    assert (ended.usage, ended.plan, ended.step) == (_USAGE, plan, 1)
    assert ended.ended_at is not None


async def test_what_has_ended_does_not_change(database: Database, alice: Caller, thread: Thread) -> None:
    run_id, _ = await _create(database, alice, thread)
    await claimed(database, run_id)
    error = ErrorInfo(code="x", message="broken")
    async with database.tenant(alice) as tx:
        runs = Runs(tx)
        ended = await runs.finish(run_id, 1, status="failed", usage=_USAGE, log_seq=1, error=error)
        assert ended.error == error
        assert await runs.request_stop(run_id) == ended
        for write in (
            lambda: runs.finish(run_id, 1, status="finished", usage=Usage(), log_seq=2),
            lambda: runs.put_answer(run_id, "x"),
            lambda: runs.save_step(run_id, 1, step=2, usage=Usage(), plan=None, log_seq=2),
            lambda: runs.release(run_id, 1),
        ):
            with pytest.raises(Conflict):
                await write()
        assert await runs.get(run_id) == ended
    async with database.system() as tx:
        assert await Leases(tx).claim(run_id, "w", 60) is None
    with pytest.raises(Conflict) as caught:
        async with database.tenant(alice) as tx:
            await tx.run("update factotum.runs set status = 'queued', ended_at = null")
    assert caught.value.stable_code == "run_ended"


async def test_an_end_must_be_one(database: Database, alice: Caller, thread: Thread) -> None:
    run_id, _ = await _create(database, alice, thread)
    async with database.tenant(alice) as tx:
        with pytest.raises(ValueError, match="queued is not an end"):
            await Runs(tx).finish(run_id, 1, status="queued", usage=Usage(), log_seq=0)


@pytest.mark.parametrize("waiting", [False, True])
async def test_a_run_that_nobody_carries_is_stopped_at_once(
    database: Database, alice: Caller, thread: Thread, waiting: bool
) -> None:
    run_id, _ = await _create(database, alice, thread)
    if waiting:
        await claimed(database, run_id)
        async with database.tenant(alice) as tx:
            await Runs(tx).await_input(run_id, 1, question=_QUESTION, log_seq=1)
    async with database.tenant(alice) as tx:
        stopped = await Runs(tx).request_stop(run_id)
    assert stopped.status == "stopped"
    assert stopped.ended_at is not None


async def test_runs_are_listed_newest_first(database: Database, alice: Caller, thread: Thread) -> None:
    ids = [(await _create(database, alice, thread))[0] for _ in range(3)]
    async with database.tenant(alice) as tx:
        assert [run.id for run in await Runs(tx).list(thread.id)] == ids[::-1]
        assert [run.id for run in await Runs(tx).list(thread.id, after=ids[2], limit=1)] == [ids[1]]


async def test_the_ledger_remembers_each_call(database: Database, alice: Caller, thread: Thread) -> None:
    run_id, _ = await _create(database, alice, thread)
    await claimed(database, run_id)
    async with database.tenant(alice) as tx:
        calls = ToolCalls(tx)
        opened = await calls.open(
            run_id,
            1,
            call_id="c",
            message_id=new_id(),
            name="shell",
            arguments={"x": "\x00"},
            effect="unsafe",
        )
        assert (opened.state, opened.arguments, opened.outcome) == ("pending", {"x": "\ufffd"}, None)
        assert await calls.untouched(run_id) == [opened]
        started = await calls.start(run_id, 1, "c")
        assert started.state == "started"
        again = await calls.open(
            run_id, 1, call_id="c", message_id=new_id(), name="other", arguments={}, effect="pure"
        )
        assert again == started
        assert await calls.untouched(run_id) == []
        finished = await calls.finish(run_id, 1, "c", outcome="ok", output="a\x00\ud800")
        assert (finished.outcome, finished.output) == ("ok", "a\ufffd\ufffd")
        for write in (
            lambda: calls.start(run_id, 1, "c"),
            lambda: calls.finish(run_id, 1, "c", outcome="error", output=""),
        ):
            with pytest.raises(Conflict) as caught:
                await write()
            assert caught.value.stable_code == "call_finished"
        assert await calls.for_run(run_id) == [finished]


async def test_a_run_disappears_with_its_thread(
    database: Database, alice: Caller, alice_account: str
) -> None:
    world = await build(database, alice, alice_account)
    async with database.tenant(alice) as tx:
        await Projects(tx).delete(world.project.id)
    async with database.tenant(alice) as tx:
        with pytest.raises(NotFound):
            await Runs(tx).get(world.run.id)
        with pytest.raises(StaleAttempt):
            await Runs(tx).hold(world.run.id, 1)
        assert await ToolCalls(tx).for_run(world.run.id) == []


async def test_a_plan_stays_until_it_is_replaced(database: Database, alice: Caller, thread: Thread) -> None:
    run_id, _ = await _create(database, alice, thread)
    await claimed(database, run_id)
    first, second = [Plan(items=(PlanItem(text=text),)) for text in "ab"]
    async with database.tenant(alice) as tx:
        runs = Runs(tx)
        await runs.save_plan(run_id, 1, first)
        await runs.save_step(run_id, 1, step=1, usage=Usage(), log_seq=1)
        assert (await runs.get(run_id)).plan == first
        await runs.save_step(run_id, 1, step=2, usage=Usage(), log_seq=1, plan=second)
        assert (await runs.get(run_id)).plan == second
        with pytest.raises(StaleAttempt):
            await runs.save_plan(run_id, 2, first)


async def test_all_runs_of_a_caller_are_listed(
    database: Database, alice: Caller, bob: Caller, bob_account: str, thread: Thread
) -> None:
    ids = [(await _create(database, alice, thread))[0] for _ in range(3)]
    await build(database, bob, bob_account)
    await claimed(database, ids[0])
    async with database.tenant(alice) as tx:
        runs = Runs(tx)
        assert [run.id for run in await runs.list_all()] == ids[::-1]
        assert [run.id for run in await runs.list_all(status="running")] == [ids[0]]
        assert [run.id for run in await runs.list_all(after=ids[2], limit=1)] == [ids[1]]
