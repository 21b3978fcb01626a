"""OpenAI's stream decoded: every shape that compatible servers send, under any cut."""

from typing import Any

import pytest
from hypothesis import given
from wire_support import CUTS, events, read, same_under

from factotum.llm.openai_stream import OpenAIStream
from factotum.llm.port import ReasoningChunk, TextChunk, ToolCallChunk
from factotum.llm.wire import WireSurprise
from factotum.protocol.runs import Usage


def _delta(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _call(index: int, **function: Any) -> dict[str, Any]:
    return {"index": index, "function": function}


FULL = events(
    _delta(role="assistant", content="", refusal=None),
    _delta(reasoning_content="Hm, "),
    _delta(reasoning="yes."),
    _delta(content="Grüße, 世界!"),
    _delta(
        tool_calls=[{"index": 0, "id": "a", "type": "function", "function": {"name": "x", "arguments": ""}}]
    ),
    _delta(tool_calls=[_call(0, arguments='{"k":'), _call(1, name="y", arguments="{}")]),
    _delta(tool_calls=[_call(0, arguments="1}")]),
    {"choices": [{"index": 0, "delta": None, "finish_reason": "tool_calls"}]},
    {
        "choices": [],
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 40},
        },
    },
    "[DONE]",
)
CHUNKS = [
    ReasoningChunk("Hm, "),
    ReasoningChunk("yes."),
    TextChunk("Grüße, 世界!"),
    ToolCallChunk(0, "a", "x", ""),
    ToolCallChunk(0, None, None, '{"k":'),
    ToolCallChunk(1, None, "y", "{}"),
    ToolCallChunk(0, None, None, "1}"),
]


def test_a_whole_stream() -> None:
    """Reasoning, text, calls, usage, the reason and the end are read, in order."""
    wire = OpenAIStream()
    assert read(wire, FULL) == CHUNKS
    assert wire.usage == Usage(input_tokens=100, cached_tokens=40, output_tokens=7)
    assert (wire.finish, wire.ended, wire.failure) == ("tool_calls", True, None)


@given(CUTS)
def test_any_cut_is_the_same(cuts: list[int]) -> None:
    """The cut of the bytes is not seen in the chunks."""
    assert same_under(cuts, FULL, OpenAIStream)
    assert same_under(cuts, FULL[:700], OpenAIStream)


@pytest.mark.parametrize(
    ("chunk", "usage"),
    [
        (
            {"choices": None, "usage": {"prompt_tokens": 5, "prompt_cache_hit_tokens": 3}},
            Usage(input_tokens=5, cached_tokens=3),
        ),
        (
            {"x_groq": {"usage": {"prompt_tokens": 5, "completion_tokens": 2}}},
            Usage(input_tokens=5, output_tokens=2),
        ),
        (
            {"usage": {"prompt_tokens": None, "completion_tokens": "many", "prompt_tokens_details": None}},
            Usage(),
        ),
        ({"usage": None}, None),
    ],
)
def test_usage_with_other_names_and_holes(chunk: dict[str, Any], usage: Usage | None) -> None:
    """Usage is found where DeepSeek and Groq put it; what is no count is zero."""
    wire = OpenAIStream()
    read(wire, events(chunk))
    assert wire.usage == usage
    assert wire.failure is None


def test_what_is_passed_over() -> None:
    """Other choices, empty deltas and documents without choices are nothing."""
    other = {"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]}
    wire = OpenAIStream()
    assert (
        read(wire, events(other, {}, {"choices": [{"index": 0, "delta": None}]}, "", _delta(content=None)))
        == []
    )
    assert (wire.finish, wire.ended, wire.failure) == (None, False, None)


def test_signed_thinking_of_a_litellm_proxy() -> None:
    """Its signature has a delta of its own; the block is given whole, before what follows or at the end."""
    pieces = [
        _delta(reasoning_content="a", thinking_blocks=[{"type": "thinking", "thinking": "a"}]),
        _delta(thinking_blocks=[{"type": "thinking", "thinking": "", "signature": "s"}]),
    ]
    block = ReasoningChunk("", {"type": "thinking", "thinking": "a", "signature": "s"})
    assert read(OpenAIStream(), events(*pieces)) == [ReasoningChunk("a"), block]
    more = events(*pieces, _delta(content="Hi"), _delta(reasoning_content="b"))
    assert read(OpenAIStream(), more) == [ReasoningChunk("a"), block, TextChunk("Hi"), ReasoningChunk("b")]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}, "rate_limited"),
        ({"message": "busy", "code": 429}, "rate_limited"),
        ({"message": "no", "code": 401}, "unauthorized"),
        ({"message": "x", "type": "insufficient_quota"}, "unauthorized"),
        ({"message": "This model's maximum context length is 9.", "code": 400}, "context_overflow"),
        ({"message": "odd", "type": "BadRequestError", "code": None}, "bad_request"),
        ({"message": "x", "code": "content_filter", "type": "invalid_request_error"}, "content_filtered"),
        ({"message": "x", "type": "server_error"}, "overloaded"),
        ("it broke", "overloaded"),
    ],
)
def test_errors_in_the_stream(error: object, kind: str) -> None:
    """An error is told by its kind, after the chunks that came before it, in the same bytes too."""
    wire = OpenAIStream()
    assert read(wire, events(_delta(content="Once"), {"error": error})) == [TextChunk("Once")]
    assert wire.failure is not None
    assert wire.failure.kind == kind


@pytest.mark.parametrize(
    ("stream", "surprise"),
    [
        (b'data: {"id":\n\n', False),
        (events([1]), True),
        (events(_delta(content={"odd": 1})), True),
        (events(_delta(content=[{"type": "text", "text": "x"}])), True),
        (events({"choices": ["odd"]}), True),
        (events(_delta(tool_calls=["odd"])), True),
        (events({"choices": {"a": 1}}), True),
    ],
)
def test_rubbish_and_surprises(stream: bytes, surprise: bool) -> None:
    """What is no JSON broke on its way; JSON of another shape is one that LiteLLM may know."""
    wire = OpenAIStream()
    assert read(wire, events(_delta(content="Once")) + stream) == [TextChunk("Once")]
    assert wire.failure is not None
    assert wire.failure.kind == "broken_stream"
    assert isinstance(wire.failure, WireSurprise) is surprise


def _details(*details: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _delta(reasoning_details=list(details), **more)


ROUTED = events(
    _details({"type": "reasoning.text", "text": "Hm, ", "index": 0, "format": "anthropic"}, reasoning="Hm, "),
    _details({"type": "reasoning.text", "text": "yes.", "index": 0}, reasoning="yes."),
    _details({"type": "reasoning.text", "index": 0, "signature": "sig", "text": None}),
    _delta(content="Now."),
    _details({"type": "reasoning.summary", "summary": "So.", "index": 1}, reasoning="So."),
    _details(
        {"type": "reasoning.encrypted", "data": "xyz", "index": 1},
        tool_calls=[_call(0, name="x", arguments="{}")],
    ),
    _details({"type": "reasoning.encrypted", "data": "end", "index": 2}),
    {"choices": [{"index": 0, "delta": None, "finish_reason": "tool_calls"}]},
    "[DONE]",
)


def test_openrouters_details_are_gathered_in_their_places() -> None:
    """Every stretch is one block, before what follows it; the last comes at the end."""
    wire = OpenAIStream()
    assert read(wire, ROUTED) == [
        ReasoningChunk("Hm, "),
        ReasoningChunk("yes."),
        ReasoningChunk(
            "",
            {
                "type": "reasoning_details",
                "details": [
                    {
                        "type": "reasoning.text",
                        "text": "Hm, yes.",
                        "index": 0,
                        "format": "anthropic",
                        "signature": "sig",
                    }
                ],
            },
        ),
        TextChunk("Now."),
        ReasoningChunk("So."),
        ReasoningChunk(
            "",
            {
                "type": "reasoning_details",
                "details": [
                    {"type": "reasoning.summary", "summary": "So.", "index": 1},
                    {"type": "reasoning.encrypted", "data": "xyz", "index": 1},
                ],
            },
        ),
        ToolCallChunk(0, None, "x", "{}"),
        ReasoningChunk(
            "",
            {
                "type": "reasoning_details",
                "details": [{"type": "reasoning.encrypted", "data": "end", "index": 2}],
            },
        ),
    ]


@given(CUTS)
def test_any_cut_of_openrouters_details_is_the_same(cuts: list[int]) -> None:
    assert same_under(cuts, ROUTED, OpenAIStream)
