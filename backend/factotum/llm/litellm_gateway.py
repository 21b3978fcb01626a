"""The model gateway over LiteLLM, and the one that calls it.

What LiteLLM does not do is done here: deadlines on every read, retries and fallbacks before the first token
only, a breaker per provider and key, a bound on the response, the truth about streams that were cut, and
closing at once. Why its Router does not do it: docs/decisions/0008-our-own-chain-of-models.md.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

from factotum.llm.breaker import Breakers, Permit
from factotum.llm.cooldowns import Cooldowns
from factotum.llm.deployments import Deployment, Deployments
from factotum.llm.endpoints import Endpoint, provider_of
from factotum.llm.fallback import Windows, following, none_usable
from factotum.llm.faults import ModelFault
from factotum.llm.forms import Forms
from factotum.llm.litellm_call import SOCKET_SECONDS, Call, litellm_provider
from factotum.llm.litellm_import import hands_over, load, loaded
from factotum.llm.port import FallbackChunk, ModelChunk, ModelRequest
from factotum.llm.raw_wires import open_client, wire_name
from factotum.llm.retries import RetryPolicy, Tries

__all__ = ["LiteLLMGateway", "RetryPolicy"]

_log: Final = logging.getLogger(__name__)


class LiteLLMGateway:
    """Streams model calls through LiteLLM.

    `endpoints` maps a model's prefix to the address and key that take the place of the provider's own
    (`local/llama3` needs an entry `local`); `further` maps a prefix or a model to more of them. `windows`
    tells context windows. `response_limit` is the most characters of one response. With `decode` the streams
    whose format we know are decoded by us, at a fraction of the cost of LiteLLM's own.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint] | None = None,
        *,
        further: Mapping[str, Sequence[Endpoint]] | None = None,
        retries: RetryPolicy | None = None,
        breakers: Breakers | None = None,
        cooldowns: Cooldowns | None = None,
        windows: Windows | None = None,
        response_limit: int = 4_000_000,
        decode: bool = True,
    ) -> None:
        self._deployments = Deployments(endpoints or {}, further)
        self._retries = retries or RetryPolicy()
        self._breakers = breakers or Breakers()
        self._cooldowns = cooldowns or Cooldowns()
        self._windows: Windows = windows or _no_window
        self._response_limit = response_limit
        self._decode = decode
        self._client: Any = None
        self._forms = Forms()
        self._strange: set[str] = set()

    async def warm(self) -> None:
        """Import LiteLLM now, in a thread: it takes seconds, and the first call would wait for it."""
        await load()

    async def close(self) -> None:
        """Close the connections that LiteLLM keeps open. Call it once, when no stream is open any more."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
        litellm = loaded()
        if litellm is None:
            return
        await litellm.close_litellm_async_clients()
        # Its cache is keyed by the event loop's id, which a later loop may bear again.
        litellm.in_memory_llm_clients_cache.flush_cache()
        # Anthropic's calls share a client outside that cache; it makes itself anew when it is used again.
        made = cast("dict[str, Any]", litellm.__dict__)
        if (shared := made.get("module_level_aclient")) is not None:
            await shared.close()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk, None]:
        """Yield the chunks of one call; see the port. Close the iterator to close the connection."""
        litellm = await load()
        call, permit, why = await self._open(litellm, request)
        try:
            if why is not None:
                yield FallbackChunk(call.model, why.message)
            while chunks := await call.read():
                for chunk in chunks:
                    yield chunk
            permit.succeeded()
        except ModelFault as fault:
            permit.failed(fault)
            self._note(call)
            if request.fallbacks:
                # What was said is lost. Whoever asks again is better off with another model.
                self._cooldowns.rest(call.model, fault)
            raise
        finally:
            permit.abandoned()
            await call.close()

    async def _open(self, litellm: Any, request: ModelRequest) -> tuple[Call, Permit, ModelFault | None]:
        """Open the stream of the first model that gives a token, and say why it is not the request's own.

        Models that failed a short while ago are tried last. Raises ModelFault when none can be used.
        """
        why = self._cooldowns.why(request.model) if request.fallbacks else None
        left = self._cooldowns.sorted(list(dict.fromkeys((request.model, *request.fallbacks))))
        faults: list[tuple[str, ModelFault]] = []
        while True:
            model = left.pop(0)
            try:
                call, permit = await self._open_model(litellm, replace(request, model=model), alone=not left)
            except ModelFault as fault:
                faults.append((model, fault))
                left = following(model, left, fault, self._windows)
                if not left:
                    raise none_usable(faults) from None
                self._cooldowns.rest(model, fault)
                if model == request.model:
                    why = fault
                _log.info("%s cannot be used (%s); another model is tried", model, fault.kind)
            else:
                return call, permit, (why if model != request.model else None)

    async def _open_model(self, litellm: Any, request: ModelRequest, *, alone: bool) -> tuple[Call, Permit]:
        """Open the stream of one model up to its first token, trying again where that may help."""
        tries = Tries(
            self._retries,
            self._deployments.of(request.model, request.cache_key),
            self._cooldowns,
            alone=alone,
        )

        async def attempt() -> tuple[Call, Permit]:
            return await self._attempt(litellm, request, tries.take())

        retrying = AsyncRetrying(
            stop=stop_after_attempt(tries.most),
            retry=retry_if_exception(tries.go_on),
            wait=tries.wait,
            reraise=True,
        )
        try:
            return await retrying(attempt)
        finally:
            retrying.iter_state.reset()  # It holds itself there, until Python looks for cycles.

    async def _attempt(
        self, litellm: Any, request: ModelRequest, deployment: Deployment
    ) -> tuple[Call, Permit]:
        """Make one call by one deployment. Raises ModelFault."""
        permit = self._breakers.of(deployment.name).admit()
        client = await self._client_for(litellm, request.model)
        endpoints = {provider_of(request.model): deployment.endpoint} if deployment.endpoint else {}
        call = Call(litellm, request, endpoints, self._response_limit, client, self._forms)
        try:
            await call.start()
        except ModelFault as fault:
            permit.failed(fault)
            self._note(call)
            raise
        finally:
            if not call.opened:
                permit.abandoned()
                await call.close()
        permit.answered()
        return call, permit

    async def _client_for(self, litellm: Any, model: str) -> Any:
        """Return the client whose streams we decode, or None where LiteLLM is to read the stream itself."""
        provider = litellm_provider(litellm, model, self._deployments.endpoint(model))
        if not self._decode or provider in self._strange or not hands_over(wire_name(provider)):
            return None
        if self._client is None:
            # It looks for certificates on the disk. Of two made at once, one is never used and holds nothing.
            made = await asyncio.to_thread(open_client, timeout=SOCKET_SECONDS)
            self._client = self._client or made
        return self._client

    def _note(self, call: Call) -> None:
        """Leave a provider whose stream had a shape that we do not know to LiteLLM, from the next try on."""
        if call.surprised and call.provider not in self._strange:
            self._strange.add(call.provider)
            _log.warning("The stream of %s has an unknown shape: LiteLLM reads it from now on", call.provider)


def _no_window(_: str) -> None:
    return None
