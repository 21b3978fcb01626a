"""Work in a thread that nobody waits for, and cancellations that do not get lost."""

import asyncio
import threading

import pytest

from factotum.core.tasks import cancelled, in_own_thread


async def test_what_runs_in_its_own_thread_gives_its_result_or_its_error() -> None:
    assert await in_own_thread(lambda: threading.current_thread().daemon) is True

    def fail() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        await in_own_thread(fail)


async def test_nobody_waits_for_a_thread_whose_awaiter_is_gone() -> None:
    go_on = threading.Event()
    over = threading.Event()

    def slow() -> None:
        go_on.wait(10)
        over.set()

    waiting = asyncio.create_task(in_own_thread(slow))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    assert await asyncio.to_thread(over.wait, 10)
    await asyncio.sleep(0.05)


def test_a_thread_outlives_its_loop() -> None:
    go_on = threading.Event()

    async def leave() -> None:
        waiting = asyncio.create_task(in_own_thread(lambda: go_on.wait(10)))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave())
    go_on.set()
    for thread in threading.enumerate():
        if thread.daemon and thread.name.endswith("(work)"):
            thread.join(10)


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    async def broken() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise KeyError("gone")

    async def ended() -> int:
        return 7

    stubborn_task, broken_task, ended_task = map(asyncio.create_task, (stubborn(), broken(), ended()))
    await asyncio.sleep(0)

    await cancelled(stubborn_task, broken_task, ended_task, again_after=0.01)

    assert swallowed == 3
    assert stubborn_task.cancelled()
    assert isinstance(broken_task.exception(), KeyError)
    assert ended_task.result() == 7


async def test_nothing_to_cancel_takes_no_time() -> None:
    await cancelled()
