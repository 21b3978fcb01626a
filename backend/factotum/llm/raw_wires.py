"""Where LiteLLM's request meets our decoding: it shapes and sends, we take the response from its connection.

LiteLLM takes an HTTP client of ours for providers whose calls go through its own handler. A hook of that
client hands the open response to the call that it belongs to, and LiteLLM's wrapper is left unread. What the
response is it tells itself, by its address and type. Whatever is not as expected stays with LiteLLM's stream.
"""

import importlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx

from factotum.llm.anthropic_stream import AnthropicStream
from factotum.llm.openai_stream import OpenAIStream
from factotum.llm.wire import Wire

_WIRES: Final[Mapping[str, tuple[str, type[Wire]]]] = {
    "anthropic": ("/messages", AnthropicStream),
    **dict.fromkeys(
        (
            *("openai", "deepseek", "groq", "openrouter", "together_ai", "fireworks_ai", "xai"),
            *("cerebras", "moonshot", "perplexity", "hosted_vllm", "lm_studio"),
        ),
        ("/chat/completions", OpenAIStream),
    ),
}
"""By LiteLLM's provider: how the address ends, and the decoder of what is answered there.

Only providers whose calls LiteLLM sends with the client that it is given: others may choke on it.
"""


@dataclass(slots=True)
class Caught:
    """The last response that came in answer to one call."""

    response: httpx.Response | None = field(default=None)


_caught: Final[ContextVar[Caught | None]] = ContextVar("factotum_caught_response", default=None)


@contextmanager
def catching() -> Generator[Caught]:
    """Give where the response of a call in the block is put; it is held no longer, nor is its request.

    Timers and tasks that begin in the block, such as a connection's, keep its context as long as they live.
    """
    caught = Caught()
    token = _caught.set(caught)
    try:
        yield caught
    finally:
        _caught.reset(token)
        caught.response = None


def wire_name(provider: str) -> str | None:
    """Return the wire format of a provider: `anthropic` or `openai`; None: not for us to decode."""
    if provider not in _WIRES:
        return None
    return "anthropic" if provider == "anthropic" else "openai"


def open_client(*, timeout: float, transport: httpx.AsyncBaseTransport | None = None) -> Any:
    """Return a client for LiteLLM to send calls with. `timeout` in seconds, for each read of the socket."""
    handlers: Any = importlib.import_module("litellm.llms.custom_httpx.http_handler")
    return handlers.AsyncHTTPHandler(timeout=timeout, event_hooks={"response": [_note]}, transport=transport)


def wire_of(provider: str, caught: Caught, wrapper: Any) -> tuple[httpx.Response, Wire] | None:
    """Return the open response and its decoder, or None when LiteLLM has to read it.

    That is when nothing was caught, when it was read already (LiteLLM makes some streams up), when it answers
    at another address (OpenAI's other interfaces) or with no event stream, and when LiteLLM renamed tools.
    """
    response = caught.response
    if response is None or response.is_closed or response.is_stream_consumed:
        return None
    if getattr(getattr(wrapper, "completion_stream", None), "tool_name_reverse_map", None):
        return None
    wire = wire_for(provider, response)
    return None if wire is None else (response, wire)


def wire_for(provider: str, response: httpx.Response) -> Wire | None:
    """Return the decoder of an open response, None for one that we cannot read: a refusal for one."""
    if provider not in _WIRES or response.status_code != HTTPStatus.OK:
        return None
    ending, wire = _WIRES[provider]
    known = response.request.url.path.endswith(ending)
    streams = response.headers.get("content-type", "").startswith("text/event-stream")
    return wire() if known and streams else None


def replay_client(response: httpx.Response) -> Any:
    """Return a client that answers the next request with a response which is here already, still unread."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            response.status_code, headers=response.headers, stream=response.stream, request=request
        )

    return open_client(timeout=0.0, transport=httpx.MockTransport(answer))


async def _note(response: httpx.Response) -> None:
    caught = _caught.get()
    if caught is not None:
        caught.response = response
