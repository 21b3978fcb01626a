"""What the gateway's tests share: LiteLLM imported once, gateways over the scripted provider."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from llm_support import Wired

from factotum.llm.breaker import Breakers
from factotum.llm.endpoints import openai_compatible, scripted_endpoints
from factotum.llm.litellm_gateway import LiteLLMGateway, RetryPolicy
from factotum.llm.raw_check import OPENAI_FLAG
from factotum.testing.provider.loading import ScriptSource
from factotum.testing.provider.server import ScriptedProvider

MODELS = ("openai/scripted", "anthropic/scripted")


@pytest.fixture(scope="session")
def warm_litellm() -> None:
    """Import LiteLLM before any test's own time-out runs: it takes seconds."""
    asyncio.run(LiteLLMGateway().warm())


@pytest.fixture(params=MODELS, ids=["openai", "anthropic"])
def model(request: pytest.FixtureRequest) -> str:
    """Return a model of each wire format."""
    return request.param


@pytest.fixture(params=["raw", "litellm"])
def decode(request: pytest.FixtureRequest, warm_litellm: None, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether streams are decoded by us; LiteLLM's own reading is tested as it is without us."""
    if request.param == "litellm":
        monkeypatch.delenv(OPENAI_FLAG)
    return request.param == "raw"


@pytest.fixture
async def wired(decode: bool) -> AsyncIterator[Wired]:
    """Yield a function that serves a script and returns a gateway to it; retries are fast."""
    async with AsyncExitStack() as stack:

        async def wire(script: ScriptSource) -> tuple[LiteLLMGateway, ScriptedProvider]:
            provider = await stack.enter_async_context(ScriptedProvider(script))
            local = {"local": openai_compatible(provider.openai_base)}
            gateway = LiteLLMGateway(
                scripted_endpoints(provider.root) | local,
                retries=RetryPolicy(initial_wait=0.01, longest_wait=0.02),
                breakers=Breakers(threshold=50),
                response_limit=20_000,
                decode=decode,
            )
            stack.push_async_callback(gateway.close)
            return gateway, provider

        yield wire
