"""The log: density, order, fencing, its bounds and its ends."""

import asyncio
from typing import Any, cast

import pytest

from factotum.bus.entries import SEQ_STRIDE, CursorTooOld, head_key, stream_key
from factotum.bus.pump import Append
from factotum.core.errors import Conflict, StaleAttempt, Unavailable
from factotum.core.ids import new_id
from factotum.protocol.events import RUN_EVENT
from tests.bus.helpers import END, Bus, KillableValkey, assert_dense, durable, paths, text


async def test_concurrent_emitters_make_one_dense_order(bus: Bus) -> None:
    run_id, writer = await bus.writer()

    async def emit_all(base: int) -> None:
        for number in range(base, base + 100):
            await writer.emit(durable(number))
            await writer.emit(text(str(number), message_id=f"m{base}"))

    async with asyncio.TaskGroup() as group:
        for base in range(0, 500, 100):
            group.create_task(emit_all(base))
    await writer.close()
    entries = await bus.stored(run_id)
    assert_dense(entries)
    assert writer.seq == len(entries)
    assert entries[0].data.startswith(f'{{"run_id":"{run_id}","seq":1,"at":"2'.encode())
    written = [int(path.removeprefix("file-")) for path in paths(entries)]
    for base in range(0, 500, 100):
        assert [number for number in written if base <= number < base + 100] == list(range(base, base + 100))


async def test_a_durable_event_is_stored_when_emit_returns_and_after_what_came_before(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    await writer.emit(text("a"))
    await writer.emit(text("b"))
    await writer.emit(durable(1))
    entries = await bus.stored(run_id)
    assert [entry.type for entry in entries][-1] == "file.changed"
    events = [RUN_EVENT.validate_json(entry.data) for entry in entries[:-1]]
    assert "".join(getattr(event, "text", "") for event in events) == "ab"
    await writer.close()


async def test_a_lower_attempt_is_refused_and_a_higher_one_takes_over(bus: Bus) -> None:
    run_id, first = await bus.writer(attempt=1)
    await first.emit(durable(1))
    _, second = await bus.writer(run_id, attempt=2, floor=1)
    with pytest.raises(StaleAttempt):
        await first.emit(durable(99))
    with pytest.raises(StaleAttempt):
        await first.emit(text("late"))
    with pytest.raises(StaleAttempt):
        await bus.log.open(run_id, 1, 1)
    await second.emit(durable(2))
    await first.close()
    await second.close()
    entries = await bus.stored(run_id)
    assert_dense(entries)
    assert paths(entries) == ["file-1", "file-2"]


async def test_a_higher_attempt_takes_over_with_its_first_append(bus: Bus) -> None:
    run_id, first = await bus.writer(attempt=1)
    await first.emit(durable(1))
    unopened = bus.log.writer(run_id, 3, 1)
    await unopened.emit(durable(2))
    with pytest.raises(StaleAttempt):
        await first.emit(durable(3))
    await unopened.close()


async def test_a_background_write_that_finds_itself_stale_says_so_at_the_next_call(bus: Bus) -> None:
    run_id, first = await bus.writer(attempt=1)
    await bus.log.open(run_id, 2, 0)
    await first.emit(text("unseen"))
    with pytest.raises(StaleAttempt):
        await first.close()
    assert await bus.stored(run_id) == []


async def test_after_the_end_nothing_is_taken_and_the_log_expires(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    await writer.emit(durable(1))
    client = cast(Any, bus.redis.client)
    idle = [await client.ttl(stream_key(run_id)), await client.ttl(head_key(run_id))]
    assert all(6 * 86_400 < seconds <= 7 * 86_400 for seconds in idle)
    await writer.emit(END)
    for event in (durable(2), text("x")):
        with pytest.raises(Conflict) as refused:
            await writer.emit(event)
        assert refused.value.stable_code == "run_log_ended"
    await writer.close()
    for attempt in (1, 2):
        with pytest.raises(Conflict) as refused:
            await bus.log.open(run_id, attempt, 2)
        assert refused.value.stable_code == "run_log_ended"
    ended = [await client.ttl(stream_key(run_id)), await client.ttl(head_key(run_id))]
    assert all(86_300 < seconds <= 86_400 for seconds in ended)
    assert [entry.seq for entry in await bus.collect(run_id)] == [1, 2]
    assert await bus.collect(run_id, 2) == []


async def test_resume_at_every_number_gives_the_same_bytes(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    for number in range(1, 40):
        await writer.emit(durable(number))
    await writer.emit(END)
    await writer.close()
    whole = await bus.collect(run_id)
    assert_dense(whole)
    for after in range(len(whole) + 1):
        assert await bus.collect(run_id, after) == whole[after:]


@pytest.mark.parametrize("after", [41, 10**9])
async def test_a_cursor_ahead_of_the_log_is_refused(bus: Bus, after: int) -> None:
    run_id, writer = await bus.writer()
    for number in range(40):
        await writer.emit(durable(number))
    await writer.close()
    with pytest.raises(CursorTooOld) as refused:
        await bus.collect(run_id, after)
    assert refused.value.resume_after == 40


async def test_a_trimmed_log_refuses_old_cursors_and_serves_new_ones(valkey_url: str) -> None:
    bus = Bus(valkey_url, max_entries=200)
    run_id, writer = await bus.writer()
    for number in range(1, 251):
        for part in range(3):
            await writer.emit(text("x", message_id=f"m{part}"))
        await writer.emit(durable(number))
    await writer.emit(END)
    await writer.close()
    length = await cast(Any, bus.redis.client).xlen(stream_key(run_id))
    assert 200 <= length < 400
    for after in (0, 1, 500, 1001 - length - 1):
        with pytest.raises(CursorTooOld) as refused:
            await bus.collect(run_id, after)
        assert refused.value.resume_after == 1001
    assert_dense(await bus.collect(run_id, 1001 - length), first=1001 - length + 1)
    await bus.aclose()


async def test_a_missing_log_is_empty_from_the_start_and_lost_for_any_other_cursor(bus: Bus) -> None:
    page = await bus.log.read(new_id(), 0)
    assert (page.entries, page.caught_up, page.ended) == ([], True, False)
    with pytest.raises(CursorTooOld) as refused:
        await bus.log.read(new_id(), 5)
    assert refused.value.resume_after == 0


async def test_opening_a_lost_log_never_reuses_numbers(bus: Bus) -> None:
    run_id = new_id()
    assert await bus.log.open(run_id, 1, 0) == 0
    assert await bus.log.open(new_id(), 1, 7) == 7 + SEQ_STRIDE
    assert await bus.log.open(new_id(), 2, 0) == 2 * SEQ_STRIDE
    _, writer = await bus.writer(run_id, attempt=1)
    await writer.emit(durable(1))
    await writer.close()
    assert await bus.log.open(run_id, 2, 1) == 1
    assert await bus.log.open(run_id, 3, 50) == 50 + 3 * SEQ_STRIDE
    with pytest.raises(CursorTooOld) as refused:
        await bus.log.read(run_id, 1)
    assert refused.value.resume_after == 50 + 3 * SEQ_STRIDE
    assert (await bus.log.read(run_id, 50 + 3 * SEQ_STRIDE)).caught_up


async def test_two_attempts_that_lose_the_log_from_one_floor_never_meet(
    own_bus: Bus, own_valkey: KillableValkey
) -> None:
    run_id, first = await own_bus.writer(attempt=1, floor=2)
    await first.emit(durable(1))
    await first.close()
    used = first.seq
    await own_valkey.restart(lose_data=True)
    _, second = await own_bus.writer(run_id, attempt=2, floor=2)  # no step was stored meanwhile
    await second.emit(durable(2))
    await second.close()
    assert used > 2 + SEQ_STRIDE
    assert second.seq > used + 1
    with pytest.raises(CursorTooOld):
        await own_bus.log.read(run_id, used)


async def test_a_strict_append_refuses_gaps_and_overlaps(bus: Bus) -> None:
    run_id = new_id()
    await bus.log.open(run_id, 1, 0)
    two = Append(run_id, 1, 1, [b"t {}", b"t {}"], ended=False, resume=False)
    assert await bus.log.append([two]) == [("ok", 2)]
    for first in (1, 2, 4):
        assert await bus.log.append([two._replace(first_seq=first, lines=[b"t {}"])]) == [("gap", 2)]
    assert await bus.log.append([two._replace(first_seq=2, resume=True)]) == [("ok", 3)]
    assert [entry.seq for entry in await bus.stored(run_id)] == [1, 2, 3]


async def test_logs_are_written_together_and_refused_one_by_one(bus: Bus) -> None:
    runs = [new_id() for _ in range(4)]
    for run_id in runs:
        await bus.log.open(run_id, 2 if run_id == runs[1] else 1, 0)
    await cast(Any, bus.redis.client).script_flush()
    appends = [
        Append(run_id, 1, 1, [b"run.finished {}"], ended=run_id == runs[2], resume=False) for run_id in runs
    ]
    assert await bus.log.append(appends) == [("ok", 1), ("stale", 2), ("ok", 1), ("ok", 1)]
    assert await bus.log.append(appends[2:]) == [("ended", 1), ("gap", 1)]
    assert [len(await bus.stored(run_id)) for run_id in (runs[0], *runs[2:])] == [1, 1, 1]


async def test_a_server_without_room_refuses_as_if_it_were_away(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    client = cast(Any, bus.redis.client)
    await client.config_set("maxmemory", "1")
    try:
        await writer.emit(durable(1))
        assert await bus.stored(run_id) == []
    finally:
        await client.config_set("maxmemory", "0")
    await writer.flush()
    await writer.close()
    assert paths(await bus.stored(run_id)) == ["file-1"]


async def test_the_script_is_loaded_again_when_the_server_forgot_it(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    await writer.emit(durable(1))
    await cast(Any, bus.redis.client).script_flush()
    await writer.emit(durable(2))
    await writer.close()
    assert paths(await bus.stored(run_id)) == ["file-1", "file-2"]


async def test_without_redis_opening_and_reading_say_so() -> None:
    bus = Bus("unix:///nonexistent/v.sock")
    for call in (bus.log.open(new_id(), 1, 0), bus.log.read(new_id(), 0), bus.redis.ping()):
        with pytest.raises(Unavailable) as refused:
            await call
        assert refused.value.stable_code == "redis_unavailable"
        assert "REDIS_URL" in refused.value.hint
    await bus.aclose()
