"""A small HTTP/1.1 server side: requests in, and answers whose every byte and end can be chosen.

Written out because an ASGI server can neither reset a connection nor say when exactly the client went.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 64 * 1024 * 1024
_IDLE_SECONDS = 75.0
_BODY_SECONDS = 30.0


class ClientGone(Exception):
    """The client closed the connection."""


class BadHttp(Exception):
    """What came is not HTTP/1.1 as this server reads it, or too large."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. Names of headers are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""


class WatchedReader(asyncio.StreamReader):
    """A stream that also tells, without being read, that the other side has closed."""

    def __init__(self) -> None:
        super().__init__(limit=_HEAD_LIMIT)
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        """Note the end. Called by the transport."""
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exc: Exception) -> None:
        """Note the loss of the connection. Called by the transport."""
        super().set_exception(exc)
        self.gone.set()


async def read_request(reader: WatchedReader) -> HttpRequest | None:
    """Read one request, or None when the client has closed or sent nothing for long. Raises BadHttp."""
    try:
        async with asyncio.timeout(_IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        return None
    except asyncio.LimitOverrunError as error:
        raise BadHttp("the head of the request is too large") from error
    first, *lines = head.decode("latin-1").split("\r\n")
    try:
        method, target, _ = first.split(" ")
    except ValueError as error:
        raise BadHttp("the first line of the request is not HTTP") from error
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _read_body(reader, headers)
    except (
        asyncio.IncompleteReadError,
        asyncio.LimitOverrunError,
        ConnectionError,
        TimeoutError,
        ValueError,
    ) as error:
        raise BadHttp("the body of the request did not come whole") from error
    parts = urlsplit(target)
    return HttpRequest(method, parts.path, headers, body, parts.query)


async def _read_body(reader: WatchedReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        length = int(headers.get("content-length") or 0)
        if not 0 <= length <= _BODY_LIMIT:
            raise BadHttp("the body of the request is too large")
        return await reader.readexactly(length)
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        if size < 0 or len(body) + size > _BODY_LIMIT:
            raise BadHttp("the body of the request is too large")
        body += (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return bytes(body)


class Answer:
    """One answer on one connection. Each wait and each write raises ClientGone when the client has closed."""

    def __init__(self, reader: WatchedReader, writer: asyncio.StreamWriter) -> None:
        self._gone = reader.gone
        self._writer = writer
        self.started = False
        self.dropped = False

    async def whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a whole answer."""
        await self._write(_head(status, {**headers, "content-length": str(len(body))}) + body)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin an answer whose body follows in chunks."""
        await self._write(_head(status, {**headers, "transfer-encoding": "chunked"}))

    async def send(self, body: bytes) -> None:
        """Send a piece of the body, as one HTTP chunk, and let others run."""
        await self._write(b"%x\r\n%b\r\n" % (len(body), body))
        await asyncio.sleep(0)

    async def end(self) -> None:
        """End the body in good order."""
        await self._write(b"0\r\n\r\n")

    async def wait(self, seconds: float | None) -> None:
        """Wait so many seconds; None: until the client goes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        self._check()

    def drop(self, *, reset: bool) -> None:
        """End the connection here; `reset`: by a TCP reset, which may undo what was sent and not yet read."""
        self.dropped = True
        if reset:
            linger = struct.pack("ii", 1, 0)
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._writer.transport.abort()
        else:
            self._writer.close()

    async def _write(self, data: bytes) -> None:
        self._check()
        self.started = True
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise ClientGone from error

    def _check(self) -> None:
        if self._gone.is_set():
            raise ClientGone


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")
