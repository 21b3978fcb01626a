"""Follow a started command to its end: stream its output, hold its deadline, see that all of it is gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from typing import IO, Any, TypeVar

from factotum.sandbox.local.launch import LaunchFailed, Running, settle
from factotum.sandbox.local.output import BoundedOutput
from factotum.sandbox.port import ExecResult, OnOutput, OutputStream

_CHUNK = 65536
_WATCH_SECONDS = 0.5

T = TypeVar("T")
Take = Callable[[OutputStream, bytes], Awaitable[None]]


async def follow(
    running: Running,
    *,
    timeout: float,
    output_limit: int,
    on_output: OnOutput | None,
    complaint: Callable[[], str | None],
    threads: Executor,
) -> ExecResult:
    """Return how the command ended. `complaint` is asked in a thread, twice a second, for a reason to end it.

    Reading waits for `on_output`, and the command's pipe for us, so that nothing piles up. Whatever happens
    here, everything in the sandbox has ended when this returns or raises. Raises LaunchFailed, and what
    `on_output` raises.
    """
    started = time.monotonic()
    kept = BoundedOutput(output_limit)

    async def take(stream: OutputStream, data: bytes) -> None:
        kept.add(data)
        if on_output is not None:
            await on_output(stream, data)

    timed_out = False
    deadline = asyncio.timeout(timeout)
    try:
        async with deadline:
            await _stream(running, take, complaint, threads)
    except TimeoutError:
        if not deadline.expired():
            raise
        timed_out = True
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        code = await finish(running, threads)
    output, truncated = kept.result()
    if code is None and not timed_out:
        raise LaunchFailed(output.decode(errors="replace"))
    return ExecResult(
        exit_code=None if timed_out else code,
        output=output,
        truncated_bytes=truncated,
        timed_out=timed_out,
        duration_seconds=time.monotonic() - started,
    )


async def finish(running: Running, threads: Executor) -> int | None:
    """Kill what is left, wait until it is gone and return the exit code, even if we are cancelled."""

    async def end() -> int | None:
        running.kill()
        # The first process is gone only when every other one of its namespace is.
        await _readable(running.first)
        await _readable(running.outer)
        for pipe in (running.stdout, running.stderr):
            pipe.close()
        return await asyncio.get_running_loop().run_in_executor(threads, settle, running)

    return await uninterrupted(end())


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end even if we are cancelled; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()


async def _stream(
    running: Running, take: Take, complaint: Callable[[], str | None], threads: Executor
) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_pump("stdout", running.stdout, take))
        group.create_task(_pump("stderr", running.stderr, take))
        watch = group.create_task(_watch(running, take, complaint, threads))
        await _readable(running.outer)
        # What the command left in the background ends with it, and lets go of the pipes.
        running.kill()
        watch.cancel()


async def _pump(stream: OutputStream, pipe: IO[bytes], take: Take) -> None:
    reader = asyncio.StreamReader(limit=_CHUNK)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        while data := await reader.read(_CHUNK):
            await take(stream, data)
    finally:
        transport.close()


async def _watch(
    running: Running, take: Take, complaint: Callable[[], str | None], threads: Executor
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        try:
            reason = await loop.run_in_executor(threads, complaint)
        except OSError:
            reason = "its workspace is gone"
        if reason is not None:
            running.kill()
            await take("stderr", f"\n[sandbox] The command was ended: {reason}.\n".encode())
            return


async def _readable(descriptor: int) -> None:
    """Wait until a pidfd says that its process has ended."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def end() -> None:
        if not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, end)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
