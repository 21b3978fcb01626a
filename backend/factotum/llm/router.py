"""One gateway for all models: the demo is played here, everything else goes to the providers."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from factotum.llm.demo import DEMO_MODEL, DemoGateway
from factotum.llm.port import ModelChunk, ModelRequest

if TYPE_CHECKING:
    from factotum.llm.litellm_gateway import LiteLLMGateway


class Gateways:
    """Chooses the gateway by the model's name."""

    def __init__(self, providers: "LiteLLMGateway", demo: DemoGateway) -> None:
        self._providers = providers
        self._demo = demo

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelChunk, None]:
        """Yield the chunks of one call; see the port."""
        gateway = self._demo if request.model == DEMO_MODEL else self._providers
        return gateway.stream(request)

    async def warm(self) -> None:
        """Make the first call of a provider fast: it would wait seconds for an import otherwise."""
        await self._providers.warm()

    async def close(self) -> None:
        """Close the providers' connections. Call it once, when no stream is open any more."""
        await self._providers.close()
