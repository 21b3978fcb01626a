"""What each provider is really sent: its own reasoning back, marks for its cache, effort; and no other's."""

from typing import Any

import pytest
from llm_support import TOOL as SHELL
from llm_support import Wired, collect

from factotum.llm.cache_marks import mark_messages, mark_tools, wants_key, wants_marks
from factotum.llm.endpoints import Endpoint
from factotum.llm.litellm_gateway import LiteLLMGateway
from factotum.llm.port import ModelRequest, ReasoningChunk, UsageChunk
from factotum.llm.shaping import shape
from factotum.testing.provider.server import ScriptedProvider

CLAUDE, GPT = "anthropic/claude-sonnet-4-5", "openai/gpt-4o-mini"
TOOL: Any = SHELL
SYSTEM: dict[str, Any] = {"role": "system", "content": "Be brief."}


def _block(thinking: str, signature: str = "sig") -> dict[str, Any]:
    return {"type": "thinking", "thinking": thinking, "signature": signature}


def _call(number: int) -> dict[str, Any]:
    return {"id": f"call_{number}", "type": "function", "function": {"name": "shell", "arguments": "{}"}}


def _result(number: int) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": f"r{number}"}


def _thread(writer: str) -> list[dict[str, Any]]:
    """A thread in mid-turn: two calls of one message, with blocks before each, one of them redacted."""
    redacted: Any = {"type": "redacted_thinking", "data": "xyz"}
    answer: Any = {
        "role": "assistant",
        "content": "Look. And there.",
        "tool_calls": [_call(1), _call(2)],
        "thinking_blocks": [_block("One."), redacted, _block("Two.")],
        "reasoning_content": "One.Two.",
        "origin": {"model": writer, "segments": [[2, "Look. ", 1], [1, "And there.", 1]]},
    }
    return [SYSTEM, {"role": "user", "content": "Go."}, answer, _result(1), _result(2)]


async def _sent(wired: Wired, model: str, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return the body of a request, as the strict provider took it."""
    gateway, provider = await wired([["Hi."], ["Done."], ["More."]])
    request = ModelRequest(model, messages, [TOOL], **more)
    await collect(gateway, request)
    body = provider.journal.exchanges[-1].body
    assert isinstance(body, dict)
    assert "origin" not in str(body)
    return body


def _marked(body: dict[str, Any]) -> list[str]:
    """Return what carries a mark: the names of tools, and the texts of blocks."""
    blocks = [*body.get("tools", ()), *body.get("system", ())]
    blocks += [block for message in body["messages"] for block in message["content"]]
    return [str(b.get("name") or b.get("text") or b.get("content")) for b in blocks if "cache_control" in b]


async def test_signed_reasoning_goes_back_in_its_place(wired: Wired) -> None:
    """Anthropic gets its blocks unchanged, each before the text and the call that followed it."""
    body = await _sent(wired, CLAUDE, _thread(CLAUDE), effort="low")
    answer = body["messages"][1]["content"]
    assert [block["type"] for block in answer] == [
        *("thinking", "redacted_thinking", "text", "tool_use"),
        *("thinking", "text", "tool_use"),
    ]
    assert answer[0] == _block("One.")
    assert answer[1] == {"type": "redacted_thinking", "data": "xyz"}
    assert answer[4] == _block("Two.")
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert body["max_tokens"] == 64_000
    assert [block["tool_use_id"] for block in body["messages"][2]["content"]] == ["call_1", "call_2"]


@pytest.mark.parametrize("model", [CLAUDE, GPT])
async def test_no_model_gets_anothers_reasoning(wired: Wired, model: str) -> None:
    """After a change of the model nothing signed goes out; and Claude is not made to reason in mid-turn."""
    body = await _sent(wired, model, _thread("anthropic/claude-opus-4-6"), effort="low")
    text = str(body)
    assert not any(word in text for word in ("signature", "redacted", "thinking", "reasoning_content"))
    assert "Look. And there." in text


async def test_after_a_new_question_claude_reasons_again(wired: Wired) -> None:
    """Only the turn that another model began goes on without reasoning."""
    messages: Any = [
        *_thread(GPT),
        {"role": "assistant", "content": "Seen."},
        {"role": "user", "content": "And?"},
    ]
    assert (await _sent(wired, CLAUDE, messages, effort="high"))["thinking"]["budget_tokens"] == 4096


async def test_effort_fits_the_model_and_the_bound(wired: Wired) -> None:
    """A model that reasons gets the effort; one that does not, or has no room for it, is asked without."""
    hello: Any = [SYSTEM, {"role": "user", "content": "Hello."}]
    assert (await _sent(wired, "openai/gpt-5.2", hello, effort="low"))["reasoning_effort"] == "low"
    assert "reasoning_effort" not in await _sent(wired, GPT, hello, effort="low")
    assert "thinking" not in await _sent(wired, CLAUDE, hello, effort="none")
    small = await _sent(wired, CLAUDE, hello, effort="high", max_output_tokens=500)
    assert "thinking" not in small
    assert small["max_tokens"] == 500


async def test_what_the_model_signed_comes_back_as_it_was(wired: Wired) -> None:
    """Blocks off the wire, several in a turn and one redacted, are taken back by their provider."""
    first: Any = [
        {"reasoning": "One.", "cut": 2},
        {"reasoning": "hidden", "redacted": True},
        {"reasoning": "Two."},
        {"call": "shell", "id": "call_1"},
    ]
    gateway, provider = await wired([first, ["Done."]])
    start: Any = [SYSTEM, {"role": "user", "content": "Go."}]
    chunks = await collect(gateway, ModelRequest(CLAUDE, start, [TOOL], effort="low"))
    signed = [chunk.signed for chunk in chunks if isinstance(chunk, ReasoningChunk) and chunk.signed]
    assert [block["type"] for block in signed] == ["thinking", "redacted_thinking", "thinking"]
    answer: Any = {
        "role": "assistant",
        "content": None,
        "tool_calls": [_call(1)],
        "thinking_blocks": signed,
        "origin": {"model": CLAUDE},
    }
    await collect(gateway, ModelRequest(CLAUDE, [*start, answer, _result(1)], [TOOL], effort="low"))
    body = provider.journal.exchanges[-1].body
    assert isinstance(body, dict)
    assert body["messages"][1]["content"][:3] == signed  # pyright: ignore - JSON


@pytest.mark.parametrize(
    ("model", "writer", "goes_back"),
    [
        ("deepseek/deepseek-reasoner", "deepseek/deepseek-chat", True),
        ("deepseek/deepseek-reasoner", GPT, False),
        ("groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-120b", False),
        (GPT, GPT, False),
    ],
)
def test_unsigned_reasoning_goes_where_it_is_wanted(model: str, writer: str, *, goes_back: bool) -> None:
    message: Any = {
        "role": "assistant",
        "content": "A",
        "reasoning_content": "Hm.",
        "origin": {"model": writer},
    }
    (shaped,) = shape(ModelRequest(model, [message]), model.partition("/")[0]).messages
    assert ("reasoning_content" in shaped) is goes_back
    assert "origin" not in shaped


def test_gemini_gets_its_signatures_back_on_their_calls() -> None:
    """They are Gemini's alone, and only its own model's."""
    block = {"type": "thought_signature", "call": 1, "signature": "c2ln"}
    thinking = _block("Hm.")
    message: Any = {
        "role": "assistant",
        "content": None,
        "tool_calls": [_call(1), _call(2)],
        "thinking_blocks": [block, thinking],
        "origin": {"model": "gemini/gemini-4-argon"},
    }
    (shaped,) = shape(ModelRequest("gemini/gemini-4-argon", [message]), "gemini").messages
    calls = shaped["tool_calls"]
    assert "provider_specific_fields" not in calls[0]
    assert calls[1]["provider_specific_fields"] == {"thought_signature": "c2ln"}
    assert "thinking_blocks" not in shaped
    silent = {key: value for key, value in message.items() if key != "tool_calls"}
    assert "tool_calls" not in shape(ModelRequest("gemini/gemini-4-argon", [silent]), "gemini").messages[0]
    (other,) = shape(ModelRequest("gemini/gemini-pro-latest", [message]), "gemini").messages
    assert other == {"role": "assistant", "content": None, "tool_calls": [_call(1), _call(2)]}
    message["origin"] = {"model": "openai/proxied"}
    assert shape(ModelRequest("openai/proxied", [message]), "openai").messages[0]["thinking_blocks"] == [
        thinking
    ]


def test_openrouter_gets_its_details_back_as_one_list() -> None:
    """They are its own model's alone, whichever provider that is at."""
    model = "openrouter/anthropic/claude-sonnet-4.5"
    details: list[Any] = [{"type": "reasoning.text", "text": "Hm.", "signature": "sig", "index": 0}]
    more: list[Any] = [{"type": "reasoning.encrypted", "data": "xyz", "index": 1}]
    message: Any = {
        "role": "assistant",
        "content": "A",
        "tool_calls": [_call(1)],
        "thinking_blocks": [
            {"type": "reasoning_details", "details": details},
            {"type": "reasoning_details", "details": more},
        ],
        "origin": {"model": model, "segments": [[1, "A", 1], [1, "", 0]]},
    }
    (shaped,) = shape(ModelRequest(model, [message]), "openrouter").messages
    assert shaped == {
        "role": "assistant",
        "content": "A",
        "tool_calls": [_call(1)],
        "reasoning_details": [*details, *more],
    }
    (other,) = shape(ModelRequest("openrouter/openai/o3", [message]), "openrouter").messages
    assert "reasoning_details" not in other


async def test_openrouter_is_sent_its_details(warm_litellm: None) -> None:
    model = "openrouter/anthropic/claude-sonnet-4.5"
    details: list[Any] = [{"type": "reasoning.encrypted", "data": "xyz", "index": 0}]
    message: Any = {
        "role": "assistant",
        "content": "A",
        "thinking_blocks": [{"type": "reasoning_details", "details": details}],
        "origin": {"model": model},
    }
    messages = [{"role": "user", "content": "Go."}, message, {"role": "user", "content": "On."}]
    async with ScriptedProvider([["Hi."], ["Again."]]) as provider:
        gateway = LiteLLMGateway({"openrouter": Endpoint(provider.openai_base, "key")})
        for _ in range(2):  # LiteLLM shapes the first request, and we the second, as it did.
            await collect(gateway, ModelRequest(model, messages))
        await gateway.close()
    for exchange in provider.journal.exchanges:
        body: Any = exchange.body
        sent = body["messages"][1]
        assert sent["reasoning_details"] == details
        assert "thinking_blocks" not in sent


def test_messages_of_an_unknown_writer_carry_nothing() -> None:
    message: Any = {"role": "assistant", "content": "A", "thinking_blocks": [_block("Hm.")]}
    assert shape(ModelRequest(CLAUDE, [message]), "anthropic").messages[0].keys() == {"role", "content"}


def test_a_segment_that_says_nothing_is_left_out() -> None:
    message: Any = {
        "role": "assistant",
        "content": "A\n",
        "tool_calls": [_call(1)],
        "thinking_blocks": [_block("Hm.")],
        "origin": {"model": CLAUDE, "segments": [[1, "A", 1], [0, "\n", 0]]},
    }
    shaped = shape(ModelRequest(CLAUDE, [message]), "anthropic").messages
    assert [piece["content"] for piece in shaped] == ["A"]


async def test_claude_is_marked_at_four_places(wired: Wired) -> None:
    """The tools, the system prompt, the end of this request and the end of the one before it."""
    messages = _thread(CLAUDE)
    assert _marked(await _sent(wired, CLAUDE, messages)) == ["shell", "Be brief.", "Go.", "r2"]
    assert all("cache_control" not in message for message in messages)


async def test_marks_move_on_with_the_thread(wired: Wired) -> None:
    """What one request ends with is marked in the next one too, so that it is read from the cache there."""
    first = _marked(await _sent(wired, CLAUDE, _thread(CLAUDE)[:2]))
    later: Any = [
        *_thread(CLAUDE),
        {"role": "assistant", "content": "Seen."},
        {"role": "user", "content": "And?"},
    ]
    second, third = _thread(CLAUDE), later
    assert first == ["shell", "Be brief.", "Go."]
    assert _marked(await _sent(wired, CLAUDE, second))[2:] == ["Go.", "r2"]
    assert _marked(await _sent(wired, CLAUDE, third))[2:] == ["r2", "And?"]


async def test_openai_gets_a_key_and_no_marks(wired: Wired) -> None:
    """Its cache is automatic; the thread's key brings requests to one machine. Own servers get neither."""
    hello: Any = [SYSTEM, {"role": "user", "content": "Hello."}]
    body = await _sent(wired, GPT, hello, cache_key="thread-1")
    assert body["prompt_cache_key"] == "thread-1"
    assert "cache_control" not in str(body)
    assert "prompt_cache_key" not in await _sent(wired, "local/tiny", hello, cache_key="thread-1")
    assert "prompt_cache_key" not in str(await _sent(wired, CLAUDE, hello, cache_key="thread-1"))


@pytest.mark.parametrize(
    ("provider", "model", "marked"),
    [
        ("anthropic", CLAUDE, True),
        ("bedrock", "bedrock/eu.anthropic.claude-sonnet-4-5", True),
        ("vertex_ai", "vertex_ai/claude-sonnet-4-5", True),
        ("openrouter", "openrouter/anthropic/claude-sonnet-4.5", True),
        ("openrouter", "openrouter/openai/gpt-5.2", False),
        ("vertex_ai", "vertex_ai/gemini-2.5-pro", False),
        ("deepseek", "deepseek/deepseek-chat", False),
    ],
)
def test_who_wants_marks(provider: str, model: str, *, marked: bool) -> None:
    assert wants_marks(provider, model) is marked
    shaped = shape(ModelRequest(model, _thread(model), [TOOL], cache_key="t"), provider)
    assert ("cache_control" in str(shaped.messages)) is marked
    assert ("cache_control" in str(shaped.tools)) is marked
    assert (shaped.cache_key is not None) is wants_key(provider)


def test_nothing_to_mark() -> None:
    """A request may be without a system prompt, without tools, and begin with an answer."""
    messages: list[dict[str, Any]] = [{"role": "assistant", "content": "Hello."}]
    mark_messages(messages)
    assert messages == [{"role": "assistant", "content": "Hello."}]
    assert mark_tools([]) == []


async def test_cache_reads_and_writes_are_told_and_paid(wired: Wired) -> None:
    """Read, written and fresh tokens have each their price."""
    usage = {"input": 100, "cached": 40, "cache_written": 30, "output": 10}
    gateway, _ = await wired([{"items": ["Hi."], "usage": usage}])
    chunks = await collect(gateway, ModelRequest(CLAUDE, [{"role": "user", "content": "Hello."}]))
    (used,) = [chunk.usage for chunk in chunks if isinstance(chunk, UsageChunk)]
    assert (used.input_tokens, used.cached_tokens, used.cache_write_tokens) == (100, 40, 30)
    assert used.cost_usd == pytest.approx(30 * 3e-6 + 40 * 0.3e-6 + 30 * 3.75e-6 + 10 * 15e-6)


IMAGE: Any = {
    "role": "user",
    "content": [
        {"type": "text", "text": "<context>The image a.png.</context>"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ],
}


async def test_an_image_after_results_in_openais_form(wired: Wired) -> None:
    body = await _sent(wired, GPT, [*_thread("x"), IMAGE])
    assert body["messages"][-1] == IMAGE
    assert [message["role"] for message in body["messages"][-3:]] == ["tool", "tool", "user"]


async def test_an_image_after_results_in_anthropics_form(wired: Wired) -> None:
    body = await _sent(wired, CLAUDE, [*_thread(CLAUDE), IMAGE], effort="low")
    results = body["messages"][-1]
    assert results["role"] == "user"
    assert [block["type"] for block in results["content"]] == ["tool_result", "tool_result", "text", "image"]
    image = results["content"][-1]
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert image["cache_control"] == {"type": "ephemeral"}
    # A turn that another model began without reasoning goes on without, though an image came since.
    others = await _sent(wired, CLAUDE, [*_thread("openai/x"), IMAGE], effort="low")
    assert "thinking" not in others
