"""One attempt of a call: LiteLLM sends it, it or we read the stream; deadlines, bound, closing."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

import httpx

from factotum.llm.deadlines import TokenClock
from factotum.llm.endpoints import Endpoint, provider_of
from factotum.llm.faults import ModelFault
from factotum.llm.forms import Form, Forms
from factotum.llm.litellm_chunks import size_of, stop_reason
from factotum.llm.litellm_faults import fault_of, fault_said
from factotum.llm.litellm_prices import cost_of
from factotum.llm.litellm_stream import LiteLLMStream
from factotum.llm.port import ModelChunk, ModelRequest, StopChunk, StopReason, UsageChunk
from factotum.llm.raw_stream import RawStream
from factotum.llm.raw_wires import Caught, catching, replay_client, wire_for, wire_of
from factotum.llm.shaping import Shaped, shape
from factotum.llm.wire import Wire, WireError, WireSurprise
from factotum.protocol.runs import Usage

_CLOSE_SECONDS: Final = 5.0
SOCKET_SECONDS: Final = 600.0
"""LiteLLM's own time-out. It only has to be longer than our deadlines: it does not stop every stall."""

_OWN_DEADLINES: Final = httpx.Timeout(SOCKET_SECONDS, read=None)
"""No timer for each read of a socket: the clock is around every one."""

_KEYS: Final = frozenset({"OPENAI_API_KEY", "CEREBRAS_API_KEY", "MOONSHOT_API_KEY"})
_LINE_OVERHEAD: Final = 1_000_000
_LINE_PER_CHARACTER: Final = 6
"""Bytes of a character in JSON at the most: `\\u0000`."""

_closing: Final[set[asyncio.Task[None]]] = set()


class OpenStream(Protocol):
    """An open answer, read by LiteLLM (litellm_stream.py) or by us (raw_stream.py)."""

    @property
    def finish(self) -> str | None:
        """The provider's reason for the end, if it gave one."""
        ...

    @property
    def usage(self) -> Usage | None:
        """What the call used, with its cost, once it was said."""
        ...

    async def read(self) -> list[ModelChunk] | None:
        """Return the chunks of one read, which may be none, or None at the end."""
        ...

    def rest(self) -> list[ModelChunk]:
        """Return what was held back until the end."""
        ...

    async def aclose(self) -> None:
        """Close the connection."""
        ...


class Call:
    """One attempt. `litellm` is the imported module; `opened` tells that a first token came.

    `client` is the HTTP client to send the call with so that we can decode its stream (raw_wires.py); without
    one LiteLLM reads the stream. `forms` are those requests that LiteLLM need not shape again (forms.py).
    """

    def __init__(
        self,
        litellm: Any,
        request: ModelRequest,
        endpoints: Mapping[str, Endpoint],
        response_limit: int,
        client: Any = None,
        forms: Forms | None = None,
    ) -> None:
        self._litellm = litellm
        self._raised = _raised_by(litellm)
        self._request = request
        self._client = client
        self._forms = Forms() if forms is None else forms
        self._endpoint = endpoints.get(provider_of(request.model))
        self.provider = litellm_provider(litellm, request.model, self._endpoint)
        """LiteLLM's name of the provider."""
        self._messages: Sequence[Mapping[str, Any]] = ()
        self._room = response_limit
        self._longest_line = _LINE_OVERHEAD + _LINE_PER_CHARACTER * response_limit
        self._clock = TokenClock(
            first_token=request.first_token_deadline, between_tokens=request.between_tokens_deadline
        )
        self._stream: OpenStream | None = None
        self._ready: list[ModelChunk] = []
        self._stop: StopReason | None = None
        self._ended = False
        self.opened = False
        self.surprised = False
        """The stream had a shape that our decoder does not know."""

    @property
    def model(self) -> str:
        """The model that is called."""
        return self._request.model

    @property
    def decoded(self) -> bool:
        """Whether the stream is decoded by us."""
        return isinstance(self._stream, RawStream)

    async def start(self) -> None:
        """Send the request and read up to the first token. Raises ModelFault, never partial."""
        own_server = self._endpoint is not None and self._endpoint.speaks is not None
        shaped = shape(self._request, self.provider, own_server=own_server)
        self._messages = shaped.messages
        arguments = self._arguments(shaped)
        form = None if self._client is None else self._forms.find(arguments)
        body = None if form is None else form.body(self._messages, shaped.cache_key)
        if form is None or body is None:
            self._stream = await self._shaped(arguments, self._client)
        else:
            self._stream = await self._formed(form, body, arguments)
        await self._advance(self._stream)
        self.opened = True

    async def read(self) -> Sequence[ModelChunk]:
        """Return the next chunks, none after the end; usage and the end come last. Raises ModelFault."""
        while not self._ready:
            if self._stop is not None or self._stream is None:
                return ()
            if self._ended:
                raise self._cut("The answer was cut off before its end.")
            await self._advance(self._stream)
        chunks, self._ready = self._ready, []
        return chunks

    async def close(self) -> None:
        """Close the connection, also when the task is being cancelled; it is closed when this returns.

        It runs in a task of its own, because LiteLLM swallows a cancellation that arrives in its close.
        """
        self._clock.close()
        stream, self._stream = self._stream, None
        if stream is None:
            return
        closing = asyncio.create_task(_aclose(stream))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)

    def _check_key(self) -> None:
        """Raise ModelFault where LiteLLM's own handler would send a call without a key."""
        if self._endpoint is None:
            missing = self._litellm.validate_environment(self._request.model)["missing_keys"]
            if not _KEYS.isdisjoint(missing):
                raise fault_said("key_missing", "", partial=False)

    async def _shaped(self, arguments: dict[str, Any], client: Any) -> OpenStream:
        """Let LiteLLM shape and send the request, and learn from what it sent."""
        self._check_key()
        # Copies, one level deep: LiteLLM rewrites messages in place for some providers.
        messages = [dict(message) for message in self._messages]
        if client is None:
            return LiteLLMStream(
                await self._guarded(self._litellm.acompletion(messages=messages, **arguments))
            )
        with catching() as caught:
            wrapper = await self._guarded(
                self._litellm.acompletion(messages=messages, client=client, **arguments)
            )
            return self._raw(wrapper, caught, arguments) or LiteLLMStream(wrapper)

    async def _formed(self, form: Form, body: bytes, arguments: dict[str, Any]) -> OpenStream:
        """Send a request as LiteLLM would. If it is not answered well, LiteLLM tells what is wrong."""
        client: httpx.AsyncClient = self._client.client
        request = client.build_request(
            "POST", form.url, headers=form.headers, content=body, timeout=_OWN_DEADLINES
        )
        try:
            response: httpx.Response = await self._guarded(client.send(request, stream=True))
        except ModelFault as fault:
            self._forms.forget(arguments)
            if fault.kind != "unreachable":
                raise
            # Most likely a connection that the provider has closed while it was idle: LiteLLM opens another.
            return await self._shaped(arguments, self._client)
        wire = wire_for(form.provider, response)
        if wire is not None:
            return self._decoding(response, wire, form.provider, form.model)
        self._forms.forget(arguments)
        return await self._shaped(arguments, replay_client(response))

    def _raw(self, wrapper: Any, caught: Caught, arguments: dict[str, Any]) -> RawStream | None:
        """Return the stream to decode ourselves, or None when it is LiteLLM's to read."""
        provider: Any = getattr(wrapper, "custom_llm_provider", None)
        found = wire_of(provider, caught, wrapper) if isinstance(provider, str) else None
        if found is None:
            return None
        response, wire = found
        model = str(wrapper.model)
        self._forms.learn(arguments, self._messages, response.request, provider, model)
        return self._decoding(response, wire, provider, model, wrapper)

    def _decoding(
        self, response: httpx.Response, wire: Wire, provider: str, model: str, wrapper: Any = None
    ) -> RawStream:
        pricing = partial(cost_of, self._litellm, provider, model)
        return RawStream(response, wrapper, wire, pricing, longest_line=self._longest_line)

    async def _advance(self, stream: OpenStream) -> None:
        """Read until there is something to give, or the end."""
        while not self._ended:
            try:
                with self._clock:
                    chunks = await stream.read()
            except self._raised as error:
                raise self._fault(error) from None
            if chunks is None:
                self._finish(stream)
                return
            self._ready = chunks
            if chunks:
                self._clock.token()
                self._take_room(chunks)
                return

    def _finish(self, stream: OpenStream) -> None:
        """Look at how the stream ended."""
        self._ended = True
        self._ready = stream.rest()
        if (usage := stream.usage) is not None:
            self._ready.append(UsageChunk(self._priced(usage)))
        if finish := stream.finish:
            self._stop = stop_reason(finish)
            self._ready.append(StopChunk(self._stop))
        if not self._clock.started and self._stop in (None, "stop", "tool_calls"):
            raise ModelFault(
                "empty_response",
                "The model's answer was empty.",
                hint="Try again, or choose another model.",
            )

    def _take_room(self, chunks: Sequence[ModelChunk]) -> None:
        for chunk in chunks:
            self._room -= size_of(chunk)
        if self._room < 0:
            raise self._cut("The answer grew over the bound of one response and was cut.")

    def _cut(self, message: str) -> ModelFault:
        hint = "Ask for the result in smaller pieces, or try again."
        return ModelFault("broken_stream", message, hint=hint, partial=True)

    async def _guarded(self, opening: Awaitable[Any]) -> Any:
        """Await what opens the stream under the clock, and turn whatever it raises into a ModelFault."""
        try:
            with self._clock:
                return await opening
        except self._raised as error:
            raise self._fault(error) from None

    def _fault(self, error: BaseException) -> ModelFault:
        """Return the fault to raise in place of an error, and without it as its cause.

        Its text may hold the key or the prompt, and would be logged with the traceback.
        """
        started = self._clock.started
        secrets = (self._endpoint.api_key,) if self._endpoint else ()
        if isinstance(error, WireError):
            self.surprised = isinstance(error, WireSurprise)
            return fault_said(error.kind, error.words, partial=started, secrets=secrets)
        if self._clock.expired:
            return self._clock.fault()
        return fault_of(error, partial=started, secrets=secrets)

    def _priced(self, usage: Usage) -> Usage:
        """Return the usage; a server of one's own has no price, whatever name its model bears."""
        if self._endpoint is not None and self._endpoint.speaks is not None:
            return usage.model_copy(update={"cost_usd": None})
        return usage

    def _arguments(self, shaped: Shaped) -> dict[str, Any]:
        """Return what LiteLLM is asked for, without messages and client."""
        request, endpoint = self._request, self._endpoint
        model = request.model
        arguments: dict[str, Any] = {
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_retries": 0,
            "num_retries": 0,
            "drop_params": True,
            "timeout": SOCKET_SECONDS,
            "no-log": True,
        }
        if endpoint is not None:
            arguments["api_key"] = endpoint.api_key
            if endpoint.base_url is not None:
                arguments["api_base"] = endpoint.base_url
            if endpoint.speaks is not None:
                model = f"{endpoint.speaks}/{model.partition('/')[2]}"
        if shaped.tools:
            arguments["tools"] = shaped.tools
        if (bound := self._output_bound(shaped)) is not None:
            arguments["max_tokens"] = bound
        if shaped.effort is not None:
            arguments["reasoning_effort"] = shaped.effort
        if shaped.cache_key is not None:
            arguments["prompt_cache_key"] = shaped.cache_key
        if request.stop:
            arguments["stop"] = list(request.stop)
        return arguments | {"model": model}

    def _output_bound(self, shaped: Shaped) -> int | None:
        """Return the bound of the answer in tokens.

        With effort LiteLLM leaves Claude 4,096 tokens for what it says, too few for a file: it gets its most.
        """
        asked = self._request.max_output_tokens
        if asked is None and self.provider == "anthropic" and shaped.effort not in (None, "none"):
            name = self._request.model
            known: dict[str, dict[str, Any]] = self._litellm.model_cost
            entry = known.get(name) or known.get(name.partition("/")[2]) or {}
            return entry.get("max_output_tokens")
        return asked


def litellm_provider(litellm: Any, model: str, endpoint: Endpoint | None) -> str:
    """Return LiteLLM's provider of a model, which its endpoint, its prefix or the price list names."""
    if endpoint is not None and endpoint.speaks is not None:
        return endpoint.speaks
    prefix, slash, _ = model.partition("/")
    return prefix if slash else str(litellm.model_cost.get(model, {}).get("litellm_provider"))


async def _aclose(stream: OpenStream) -> None:
    await stream.aclose()


def _raised_by(litellm: Any) -> tuple[type[BaseException], ...]:
    """Return what opening and reading raise.

    That is ours, openai's tree, and LiteLLM's own slips over an unforeseen answer.
    """
    return (
        WireError,
        litellm.exceptions.openai.OpenAIError,
        httpx.HTTPError,
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        RuntimeError,
    )
