"""Anthropic's stream decoded: texts, signed thinking, calls, usage, ends and errors, under any cut."""

from typing import Any

import pytest
from hypothesis import given
from wire_support import CUTS, events, read, same_under

from factotum.llm.anthropic_stream import AnthropicStream
from factotum.llm.port import ReasoningChunk, TextChunk, ToolCallChunk
from factotum.llm.wire import WireSurprise
from factotum.protocol.runs import Usage


def _start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, kind: str, **delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **delta}}


def _stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


OPENED = {
    "input_tokens": 10,
    "cache_read_input_tokens": 40,
    "cache_creation_input_tokens": 50,
    "output_tokens": 1,
}
FULL = b"event: message_start\n" + events(
    {"type": "message_start", "message": {"id": "m", "usage": OPENED}},
    {"type": "ping"},
    _start(0, type="thinking", thinking="", signature=""),
    _delta(0, "thinking_delta", thinking="Let me "),
    _delta(0, "thinking_delta", thinking="see."),
    _delta(0, "signature_delta", signature="c2"),
    _delta(0, "signature_delta", signature="ln"),
    _stop(0),
    _start(1, type="redacted_thinking", data="xyz"),
    _stop(1),
    _start(2, type="text", text=""),
    _delta(2, "text_delta", text="Grüße, 世界!"),
    _stop(2),
    _start(3, type="tool_use", id="toolu_a", name="shell", input={}),
    _delta(3, "input_json_delta", partial_json=""),
    _delta(3, "input_json_delta", partial_json='{"command":'),
    _delta(3, "input_json_delta", partial_json='"ls"}'),
    _stop(3),
    _start(4, type="tool_use", id="toolu_b", name="stop", input={}),
    _stop(4),
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use"},
        "usage": {"output_tokens": 7, "input_tokens": None},
    },
    {"type": "message_stop"},
)
CHUNKS = [
    ReasoningChunk("Let me "),
    ReasoningChunk("see."),
    ReasoningChunk("", {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}),
    ReasoningChunk("", {"type": "redacted_thinking", "data": "xyz"}),
    TextChunk("Grüße, 世界!"),
    ToolCallChunk(0, "toolu_a", "shell", ""),
    ToolCallChunk(0, None, None, '{"command":'),
    ToolCallChunk(0, None, None, '"ls"}'),
    ToolCallChunk(1, "toolu_b", "stop", ""),
    ToolCallChunk(1, None, None, "{}"),
]


def test_a_whole_stream() -> None:
    """Blocks are given as they come, the signed one whole; input counts fresh, read and written tokens."""
    wire = AnthropicStream()
    assert read(wire, FULL) == CHUNKS
    assert wire.usage == Usage(input_tokens=100, cached_tokens=40, cache_write_tokens=50, output_tokens=7)
    assert wire.usage_fields == OPENED | {"output_tokens": 7}
    assert (wire.finish, wire.ended, wire.failure) == ("tool_use", True, None)


@given(CUTS)
def test_any_cut_is_the_same(cuts: list[int]) -> None:
    """The cut of the bytes is not seen in the chunks."""
    assert same_under(cuts, FULL, AnthropicStream)
    assert same_under(cuts, FULL[:900], AnthropicStream)


def test_interleaved_blocks() -> None:
    """A delta belongs to the block that it names, not to the last one."""
    stream = events(
        _start(0, type="tool_use", id="a", name="x"),
        _start(1, type="tool_use", id="b", name="y"),
        _delta(0, "input_json_delta", partial_json="1"),
        _delta(1, "input_json_delta", partial_json="2"),
    )
    assert read(AnthropicStream(), stream)[2:] == [
        ToolCallChunk(0, None, None, "1"),
        ToolCallChunk(1, None, None, "2"),
    ]


def test_text_and_thinking_that_start_full() -> None:
    """What stands in the start of a block counts; a block without signature is not handed back."""
    stream = events(_start(0, type="thinking", thinking="A."), _stop(0), _start(1, type="text", text="B."))
    assert read(AnthropicStream(), stream) == [ReasoningChunk("A."), TextChunk("B.")]


def test_what_is_not_known_is_passed_over() -> None:
    """New events, blocks and deltas are no errors; the input of a server's tool is not ours."""
    stream = events(
        {"type": "news"},
        _start(0, type="server_tool_use", id="s", name="web_search"),
        _delta(0, "input_json_delta", partial_json="{}"),
        _stop(0),
        _delta(9, "citations_delta", citation={}),
        {"type": "message_delta", "delta": {"stop_reason": None}},
    )
    wire = AnthropicStream()
    assert read(wire, stream) == []
    assert (wire.finish, wire.usage, wire.failure) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("overloaded_error", "overloaded"),
        ("api_error", "overloaded"),
        ("rate_limit_error", "rate_limited"),
        ("authentication_error", "unauthorized"),
        ("invalid_request_error", "bad_request"),
        ("request_too_large", "context_overflow"),
    ],
)
def test_errors_in_the_stream(kind: str, ours: str) -> None:
    """An error event ends the stream with its kind."""
    wire = AnthropicStream()
    stream = events(
        _start(0, type="text", text="Once"), {"type": "error", "error": {"type": kind, "message": "no"}}
    )
    assert read(wire, stream) == [TextChunk("Once")]
    assert wire.failure is not None
    assert (wire.failure.kind, wire.failure.words) == (ours, "no")


@pytest.mark.parametrize(
    "document",
    [
        _delta(5, "input_json_delta", partial_json="x"),
        _delta(0, "text_delta", text=["odd"]),
        _delta(0, "text_delta"),
        {"type": "content_block_delta"},
        {"type": "message_start"},
        _stop(3),
        [1],
    ],
)
def test_surprises(document: object) -> None:
    """A known event of another shape is one that LiteLLM may know."""
    wire = AnthropicStream()
    read(wire, events(document))
    assert isinstance(wire.failure, WireSurprise)
