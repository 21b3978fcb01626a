"""Running things side by side, with errors that keep their type."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, cast

T = TypeVar("T")
_CANCEL_AGAIN_SECONDS = 2.0


async def in_own_thread(function: Callable[[], T]) -> T:
    """Run `function` in a thread that the end of the process does not wait for, and return what it returns.

    For slow work that nobody misses when the service stops, such as an import; `asyncio.to_thread` would hold
    the stop up until it is done.
    """
    return await started_thread(function)


def started_thread(function: Callable[[], T], name: str | None = None) -> "asyncio.Future[T]":
    """Start `function` in such a thread at once; the future has what it returned or raised."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast(T, result))

    def work() -> None:
        result, error = None, None
        try:
            result = function()
        except BaseException as raised:  # noqa: BLE001 - none may be lost in a thread: whoever awaits it gets it raised
            error = raised
        with suppress(RuntimeError):  # The loop has ended: nobody waits any more.
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name=name, daemon=True).start()
    return done


@asynccontextmanager
async def side_by_side() -> AsyncGenerator[asyncio.TaskGroup]:
    """Give a task group whose tasks have all ended when the block is left.

    When the block or a task fails the others are cancelled and awaited, and its own error is raised instead
    of a group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise _first(failures) from None


async def all_of(coroutines: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """Run all at once and return their results in order.

    When one fails the others are cancelled and awaited, and its own error is raised instead of a group.
    """
    async with side_by_side() as group:
        tasks = [group.create_task(coroutine) for coroutine in coroutines]
    return [task.result() for task in tasks]


async def cancelled(*tasks: "asyncio.Future[Any]", again_after: float = _CANCEL_AGAIN_SECONDS) -> None:
    """Cancel `tasks` and wait until they have ended; their results and errors stay with them.

    On Python 3.11 `asyncio.wait_for` swallows a cancellation that comes at the instant its future is done
    (https://github.com/python/cpython/issues/86296), and libraries below us use it: so a task that goes on is
    cancelled again every `again_after` seconds.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_after)


def cancellations() -> int:
    """How often the current task was told to end and has not taken it back.

    A call that returns while this has grown has swallowed a cancellation (see `cancelled`): its caller then
    ends by itself.
    """
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


async def whole(coroutine: Coroutine[object, object, T]) -> T:
    """Run what must not be cut in half: a cancellation waits for its end, and then goes on.

    A failure that comes after the cancellation is dropped: the caller is ending anyway.
    """
    task = asyncio.ensure_future(coroutine)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        raise


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    first = failures.exceptions[0]
    return (
        _first(cast("BaseExceptionGroup[BaseException]", first))
        if isinstance(first, BaseExceptionGroup)
        else first
    )
