"""Signals: hints arrive, across lost connections, and never hurt their sender."""

import asyncio
import signal
from contextlib import aclosing
from typing import Any, cast

from factotum.bus.redis import Redis
from factotum.bus.signals import Signal, Signals
from factotum.core.ids import new_id
from tests.bus.helpers import Bus, KillableValkey


async def test_signals_arrive_in_order_at_every_listener(bus: Bus) -> None:
    signals = Signals(bus.redis)
    run_id = new_id()
    async with aclosing(signals.listen()) as one, aclosing(signals.listen()) as two:
        first = [asyncio.ensure_future(anext(listener)) for listener in (one, two)]
        await asyncio.sleep(0.1)
        assert await signals.send(run_id, "stop")
        assert await signals.send(run_id, "wake")
        for waiting, listener in zip(first, (one, two), strict=True):
            assert await waiting == Signal("stop", run_id)
            assert await anext(listener) == Signal("wake", run_id)


async def test_unknown_kinds_are_not_heard(bus: Bus) -> None:
    signals = Signals(bus.redis)
    async with aclosing(signals.listen()) as listener:
        waiting = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0.1)
        await cast(Any, bus.redis.client).publish("signals", b"dance \xff")
        await signals.send("r", "stop")
        assert await waiting == Signal("stop", "r")


async def test_a_listener_survives_a_restart(own_bus: Bus, own_valkey: KillableValkey) -> None:
    signals = Signals(own_bus.redis)
    async with asyncio.timeout(10), aclosing(signals.listen()) as listener:
        waiting = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0.1)
        await own_valkey.restart(away_seconds=0.2)
        while not waiting.done():
            await signals.send("r", "stop")
            await asyncio.sleep(0.05)
        assert waiting.result() == Signal("stop", "r")


async def test_a_sender_without_redis_is_told_and_goes_on() -> None:
    redis = Redis("unix:///nonexistent/v.sock")
    assert not await Signals(redis).send("r", "stop")
    await redis.aclose()


async def test_a_silent_redis_keeps_no_sender_waiting(own_bus: Bus, own_valkey: KillableValkey) -> None:
    signals = Signals(own_bus.redis)
    assert await signals.send("r", "stop")
    own_valkey.send(signal.SIGSTOP)
    try:
        async with asyncio.timeout(3):  # its deadlines together are six seconds
            assert not await signals.send("r", "stop")
    finally:
        own_valkey.send(signal.SIGCONT)
    assert await signals.send("r", "stop")


async def test_a_listener_that_waits_can_be_cancelled(bus: Bus) -> None:
    async def listen() -> None:
        async with aclosing(Signals(bus.redis).listen()) as listener:
            async for _ in listener:
                pass

    before = asyncio.all_tasks()
    task = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
