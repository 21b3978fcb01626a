"""The streams that we decode: from which providers, at LiteLLM's prices, and what stays with LiteLLM."""

import asyncio
import contextlib
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from llm_support import Wired, ask, collect

from factotum.llm.endpoints import Endpoint
from factotum.llm.faults import ModelFault
from factotum.llm.litellm_call import Call
from factotum.llm.litellm_gateway import LiteLLMGateway
from factotum.llm.litellm_prices import cost_of
from factotum.llm.port import ModelChunk, StopChunk, TextChunk
from factotum.llm.raw_check import checked_wires
from factotum.llm.raw_wires import open_client
from factotum.testing.provider.server import ScriptedProvider

OPENAI_LIKE = (
    *("openai", "deepseek", "groq", "openrouter", "together_ai", "fireworks_ai", "xai"),
    *("cerebras", "moonshot", "perplexity", "hosted_vllm", "lm_studio"),
)

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_BODY = (
    b'data: {"choices":[{"index":0,"delta":{"content":"One."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


async def _call(endpoints: dict[str, Endpoint], model: str) -> tuple[bool, list[ModelChunk]]:
    import litellm

    client = await asyncio.to_thread(open_client, timeout=10)
    call = Call(litellm, ask(model, tools=()), endpoints, 20_000, client)
    try:
        await call.start()
        got: list[ModelChunk] = []
        while chunks := await call.read():
            got += chunks
        return call.decoded, got
    finally:
        await call.close()
        await client.close()


@pytest.mark.parametrize("provider", [*OPENAI_LIKE, "anthropic"])
async def test_providers_that_we_decode(warm_litellm: None, provider: str) -> None:
    """LiteLLM sends the calls of all these with our client, and we read the answer."""
    async with ScriptedProvider([["Hello."]]) as server:
        base = server.anthropic_base if provider == "anthropic" else server.openai_base
        endpoints = {provider: Endpoint(base, "sk-none")}
        decoded, chunks = await _call(endpoints, f"{provider}/some-model")
        assert decoded
        assert chunks[0] == TextChunk("Hello.")
        assert chunks[-1] == StopChunk("stop")
        assert server.journal.exchanges[0].outcome == "complete"


async def test_answers_that_are_no_stream_stay_with_litellm(warm_litellm: None) -> None:
    """An endpoint at another address is not taken for the one that we know."""
    async with ScriptedProvider([["Hello."]]) as server:
        endpoints = {"local": Endpoint(server.anthropic_base, "none", speaks="ollama_chat")}
        with pytest.raises(ModelFault):
            await _call(endpoints, "local/tiny")


async def test_connections_are_used_again(warm_litellm: None) -> None:
    """A call whose answer was read to its end leaves its connection to the next one."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
                writer.write(_HEAD + b"%x\r\n%b\r\n" % (len(_BODY), _BODY))
                await asyncio.sleep(0.02)
                writer.write(b"0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    gateway = LiteLLMGateway({"openai": Endpoint(base, "none")})
    for _ in range(3):
        assert (await collect(gateway, ask("openai/scripted")))[0] == TextChunk("One.")
    await gateway.close()
    server.close()
    await server.wait_closed()
    assert connections == 1


async def test_a_surprise_leaves_the_provider_to_litellm(
    wired: Wired, caplog: pytest.LogCaptureFixture
) -> None:
    """After a document that we cannot read LiteLLM reads that provider's streams; it is told once."""
    odd = {"garbage": 'data: {"choices":[{"index":0,"delta":{"content":["odd"]}}]}\n\n'}
    script = {
        "scenarios": [
            {"match": "odd", "turns": [[odd, {"break": "end"}]]},
            {"match": "hello", "turns": [["Fine."]]},
        ]
    }
    caplog.set_level(logging.WARNING, "factotum")
    gateway, _ = await wired(script)
    for _ in range(2):
        with pytest.raises(ModelFault):
            await collect(gateway, ask("openai/scripted", "odd"))
    assert (await collect(gateway, ask("openai/scripted")))[0] == TextChunk("Fine.")
    told = [record for record in caplog.records if record.name == "factotum.llm.litellm_gateway"]
    assert len(told) <= 1


async def test_a_litellm_of_another_shape_is_noticed(
    warm_litellm: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A version that does not take the client is found at start: one line says so, and its flag is unset."""
    import litellm

    async def acompletion(client: object, **arguments: Any) -> object:
        return await litellm.acompletion(**arguments, mock_response="ready")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - LiteLLM's own signature

    other: Any = SimpleNamespace(
        acompletion=acompletion, exceptions=litellm.exceptions, model_cost={}, validate_environment=None
    )
    monkeypatch.setenv("EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER", "True")
    assert await checked_wires(other) == set()
    assert len(caplog.records) == 1
    assert await checked_wires(litellm) == {"openai", "anthropic"}


@pytest.mark.parametrize(
    ("provider", "model", "fields", "cost"),
    [
        (
            "openai",
            "gpt-4o-mini",
            {"prompt_tokens": 100, "completion_tokens": 10},
            100 * 0.15e-6 + 10 * 0.6e-6,
        ),
        ("openrouter", "any/model", {"prompt_tokens": 1, "cost": 0.25}, 0.25),
        ("openrouter", "any/model", {"prompt_tokens": 1, "cost": 0}, None),
        ("openai", "nobody-knows-it", {"prompt_tokens": 100}, None),
        ("openai", "gpt-4o-mini", {"prompt_tokens": ["odd"]}, None),
        (
            "anthropic",
            "claude-sonnet-4-5",
            {"input_tokens": 60, "cache_creation_input_tokens": 10, "output_tokens": 1},
            60 * 3e-6 + 10 * 3.75e-6 + 15e-6,
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            {
                "input_tokens": 60,
                "cache_creation_input_tokens": 30,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
                "cache_read_input_tokens": 10,
                "output_tokens": 1,
            },
            60 * 3e-6 + 10 * 3.75e-6 + 20 * 6e-6 + 10 * 0.3e-6 + 15e-6,
        ),
        (
            "deepseek",
            "deepseek-chat",
            {"prompt_tokens": 100, "completion_tokens": 10, "prompt_cache_hit_tokens": 40},
            60 * 0.28e-6 + 40 * 0.028e-6 + 10 * 0.42e-6,
        ),
        (
            "openai",
            "gpt-5",
            {
                "prompt_tokens": 100,
                "prompt_tokens_details": {"cached_tokens": 40},
                "completion_tokens": 10,
                "completion_tokens_details": {"reasoning_tokens": 6},
            },
            60 * 1.25e-6 + 40 * 0.125e-6 + 10 * 10e-6,
        ),
        (
            "dashscope",
            "qwen-turbo",
            {
                "prompt_tokens": 100,
                "completion_tokens": 10,
                "completion_tokens_details": {"reasoning_tokens": 6},
            },
            100 * 0.05e-6 + 4 * 0.2e-6 + 6 * 0.5e-6,
        ),
    ],
)
def test_costs(
    warm_litellm: None, provider: str, model: str, fields: dict[str, Any], cost: float | None
) -> None:
    """The provider's own word goes first, then the list; odd usage has no known cost."""
    import litellm

    assert cost_of(litellm, provider, model, fields) == (None if cost is None else pytest.approx(cost))
