"""Small clients of the scripted provider: the real OpenAI client, and Anthropic's wire over httpx."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
from openai import AsyncOpenAI

from factotum.testing.provider import ScriptedProvider

ANTHROPIC_HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
OPENAI_TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("shell", "read_file")
]
ANTHROPIC_TOOLS: Any = [{"name": name, "input_schema": {"type": "object"}} for name in ("shell", "read_file")]
USER: Any = {"role": "user", "content": "hello"}


def http_client() -> httpx.AsyncClient:
    """Return a client for plain HTTP; without certificates to load it is made in no time."""
    return httpx.AsyncClient(verify=False, trust_env=False, timeout=5)


def openai_client(provider: ScriptedProvider) -> AsyncOpenAI:
    """Return the real client; it retries nothing by itself."""
    return AsyncOpenAI(base_url=provider.openai_base, api_key="k", max_retries=0, http_client=http_client())


@dataclass
class Heard:
    """What an OpenAI stream said, merged."""

    text: str = ""
    reasoning: str = ""
    finish: str | None = None
    usage: Any = None
    chunks: int = 0
    calls: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])


async def hear(provider: ScriptedProvider, *messages: Mapping[str, object], **options: object) -> Heard:
    """Ask for a stream with the real client, and merge it."""
    heard = Heard()
    body: dict[str, Any] = {"model": "m", "messages": list(messages) or [USER], "stream": True, **options}
    async with openai_client(provider) as client:
        completions: Any = client.chat.completions
        async for chunk in await completions.create(**body):
            heard.chunks += 1
            heard.usage = chunk.usage or heard.usage
            for choice in chunk.choices:
                take(heard, choice)
    return heard


def take(heard: Heard, choice: Any) -> None:
    """Merge one choice of a chunk."""
    heard.finish = choice.finish_reason or heard.finish
    heard.text += choice.delta.content or ""
    heard.reasoning += getattr(choice.delta, "reasoning_content", None) or ""
    pieces: list[Any] = choice.delta.tool_calls or []
    for piece in pieces:
        call = heard.calls.setdefault(piece.index, {"id": "", "name": "", "arguments": ""})
        call["id"] += piece.id or ""
        call["name"] += piece.function.name or ""
        call["arguments"] += piece.function.arguments or ""


async def ask_anthropic(
    provider: ScriptedProvider,
    *messages: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
    **options: object,
) -> httpx.Response:
    """Post one messages request."""
    body = {"model": "m", "max_tokens": 4096, "messages": list(messages) or [USER], **options}
    async with http_client() as client:
        return await client.post(
            f"{provider.anthropic_base}/v1/messages",
            json=body,
            headers=ANTHROPIC_HEADERS if headers is None else headers,
        )


def events_of(text: str) -> list[dict[str, Any]]:
    """Read server-sent events whose `event` repeats the type of their data."""
    events: list[dict[str, Any]] = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n", 1)
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


async def raw_pieces(
    provider: ScriptedProvider,
    *messages: Mapping[str, object],
    client: httpx.AsyncClient | None = None,
    **options: object,
) -> AsyncIterator[bytes]:
    """Yield the body of an OpenAI stream as it arrives; `client` is kept open for the next."""
    body = {"model": "m", "messages": list(messages) or [USER], "stream": True, **options}
    url, headers = f"{provider.openai_base}/chat/completions", {"authorization": "Bearer k"}
    async with AsyncExitStack() as stack:
        client = client or await stack.enter_async_context(http_client())
        response = await stack.enter_async_context(client.stream("POST", url, json=body, headers=headers))
        async for piece in response.aiter_raw():
            yield piece
