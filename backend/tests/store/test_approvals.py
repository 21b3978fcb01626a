"""Approvals in the database: bound to a hash, decided once, by who may write; the last frees the run."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from factotum.core.canonical_json import digest
from factotum.core.clock import now
from factotum.core.errors import Conflict, Forbidden, NotFound
from factotum.core.ids import new_id
from factotum.protocol.approvals import Approval
from factotum.protocol.runs import Question
from factotum.store.approvals import Approvals
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.runs import Runs
from tests.fixtures_store import add_member
from tests.store.world import World, build

ASKED = Question(reason="approval", text="May I?")


@pytest.fixture
async def world(database: Database, alice: Caller, alice_account: str) -> World:
    return await build(database, alice, alice_account)


async def wait(database: Database, world: World) -> None:
    async with database.tenant(world.caller) as tx:
        await Runs(tx).await_input(world.run.id, 1, question=ASKED, log_seq=1)


async def another(database: Database, world: World, call_id: str, seconds: float = 60) -> Approval:
    async with database.tenant(world.caller) as tx:
        return await Approvals(tx).request(
            world.run.id,
            call_id=call_id,
            tool="put",
            arguments={"path": "a", "n": 1e25, "s": "\x00\ud800"},
            pattern="put(a*)",
            expires_at=now() + timedelta(seconds=seconds),
        )


async def test_the_hash_is_that_of_the_arguments_as_they_are_stored(database: Database, world: World) -> None:
    asked = await another(database, world, "call-2")
    assert asked.arguments == {"path": "a", "n": 10**25, "s": "\ufffd\ufffd"}
    assert asked.arguments_hash == digest(asked.arguments)
    assert await another(database, world, "call-2") == asked
    async with database.tenant(world.caller) as tx:
        assert await Approvals(tx).of_run(world.run.id) == [world.approval, asked]
        assert await Approvals(tx).get(world.run.id, asked.id) == asked
        with pytest.raises(NotFound, match="no such run"):
            await Approvals(tx).request(
                new_id(), call_id="c", tool="t", arguments={}, pattern="t", expires_at=now()
            )


async def test_an_approval_is_decided_once(database: Database, world: World) -> None:
    async with database.tenant(world.caller) as tx:
        approvals = Approvals(tx)
        edited = await approvals.approve(
            world.approval, world.caller.user_id, "always", {"x": [2]}, "fine\x00"
        )
        assert (edited.status, edited.scope, edited.edited_arguments) == ("approved", "always", {"x": [2]})
        assert edited.approved_hash == digest({"x": [2]}) != edited.arguments_hash
        assert (edited.reason, edited.decided_by) == ("fine\ufffd", world.caller.user_id)
        for again in (
            approvals.deny(world.approval, world.caller.user_id, ""),
            approvals.approve(world.approval, world.caller.user_id, "once", None, ""),
        ):
            with pytest.raises(Conflict) as caught:
                await again
            assert caught.value.stable_code == "approval_decided"
        assert await approvals.of_run(world.run.id, pending=True) == []


async def test_the_last_decision_queues_the_run(database: Database, world: World) -> None:
    second = await another(database, world, "call-2")
    async with database.tenant(world.caller) as tx:
        assert not await Approvals(tx).resume(world.run.id)
    await wait(database, world)
    async with database.tenant(world.caller) as tx:
        await Approvals(tx).approve(world.approval, world.caller.user_id, "once", None, "")
        assert not await Approvals(tx).resume(world.run.id)
        await Approvals(tx).deny(second, world.caller.user_id, "no")
        assert await Approvals(tx).resume(world.run.id)
        assert not await Approvals(tx).resume(world.run.id)
        assert (await Runs(tx).get(world.run.id)).status == "queued"
        assert await Runs(tx).answer(world.run.id) is None


async def test_two_who_decide_at_once_queue_the_run_once(database: Database, world: World) -> None:
    second = await another(database, world, "call-2")
    await wait(database, world)

    async def decide(approval: Approval) -> bool:
        async with database.tenant(world.caller) as tx:
            await Runs(tx).lock(world.run.id)
            await Approvals(tx).deny(approval, world.caller.user_id, "")
            return await Approvals(tx).resume(world.run.id)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(decide(each)) for each in (world.approval, second)]
    assert sorted(task.result() for task in tasks) == [False, True]


async def test_time_runs_out_in_the_systems_name(database: Database, world: World) -> None:
    short = await another(database, world, "call-2", seconds=-1)
    async with database.system() as tx:
        approvals = Approvals(tx)
        assert await approvals.due(10) == [world.run.id]
        assert await approvals.hold_waiting(world.run.id) is None
    await wait(database, world)
    async with database.system() as tx:
        approvals = Approvals(tx)
        held = await approvals.hold_waiting(world.run.id)
        assert held is not None
        assert (held.attempt, held.log_seq) == (1, 1)
        (expired,) = await approvals.expire(world.run.id)
        assert (expired.id, expired.call_id) == (short.id, "call-2")
        assert not await approvals.resume(world.run.id)
        assert await approvals.due(10) == []
    async with database.tenant(world.caller) as tx:
        gone = await Approvals(tx).get(world.run.id, short.id)
        assert (gone.status, gone.decided_by) == ("expired", None)
        await Approvals(tx).deny(world.approval, None, "run stopped")
    async with database.system() as tx:
        assert await Approvals(tx).resume(world.run.id)


async def test_what_is_lifted_belongs_to_a_thread_and_can_be_taken_back(
    database: Database, world: World, bob: Caller, bob_account: str
) -> None:
    once = await another(database, world, "call-2")
    async with database.tenant(world.caller) as tx:
        approvals = Approvals(tx)
        await approvals.approve(once, world.caller.user_id, "once", None, "")
        assert await approvals.lifted(world.thread.id) == []
        await approvals.approve(world.approval, world.caller.user_id, "always", None, "")
        (permission,) = await approvals.lifted(world.thread.id)
        assert (permission.id, permission.pattern) == (world.approval.id, "shell")
        assert await approvals.lifted((await build_other(database, world)).thread.id) == []
    theirs = await build(database, bob, bob_account)
    async with database.tenant(bob) as tx:
        assert await Approvals(tx).lifted(world.thread.id) == []
        for thread in (world.thread.id, theirs.thread.id):
            with pytest.raises(NotFound):
                await Approvals(tx).revoke(thread, permission.id)
    async with database.tenant(world.caller) as tx:
        await Approvals(tx).revoke(world.thread.id, permission.id)
        assert await Approvals(tx).lifted(world.thread.id) == []
        with pytest.raises(NotFound):
            await Approvals(tx).revoke(world.thread.id, permission.id)


async def build_other(database: Database, world: World) -> World:
    return await build(database, world.caller, world.account_id)


async def test_a_viewer_and_another_account_decide_nothing(
    database: Database, world: World, bob: Caller, alice_account: str, admin_database_url: str
) -> None:
    async with database.tenant(bob) as tx:
        with pytest.raises(NotFound):
            await Approvals(tx).get(world.run.id, world.approval.id)
        assert not await Approvals(tx).resume(world.run.id)
        with pytest.raises(NotFound):
            await Approvals(tx).request(
                world.run.id, call_id="x", tool="t", arguments={}, pattern="t", expires_at=now()
            )
    await asyncio.to_thread(add_member, admin_database_url, alice_account, bob.user_id, "viewer")
    async with database.tenant(bob) as tx:
        assert await Approvals(tx).get(world.run.id, world.approval.id) == world.approval
        with pytest.raises(Forbidden):
            await Runs(tx).lock(world.run.id)
    async with database.tenant(bob) as tx:
        with pytest.raises(Conflict):
            await Approvals(tx).approve(world.approval, bob.user_id, "once", None, "")
    async with database.tenant(world.caller) as tx:
        await Approvals(tx).approve(world.approval, world.caller.user_id, "always", None, "")
    async with database.tenant(bob) as tx:
        with pytest.raises(Forbidden):
            await Approvals(tx).revoke(world.thread.id, world.approval.id)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'approved', scope = 'once', approved_hash = repeat('0', 64), decided_at = now()",
        "status = 'approved', scope = 'once', decided_at = now(), decided_by = factotum.uid()",
        "status = 'approved', scope = 'once', approved_hash = repeat('0', 64), decided_at = now(),"
        " decided_by = gen_random_uuid()",
        "status = 'denied'",
        "decided_at = now()",
        "arguments = '{}'",
        "arguments_hash = repeat('0', 64)",
        "pattern = '*'",
        "expires_at = now() + interval '1 year'",
    ],
)
async def test_the_database_refuses_what_is_no_decision(
    database: Database, world: World, change: str
) -> None:
    with pytest.raises(Exception, match=r"valid|malformed|not change it"):
        async with database.tenant(world.caller) as tx:
            await tx.connection.execute(f"update factotum.approvals set {change}".encode())
    await world.assert_unchanged(database)


async def test_the_system_approves_nothing(database: Database, world: World) -> None:
    with pytest.raises(Forbidden):
        async with database.system() as tx:
            await tx.connection.execute("update factotum.approvals set status = 'denied', decided_at = now()")
    await world.assert_unchanged(database)


def test_only_what_is_pending_can_be_inserted(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        row = connection.execute(
            "select pg_get_expr(polwithcheck, polrelid) from pg_policy"
            " where polrelid = 'factotum.approvals'::regclass and polname = 'creates'"
        ).fetchone()
    assert row is not None
    assert "'pending'" in row[0]
