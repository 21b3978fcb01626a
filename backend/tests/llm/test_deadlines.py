import asyncio

import pytest

from factotum.llm.deadlines import TokenClock


async def test_what_comes_in_time_is_given_and_takes_one_timer() -> None:
    clock = TokenClock(first_token=5, between_tokens=5)
    timers: list[object] = []
    for _ in range(3):
        with clock:
            await asyncio.sleep(0)
        clock.token()
        timers.append(clock._timer)  # pyright: ignore[reportPrivateUsage]
    assert timers[0] is timers[1] is timers[2]
    assert not clock.expired
    clock.close()


async def test_the_first_deadline_runs_over_several_reads() -> None:
    clock = TokenClock(first_token=0.05, between_tokens=5)

    async def read() -> None:
        while True:
            with clock:
                await asyncio.sleep(0.01)

    with pytest.raises(TimeoutError):
        await read()
    assert clock.expired
    assert clock.fault().kind == "first_token_timeout"


async def test_each_read_after_a_token_has_the_whole_time() -> None:
    clock = TokenClock(first_token=5, between_tokens=0.2)
    clock.token()
    for _ in range(6):
        with clock:
            await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError), clock:
        await asyncio.sleep(60)
    assert clock.fault().kind == "stalled"


async def test_what_is_done_between_two_reads_takes_no_time() -> None:
    clock = TokenClock(first_token=5, between_tokens=0.02)
    clock.token()
    with clock:
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    with clock:
        await asyncio.sleep(0)
    clock.close()
    assert not clock.expired


async def test_a_cancellation_from_outside_stays_one() -> None:
    clock = TokenClock(first_token=5, between_tokens=5)

    async def read() -> None:
        with clock:
            await asyncio.sleep(60)

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not clock.expired
    clock.close()


async def test_both_at_once_is_a_cancellation() -> None:
    clock = TokenClock(first_token=0.01, between_tokens=5)

    async def read() -> None:
        with clock:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                outside.set_result(None)
                await asyncio.sleep(60)

    outside: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(read())
    await outside
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert clock.expired


async def test_a_clock_needs_a_task() -> None:
    clock = TokenClock(first_token=5, between_tokens=5)
    refused = asyncio.get_running_loop().create_future()

    def use() -> None:
        with pytest.raises(RuntimeError), clock:
            pass
        refused.set_result(None)

    asyncio.get_running_loop().call_soon(use)
    await refused
