"""One attempt of a call through LiteLLM: its open stream, deadlines, bound, end and closing."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import httpx

from factotum.llm.deadlines import TokenClock
from factotum.llm.endpoints import Endpoint, provider_of
from factotum.llm.faults import ModelFault
from factotum.llm.litellm_chunks import ChunkReader, size_of, stop_reason
from factotum.llm.litellm_faults import fault_of
from factotum.llm.port import ModelChunk, ModelRequest, StopChunk, StopReason, UsageChunk
from factotum.protocol.runs import Usage

_CLOSE_SECONDS: Final = 5.0
_SOCKET_SECONDS: Final = 600.0
"""LiteLLM's own time-out. It only has to be longer than our deadlines: it does not stop every stall."""

_closing: Final[set[asyncio.Task[None]]] = set()


class Call:
    """One attempt. `litellm` is the imported module; `opened` tells that a first token came."""

    def __init__(
        self, litellm: Any, request: ModelRequest, endpoints: Mapping[str, Endpoint], response_limit: int
    ) -> None:
        self._litellm = litellm
        self._request = request
        self._endpoint = endpoints.get(provider_of(request.model))
        self._room = response_limit
        self._reader = ChunkReader()
        self._clock = TokenClock(
            first_token=request.first_token_deadline, between_tokens=request.between_tokens_deadline
        )
        self._stream: Any = None
        self._ready: list[ModelChunk] = []
        self._stop: StopReason | None = None
        self._ended = False
        self.opened = False

    async def start(self) -> None:
        """Send the request and read up to the first token. Raises ModelFault, never partial."""
        self._stream = await self._guarded(self._litellm.acompletion(**self._arguments()))
        await self._advance()
        self.opened = True

    async def chunks(self) -> AsyncGenerator[ModelChunk, None]:
        """Yield what was read and what is still to come; usage and the end come last. Raises ModelFault."""
        while True:
            for chunk in self._ready:
                yield chunk
            if self._ended:
                break
            await self._advance()
        if self._reader.usage is not None:
            yield UsageChunk(self._priced(self._reader.usage))
        if self._stop is None:
            raise self._cut("The answer was cut off before its end.")
        yield StopChunk(self._stop)

    async def close(self) -> None:
        """Close the connection, also when the task is being cancelled; it is closed when this returns.

        It runs in a task of its own, because LiteLLM swallows a cancellation that arrives in its close.
        """
        stream, self._stream = self._stream, None
        if stream is None:
            return
        closing = asyncio.create_task(_aclose(stream))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)

    async def _advance(self) -> None:
        """Read until there is something to give, or the end."""
        while not self._ended:
            raw = await self._guarded(anext(self._stream, None))
            if raw is None:
                self._finish()
                return
            self._ready = self._reader.read(raw)
            if self._ready:
                self._clock.token()
                self._take_room()
                return

    def _finish(self) -> None:
        """Look at how the stream ended. LiteLLM makes up a `stop` where none came: its word is not taken."""
        self._ended = True
        self._ready = self._reader.close()
        finish: str | None = self._stream.received_finish_reason or self._stream.intermittent_finish_reason
        self._stop = stop_reason(finish) if finish else None
        if not self._clock.started and self._stop in (None, "stop", "tool_calls"):
            raise ModelFault(
                "empty_response",
                "The model's answer was empty.",
                hint="Try again, or choose another model.",
            )

    def _take_room(self) -> None:
        self._room -= sum(map(size_of, self._ready))
        if self._room < 0:
            raise self._cut("The answer grew over the bound of one response and was cut.")

    def _cut(self, message: str) -> ModelFault:
        hint = "Ask for the result in smaller pieces, or try again."
        return ModelFault("broken_stream", message, hint=hint, partial=True)

    async def _guarded(self, reading: Any) -> Any:
        """Await LiteLLM under the clock, and turn whatever it raises into a ModelFault.

        The cause is cut off: its text may hold the key or the prompt, and would be logged with the traceback.
        """
        deadline = self._clock.next()
        try:
            async with deadline:
                return await reading
        except _raised_by(self._litellm) as error:
            raise (self._clock.fault() if deadline.expired() else self._fault(error)) from None

    def _fault(self, error: BaseException) -> ModelFault:
        secrets = (self._endpoint.api_key,) if self._endpoint else ()
        return fault_of(error, partial=self._clock.started, secrets=secrets)

    def _priced(self, usage: Usage) -> Usage:
        """Return the usage; a server of one's own has no price, whatever name its model bears."""
        if self._endpoint is not None and self._endpoint.speaks is not None:
            return usage.model_copy(update={"cost_usd": None})
        return usage

    def _arguments(self) -> dict[str, Any]:
        request, endpoint = self._request, self._endpoint
        model = request.model
        arguments: dict[str, Any] = {
            # Copies, one level deep: LiteLLM rewrites messages in place for some providers.
            "messages": [dict(message) for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": True,
            "timeout": _SOCKET_SECONDS,
            "no-log": True,
        }
        if endpoint is not None:
            arguments |= {"api_base": endpoint.base_url, "api_key": endpoint.api_key}
            if endpoint.speaks is not None:
                model = f"{endpoint.speaks}/{model.partition('/')[2]}"
        if request.tools:
            arguments["tools"] = list(request.tools)
        if request.max_output_tokens is not None:
            arguments["max_tokens"] = request.max_output_tokens
        if request.stop:
            arguments["stop"] = list(request.stop)
        return arguments | {"model": model}


async def _aclose(stream: Any) -> None:
    await stream.aclose()


def _raised_by(litellm: Any) -> tuple[type[BaseException], ...]:
    """Return what LiteLLM lets through: openai's tree, and its own slips over an unforeseen answer."""
    return (
        litellm.exceptions.openai.OpenAIError,
        httpx.HTTPError,
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
    )
