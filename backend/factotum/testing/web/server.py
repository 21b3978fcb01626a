"""An HTTP server on loopback that answers each request by a function, and keeps what it was asked."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

from factotum.core.tasks import cancelled
from factotum.testing.provider.http import (
    Answer,
    BadHttp,
    ClientGone,
    HttpRequest,
    WatchedReader,
    read_request,
)

HOST = "127.0.0.1"
_MOST_KEPT = 1000

Page = Callable[[HttpRequest, Answer], Awaitable[None]]


class LoopbackWeb:
    """Serves `pages` by path, those with a method before it (`POST /search`) first; else `otherwise`, or 404.

    `requests` are what came, the oldest first; `port` is where it listens once it is entered.
    """

    def __init__(
        self, pages: Mapping[str, Page], *, tls: ssl.SSLContext | None = None, otherwise: Page | None = None
    ) -> None:
        self.pages = dict(pages)
        self._otherwise = otherwise or _nothing
        self.requests: list[HttpRequest] = []
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def root(self) -> str:
        """The address of the server, without a path."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def connection() -> asyncio.StreamReaderProtocol:
            reader = WatchedReader()

            def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = loop.create_task(self._serve(reader, writer))
                self._connections.add(task)
                task.add_done_callback(self._connections.discard)

            return asyncio.StreamReaderProtocol(reader, accepted, loop=loop)

        self._server = await loop.create_server(connection, HOST, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await cancelled(*self._connections)
        await self._server.wait_closed()

    async def _serve(self, reader: WatchedReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                self.requests.append(request)
                del self.requests[:-_MOST_KEPT]
                answer = Answer(reader, writer)
                page = self.pages.get(f"{request.method} {request.path}") or self.pages.get(request.path)
                await (page or self._otherwise)(request, answer)
                if answer.dropped or request.headers.get("connection", "").lower() == "close":
                    return
        except (BadHttp, ClientGone):
            return
        finally:
            writer.close()


async def json_answer(
    answer: Answer, body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with JSON."""
    await answer.whole(
        status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})}
    )


async def _nothing(_request: HttpRequest, answer: Answer) -> None:
    await json_answer(answer, {"error": "not found"}, 404)
