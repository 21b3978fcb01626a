"""What comes through the LiteLLM gateway, over both wire formats, from a scripted provider on loopback."""

import gc
from collections import Counter

import httpx
import pytest
from llm_support import Wired, ask, collect
from tenacity import AsyncRetrying

from factotum.llm.port import ModelChunk, ReasoningChunk, StopChunk, TextChunk, ToolCallChunk, UsageChunk
from factotum.protocol.runs import Usage


def _text(chunks: list[ModelChunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))


def _arguments(chunks: list[ModelChunk], index: int) -> str:
    return "".join(
        chunk.arguments for chunk in chunks if isinstance(chunk, ToolCallChunk) and chunk.index == index
    )


async def test_text_ends_with_usage_and_stop(wired: Wired, model: str) -> None:
    """Text comes in pieces, whole; usage and the end come last, once."""
    usage = {"input": 100, "cached": 40, "output": 7}
    gateway, _ = await wired([{"items": [{"text": "Hello, wörld.", "cut": 3}], "usage": usage}])
    chunks = await collect(gateway, ask(model))
    assert _text(chunks) == "Hello, wörld."
    assert len([chunk for chunk in chunks if isinstance(chunk, TextChunk)]) > 2
    assert isinstance(chunks[-2], UsageChunk)
    assert chunks[-1] == StopChunk("stop")
    got = chunks[-2].usage
    assert (got.input_tokens, got.cached_tokens, got.output_tokens) == (100, 40, 7)


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        # The prices of LiteLLM's own offline map, per token: fresh input, cached input, output.
        ("openai/gpt-4o-mini", 60 * 0.15e-6 + 40 * 0.075e-6 + 10 * 0.6e-6),
        ("anthropic/claude-sonnet-4-5", 60 * 3e-6 + 40 * 0.3e-6 + 10 * 15e-6),
        ("openai/scripted", None),
        ("anthropic/scripted", None),
        ("local/gpt-4o-mini", None),
    ],
)
async def test_cost_is_known_offline_or_none(wired: Wired, model: str, cost: float | None) -> None:
    """The cost counts cached tokens at their own price; what has no price has no cost."""
    gateway, _ = await wired([{"items": ["Hi."], "usage": {"input": 100, "cached": 40, "output": 10}}])
    chunks = await collect(gateway, ask(model))
    usage = next(chunk.usage for chunk in chunks if isinstance(chunk, UsageChunk))
    expected = None if cost is None else pytest.approx(cost)
    assert usage == Usage(input_tokens=100, cached_tokens=40, output_tokens=10, cost_usd=usage.cost_usd)
    assert usage.cost_usd == expected


async def test_reasoning_is_kept_apart(wired: Wired, model: str) -> None:
    """Reasoning is not prose; Anthropic's block comes once, whole, with its signature."""
    gateway, _ = await wired([[{"reasoning": "Let me see. Yes.", "signature": "c2ln", "cut": 4}, "Done."]])
    chunks = await collect(gateway, ask(model))
    reasoning = [chunk for chunk in chunks if isinstance(chunk, ReasoningChunk)]
    assert "".join(chunk.text for chunk in reasoning) == "Let me see. Yes."
    assert _text(chunks) == "Done."
    signed = [chunk.signed for chunk in reasoning if chunk.signed]
    block = {"type": "thinking", "thinking": "Let me see. Yes.", "signature": "c2ln"}
    assert signed == ([block] if model.startswith("anthropic") else [])


async def test_parallel_calls(wired: Wired, model: str) -> None:
    """Calls side by side keep their index, id, name and arguments; the reason to stop is the calls."""
    calls = [
        {"call": "shell", "id": "call_a", "arguments": {"command": "ls"}, "cut": 2},
        {"call": "shell", "id": "call_b", "arguments": {"command": "pwd"}, "cut": 3},
    ]
    gateway, _ = await wired([["Look.", {"parallel": calls}]])
    chunks = await collect(gateway, ask(model))
    named = [(chunk.index, chunk.call_id, chunk.name) for chunk in chunks if isinstance(chunk, ToolCallChunk)]
    first, second = ("toolu_a", "toolu_b") if model.startswith("anthropic") else ("call_a", "call_b")
    assert (0, first, "shell") in named
    assert (1, second, "shell") in named
    assert _arguments(chunks, 0).replace(" ", "") == '{"command":"ls"}'
    assert _arguments(chunks, 1).replace(" ", "") == '{"command":"pwd"}'
    assert chunks[-1] == StopChunk("tool_calls")


async def test_call_without_arguments(wired: Wired, model: str) -> None:
    """A call without arguments is a call, with nothing in it."""
    gateway, _ = await wired([[{"call": "shell"}]])
    chunks = await collect(gateway, ask(model))
    assert any(isinstance(chunk, ToolCallChunk) and chunk.name == "shell" for chunk in chunks)
    assert _arguments(chunks, 0) in ("", "{}")


@pytest.mark.parametrize(("finish", "reason"), [("length", "length"), ("content_filter", "content_filter")])
async def test_finish_reasons(wired: Wired, model: str, finish: str, reason: str) -> None:
    """Every provider's reason is told in one vocabulary."""
    gateway, _ = await wired([{"items": ["Once upon"], "finish": finish}])
    chunks = await collect(gateway, ask(model))
    assert chunks[-1] == StopChunk(reason)  # pyright: ignore[reportArgumentType] - one of the parameters


async def test_cut_anywhere_is_the_same(wired: Wired, model: str) -> None:
    """Bytes may be split anywhere, inside a character too."""
    script = {"transport": {"bytes_cut": [1, 7, 2]}, "scenarios": [{"turns": [["Grüße, 世界! " * 5]]}]}
    gateway, _ = await wired(script)
    assert _text(await collect(gateway, ask(model))) == "Grüße, 世界! " * 5


async def test_one_chunk_many_times(wired: Wired, model: str) -> None:
    """A long rule of the same characters is not taken for a model gone mad."""
    gateway, _ = await wired([[{"text": "---- ", "repeat": 300, "cut": 5}]])
    assert _text(await collect(gateway, ask(model))) == "---- " * 300


async def test_request_is_what_was_asked(wired: Wired, model: str) -> None:
    """Messages, tools, the bound and the stop texts arrive; the caller's messages are left as they were."""
    gateway, provider = await wired([["Hi."]])
    request = ask(model, max_output_tokens=77, stop=("END",))
    before = [dict(message) for message in request.messages]
    await collect(gateway, request)
    assert list(request.messages) == before
    body = provider.journal.exchanges[0].body
    assert isinstance(body, dict)
    assert body["model"] == "scripted"
    assert body["max_tokens"] == 77
    assert body["stream"] is True
    assert body.get("stop", body.get("stop_sequences")) == ["END"]
    assert "shell" in str(body["tools"])


async def test_local_models_go_to_the_local_server(wired: Wired) -> None:
    """`local/<name>` is sent as `<name>` in OpenAI's format, slashes in the name and all."""
    gateway, provider = await wired([["Hi."]])
    assert _text(await collect(gateway, ask("local/org/tiny-model"))) == "Hi."
    exchange = provider.journal.exchanges[0]
    assert exchange.path == "/v1/chat/completions"
    assert isinstance(exchange.body, dict)
    assert exchange.body["model"] == "org/tiny-model"


def _held() -> Counter[str]:
    kinds = (httpx.Request, AsyncRetrying)
    return Counter(kind.__name__ for each in gc.get_objects() for kind in kinds if type(each) is kind)


@pytest.mark.parametrize("decode", ["raw"], indirect=True)
async def test_a_call_that_is_over_is_gone_at_once(wired: Wired, model: str) -> None:
    """A request holds all of a thread's messages: nothing may keep it until Python looks for cycles."""
    gateway, _ = await wired([["One."], ["Two."], ["Three."]])
    await collect(gateway, ask(model))
    gc.collect()
    gc.disable()
    try:
        before = _held()
        for _ in range(2):
            await collect(gateway, ask(model))
        after = _held()
    finally:
        gc.enable()
    assert not after - before
