"""What is sent into a run stays with it until it is read, once, and reaches no other account."""

import asyncio

import pytest

from factotum.core.clock import now
from factotum.core.errors import Conflict, Forbidden, NotFound
from factotum.core.ids import new_id
from factotum.protocol.runs import Question, Run, UnreadMessage, Usage
from factotum.store.branches import Branches
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.records import Caller, Wishes
from factotum.store.runs import Runs
from factotum.store.steering import Steering
from tests.fixtures_store import add_member
from tests.store.world import World, build, claimed


def message(text: str, message_id: str | None = None) -> UnreadMessage:
    return UnreadMessage(id=message_id or new_id(), text=text, delivery="steer", sent_at=now())


@pytest.fixture
async def world(database: Database, alice: Caller, alice_account: str) -> World:
    return await build(database, alice, alice_account)


async def test_what_was_sent_is_taken_in_order_and_once(database: Database, world: World) -> None:
    run, sent = world.run, [message("a\x00"), message("b"), message("c")]
    for each in (*sent[:2], sent[0]):
        async with database.tenant(world.caller) as tx:
            await Steering(tx).send(run.id, each)
    async with database.tenant(world.caller) as tx:
        assert await Runs(tx).hold(run.id, 1)
        unread = await Steering(tx).unread(run.id)
        assert [each.text for each in unread] == ["a\ufffd", "b"]
        assert (await Runs(tx).get(run.id)).unread == unread
        await Steering(tx).send(run.id, sent[2])
        taken = await Steering(tx).take(run.id, run.thread_id, unread)
    assert [(each.id, each.text, each.run_id, each.role) for each in taken] == [
        (sent[0].id, "a\ufffd", run.id, "user"),
        (sent[1].id, "b", run.id, "user"),
    ]
    async with database.tenant(world.caller) as tx:
        assert await Steering(tx).unread(run.id) == (sent[2],)
        await Steering(tx).send(run.id, sent[0])
        assert await Steering(tx).take(run.id, run.thread_id, unread) == taken
        assert await Steering(tx).take(run.id, run.thread_id, ()) == []
        assert [each.text for each in await Branches(tx).path(run.thread_id)] == ["hello", "a\ufffd", "b"]
        assert await Steering(tx).last_unread(run.id) == (sent[2],)
        await Steering(tx).take(run.id, run.thread_id, sent[2:])
        assert not await Runs(tx).hold(run.id, 1)


async def test_a_process_is_told_of_it(database: Database, world: World) -> None:
    async with database.tenant(world.caller) as tx:
        await Steering(tx).send(world.run.id, message("a"))
    async with database.system() as tx:
        renewed = await Leases(tx).renew("worker-1", {world.run.id: 1}, 60)
    assert renewed == {world.run.id: Wishes(stop=False, unread=True)}


async def test_so_many_and_no_more(database: Database, world: World) -> None:
    async with database.tenant(world.caller) as tx:
        for number in range(50):
            await Steering(tx).send(world.run.id, message(str(number)))
        with pytest.raises(Conflict) as caught:
            await Steering(tx).send(world.run.id, message("one more"))
    assert caught.value.stable_code == "too_many_unread"


async def test_whose_turn_it_is(database: Database, world: World) -> None:
    async with database.tenant(world.caller) as tx:
        behind = await later(tx_runs=Runs(tx), world=world)
        for look in (Steering(tx).live_run, Steering(tx).run_ahead):
            live = await look(world.thread.id)
            assert live is not None
            assert live.id == world.run.id
        await Runs(tx).finish(world.run.id, 1, status="finished", usage=Usage(), log_seq=1)
        live = await Steering(tx).live_run(world.thread.id)
        assert live is not None
        assert live.id == behind.id
        await Runs(tx).request_stop(behind.id)
        assert await Steering(tx).live_run(world.thread.id) is None
        assert await Steering(tx).run_ahead(world.thread.id) is None
        assert await Steering(tx).unread(new_id()) == ()


async def test_an_end_waits_for_what_is_being_sent(database: Database, world: World) -> None:
    looked = asyncio.Event()

    async def end() -> int:
        async with database.tenant(world.caller) as tx:
            await Runs(tx).hold(world.run.id, 1)
            looked.set()
            return len(await Steering(tx).last_unread(world.run.id))

    async with database.tenant(world.caller) as tx:
        assert await Steering(tx).live_run(world.thread.id)
        ending = asyncio.create_task(end())
        await looked.wait()
        await Steering(tx).send(world.run.id, message("just in time"))
        await asyncio.sleep(0.1)
        assert not ending.done()
    assert await ending == 1


async def test_the_task_of_a_run_behind_another_can_be_changed(database: Database, world: World) -> None:
    async with database.tenant(world.caller) as tx:
        behind = await later(tx_runs=Runs(tx), world=world)
        assert behind.input == "Do\ufffd it"
        assert (await Steering(tx).change_input(behind.id, "Do\x00 that")).input == "Do\ufffd that"
        await Runs(tx).finish(world.run.id, 1, status="finished", usage=Usage(), log_seq=1)
    await claimed(database, behind.id)
    async with database.tenant(world.caller) as tx:
        await Steering(tx).begin(behind.id, world.message.id)
        run = await Runs(tx).get(behind.id)
        assert (run.input, run.message_id) == (None, world.message.id)
        for begun in (behind.id, world.run.id):
            with pytest.raises(Conflict) as caught:
                await Steering(tx).change_input(begun, "x")
            assert caught.value.stable_code == "run_not_waiting_its_turn"


async def test_nobody_else_sends_or_reads(
    database: Database, world: World, bob: Caller, alice_account: str, admin_database_url: str
) -> None:
    async with database.tenant(world.caller) as tx:
        behind = await later(tx_runs=Runs(tx), world=world)
        await Steering(tx).send(world.run.id, message("secret"))
    async with database.tenant(bob) as tx:
        assert await Steering(tx).live_run(world.thread.id) is None
        assert await Steering(tx).unread(world.run.id) == ()
        await Steering(tx).send(world.run.id, message("trojan"))
        with pytest.raises(NotFound):
            await Steering(tx).change_input(behind.id, "x")
    add_member(admin_database_url, alice_account, bob.user_id, "viewer")
    async with database.tenant(bob) as tx:
        assert await Steering(tx).live_run(world.thread.id) is None
        assert await Steering(tx).run_ahead(world.thread.id) is not None
        await Steering(tx).send(world.run.id, message("trojan"))
        with pytest.raises(Forbidden):
            await Steering(tx).change_input(behind.id, "x")
    async with database.tenant(world.caller) as tx:
        assert [each.text for each in await Steering(tx).unread(world.run.id)] == ["secret"]
        assert (await Runs(tx).get(behind.id)).input == behind.input


async def test_a_run_that_asks_keeps_it(database: Database, world: World) -> None:
    async with database.tenant(world.caller) as tx:
        await Steering(tx).send(world.run.id, message("a"))
        question = Question(reason="limit", text="Go on?")
        await Runs(tx).await_input(world.run.id, 1, question=question, log_seq=1)
        assert len((await Runs(tx).get(world.run.id)).unread) == 1


async def later(*, tx_runs: Runs, world: World) -> Run:
    run, _ = await tx_runs.create(
        world.thread.id, created_by=world.caller.user_id, model="m", task="Do\x00 it"
    )
    return run
