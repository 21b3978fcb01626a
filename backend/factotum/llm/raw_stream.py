"""An open stream of a model call, its bytes decoded by us: the hot path of every run."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import aiohttp
import httpx

from factotum.llm.port import ModelChunk
from factotum.llm.sse_lines import LineTooLong, SseLines
from factotum.llm.wire import JsonObject, Wire, WireError, joined
from factotum.protocol.runs import Usage

_DRAIN_SECONDS: Final = 0.2
"""How long the end of the body may take after the end of the message, for the connection to be used again."""

_NO_BODY: Final = httpx.ByteStream(b"")

_BROKEN: Final = (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError, LineTooLong)

Pricing = Callable[[JsonObject], float | None]
"""What a call cost in US dollars, by the provider's own usage."""


class RawStream:
    """Reads one response. Whatever fails is a WireError; bytes that came before are decoded first.

    `wrapper` is LiteLLM's, if it made one: it is closed along.
    """

    def __init__(
        self, response: httpx.Response, wrapper: Any, wire: Wire, pricing: Pricing, *, longest_line: int
    ) -> None:
        self._response = response
        self._wrapper = wrapper
        self._wire = wire
        self._pricing = pricing
        self._lines = SseLines(longest_line)
        self._over = False
        self._next = _reader(response)

    @property
    def finish(self) -> str | None:
        """The provider's reason for the end, in its own words."""
        return self._wire.finish

    @property
    def usage(self) -> Usage | None:
        """What the call used, with its cost, once it was said."""
        usage = self._wire.usage
        if usage is None:
            return None
        return usage.model_copy(update={"cost_usd": self._pricing(self._wire.usage_fields)})

    async def read(self) -> list[ModelChunk] | None:
        """Return the next chunks, at least one, or None at the end. Raises WireError."""
        while True:
            if self._wire.failure is not None:
                raise self._wire.failure
            if self._over or self._wire.ended:
                return None
            try:
                data = await self._next()
                payloads = self._lines.feed(data) if data else self._lines.close()
            except _BROKEN:
                raise WireError("broken_stream") from None
            self._over = not data
            if chunks := self._wire.decode(payloads):
                return joined(chunks)

    def rest(self) -> list[ModelChunk]:
        """Return what was held back until the end."""
        return self._wire.close()

    async def aclose(self) -> None:
        """Close the connection; after a whole message it is read empty, and so kept for the next call."""
        if self._wire.ended and not self._over:
            await self._drain()
        await self._response.aclose()
        # The response and its stream refer to each other, and so would keep the request with all its messages
        # until Python looks for garbage in cycles: megabytes a minute.
        self._response.stream = _NO_BODY
        if self._wrapper is not None:
            await self._wrapper.aclose()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while await self._next():
                    pass
        except _BROKEN:
            return


def _reader(response: httpx.Response) -> Callable[[], Awaitable[bytes]]:
    """Return what reads on in the body: whatever has come, nothing at its end.

    A body that is not encoded needs no layer of httpx, and where LiteLLM's transport is aiohttp's none of its
    own either: three generators that hand every chunk on.
    """
    if "content-encoding" in response.headers:
        return _parts(response.aiter_bytes())
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("The response was not asked for as a stream of an async client.")
    transport = getattr(response.stream, "_stream", None)
    content = getattr(getattr(transport, "_aiohttp_response", None), "content", None)
    return content.readany if isinstance(content, aiohttp.StreamReader) else _parts(aiter(response.stream))


def _parts(parts: AsyncIterator[bytes]) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        async for part in parts:
            if part:
                return part
        return b""

    return read
