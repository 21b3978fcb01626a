"""What a client sees: from every cursor the same bytes, and a snapshot wherever the log cannot go on."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from factotum.bus.tail import LiveTail
from factotum.core.errors import NotFound, Unavailable
from factotum.llm.port import TextChunk
from factotum.protocol.events import RUN_EVENT, MessageCreated, Snapshot
from factotum.protocol.messages import Message
from factotum.protocol.runs import Run
from factotum.runs.follow import Follower, Step
from tests.bus.helpers import KillableValkey
from tests.runs.played import Gate, asks, calls, completes, says
from tests.runs.stage import Stage, entries_of
from tests.waiting import until


async def _exhausted(steps: AsyncGenerator[Step]) -> None:
    async for _ in steps:
        pass


async def finished(stage: Stage) -> Run:
    """Carry a run of two steps to its end."""
    stage.gateway.turns = [calls(("look", {"key": "a"}), text="First."), completes()]
    run = await stage.submit()
    await stage.carry(run)
    return run


async def test_every_cursor_sees_the_same_bytes(stage: Stage) -> None:
    run = await finished(stage)
    log = await stage.bus.stored(run.id)
    for after in range(len(log)):
        assert await stage.follower.has_more(stage.caller, run.id, after)
        assert entries_of(await stage.follow(run, after)) == log[after:]
    assert not await stage.follower.has_more(stage.caller, run.id, len(log))
    assert await stage.follow(run, len(log)) == []


async def test_live_readers_from_every_cursor_see_the_same(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("A long answer.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    so_far = len(await stage.bus.stored(run.id))
    patient = Follower(stage.database, stage.bus.log, stage.bus.tail)
    readers = [asyncio.create_task(stage.follow(run, after, patient)) for after in range(so_far)]
    await asyncio.sleep(0.5)
    gate.released.set()
    await task
    log = await stage.bus.stored(run.id)
    for after, reader in enumerate(readers):
        assert entries_of(await reader) == log[after:]


async def test_an_idle_client_gets_signs_of_life(stage: Stage) -> None:
    run = await stage.submit()
    assert await stage.follower.has_more(stage.caller, run.id, 2)
    async with aclosing(stage.follower.follow(stage.caller, run.id, 2)) as steps:
        assert await anext(steps) == ()
        assert await anext(steps) == ()


async def test_what_was_told_at_submission_is_not_lost_with_the_log_of_a_queued_run(stage: Stage) -> None:
    stage.gateway.turns = [says("Well.")]
    run = await stage.submit()
    await stage.lose_log(run)
    await stage.carry(run)
    reset, *rest = await stage.follow(run)
    assert isinstance(reset, Snapshot)
    assert reset.messages[0].text == "Do it."
    assert rest == []


async def test_a_deleted_log_is_replaced_by_a_snapshot(stage: Stage) -> None:
    run = await finished(stage)
    count = len(await stage.bus.stored(run.id))
    await stage.lose_log(run)
    for after in (0, 3, count - 1):
        assert await stage.follower.has_more(stage.caller, run.id, after)
        (reset,) = await stage.follow(run, after)
        assert isinstance(reset, Snapshot)
        assert reset.seq == count
        assert list(reset.messages) == await stage.messages(run)
        assert reset.run == await stage.get(run)
    assert not await stage.follower.has_more(stage.caller, run.id, count)


async def test_a_cursor_that_never_was_gets_a_snapshot_and_what_follows(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("A long answer.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    reading = asyncio.create_task(stage.follow(run, 999))
    await asyncio.sleep(0.3)
    gate.released.set()
    await task
    reset, *rest = await reading
    assert isinstance(reset, Snapshot)
    log = await stage.bus.stored(run.id)
    assert entries_of(rest) == log[reset.seq :]


async def test_a_snapshot_of_a_long_run_is_whole(stage: Stage) -> None:
    run = await stage.submit()
    await stage.sql(
        """
with more as (
    insert into factotum.messages (id, branch_id, account_id, thread_id, run_id, position, role, parts)
    select gen_random_uuid(), message_id, account_id, thread_id, id, 1 + n, 'assistant',
        '[{"type": "text", "text": "x"}]'
    from factotum.runs, generate_series(1, 450) as n where id = %s
) update factotum.threads set last_position = 451""",
        run.id,
    )
    snapshot = await stage.follower.snapshot(stage.caller, run.id, 2)
    assert [message.position for message in snapshot.messages] == list(range(1, 452))
    assert snapshot.seq == 2


async def test_an_end_that_was_not_logged_is_told(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [says("A long answer.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    reading = asyncio.create_task(stage.follow(run))
    await asyncio.sleep(0.1)
    await stage.sql(
        "update factotum.runs set status = 'finished', finish_reason = 'answered', ended_at = now(),"
        " log_seq = log_seq + 50"
    )
    steps = await reading
    assert isinstance(steps[-1], Snapshot)
    assert steps[-1].run.status == "finished"
    last = len(await stage.bus.stored(run.id))
    assert await stage.follower.has_more(stage.caller, run.id, last)
    (reset,) = await stage.follow(run, last)
    assert isinstance(reset, Snapshot)
    assert not await stage.follower.has_more(stage.caller, run.id, reset.seq)
    gate.released.set()
    await task


async def test_a_question_that_was_not_logged_is_told_once(stage: Stage) -> None:
    stage.gateway.turns = [asks("Which?"), completes()]
    run = await stage.submit()
    await stage.carry(run)
    await stage.cut_log(run, len(await stage.bus.stored(run.id)) - 1)
    reading = asyncio.create_task(stage.follow(run))
    await asyncio.sleep(1)
    await stage.answer(run)
    await stage.carry(run)
    steps = await reading
    resets = [step for step in steps if isinstance(step, Snapshot)]
    assert resets[0].run.question is not None
    assert resets[0].run.question.text == "Which?"
    assert len([reset for reset in resets if reset.run.status == "awaiting_input"]) == 1
    assert entries_of(steps)[-1].type == "run.finished"


async def test_others_see_nothing_and_rights_that_go_end_it(stage: Stage, bob: Any) -> None:
    gate = Gate()
    stage.gateway.turns = [[gate, *(TextChunk("x") for _ in range(500)), Gate()]]
    run = await stage.submit()
    with pytest.raises(NotFound):
        await stage.follower.has_more(bob, run.id, 0)
    async with aclosing(stage.follower.follow(bob, run.id, 0)) as steps:
        with pytest.raises(NotFound):
            await anext(steps)
    stage.start(run)
    idle, busy = [asyncio.create_task(stage.follow(run, after)) for after in (0, 2)]
    await gate.reached.wait()
    await asyncio.sleep(0.3)
    await stage.sql("delete from account_members where user_id = %s", stage.caller.user_id, triggers=False)
    gate.released.set()
    for reader in (idle, busy):
        with pytest.raises(NotFound):
            await reader


async def test_rights_are_checked_while_the_log_is_busy(stage: Stage) -> None:
    gates = [Gate() for _ in range(40)]
    pieces = [item for gate in gates for item in (TextChunk("x"), gate)]
    stage.gateway.turns = [[*pieces, *completes()]]
    run = await stage.submit()
    stage.start(run)
    follower = Follower(stage.database, stage.bus.log, stage.bus.tail, idle_seconds=0.3)
    reading = asyncio.create_task(stage.follow(run, 0, follower))
    await gates[0].reached.wait()
    await stage.sql("delete from account_members where user_id = %s", stage.caller.user_id, triggers=False)
    for gate in gates:
        if reading.done():
            break
        gate.released.set()
        await asyncio.sleep(0.05)
    with pytest.raises(NotFound):
        await reading
    for gate in gates:
        gate.released.set()


async def test_a_reader_that_is_too_slow_is_told(stage: Stage) -> None:
    gate = Gate()
    stage.gateway.turns = [calls(*[("look", {"key": str(n)}) for n in range(10)]), says("x", gate)]
    run = await stage.submit()
    tail = LiveTail(stage.bus.redis, stage.bus.log, queue_limit=3)
    follower = Follower(stage.database, stage.bus.log, tail, idle_seconds=5)
    async with aclosing(follower.follow(stage.caller, run.id, 0)) as steps:
        await anext(steps)
        reading = asyncio.ensure_future(anext(steps))
        await asyncio.sleep(0.2)
        task = stage.start(run)
        await reading
        await gate.reached.wait()
        with pytest.raises(Unavailable) as caught:
            await _exhausted(steps)
    assert caught.value.stable_code == "subscriber_too_slow"
    gate.released.set()
    await task
    await tail.aclose()


async def test_closing_a_reader_leaves_nothing(stage: Stage) -> None:
    run = await stage.submit()
    before = asyncio.all_tasks()
    async with aclosing(stage.follower.follow(stage.caller, run.id, 0)) as steps:
        await anext(steps)
        await anext(steps)
    left = {
        task for task in asyncio.all_tasks() - before if task.get_name() not in ("live-tail", "redis-pipe")
    }
    assert {task for task in left if not task.get_name().startswith("Task-")} == set()


async def test_without_redis_for_a_whole_run_it_ends_well(
    own_stage: Stage, killable: KillableValkey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    stage = own_stage
    await asyncio.to_thread(killable.kill)
    run = await finished(stage)
    assert (await stage.get(run)).status == "finished"
    assert await stage.follower.has_more(stage.caller, run.id, 0)
    (reset,) = await stage.follow(run)
    assert isinstance(reset, Snapshot)
    assert list(reset.messages) == await stage.messages(run)
    assert reset.run.status == "finished"
    await asyncio.to_thread(killable.start)

    async def is_back() -> bool:
        try:
            await stage.bus.redis.ping()
        except Unavailable:
            return False
        return True

    await until(is_back)
    (again,) = await stage.follow(run)
    assert again == reset
    assert not await stage.follower.has_more(stage.caller, run.id, reset.seq)


async def test_without_redis_a_running_run_shows_a_snapshot(
    own_stage: Stage, killable: KillableValkey
) -> None:
    stage, gate = own_stage, Gate()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("Hello.", gate)]
    run = await stage.submit()
    task = stage.start(run)
    await gate.reached.wait()
    await asyncio.to_thread(killable.kill)
    assert await stage.follower.has_more(stage.caller, run.id, 2)
    reset = (await stage.follow(run, 2))[-1]
    assert isinstance(reset, Snapshot)
    assert (reset.seq, reset.run.status, len(reset.messages)) == (2, "running", 3)
    gate.released.set()
    await task
    assert (await stage.get(run)).status == "finished"


async def test_redis_restarted_empty_in_the_middle_is_recovered_by_a_snapshot(
    own_stage: Stage, killable: KillableValkey
) -> None:
    """The run goes on, and what a client has in the end has no gap and nothing twice."""
    stage, gate, later = own_stage, Gate(), Gate()
    later.released.set()
    stage.gateway.turns = [calls(("look", {"key": "a"})), says("Hello.", gate), says("x")]
    run = await stage.submit()
    task = stage.start(run)
    reading = asyncio.create_task(_read_on(stage, run))
    await gate.reached.wait()
    await killable.restart(lose_data=True)
    await asyncio.sleep(0.5)
    gate.released.set()
    await task
    messages = await reading
    assert (await stage.get(run)).status == "finished"
    assert messages == await stage.messages(run)


async def _read_on(stage: Stage, run: Run) -> list[Message]:
    """Read a run's messages as a client does that asks again until the run has ended."""
    known: dict[str, Message] = {}
    told: set[str] = set()
    after = 0
    async with asyncio.timeout(30):
        while await stage.follower.has_more(stage.caller, run.id, after):
            async for step in stage.follower.follow(stage.caller, run.id, after):
                if isinstance(step, Snapshot):
                    known, after = {message.id: message for message in step.messages}, step.seq
                    continue
                for entry in step:
                    assert entry.seq == after + 1
                    after = entry.seq
                    event = RUN_EVENT.validate_json(entry.data)
                    if isinstance(event, MessageCreated):
                        assert event.message.id not in told
                        told.add(event.message.id)
                        known[event.message.id] = event.message
            await asyncio.sleep(0.2)
    return sorted(known.values(), key=lambda message: message.position)
