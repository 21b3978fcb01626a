"""The live tail: nothing lost, nothing twice, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

import pytest
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from factotum.bus.entries import SEQ_STRIDE, CursorTooOld, Entry, SubscriberTooSlow, channel_name
from factotum.bus.writer import RunLogWriter
from factotum.core.errors import Unavailable
from factotum.core.ids import new_id
from tests.bus.helpers import END, Bus, KillableValkey, assert_dense, durable, paths, text
from tests.waiting import until


async def write_to_end(writer: RunLogWriter, count: int, pause: float = 0.0) -> None:
    """Write durable events and the end."""
    for number in range(count):
        await writer.emit(durable(number))
        await asyncio.sleep(pause)
    await writer.emit(END)
    await writer.close()


async def settled(bus: Bus, run_id: str, seq: int) -> None:
    """Wait until the tail handed on an entry."""
    feeds = bus.tail._feeds  # pyright: ignore[reportPrivateUsage] - a test waits for what no reader can see
    await until(lambda: any(feed.run_id == run_id and (feed.last or 0) >= seq for feed in feeds.values()))


async def deafen(bus: Bus, run_id: str) -> None:
    """Let pub/sub lose what is published from now on, without the tail knowing."""
    channel = channel_name(run_id).encode()
    bus.tail._post("UNSUBSCRIBE", channel)  # pyright: ignore[reportPrivateUsage] - no other way to lose messages
    await asyncio.sleep(0.1)


async def restore(bus: Bus, run_id: str) -> None:
    """End what `deafen` began."""
    channel = channel_name(run_id).encode()
    bus.tail._post("SUBSCRIBE", channel)  # pyright: ignore[reportPrivateUsage] - as above
    await asyncio.sleep(0.1)


@pytest.fixture
async def patient_bus(valkey_url: str) -> AsyncIterator[Bus]:
    """Yield a bus whose poll never comes to the rescue."""
    bus = Bus(valkey_url, poll_seconds=3_600)
    yield bus
    await bus.aclose()


async def test_no_wake_up_is_lost_between_reading_and_listening(patient_bus: Bus) -> None:
    bus = patient_bus

    async def one_round(number: int) -> None:
        run_id, writer = await bus.writer()
        for early in range(number % 3):
            await writer.emit(durable(early))
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            reading = group.create_task(bus.collect(run_id))
            await asyncio.sleep(number % 40 / 10_000)
            await writer.emit(END)
        await writer.close()
        assert_dense(reading.result())
        assert len(reading.result()) == number % 3 + 1

    keeper = asyncio.create_task(bus.collect(new_id()))
    for number in range(200):
        await one_round(number)
    keeper.cancel()
    await asyncio.wait([keeper])


async def test_the_last_event_is_read_when_it_fell_between_two_connections(patient_bus: Bus) -> None:
    for _ in range(5):
        run_id, writer = await patient_bus.writer()
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            reading = group.create_task(patient_bus.collect(run_id))
            await writer.emit(durable(0))
            await settled(patient_bus, run_id, 1)
            await cast(Any, patient_bus.redis.client).client_kill_filter(_type="pubsub")
            await writer.emit(END)
        await writer.close()
        assert [entry.seq for entry in reading.result()] == [1, 2]


async def test_a_reader_who_comes_before_the_log_gets_all_of_it(bus: Bus) -> None:
    run_id = new_id()
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(bus.collect(run_id))
        await asyncio.sleep(0.05)
        _, writer = await bus.writer(run_id)
        await write_to_end(writer, 5)
    assert_dense(reading.result())
    assert len(reading.result()) == 6


async def test_live_and_stored_entries_are_the_same_bytes(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    async with asyncio.TaskGroup() as group:
        live = group.create_task(bus.collect(run_id))
        middle = group.create_task(bus.collect(run_id, 0))
        for number in range(50):
            await writer.emit(text("zwölf\n\u2028" + str(number)))
            await writer.emit(durable(number))
            await asyncio.sleep(0.001)
        await writer.emit(END)
        await writer.close()
    assert live.result() == middle.result() == await bus.stored(run_id)


@pytest.mark.parametrize("times", [1, 5])
async def test_killed_pub_sub_connections_leave_no_gap(bus: Bus, times: int) -> None:
    run_id, writer = await bus.writer()
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(bus.collect(run_id))
        for number in range(300):
            await writer.emit(durable(number))
            if number % (300 // times) == 50:
                await cast(Any, bus.redis.client).client_kill_filter(_type="pubsub")
        await writer.emit(END)
        await writer.close()
    assert_dense(reading.result())
    assert len(reading.result()) == 301


async def test_messages_lost_while_unsubscribed_are_read_from_the_stream(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(bus.collect(run_id)) for _ in range(3)]
        await writer.emit(durable(0))
        await settled(bus, run_id, 1)
        await deafen(bus, run_id)
        for number in range(1, 700):
            await writer.emit(durable(number))
        await restore(bus, run_id)
        await writer.emit(END)
        await writer.close()
    for reader in readers:
        assert_dense(reader.result())
        assert len(reader.result()) == 701


async def test_silently_dead_pub_sub_is_found_by_the_poll(own_bus: Bus) -> None:
    run_id, writer = await own_bus.writer()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        reading = group.create_task(own_bus.collect(run_id))
        await writer.emit(durable(0))
        await settled(own_bus, run_id, 1)
        await deafen(own_bus, run_id)
        await write_to_end(writer, 5)
    assert_dense(reading.result())


async def test_readers_survive_a_restart_with_data(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        readers = [group.create_task(own_bus.collect(run_id)) for _ in range(3)]
        writing = group.create_task(write_to_end(writer, 200, pause=0.005))
        await asyncio.sleep(0.3)
        await own_valkey.restart(away_seconds=0.3)
        await writing
    for reader in readers:
        assert_dense(reader.result())
        assert len(reader.result()) == 201


async def test_live_readers_survive_a_restart_without_data(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        reading = group.create_task(own_bus.collect(run_id))
        for number in range(5):
            await writer.emit(durable(number))
        await settled(own_bus, run_id, 5)
        await own_valkey.restart(lose_data=True)
        await write_to_end(writer, 5)
        await reading
    assert_dense(reading.result())
    with pytest.raises(CursorTooOld):
        await own_bus.collect(run_id, 2)


async def test_a_jump_of_a_new_attempt_resets_live_readers(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    await writer.emit(durable(0))
    reading = asyncio.create_task(own_bus.collect(run_id))
    await settled(own_bus, run_id, 1)
    await own_valkey.restart(lose_data=True)
    await writer.close()
    _, newer = await own_bus.writer(run_id, attempt=2, floor=1)
    await newer.emit(durable(1))
    async with asyncio.timeout(5):
        with pytest.raises(CursorTooOld) as refused:
            await reading
    after = refused.value.resume_after
    # It met the log before its first entry, or after it.
    assert after - 2 * SEQ_STRIDE in (1, 2)
    async with asyncio.TaskGroup() as group:
        again = group.create_task(own_bus.collect(run_id, after))
        await newer.emit(END)
        await newer.close()
    assert [entry.seq for entry in again.result()] == list(range(after + 1, 4 + 2 * SEQ_STRIDE))


async def test_a_reset_cursor_is_always_taken(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    for number in range(5):
        await writer.emit(durable(number))
    await writer.close()
    await own_valkey.restart(lose_data=True)
    async with asyncio.timeout(10):
        with pytest.raises(CursorTooOld) as refused:
            await own_bus.collect(run_id, 5)
        reading = asyncio.create_task(own_bus.collect(run_id, refused.value.resume_after))
        await asyncio.sleep(0.1)
        assert not reading.done()
        _, newer = await own_bus.writer(run_id, attempt=2, floor=5)
        await newer.emit(END)
        await newer.close()
        with pytest.raises(CursorTooOld) as refused:
            await reading
        assert refused.value.resume_after == newer.seq
        assert await own_bus.collect(run_id, refused.value.resume_after) == []


async def test_a_slow_reader_is_dropped_and_others_are_not(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        quick = group.create_task(bus.collect(run_id))
        async with aclosing(bus.tail.subscribe(run_id, 0)) as slow:
            await writer.emit(durable(0))
            assert (await anext(slow)).seq == 1
            for number in range(1, 300):
                for part in range(4):
                    await writer.emit(text("x", message_id=f"m{part}"))
                await writer.emit(durable(number))
            await writer.emit(END)
            await writer.close()
            await quick
            with pytest.raises(SubscriberTooSlow) as dropped:
                await anext(slow)
    assert dropped.value.stable_code == "subscriber_too_slow"
    assert_dense(quick.result())
    assert_dense(await bus.collect(run_id, 1), first=2)


async def test_a_thousand_readers_of_one_run(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        readers = [group.create_task(bus.collect(run_id)) for _ in range(1_000)]
        await write_to_end(writer, 30, pause=0.01)
    expected = readers[0].result()
    assert_dense(expected)
    assert len(expected) == 31
    assert all(reader.result() == expected for reader in readers)


async def test_five_hundred_runs_over_one_connection(bus: Bus) -> None:
    async def one_run() -> list[Entry]:
        run_id, writer = await bus.writer()
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(bus.collect(run_id))
            group.create_task(write_to_end(writer, 5, pause=0.02))
        return reading.result()

    client = cast(Any, bus.redis.client)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        runs = [group.create_task(one_run()) for _ in range(500)]
        async for attempt in AsyncRetrying(reraise=True, stop=stop_after_delay(30), wait=wait_fixed(0.01)):
            with attempt:
                assert len(await client.client_list(_type="pubsub")) == 1
    for run in runs:
        assert_dense(run.result())
        assert len(run.result()) == 6


async def test_channels_are_given_up_with_their_last_reader(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    channel = f"run:{{{run_id}}}:live"
    client = cast(Any, bus.redis.client)

    async def subscriptions() -> int:
        ((_, count),) = await client.pubsub_numsub(channel)
        return count

    readers = [bus.tail.subscribe(run_id, 0) for _ in range(2)]
    await writer.emit(durable(0))
    for reader in readers:
        await anext(reader)
    assert await subscriptions() == 1
    await readers[0].aclose()
    await asyncio.sleep(0.05)
    assert await subscriptions() == 1
    await readers[1].aclose()
    await asyncio.sleep(0.05)
    assert await subscriptions() == 0
    async with aclosing(bus.tail.subscribe(run_id, 0)) as again:
        await anext(again)
        await writer.emit(durable(1))
        assert (await anext(again)).seq == 2
    await writer.close()


async def test_closing_ends_all_readers(valkey_url: str) -> None:
    before = asyncio.all_tasks()
    bus = Bus(valkey_url)
    run_id, writer = await bus.writer()
    readers = [asyncio.create_task(bus.collect(run_id)) for _ in range(5)]
    await writer.emit(durable(0))
    await settled(bus, run_id, 1)
    await bus.tail.aclose()
    for reader in readers:
        with pytest.raises(Unavailable) as closed:
            await reader
        assert closed.value.stable_code == "tail_closed"
    with pytest.raises(Unavailable):
        await bus.collect(run_id)
    await writer.close()
    await bus.aclose()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_without_redis_a_reader_is_told_soon() -> None:
    bus = Bus("unix:///nonexistent/v.sock")
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable) as refused:
            await bus.collect(new_id())
    assert refused.value.stable_code == "redis_unavailable"
    await bus.aclose()


async def test_a_batch_holds_what_was_written_together(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    async with aclosing(bus.tail.batches(run_id, 0)) as batches:
        await writer.emit(durable(0))
        first = await anext(batches)
        await writer.emit(text("a"))
        await writer.emit(text("b", message_id="m2"))
        await writer.emit(durable(1))
        second = await anext(batches)
    await writer.close()
    assert paths(list(first)) == ["file-0"]
    assert [entry.type for entry in second] == ["text.delta", "text.delta", "file.changed"]


async def test_an_idle_reader_is_told_so_again_and_again_and_misses_nothing(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    await writer.emit(durable(0))
    async with aclosing(bus.tail.batches(run_id, 0, idle_seconds=0.05)) as batches:
        assert paths(list(await anext(batches))) == ["file-0"]
        assert await anext(batches) == ()
        assert await anext(batches) == ()
        await writer.emit(durable(1))
        assert paths(list(await anext(batches))) == ["file-1"]
        await asyncio.sleep(0.1)  # nobody reads
        await writer.emit(durable(2))
        while not (batch := await anext(batches)):
            pass  # It is on its way from Redis.
        assert paths(list(batch)) == ["file-2"]
    await writer.close()


async def test_a_reader_that_is_not_idle_is_not_told_so(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    async with aclosing(bus.tail.batches(run_id, 0, idle_seconds=0.4)) as batches:
        for number in range(10):
            await writer.emit(durable(number))
            assert paths(list(await anext(batches))) == [f"file-{number}"]
            await asyncio.sleep(0.05)
    await writer.close()


async def test_nothing_piles_up_while_redis_is_away(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    came: list[Entry] = []
    reading = asyncio.create_task(own_bus.collect(run_id, into=came))
    await writer.emit(durable(0))
    await until(lambda: bool(came))  # Who still reads what was before is told that Redis is away.
    await asyncio.to_thread(own_valkey.kill)
    for _ in range(50):
        with pytest.raises((TimeoutError, Unavailable)):
            async with asyncio.timeout(0.01):
                await own_bus.collect(new_id())
    posted = own_bus.tail._outgoing  # pyright: ignore[reportPrivateUsage] - it must not grow
    assert len(posted) <= 10
    await own_valkey.restart()
    await writer.emit(END)
    assert paths(await reading) == ["file-0"]
    await writer.close()


async def test_what_is_taken_at_once_is_not_yielded_and_the_order_stays(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    seen: list[str] = []
    willing = True

    def take(batch: Sequence[Entry]) -> bool:
        if willing:
            seen.extend(f"taken {path}" for path in paths(list(batch)))
        return willing

    async def read() -> None:
        async with aclosing(bus.tail.batches(run_id, 0, take=take)) as batches:
            async for batch in batches:
                seen.extend(paths(list(batch)))
                await asyncio.sleep(0.1)  # what comes meanwhile cannot be taken past this reader

    await writer.emit(durable(0))
    reading = asyncio.create_task(read())
    await settled(bus, run_id, 1)
    await writer.emit(durable(1))
    await asyncio.sleep(0.3)
    await writer.emit(durable(2))
    await writer.emit(durable(3))
    await settled(bus, run_id, 4)
    willing = False
    await writer.emit(durable(4))
    await settled(bus, run_id, 5)
    willing = True
    await writer.emit(durable(5))
    await asyncio.sleep(0.5)
    await writer.emit(durable(6))
    await writer.emit(END)
    await reading
    await writer.close()
    assert [entry.removeprefix("taken ") for entry in seen] == [f"file-{number}" for number in range(7)]
    assert "file-0" in seen
    assert "file-1" in seen
    assert "file-4" in seen
    assert "file-5" in seen
    assert "taken file-2" in seen
    assert "taken file-6" in seen


async def test_a_reader_who_was_late_is_not_overtaken(bus: Bus) -> None:
    """The first live batch may hold what the reader has read from the log already: it goes the long way."""
    run_id, writer = await bus.writer()
    taken: list[Entry] = []

    def take(batch: Sequence[Entry]) -> bool:
        taken.extend(batch)
        return True

    yielded: list[Entry] = []

    async def read() -> None:
        async with aclosing(bus.tail.batches(run_id, 0, take=take)) as batches:
            async for batch in batches:
                yielded.extend(batch)

    writing = asyncio.create_task(write_to_end(writer, 200))
    await read()
    await writing
    everything = sorted([*taken, *yielded])
    assert_dense(everything)
    assert len(everything) == 201
    assert yielded[-1].type == END.type


async def test_a_trimmed_stream_resets_a_reader_that_fell_behind(valkey_url: str) -> None:
    bus = Bus(valkey_url, max_entries=100, poll_seconds=3_600)
    run_id, writer = await bus.writer()
    reading = asyncio.create_task(bus.collect(run_id))
    await writer.emit(durable(0))
    await settled(bus, run_id, 1)
    await deafen(bus, run_id)
    for number in range(1, 600):
        await writer.emit(durable(number))
    await restore(bus, run_id)
    await writer.emit(END)
    async with asyncio.timeout(5):
        with pytest.raises(CursorTooOld) as refused:
            await reading
    assert refused.value.resume_after == 601
    await writer.close()
    await bus.aclose()
