"""Whether this LiteLLM hands its streams over as raw_wires.py expects: tried at start, without a network."""

import logging
import os
from collections.abc import AsyncGenerator
from typing import Any, Final

import httpx

from factotum.llm.endpoints import Endpoint
from factotum.llm.faults import ModelFault
from factotum.llm.litellm_call import Call
from factotum.llm.port import ModelChunk, ModelRequest, StopChunk, TextChunk
from factotum.llm.raw_wires import open_client

OPENAI_FLAG: Final = "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER"
"""With it LiteLLM sends OpenAI's calls with the client it is given, as it does those of all others."""

_OPENAI: Final = (
    b'data: {"choices":[{"index":0,"delta":{"content":"ready"},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
_ANTHROPIC: Final = (
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ready"}}\n\n'
    b'data: {"type":"content_block_stop","index":0}\n\n'
    b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n'
    b'data: {"type":"message_stop"}\n\n'
)
_MODELS: Final = {
    "openai": ("openai/gpt-4o-mini", _OPENAI),
    "anthropic": ("anthropic/claude-sonnet-4-5", _ANTHROPIC),
}
_log: Final = logging.getLogger(__name__)


async def checked_wires(litellm: Any) -> set[str]:
    """Return the wire formats that we can decode, and log the others. Sets LiteLLM's flag for OpenAI."""
    os.environ[OPENAI_FLAG] = "True"
    good = {name for name, (model, answer) in _MODELS.items() if await _decodes(litellm, model, answer)}
    if "openai" not in good:
        os.environ.pop(OPENAI_FLAG)
    if lost := _MODELS.keys() - good:
        _log.warning(
            "LiteLLM does not hand over its streams (%s): slower, it reads them", ", ".join(sorted(lost))
        )
    return good


async def _decodes(litellm: Any, model: str, answer: bytes) -> bool:
    """Make one call whose answer comes from here."""

    async def body() -> AsyncGenerator[bytes, None]:
        yield answer

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body())

    client = open_client(timeout=5.0, transport=httpx.MockTransport(respond))
    endpoints = {name: Endpoint("http://127.0.0.1:9/v1", "none") for name in _MODELS}
    request = ModelRequest(model, [{"role": "user", "content": "hello"}], first_token_deadline=30.0)
    call = Call(litellm, request, endpoints, 1_000, client)
    try:
        await call.start()
        got: list[ModelChunk] = []
        while chunks := await call.read():
            got += chunks
        return call.decoded and got == [TextChunk("ready"), StopChunk("stop")]
    except ModelFault:
        return False
    finally:
        await call.close()
        await client.close()
