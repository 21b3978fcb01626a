"""Carries bytes both ways, until the far end is done, nobody speaks, or a bound is reached."""

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from factotum.core.tasks import cancelled

IDLE_SECONDS = 120.0
_CHUNK = 65536
_HANDSHAKE_SECONDS = 15.0
_LAST_BYTES_SECONDS = 10.0


class Stream:
    """A connection's two halves."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._plain: asyncio.StreamWriter | None = None

    def pause(self) -> None:
        """Read no more for now: `encrypt` goes on."""
        if isinstance(self.writer.transport, asyncio.Transport):
            self.writer.transport.pause_reading()

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Begin TLS, as its server. Raises OSError and TimeoutError; then it can only be closed."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_CHUNK, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        self._plain = self.writer  # kept: when it is collected it closes what TLS goes over
        transport = await loop.start_tls(
            self.writer.transport,
            protocol,
            context,
            server_side=True,
            ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=_LAST_BYTES_SECONDS,
        )
        if transport is None:
            raise ConnectionAbortedError
        protocol.connection_made(transport)
        self.reader = reader
        self.writer = asyncio.StreamWriter(transport, protocol, reader, loop)

    async def flush_and_close(self) -> None:
        """Let what was written reach the other side, for a while, then close."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LAST_BYTES_SECONDS):
                self.writer.close()
                await self.writer.wait_closed()
        await self.close()

    async def close(self) -> None:
        """Close at once, without waiting for what was not read."""
        self.writer.transport.abort()
        if self.writer is self._plain:
            return  # TLS did not come about, and took over who is told of the end
        with suppress(OSError):
            await self.writer.wait_closed()


@dataclass(eq=False, slots=True)
class Relay:
    """One connection. `spend` is told of each piece's size and says whether there may be more.

    `sent` and `received` are the bytes so far; `ended` is a code when a bound or a loss ended it.
    """

    inner: Stream
    outer: Stream
    spend: Callable[[int], bool]
    sent: int = 0
    received: int = 0
    ended: str = ""
    _heard: float = field(default_factory=time.monotonic)

    async def run(self, most_to_send: int | None, seconds: float) -> None:
        """Carry for at most `seconds`, and of what is sent at most `most_to_send` bytes if that is given."""
        forth = asyncio.create_task(self._send(most_to_send))
        back = asyncio.create_task(self._receive())
        try:
            async with asyncio.timeout(seconds):
                await self._while_alive(forth, back)
        except TimeoutError:
            self.ended = "too_long"
        finally:
            await cancelled(forth, back)
            lost = any(isinstance(_failure(task), OSError) for task in (forth, back))
            self.ended = self.ended or ("broken" if lost else "")

    async def _while_alive(self, forth: "asyncio.Task[None]", back: "asyncio.Task[None]") -> None:
        while not back.done() and _failure(forth) is None:
            waiting = {back} if forth.done() else {back, forth}
            await asyncio.wait(waiting, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if time.monotonic() - self._heard >= IDLE_SECONDS:
                self.ended = "idle"
                return

    async def _send(self, most: int | None) -> None:
        left = most
        while left is None or left > 0:
            data = await self.inner.reader.read(_CHUNK if left is None else min(_CHUNK, left))
            if not data:
                break
            self.sent += len(data)
            left = None if left is None else left - len(data)
            await self._pass_on(data, self.outer)
        if most is None:
            self.outer.writer.write_eof()

    async def _receive(self) -> None:
        while data := await self.outer.reader.read(_CHUNK):
            self.received += len(data)
            await self._pass_on(data, self.inner)

    async def _pass_on(self, data: bytes, target: Stream) -> None:
        self._heard = time.monotonic()
        if not self.spend(len(data)):
            self.ended = "bytes_spent"
            raise ConnectionAbortedError
        target.writer.write(data)
        await target.writer.drain()


def _failure(task: "asyncio.Task[None]") -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None
