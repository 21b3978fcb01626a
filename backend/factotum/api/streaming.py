"""Bare ASGI responses that stream: they stop when the client is gone, does not read, or the server drains."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, Coroutine, Generator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from factotum.api.headers import SERVER_SEND
from factotum.core.tasks import cancelled

SEND_SECONDS = 30.0
"""How long a client may leave what was sent unread before it is dropped."""


class Drain:
    """Tells the open streams of a process to end, when it shuts down."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self.streams = 0
        """How many streams are open that it would end."""

    def begin(self) -> None:
        """End all streams, also those that are opened from now on."""
        self._begun.set()

    async def wait(self) -> None:
        """Wait until it has begun."""
        await self._begun.wait()


class StreamResponse(Response):
    """Sends the parts of `parts()`, one write each, while nothing speaks against it.

    `farewell` is sent last when `drain` begins. Without `drain` the stream goes on to its end.
    """

    farewell: bytes = b""

    def __init__(
        self,
        headers: Mapping[str, str],
        media_type: str | None = None,
        *,
        drain: Drain | None = None,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        super().__init__(status_code=200, media_type=media_type, headers=dict(headers))
        # The base counted an empty body.
        if "content-length" not in {name.lower() for name in headers}:
            del self.headers["content-length"]
        self._drain = drain
        self._send_seconds = send_seconds
        self._sending_since: float | None = None
        self._send: Send = _nowhere

    @abstractmethod
    def parts(self) -> AsyncGenerator[bytes]:
        """Yield what is to be sent."""

    def send_now(self, body: bytes) -> bool:
        """Send a part at once, or nothing of it (False) when the client is behind. Only while `parts` waits.

        uvicorn's `send` waits, where it must, before it writes anything: what would wait is taken back.
        """
        sending = cast(Coroutine[Any, Any, None], self._send(_part(body, last=False)))
        try:
            sending.send(None)
        except StopIteration:
            return True
        sending.close()
        return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the end, or until the first reason to stop. Raises what `parts` raises."""
        with self._counted():
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            self._send = scope.get(SERVER_SEND, send)
            await self._respond(receive)

    @contextmanager
    def _counted(self) -> Generator[None]:
        if self._drain is None:
            yield
            return
        self._drain.streams += 1
        try:
            yield
        finally:
            self._drain.streams -= 1

    async def _respond(self, receive: Receive) -> None:
        stream = asyncio.create_task(self._stream(), name="stream")
        gone = asyncio.create_task(_disconnected(receive), name="stream-gone")
        watching: list[asyncio.Task[None]] = [gone]
        if self._drain is not None:
            watching.append(asyncio.create_task(self._drain.wait(), name="stream-drain"))
        try:
            await self._watch({stream, *watching})
            drained = any(task.done() for task in watching) and not stream.done() and not gone.done()
        finally:
            await cancelled(stream, *watching)
        if drained and self._sending_since is None:
            await self._write(self.farewell, last=True)
        elif not stream.cancelled() and (fault := stream.exception()) is not None:
            raise fault

    async def _stream(self) -> None:
        async with aclosing(self.parts()) as parts:
            async for part in parts:
                await self._write(part)
        await self._write(b"", last=True)

    async def _write(self, body: bytes, *, last: bool = False) -> None:
        self._sending_since = asyncio.get_running_loop().time()
        await self._send(_part(body, last=last))
        self._sending_since = None

    async def _watch(self, tasks: set[asyncio.Task[None]]) -> None:
        """Wait until one has ended, or a write took too long: then the unfinished response is dropped.

        Looking now and then costs nothing a write; a deadline around each would cost as much as the write.
        """
        loop = asyncio.get_running_loop()
        while True:
            done, _ = await asyncio.wait(
                tasks, timeout=self._send_seconds / 4, return_when=asyncio.FIRST_COMPLETED
            )
            since = self._sending_since
            if done or (since is not None and loop.time() - since > self._send_seconds):
                return


async def _nowhere(_: Message) -> None:
    raise RuntimeError("The answer has not begun.")


def _part(body: bytes, *, last: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": not last}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
