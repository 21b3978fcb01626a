"""Data providers over RapidAPI: what they offer, and calls that are checked before they are sent."""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated

from pydantic import Field, SecretStr

from factotum.clients.service import Bounds, Outbound, Reply, Request, Service
from factotum.tools.builtin.data_endpoints import PROVIDERS, Provider, ProviderName, Value
from factotum.tools.declare import tool
from factotum.tools.tool import Tool, ToolContext, ToolOutput
from factotum.tools.untrusted import as_data

_BOUNDS = Bounds(total_seconds=45, read_seconds=40, answer_bytes=4_000_000, attempts=2)
_SHOWN = 30_000


def rapid_address(host: str) -> str:
    """Return where an API of RapidAPI is."""
    return f"https://{host}"


def make_data_providers(
    outbound: Outbound, key: SecretStr, address: Callable[[str], str] = rapid_address
) -> tuple[Tool, ...]:
    """Return the tools. `key` is the operator's; `address` gives the base URL of a provider's host."""
    known: dict[str, Provider] = {provider.name: provider for provider in PROVIDERS}

    @tool(
        effect="pure",
        family="data",
        subject="provider",
        deadline_seconds=10,
        output_limit=12_000,
        example={"provider": "yahoo_finance"},
    )
    async def data_provider_endpoints(context: ToolContext, provider: ProviderName) -> ToolOutput:
        """List what a data provider can be asked, and the arguments of each endpoint.

        Args:
            provider: LinkedIn, Twitter/X, Amazon, Zillow, Yahoo Finance or Active Jobs.
        """
        del context
        return ToolOutput(_listed(known[provider]))

    @tool(
        effect="pure",
        family="data",
        subject="provider",
        deadline_seconds=60,
        output_limit=_SHOWN + 1_000,
        example={"provider": "yahoo_finance", "endpoint": "search", "arguments": {"search": "Apple"}},
    )
    async def data_provider_call(
        context: ToolContext,
        provider: ProviderName,
        endpoint: Annotated[str, Field(min_length=1, max_length=100)],
        arguments: Annotated[dict[str, Value], Field(max_length=30)],
    ) -> ToolOutput:
        """Ask a data provider; look at data_provider_endpoints first. Calls may cost the operator money.

        Args:
            provider: Whom to ask.
            endpoint: What to ask, by its name.
            arguments: The endpoint's arguments.
        """
        chosen = known[provider]
        asked = chosen.endpoint(endpoint)
        sent = asked.checked(arguments)
        request = (
            Request("POST", asked.path, body=dict(sent), idempotent=True)
            if asked.method == "POST"
            else Request("GET", asked.path, sent, idempotent=True)
        )
        reply = await outbound.call(_service(chosen, key, address), request)
        text = await asyncio.to_thread(_readable, reply)
        return ToolOutput(as_data(_cut(text), f"{chosen.title} ({endpoint})", context.call_id))

    return data_provider_endpoints, data_provider_call


def _service(provider: Provider, key: SecretStr, address: Callable[[str], str]) -> Service:
    headers = {"X-RapidAPI-Key": key, "X-RapidAPI-Host": SecretStr(provider.host)}
    return Service(f"rapidapi-{provider.name}", address(provider.host), headers, _BOUNDS)


def _listed(provider: Provider) -> str:
    parts = [f"{provider.title}: call data_provider_call with provider {provider.name!r} and one of these."]
    parts += [f"{each.name}: {each.about}\n{each.written()}" for each in provider.endpoints]
    return "\n\n".join(parts)


def _readable(reply: Reply) -> str:
    """Write an answer with a line for each of its parts; of a large one that takes a while."""
    return json.dumps(reply.json(), ensure_ascii=False, indent=1)


def _cut(text: str) -> str:
    if len(text) <= _SHOWN:
        return text
    return f"{text[:_SHOWN]}\n[The answer has {len(text):,} characters; ask for less at a time.]"
