"""Follow a started command to its end: stream its output, hold its deadline, see that all of it is gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

from factotum.core.tasks import side_by_side, whole
from factotum.sandbox.local.box import Box, End, Job
from factotum.sandbox.local.output import BoundedOutput
from factotum.sandbox.local.pipes import drain
from factotum.sandbox.port import ExecResult, OnOutput, OutputStream

_WATCH_SECONDS = 0.5

Take = Callable[[OutputStream, bytes], Awaitable[None]]
Complaint = Callable[[], str | None]


class Lost(Exception):
    """The sandbox ended while the command ran; `refusal`: the kernel's reason why it could not even start."""

    def __init__(self, refusal: str | None = None) -> None:
        super().__init__(refusal or "the sandbox ended")
        self.refusal = refusal


async def follow(
    box: Box,
    job: Job,
    pipes: dict[OutputStream, int],
    *,
    timeout: float,
    output_limit: int,
    on_output: OnOutput | None,
    complaint: Complaint,
) -> ExecResult:
    """Return how the command ended. `complaint` is asked in a thread, twice a second, for a reason to end it.

    Whatever happens here, everything that came of the command has ended when this returns or raises. Raises
    Lost, and what `on_output` raises.
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
            await _stream(box, job, pipes, take, complaint)
    except TimeoutError:
        if not deadline.expired():
            raise
        timed_out = True
    finally:
        end = await whole(box.end(job))
    if end.code is None and not timed_out:
        raise Lost(end.refusal)
    output, truncated = kept.result()
    return ExecResult(
        exit_code=None if timed_out else end.code,
        output=output,
        truncated_bytes=truncated,
        timed_out=timed_out,
        duration_seconds=time.monotonic() - started,
    )


async def _stream(
    box: Box, job: Job, pipes: dict[OutputStream, int], take: Take, complaint: Complaint
) -> None:
    async with side_by_side() as group:
        for stream, descriptor in pipes.items():
            group.create_task(_pump(stream, descriptor, take, job.ended))
        watch = group.create_task(_watch(box, job, take, complaint))
        await asyncio.wait({job.ended})
        watch.cancel()


async def _pump(stream: OutputStream, descriptor: int, take: Take, ended: asyncio.Future[End]) -> None:
    await drain(descriptor, lambda data: take(stream, data), ended)


async def _watch(box: Box, job: Job, take: Take, complaint: Complaint) -> None:
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        reason = await asked(complaint, box.threads)
        if reason is not None:
            await take("stderr", f"\n[sandbox] The command was ended: {reason}.\n".encode())
            await whole(box.end(job))
            return


async def asked(complaint: Complaint, threads: Executor) -> str | None:
    """Ask in a thread for a reason to end what runs."""
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, complaint)
    except OSError:
        return "its workspace is gone"
