"""The model gateway over LiteLLM: the one module that imports it, lazily, and the one that calls it.

What LiteLLM does not do is done here: deadlines on every read, retries before the first token only, a breaker
per provider, a bound on the response, the truth about streams that were cut, and closing at once.
"""

import asyncio
import gc
import importlib
import logging
import os
import threading
import warnings
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from factotum.core.tasks import in_own_thread
from factotum.llm.breaker import Breakers, CircuitOpen, Permit
from factotum.llm.endpoints import Endpoint, provider_of
from factotum.llm.faults import ModelFault
from factotum.llm.forms import Forms
from factotum.llm.litellm_call import SOCKET_SECONDS, Call
from factotum.llm.port import ModelChunk, ModelRequest
from factotum.llm.raw_check import checked_wires
from factotum.llm.raw_wires import open_client, wire_name

_FLAGS: Final[dict[str, str]] = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    # One process drives hundreds of runs; the default is 500 connections to one provider.
    "AIOHTTP_CONNECTOR_LIMIT": "4000",
    "AIOHTTP_CONNECTOR_LIMIT_PER_HOST": "2000",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    # Anything but DEV: LiteLLM then reads no .env file of the working directory.
    "LITELLM_MODE": "PRODUCTION",
    # By default it fails a stream that repeats one chunk 100 times, which a table or a long rule may well do.
    "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000",
}
_LOGGERS: Final = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp")
_log: Final = logging.getLogger(__name__)
_load_lock: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a call is tried again before its first token. Seconds; `attempts` counts the first one too."""

    attempts: int = 3
    initial_wait: float = 0.5
    longest_wait: float = 8.0
    longest_retry_after: float = 20.0
    """A provider that asks for more patience is not waited for: the fault says how long it asked."""


class LiteLLMGateway:
    """Streams model calls through LiteLLM.

    `endpoints` maps a model's prefix to the address and key that take the place of the provider's own
    (`local/llama3` needs an entry `local`). `response_limit` is the most characters of one response. With
    `decode` the streams whose format we know are decoded by us, at a fraction of the cost of LiteLLM's own.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint] | None = None,
        *,
        retries: RetryPolicy | None = None,
        breakers: Breakers | None = None,
        response_limit: int = 4_000_000,
        decode: bool = True,
    ) -> None:
        self._endpoints = dict(endpoints or {})
        self._retries = retries or RetryPolicy()
        self._breakers = breakers or Breakers()
        self._response_limit = response_limit
        self._decode = decode
        self._client: Any = None
        self._forms = Forms()
        self._strange: set[str] = set()

    async def warm(self) -> None:
        """Import LiteLLM now, in a thread: it takes seconds, and the first call would wait for it."""
        await _load()

    async def close(self) -> None:
        """Close the connections that LiteLLM keeps open. Call it once, when no stream is open any more."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        if not _loaded:
            return
        litellm = _loaded[0]
        await litellm.close_litellm_async_clients()
        # Its cache is keyed by the event loop's id, which a later loop may bear again.
        litellm.in_memory_llm_clients_cache.flush_cache()
        # Anthropic's calls share a client outside that cache; it makes itself anew when it is used again.
        made = cast("dict[str, Any]", litellm.__dict__)
        if (shared := made.get("module_level_aclient")) is not None:
            await shared.close()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk, None]:
        """Yield the chunks of one call; see the port. Close the iterator to close the connection."""
        litellm = await _load()
        call, permit = await self._open(litellm, request)
        try:
            async with aclosing(call.chunks()) as chunks:
                async for chunk in chunks:
                    yield chunk
            permit.succeeded()
        except ModelFault as fault:
            permit.failed(fault)
            self._note(request.model, call)
            raise
        finally:
            permit.abandoned()
            await call.close()

    async def _open(self, litellm: Any, request: ModelRequest) -> tuple[Call, Permit]:
        """Open the stream up to its first token, trying again where that may help. Raises ModelFault."""
        breaker = self._breakers.of(provider_of(request.model))

        async def attempt() -> tuple[Call, Permit]:
            permit = breaker.admit()
            client = await self._client_for(litellm, request.model)
            call = Call(litellm, request, self._endpoints, self._response_limit, client, self._forms)
            try:
                await call.start()
            except ModelFault as fault:
                permit.failed(fault)
                self._note(request.model, call)
                raise
            finally:
                if not call.opened:
                    permit.abandoned()
                    await call.close()
            permit.answered()
            return call, permit

        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._retries.attempts),
            retry=retry_if_exception(self._may_retry),
            wait=self._wait,
            reraise=True,
        )
        return await retrying(attempt)

    async def _client_for(self, litellm: Any, model: str) -> Any:
        """Return the client whose streams we decode, or None where LiteLLM is to read the stream itself."""
        provider = self._provider(litellm, model)
        if not self._decode or provider in self._strange or wire_name(provider) not in _decoded:
            return None
        if self._client is None:
            # It looks for certificates on the disk. Of two made at once, one is never used and holds nothing.
            made = await asyncio.to_thread(open_client, timeout=SOCKET_SECONDS)
            self._client = self._client or made
        return self._client

    def _provider(self, litellm: Any, model: str) -> str:
        """Return LiteLLM's provider of a model, which its prefix, its endpoint or the price list names."""
        prefix, slash, _ = model.partition("/")
        endpoint = self._endpoints.get(prefix)
        if endpoint is not None and endpoint.speaks is not None:
            return endpoint.speaks
        return prefix if slash else str(litellm.model_cost.get(model, {}).get("litellm_provider"))

    def _note(self, model: str, call: Call) -> None:
        """Leave a provider whose stream had a shape that we do not know to LiteLLM, from the next try on."""
        if not call.surprised or _loaded == []:
            return
        provider = self._provider(_loaded[0], model)
        if provider not in self._strange:
            self._strange.add(provider)
            _log.warning("The stream of %s has an unknown shape: LiteLLM reads it from now on", provider)

    def _may_retry(self, error: BaseException) -> bool:
        """Tell whether to try again here; after a first-token deadline that is the caller's to decide."""
        return (
            isinstance(error, ModelFault)
            and error.may_retry
            and not error.partial
            and error.kind != "first_token_timeout"
            and not isinstance(error, CircuitOpen)
            and (error.retry_after_seconds or 0.0) <= self._retries.longest_retry_after
        )

    def _wait(self, state: RetryCallState) -> float:
        """Return the seconds to wait: what the provider asked for, else exponential with jitter."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ModelFault) and error.retry_after_seconds is not None:
            return error.retry_after_seconds
        first, longest = self._retries.initial_wait, self._retries.longest_wait
        return wait_exponential_jitter(multiplier=first, max=longest, jitter=first)(state)


async def _load() -> Any:
    """Return the module, importing it in a thread the first time."""
    return _loaded[0] if _loaded else await in_own_thread(_import)


_loaded: Final[list[Any]] = []
_decoded: Final[set[str]] = set()
"""The wire formats whose streams LiteLLM was seen to hand over (raw_check.py)."""


def _import() -> Any:
    with _load_lock:
        if _loaded:
            return _loaded[0]
        os.environ.update(_FLAGS)  # noqa: TID251 - LiteLLM reads these flags when it is imported, nowhere else.
        _silence()
        with warnings.catch_warnings():
            # Pydantic warns about LiteLLM's own models when the import and the first calls build them.
            warnings.simplefilter("ignore")
            import litellm  # noqa: PLC0415, TID251 - takes seconds and 160 MB; this is its one importer.

            # The client imports these when it is first used, on the event loop: half a second.
            importlib.import_module("openai.resources.chat")
            module = cast("Any", litellm)
            _silence()
            asyncio.run(_rehearse(module))
            _decoded.update(asyncio.run(checked_wires(module)))
        module.suppress_debug_info = True
        module.disable_hf_tokenizer_download = True
        module.turn_off_message_logging = True
        module.disable_streaming_logging = True
        module.callbacks = []
        module.success_callback = []
        module.failure_callback = []
        # What the import made lives as long as the process: no full collection need look at it again, which
        # would hold up every run for a tenth of a second and more.
        gc.collect()
        gc.freeze()
        _loaded.append(module)
        return module


async def _rehearse(litellm: Any) -> None:
    """Stream mocked calls, without network: what a first call imports and builds (a second) is paid here."""
    for model in ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5"):
        stream = await litellm.acompletion(
            model=model,
            messages=[{"role": "user", "content": "hello"}],
            stream=True,
            stream_options={"include_usage": True},
            mock_response="hello",
        )
        async for _ in stream:
            pass


def _silence() -> None:
    """Keep LiteLLM and its clients from logging: their records hold prompts, and at times keys."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.handlers.clear()
