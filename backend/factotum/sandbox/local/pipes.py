"""Pipes between the service and a sandbox: read without waiting for writers that will never let go."""

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Awaitable, Callable
from typing import Any

from factotum.sandbox.local.owners import Owner

_CHUNK = 65536


def own_pipe(owner: Owner | None) -> tuple[int, int]:
    """Make a pipe that the sandbox's user may open again by name, as `>/dev/stderr` does."""
    ends = os.pipe()
    if owner is not None:
        os.fchown(ends[0], owner.uid, owner.uid)
    return ends


async def drain(
    descriptor: int, take: Callable[[bytes], Awaitable[None]], ended: "asyncio.Future[Any]"
) -> None:
    """Give `take` what comes from a pipe, until its end; once `ended` is set, until it is empty.

    Reading waits for `take`, and the writer for us, so that nothing piles up. When the processes that wrote
    have all ended, what they wrote is in the pipe: whoever else may hold it open is not waited for.
    """
    os.set_blocking(descriptor, False)
    while True:
        is_over = ended.done()
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            if is_over:
                return
            await _readable(descriptor, ended)
            continue
        if not data:
            return
        await take(data)
        await asyncio.sleep(0)  # a flood must leave the event loop to others


def waiting_bytes(descriptor: int) -> int:
    """Return how much a pipe holds that nobody has read yet."""
    return struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]


async def send(descriptor: int, data: bytes, timeout: float) -> int:
    """Write to a pipe, and return how much of `data` it took before `timeout` seconds were over.

    Raises BrokenPipeError.
    """
    os.set_blocking(descriptor, False)
    sent = 0
    try:
        async with asyncio.timeout(timeout):
            while sent < len(data):
                try:
                    sent += os.write(descriptor, data[sent : sent + _CHUNK])
                except BlockingIOError:
                    await _writable(descriptor)
    except TimeoutError:
        pass
    return sent


async def _readable(descriptor: int, ended: "asyncio.Future[Any]") -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake(*_: object) -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, wake)
    ended.add_done_callback(wake)
    try:
        await ready
    finally:
        ended.remove_done_callback(wake)
        loop.remove_reader(descriptor)


async def _writable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(descriptor, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)
