"""The model gateway over LiteLLM: the one module that imports it, lazily, and the one that calls it.

What LiteLLM does not do is done here: deadlines on every read, retries before the first token only, a breaker
per provider, a bound on the response, the truth about streams that were cut, and closing at once.
"""

import asyncio
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

from factotum.llm.breaker import Breakers, CircuitOpen, Permit
from factotum.llm.endpoints import Endpoint, provider_of
from factotum.llm.faults import ModelFault
from factotum.llm.litellm_call import Call
from factotum.llm.port import ModelChunk, ModelRequest

_FLAGS: Final[dict[str, str]] = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    # Anything but DEV: LiteLLM then reads no .env file of the working directory.
    "LITELLM_MODE": "PRODUCTION",
    # By default it fails a stream that repeats one chunk 100 times, which a table or a long rule may well do.
    "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000",
}
_LOGGERS: Final = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp")
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
    (`local/llama3` needs an entry `local`). `response_limit` is the most characters of one response.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint] | None = None,
        *,
        retries: RetryPolicy | None = None,
        breakers: Breakers | None = None,
        response_limit: int = 4_000_000,
    ) -> None:
        self._endpoints = dict(endpoints or {})
        self._retries = retries or RetryPolicy()
        self._breakers = breakers or Breakers()
        self._response_limit = response_limit

    async def warm(self) -> None:
        """Import LiteLLM now, in a thread: it takes seconds, and the first call would wait for it."""
        await _load()

    async def close(self) -> None:
        """Close the connections that LiteLLM keeps open. Call it once, when no stream is open any more."""
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
            raise
        finally:
            permit.abandoned()
            await call.close()

    async def _open(self, litellm: Any, request: ModelRequest) -> tuple[Call, Permit]:
        """Open the stream up to its first token, trying again where that may help. Raises ModelFault."""
        breaker = self._breakers.of(provider_of(request.model))

        async def attempt() -> tuple[Call, Permit]:
            permit = breaker.admit()
            call = Call(litellm, request, self._endpoints, self._response_limit)
            try:
                await call.start()
            except ModelFault as fault:
                permit.failed(fault)
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
    return await asyncio.to_thread(_import) if not _loaded else _loaded[0]


_loaded: Final[list[Any]] = []


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
        module.suppress_debug_info = True
        module.disable_hf_tokenizer_download = True
        module.turn_off_message_logging = True
        module.disable_streaming_logging = True
        module.callbacks = []
        module.success_callback = []
        module.failure_callback = []
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
