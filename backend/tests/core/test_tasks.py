"""Work in a thread that nobody waits for."""

import asyncio
import threading

import pytest

from factotum.core.tasks import in_own_thread


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
