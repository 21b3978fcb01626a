"""The HTTP side of the provider, spoken to over a bare socket."""

import asyncio
import json

import pytest

from factotum.testing.provider import ScriptedProvider

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"


async def talk(provider: ScriptedProvider, *pieces: bytes) -> bytes:
    """Send `pieces`, one packet each, and read until the server closes or says no more for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", provider.port)
    heard = bytearray()
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.01)
        while True:
            async with asyncio.timeout(0.5):
                data = await reader.read(65536)
            if not data:
                break
            heard += data
    except TimeoutError:
        pass
    finally:
        writer.close()
    return bytes(heard)


async def test_request_that_comes_byte_by_byte_and_two_on_one_connection():
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    async with ScriptedProvider(["hello"]) as provider:
        heard = await talk(provider, *(request[place : place + 1] for place in range(len(request))), request)
    assert heard.count(b"HTTP/1.1 200 OK") == 2
    assert heard.count(b'"content":"hello"') == 2


async def test_chunked_request():
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (BODY[:7], BODY[7:]))
    async with ScriptedProvider(["hello"]) as provider:
        heard = await talk(provider, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert b'"content":"hello"' in heard


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        HEAD + b"Content-Length: many\r\n\r\n",
        HEAD + b"Content-Length: 99999999999\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
    ids=["no http", "length is no number", "too long", "chunk is no number", "head too large"],
)
async def test_what_is_not_http_gets_400_and_the_end(request_: bytes):
    async with ScriptedProvider(["hello"]) as provider:
        heard = await talk(provider, request_)
    assert heard.startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_connection_close_is_heeded():
    request = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
    async with ScriptedProvider(["hello"]) as provider:
        reader, writer = await asyncio.open_connection("127.0.0.1", provider.port)
        writer.write(request)
        async with asyncio.timeout(5):
            heard = await reader.read()
        writer.close()
    assert heard.endswith(b"}")


async def test_stop_ends_open_streams():
    request = HEAD + b"Content-Length: %d\r\n\r\n"
    body = BODY.replace(b'"model"', b'"stream": true, "model"')
    async with ScriptedProvider([["one", {"stall": "forever"}]]) as provider:
        reader, writer = await asyncio.open_connection("127.0.0.1", provider.port)
        writer.write(request % len(body) + body)
        await reader.readuntil(b"one")
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    assert provider.journal.exchanges[0].outcome == "open"
