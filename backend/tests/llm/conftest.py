"""What the gateway's tests share: LiteLLM imported once, gateways over the scripted provider."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from llm_support import Wired

from factotum.llm.breaker import Breakers
from factotum.llm.endpoints import openai_compatible, scripted_endpoints
from factotum.llm.litellm_gateway import LiteLLMGateway, RetryPolicy
from factotum.testing.provider.loading import ScriptSource
from factotum.testing.provider.server import ScriptedProvider

MODELS = ("openai/scripted", "anthropic/scripted")


_LITELLM_WARNS = pytest.mark.filterwarnings("ignore:::litellm")
"""Pydantic's warnings about LiteLLM's own models: nothing of ours can mend them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let LiteLLM warn in the tests of this folder."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(_LITELLM_WARNS)


@pytest.fixture(autouse=True)
def _no_blocking_calls() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - used by name
    """Raise when our code blocks the event loop; LiteLLM's own glances at the disk are let be."""
    with blockbuster_ctx("factotum") as guard:
        for function in guard.functions.values():
            function.can_block_in("factotum/llm/litellm_call.py", {"_guarded"})
            function.can_block_in("factotum/llm/litellm_gateway.py", {"_rehearse"})
        yield


@pytest.fixture(scope="session")
def warm_litellm() -> None:
    """Import LiteLLM before any test's own time-out runs: it takes seconds."""
    asyncio.run(LiteLLMGateway().warm())


@pytest.fixture(params=MODELS, ids=["openai", "anthropic"])
def model(request: pytest.FixtureRequest) -> str:
    """Return a model of each wire format."""
    return request.param


@pytest.fixture
async def wired(warm_litellm: None) -> AsyncIterator[Wired]:
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
            )
            stack.push_async_callback(gateway.close)
            return gateway, provider

        yield wire
