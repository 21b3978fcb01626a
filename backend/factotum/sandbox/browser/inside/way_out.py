"""The browser's way to the network where it goes by a proxy that wants a token: the token of who asks now.

Chromium takes no token for a proxy, and keeps its proxy as long as it runs; tokens come and go with runs. So
it is given a small proxy of ours in here, which puts the newest token into each request and hands it on.
"""

import asyncio
import base64
import contextlib
from urllib.parse import unquote, urlsplit

HEAD_BYTES = 32_768
HEAD_SECONDS = 15.0
PIECE = 65_536
NOWHERE = b"There is no way to the network from here now. (no_network)\n"
CLOSED = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(NOWHERE), NOWHERE)
)


class WayOut:
    """Listens on a port of its own; `proxy` is where it hands requests on to, or None: nowhere."""

    def __init__(self) -> None:
        self.proxy: "tuple[str, int] | None" = None
        self.token = b""
        self.server: "asyncio.Server | None" = None
        self.serving: "set[asyncio.Task[None]]" = set()

    def use(self, address: str) -> None:
        """Hand on to this address from now on, http://user:password@host:port; empty: to none."""
        parts = urlsplit(address)
        self.proxy = (parts.hostname, parts.port) if parts.hostname and parts.port else None
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        self.token = base64.b64encode(pair.encode())

    async def start(self) -> str:
        """Listen, and return the address for the browser."""
        if self.server is None:
            self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0, limit=HEAD_BYTES)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            with contextlib.suppress(OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
                await self.carry(reader, writer)
        finally:
            self.serving.discard(task)
            writer.close()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand one request on, and everything after it both ways."""
        async with asyncio.timeout(HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        if self.proxy is None:
            writer.write(CLOSED)
            await writer.drain()
            return
        out_reader, out_writer = await asyncio.open_connection(*self.proxy)
        try:
            out_writer.write(with_token(head, self.token))
            await out_writer.drain()
            both = (pump(reader, out_writer), pump(out_reader, writer))
            ways = {asyncio.ensure_future(way) for way in both}
            try:
                await asyncio.wait(ways)
            finally:
                for way in ways:
                    way.cancel()
        finally:
            out_writer.close()


def with_token(head: bytes, token: bytes) -> bytes:
    """Return a request's head with this token for the proxy, and no other."""
    first, *rest = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept = [line for line in rest if not line.lower().startswith(b"proxy-authorization:")]
    return b"\r\n".join([first, b"Proxy-Authorization: Basic " + token, *kept, b"", b""])


async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Carry bytes one way until their end."""
    with contextlib.suppress(OSError):
        while piece := await source.read(PIECE):
            target.write(piece)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
