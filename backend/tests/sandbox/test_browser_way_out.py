"""The driver's small proxy: it puts in the token of who asks now, and leads nowhere without one."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from factotum.sandbox.browser.inside.way_out import WayOut, with_token


@asynccontextmanager
async def proxy() -> AsyncGenerator[tuple[int, list[bytes]]]:
    """A proxy that keeps the heads it was sent, and answers each with what follows it."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + await reader.read(100))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], heads


async def ask(address: str, head: bytes, body: bytes = b"") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rsplit(":", 1)[1]))
    writer.write(head)
    await asyncio.sleep(0.05)
    writer.write(body)
    try:
        async with asyncio.timeout(5):
            return await reader.read(1000)
    finally:
        writer.close()


def token(pair: str) -> bytes:
    return b"Proxy-Authorization: Basic " + base64.b64encode(pair.encode())


async def test_the_newest_token_goes_with_each_request() -> None:
    way = WayOut()
    address = await way.start()
    assert await way.start() == address
    head = b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nproxy-authorization: Basic b2xk\r\n\r\n"
    async with proxy() as (port, heads):
        for name in ("one", "two%20"):
            way.use(f"http://run:{name}@127.0.0.1:{port}")
            assert await ask(address, head, b"hello") == b"HTTP/1.1 200 OK\r\n\r\nhello"
    assert [line for each in heads for line in each.split(b"\r\n") if b"uth" in line] == [
        token("run:one"),
        token("run:two "),
    ]
    way.use("")
    assert (await ask(address, head)).startswith(b"HTTP/1.1 502 ")
    assert way.server is not None
    way.server.close()


async def test_nonsense_and_a_proxy_that_is_gone_end_the_connection() -> None:
    way = WayOut()
    address = await way.start()
    async with proxy() as (port, _):
        gone = port
    way.use(f"http://run:x@127.0.0.1:{gone}")
    assert await ask(address, b"GET http://a.test/ HTTP/1.1\r\n\r\n") == b""
    assert await ask(address, b"x" * 40_000) == b""
    assert way.server is not None
    way.server.close()


def test_a_head_keeps_all_else() -> None:
    assert with_token(b"GET / HTTP/1.1\r\nA: b\r\n\r\n", b"t") == (
        b"GET / HTTP/1.1\r\nProxy-Authorization: Basic t\r\nA: b\r\n\r\n"
    )
