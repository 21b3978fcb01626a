"""The writer: coalescing, order, and what it does while Redis is away."""

import asyncio
import signal
import time
from itertools import groupby, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factotum.bus.entries import SEQ_STRIDE, CursorTooOld, Entry, Stamped, decode_line
from factotum.bus.outbox import Outbox, merge_key
from factotum.core.clock import now
from factotum.core.errors import StaleAttempt
from factotum.core.ids import new_id
from factotum.protocol.events import (
    RUN_EVENT,
    Delta,
    ReasoningDelta,
    RunEvent,
    TextDelta,
    ToolArgumentsDelta,
    ToolOutputDelta,
)
from tests.bus.helpers import END, Bus, KillableValkey, assert_dense, durable, paths, text
from tests.waiting import until

names = st.sampled_from(["a", "b"])
words = st.text(min_size=1, max_size=30)
deltas = (
    st.builds(TextDelta, message_id=names, text=words)
    | st.builds(ReasoningDelta, message_id=names, text=words)
    | st.builds(
        ToolArgumentsDelta,
        message_id=names,
        call_id=names,
        name=names,
        parameter=names | st.none(),
        text=words,
    )
    | st.builds(ToolOutputDelta, call_id=names, stream=st.sampled_from(["stdout", "stderr"]), text=words)
)
events_of_a_run = st.lists(deltas | st.integers(0, 9).map(durable), max_size=60)


def story(events: list[RunEvent]) -> list[tuple[object, str]]:
    """Say what events tell: neighbours of one kind as one text, durable events as they are."""
    told: list[tuple[object, str]] = []
    for key, group in groupby(events, key=merge_key):
        if key is None:
            told += [(event.type, event.model_dump_json(exclude={"run_id", "seq", "at"})) for event in group]
        else:
            told.append((key, "".join(text_of(event) for event in group)))
    return told


def text_of(event: RunEvent) -> str:
    """Return the text of a delta, nothing for another event."""
    return event.text if isinstance(event, Delta) else ""


def written(stamped: list[Stamped]) -> list[RunEvent]:
    """Decode what lines of the log say."""
    return read([decode_line(each.seq, each.encode()) for each in stamped])


def read(entries: list[Entry]) -> list[RunEvent]:
    """Decode entries."""
    return [RUN_EVENT.validate_json(entry.data) for entry in entries]


@given(events=events_of_a_run, pauses=st.lists(st.booleans(), max_size=60))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_what_is_read_back_tells_what_was_emitted(
    bus: Bus, events: list[RunEvent], pauses: list[bool]
) -> None:
    run_id, writer = await bus.writer()
    for number, event in enumerate(events):
        if number % 2 and isinstance(event, Delta):
            writer.more(event, event.text)
        else:
            await writer.emit(event)
        if number < len(pauses) and pauses[number]:
            await asyncio.sleep(0)
    await writer.close()
    entries = await bus.stored(run_id)
    assert_dense(entries)
    assert story(read(entries)) == story(events)


@given(event=deltas, text=words | st.none(), whole=st.booleans())
def test_a_delta_is_encoded_as_its_model_is(event: RunEvent, text: str | None, whole: bool) -> None:
    at = now().replace(microsecond=0) if whole else now()
    stamped = Stamped(event, "r", 3, at, text)
    update = {"run_id": "r", "seq": 3, "at": at} | ({} if text is None else {"text": text})
    expected = event.model_copy(update=update).model_dump_json().encode()
    assert stamped.encode() == event.type.encode() + b" " + expected


@given(events=events_of_a_run)
def test_an_outbox_merges_all_neighbours_of_one_kind(events: list[RunEvent]) -> None:
    box = Outbox()
    for event in events:
        if isinstance(event, Delta):
            box.more(event, event.text)
        else:
            box.add(event)
    taken = written(box.take("r", 7, now()))
    assert [event.seq for event in taken] == list(range(8, 8 + len(taken)))
    keys = [merge_key(event) for event in taken]
    assert all(key is None or key != following for key, following in pairwise(keys))
    assert story(taken) == story(events)
    assert not box
    assert box.size == 0


def test_a_full_outbox_drops_deltas_first_then_the_oldest_and_leaves_a_gap() -> None:
    box = Outbox()
    for number in range(400):
        box.add(durable(number), 100)
        box.add(text("x" * 2_000))
    taken = written(box.take("r", 10, now()))
    assert taken[0].seq == 12
    assert [event for event in taken if merge_key(event) is None] == [
        durable(number).model_copy(update={"run_id": "r", "seq": event.seq, "at": event.at})
        for number, event in zip(range(400), [e for e in taken if merge_key(e) is None], strict=True)
    ]
    for number in range(3_000):
        box.add(durable(number), 1_000)
    box.add(END)
    taken = written(box.take("r", 0, now()))
    assert len(taken) <= 512
    assert taken[-1].type == "run.finished"
    box.add(text("x" * 600_000))
    assert len(box.take("r", 0, now())) == 1


async def test_the_first_delta_goes_out_at_once_and_the_next_ones_together(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    begun = time.monotonic()
    for _ in range(100):
        await writer.emit(text("ab"))
        await asyncio.sleep(0.002)
    taken = time.monotonic() - begun
    await writer.close()
    entries = read(await bus.stored(run_id))
    assert text_of(entries[0]) == "ab"
    assert sum(len(text_of(event)) for event in entries) == 200
    assert 3 <= len(entries) <= taken / 0.025 + 2


async def test_much_text_does_not_wait_for_the_pause(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factotum.bus.writer.DELTA_SECONDS", 600.0)
    _, writer = await bus.writer()
    await writer.emit(text("a"))
    await until(lambda: writer.seq == 1)
    await writer.emit(text("b" * 3_000))
    await until(lambda: writer.seq == 2)
    await writer.close()


async def test_close_writes_what_waits(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    await writer.emit(text("a"))
    await writer.emit(text("b"))
    await writer.close()
    assert "".join(text_of(event) for event in read(await bus.stored(run_id))) == "ab"


async def test_a_cancelled_emitter_loses_nothing(bus: Bus) -> None:
    run_id, writer = await bus.writer()
    for number in range(50):
        task = asyncio.ensure_future(writer.emit(durable(number)))
        for _ in range(number % 5):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await writer.emit(text("|"))
    await writer.close()
    entries = await bus.stored(run_id)
    assert_dense(entries)
    emitted = [int(path.removeprefix("file-")) for path in paths(entries)]
    assert emitted == sorted(set(emitted))
    assert len(emitted) >= 40


async def test_a_short_absence_leaves_no_gap(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    await writer.emit(durable(1))
    await asyncio.to_thread(own_valkey.kill)
    begun = time.monotonic()
    for number in range(2, 200):
        await writer.emit(durable(number))
        await writer.emit(text("x"))
    assert time.monotonic() - begun < 20  # a wait for each would be minutes
    await asyncio.to_thread(own_valkey.start)
    await until(lambda: writer.seq > 1)
    await writer.flush()
    await writer.emit(END)
    await writer.close()
    entries = await own_bus.stored(run_id)
    assert_dense(entries)
    assert paths(entries) == [f"file-{number}" for number in range(1, 200)]
    assert entries[-1].type == "run.finished"


async def test_a_hung_redis_holds_a_run_up_once(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    await writer.emit(durable(1))
    own_valkey.send(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        for number in range(2, 50):
            await writer.emit(durable(number))
        assert time.monotonic() - begun < 20  # waiting each time would be 48 seconds
    finally:
        own_valkey.send(signal.SIGCONT)
    await writer.flush()
    await writer.close()
    entries = await own_bus.stored(run_id)
    assert_dense(entries)
    assert paths(entries) == [f"file-{number}" for number in range(1, 50)]


async def test_a_long_absence_drops_deltas_and_shows_a_gap(own_bus: Bus, own_valkey: KillableValkey) -> None:
    run_id, writer = await own_bus.writer()
    await writer.emit(durable(1))
    await asyncio.to_thread(own_valkey.kill)
    for number in range(2, 300):
        await writer.emit(durable(number))
        await writer.emit(text("x" * 4_000))
    await asyncio.to_thread(own_valkey.start)
    await writer.emit(END)
    await writer.close()
    with pytest.raises(CursorTooOld) as refused:
        await own_bus.stored(run_id)
    with pytest.raises(CursorTooOld):
        await own_bus.log.read(run_id, 1)
    assert refused.value.resume_after == writer.seq
    seq = 2
    while not await readable(own_bus, run_id, seq):
        seq += 1
    tail = await own_bus.collect(run_id, seq)
    assert_dense(tail, first=seq + 1)
    assert paths(tail) == [f"file-{number}" for number in range(3, 300)]
    assert tail[-1].type == "run.finished"


async def readable(bus: Bus, run_id: str, after: int) -> bool:
    """Tell whether the log goes on after a cursor."""
    try:
        await bus.log.read(run_id, after)
    except CursorTooOld:
        return False
    return True


async def test_a_log_lost_under_its_writer_goes_on_where_it_was(
    own_bus: Bus, own_valkey: KillableValkey
) -> None:
    run_id, writer = await own_bus.writer()
    for number in range(1, 11):
        await writer.emit(durable(number))
    await own_valkey.restart(lose_data=True)
    await writer.flush()
    await writer.emit(durable(11))
    await writer.flush()
    with pytest.raises(CursorTooOld):
        await own_bus.log.read(run_id, 0)
    page = await own_bus.log.read(run_id, 10)
    assert_dense(page.entries, first=11)
    assert paths(page.entries) == ["file-11"]
    await writer.close()


async def test_a_new_attempt_on_another_life_of_the_server_jumps(
    own_bus: Bus, own_valkey: KillableValkey
) -> None:
    run_id, writer = await own_bus.writer()
    await writer.emit(durable(1))
    await writer.close()
    await own_valkey.restart()
    assert await own_bus.log.open(run_id, 2, 1) == 1 + 2 * SEQ_STRIDE


async def test_numbers_that_a_stale_writer_used_after_a_loss_are_not_used_again(
    own_bus: Bus, own_valkey: KillableValkey
) -> None:
    run_id, old = await own_bus.writer(attempt=1)
    for number in range(10):
        await old.emit(durable(number))
    _, newer = await own_bus.writer(run_id, attempt=2, floor=10)
    await own_valkey.restart(lose_data=True)
    usurper = own_bus.log.writer(run_id, 1, 10)
    for number in range(100, 105):
        await usurper.emit(durable(number))
        await usurper.flush()
    await newer.emit(durable(11))
    assert newer.seq == 15 + SEQ_STRIDE
    assert paths((await own_bus.log.read(run_id, newer.seq - 1)).entries) == ["file-11"]
    with pytest.raises(StaleAttempt):
        await usurper.emit(durable(105))
    for writer in (usurper, newer, old):
        try:
            await writer.close()
        except StaleAttempt:
            assert writer is old


async def test_a_second_writer_of_one_attempt_is_refused(bus: Bus) -> None:
    run_id = new_id()
    last = await bus.log.open(run_id, 1, 0)
    first, second = bus.log.writer(run_id, 1, last), bus.log.writer(run_id, 1, last)
    for number in range(5):
        await first.emit(durable(number))
    with pytest.raises(StaleAttempt):
        await second.emit(durable(9))
    await first.close()
    await second.close()
    assert len(await bus.stored(run_id)) == 5
