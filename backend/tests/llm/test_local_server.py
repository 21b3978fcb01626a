"""A local model server is found quickly, and nothing else is taken for one."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from factotum.llm.local_server import LocalModel, LocalServer, find_local_server

Serve = Callable[[bytes | None], Awaitable[int]]


def _answer(body: object, status: str = "200 OK") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


_OLLAMA = {"object": "list", "data": [{"id": "qwen3:8b", "object": "model", "owned_by": "library"}]}


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Yield a function that serves one raw answer (None: silence) and returns the port."""
    async with AsyncExitStack() as stack:

        async def start(answer: bytes | None) -> int:
            async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                if answer is None:
                    await reader.read()
                else:
                    writer.write(answer)
                    await writer.drain()
                writer.close()

            server = await stack.enter_async_context(await asyncio.start_server(handle, "127.0.0.1", 0))
            return server.sockets[0].getsockname()[1]

        yield start


async def test_first_of_the_usual_ports_that_answers(serve: Serve) -> None:
    """A silent port and a closed one cost little; the server that answers is taken."""
    silent, good = await serve(None), await serve(_answer(_OLLAMA))
    began = time.monotonic()
    found = await find_local_server(ports=(("dead", 1), ("silent", silent), ("Ollama", good)))
    assert time.monotonic() - began < 10
    assert found == LocalServer("Ollama", f"http://127.0.0.1:{good}/v1", (LocalModel("qwen3:8b"),))


@pytest.mark.parametrize(
    "answer",
    [
        _answer({"status": "ok"}),
        _answer([1, 2]),
        _answer({"data": [{"id": "a", "object": "model"}]}),
        _answer({"object": "list", "data": []}),
        _answer({"object": "list", "data": [{"id": 3, "object": "model"}, {"id": "u", "object": "user"}]}),
        _answer({"object": "list", "data": [{"id": "nomic-embed-text", "object": "model"}]}),
        _answer(_OLLAMA, "401 Unauthorized"),
        _answer(_OLLAMA, "302 Found"),
        _answer(b"<html></html>"),
        _answer(b"\xff\xfe"),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        _answer(_OLLAMA | {"padding": "x" * 300_000}),
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{",
    ],
)
async def test_strangers_are_not_taken(serve: Serve, answer: bytes) -> None:
    """Ports 8000 and 8080 belong to anybody."""
    port = await serve(answer)
    assert await find_local_server(ports=(("vLLM", port),)) is None


@pytest.mark.parametrize("field", ["max_model_len", "loaded_context_length", "context_length"])
async def test_window_is_read(serve: Serve, field: str) -> None:
    """vLLM says how long a prompt may be, and others do so in their own words."""
    entry = {"id": "m", "object": "model", "context_window": True, field: 4096}
    models = {"object": "list", "data": [entry]}
    port = await serve(_answer(models))
    found = await find_local_server(f"http://127.0.0.1:{port}/v1/")
    assert found is not None
    assert found.base_url.endswith("/v1")
    assert found.models == (LocalModel("m", 4096),)


async def test_configured_and_away() -> None:
    """A configured server that is down is kept: it may come up."""
    assert await find_local_server("http://127.0.0.1:1/v1") == LocalServer(
        "local server", "http://127.0.0.1:1/v1"
    )
    assert await find_local_server("not a url") == LocalServer("local server", "not a url")
