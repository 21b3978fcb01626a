"""Requests that the gateway's tests send, and how they read the answer."""

from collections.abc import Awaitable, Callable

from factotum.llm.litellm_gateway import LiteLLMGateway
from factotum.llm.port import ModelChunk, ModelRequest
from factotum.testing.provider.journal import Journal
from factotum.testing.provider.loading import ScriptSource
from factotum.testing.provider.server import ScriptedProvider

Wired = Callable[[ScriptSource], Awaitable[tuple[LiteLLMGateway, ScriptedProvider]]]


def ask(model: str, text: object = "hello", **changes: object) -> ModelRequest:
    """Return a small request. `changes` are fields of ModelRequest."""
    fields: dict[str, object] = {
        "model": model,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}],
        "tools": [TOOL],
    }
    return ModelRequest(**(fields | changes))  # pyright: ignore[reportArgumentType] - the fields of the tests


TOOL: dict[str, object] = {
    "type": "function",
    "function": {
        "name": "shell",
        "description": "Run a command.",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}},
    },
}


async def collect(gateway: LiteLLMGateway, request: ModelRequest) -> list[ModelChunk]:
    """Return all chunks of one call."""
    return [chunk async for chunk in gateway.stream(request)]


async def hung_up(provider: ScriptedProvider) -> None:
    """Wait until the provider saw its first request, and the client close it. Raises TimeoutError."""
    await provider.journal.until(lambda journal: _outcome(journal) == "client_gone")


def _outcome(journal: Journal) -> str:
    return journal.exchanges[0].outcome if journal.exchanges else "nothing came"
