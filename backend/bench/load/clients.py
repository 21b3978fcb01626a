"""Clients of the API that cost next to nothing: one socket each, and no HTTP library."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

Told = Callable[[bytes], None]
"""Is given each frame of a stream, whole, without its empty line."""


_MOST_TRIES = 60
_RETRY_SECONDS = 1.0


class Caller:
    """Makes requests over one connection, one after the other."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.put_off = 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """Return what the API answers. Raises RuntimeError for a refusal.

        One that says when to try again is tried again, for a minute, and counted in `put_off`.
        """
        status, answer = 503, b""
        for _ in range(_MOST_TRIES):
            status, answer = await self._answered(method, path, body)
            if status != 503:
                break
            self.put_off += 1
            await asyncio.sleep(_RETRY_SECONDS)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {answer[:500]!r}")
        return json.loads(answer) if answer else None

    async def _answered(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        content = request(method, path, self._token, b"" if body is None else json.dumps(body).encode())
        kept = self._writer is not None
        try:
            head, answer = await self._exchange(content)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            if not kept:
                raise
            head, answer = await self._exchange(content)  # the server has closed what stood idle
        if "connection: close" in head:
            self.close()
        return int(head.split()[1]), answer

    async def _exchange(self, content: bytes) -> tuple[str, bytes]:
        """Send a request; return the head of the answer, in lower case, and its body."""
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
        reader = cast("asyncio.StreamReader", self._reader)
        self._writer.write(content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
        return head, await reader.readexactly(length)

    def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Stream(asyncio.Protocol):
    """Follows the events of one run; `over` is done when the server ends the stream."""

    def __init__(self, path: str, token: str, told: Told) -> None:
        self._request = request("GET", path, token, close=True)
        self._told = told
        self._rest = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        *frames, self._rest = (self._rest + data).split(b"\n\n")
        for frame in frames:
            self._told(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        if not self.over.done():
            self.over.set_result(None)

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()


async def follow(port: int, token: str, run_id: str, told: Told, *, after: int = 0) -> Stream:
    """Open a stream of a run's events."""
    path = f"/v1/runs/{run_id}/events?after={after}"
    _, stream = await asyncio.get_running_loop().create_connection(
        lambda: Stream(path, token, told), "127.0.0.1", port
    )
    return stream


def request(method: str, path: str, token: str, content: bytes = b"", *, close: bool = False) -> bytes:
    """Return a request as it goes over the wire. `close`: the connection ends with the answer."""
    kept = "close" if close else "keep-alive"
    return (
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
        f"connection: {kept}\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    ).encode() + content


def age_ms(frame: bytes, asked: float = 0.0) -> float | None:
    """Return how long a frame's event was on its way, in milliseconds; None for a heartbeat or a hint.

    `asked` is when the stream was asked for, in seconds of the clock: what was there before begins then.
    """
    _, found, rest = frame.partition(b'"at":"')
    if not found:
        return None
    at = datetime.fromisoformat(rest.partition(b'"')[0].decode()).timestamp()
    return (time.time() - max(at, asked)) * 1000
