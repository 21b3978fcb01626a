"""LiteLLM's chunks, as recorded, read into ours; and exceptions whose shape no server can be made to give."""

from types import SimpleNamespace as Has
from typing import Any

import pytest

from factotum.llm.litellm_chunks import ChunkReader, stop_reason, usage_of
from factotum.llm.litellm_faults import fault_of
from factotum.llm.port import ReasoningChunk, TextChunk, ToolCallChunk


def _chunk(**delta: Any) -> Any:
    return Has(choices=[Has(delta=Has(**delta), finish_reason=None)])


def test_signature_in_pieces() -> None:
    """However thinking and its signature are cut, its block comes whole, once, before what follows."""
    reader = ChunkReader()
    got = [
        *reader.read(_chunk(reasoning_content="a", thinking_blocks=[{"type": "thinking", "thinking": "a"}])),
        *reader.read(_chunk(reasoning_content="b", thinking_blocks=[{"type": "thinking", "thinking": "b"}])),
        *reader.read(_chunk(thinking_blocks=[{"type": "thinking", "thinking": "", "signature": "s1"}])),
        *reader.read(_chunk(thinking_blocks=[{"type": "thinking", "thinking": "", "signature": "s2"}])),
        *reader.read(_chunk(content="Hi")),
    ]
    block = {"type": "thinking", "thinking": "ab", "signature": "s1s2"}
    assert got == [
        ReasoningChunk("a"),
        ReasoningChunk("b"),
        ReasoningChunk("", block),  # pyright: ignore[reportArgumentType] - a dict of texts is JSON
        TextChunk("Hi"),
    ]
    assert reader.close() == []


def test_signature_at_the_very_end_and_redacted_thinking() -> None:
    """A block that nothing follows is given at the close; redacted thinking is handed on as it is."""
    reader = ChunkReader()
    redacted = {"type": "redacted_thinking", "data": "xyz"}
    assert reader.read(_chunk(thinking_blocks=[redacted])) == [ReasoningChunk("", dict(redacted))]
    reader.read(_chunk(thinking_blocks=[{"type": "thinking", "thinking": "t", "signature": "s"}]))
    (chunk,) = reader.close()
    assert isinstance(chunk, ReasoningChunk)
    assert chunk.signed == {"type": "thinking", "thinking": "t", "signature": "s"}


def test_two_signed_blocks() -> None:
    """Two blocks in a row stay two."""
    reader = ChunkReader()
    reader.read(_chunk(thinking_blocks=[{"type": "thinking", "thinking": "one", "signature": "s1"}]))
    (first,) = reader.read(_chunk(thinking_blocks=[{"type": "thinking", "thinking": "two"}]))
    assert isinstance(first, ReasoningChunk)
    assert first.signed is not None
    assert first.signed["thinking"] == "one"


def test_a_signed_call_of_gemini() -> None:
    """The signature is a block of its own that names the number of its call, wherever LiteLLM put it."""
    first = Has(index=3, id="a", function=Has(name="f", arguments="{}"))
    second = Has(index=5, id="b", function=Has(name="g", arguments="{}"))
    second.provider_specific_fields = {"thought_signature": "c2ln"}
    third = Has(index=6, id="c", function=Has(name="h", provider_specific_fields={"thought_signature": "x"}))
    got = ChunkReader().read(_chunk(tool_calls=[first, second, third]))
    signed = [chunk.signed for chunk in got if isinstance(chunk, ReasoningChunk)]
    assert signed == [
        {"type": "thought_signature", "call": 1, "signature": "c2ln"},
        {"type": "thought_signature", "call": 2, "signature": "x"},
    ]
    assert [chunk.index for chunk in got if isinstance(chunk, ToolCallChunk)] == [3, 5, 6]


def test_calls_with_holes() -> None:
    """Ids, names and arguments that are missing are nothing, not errors."""
    call = Has(index=2, id=None, function=Has(name=None, arguments=None))
    assert ChunkReader().read(_chunk(tool_calls=[call])) == [ToolCallChunk(2, None, None, "")]
    assert ChunkReader().read(_chunk(tool_calls=[Has()])) == [ToolCallChunk(0, None, None, "")]
    assert ChunkReader().read(Has(choices=[])) == []


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("end_turn", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("refusal", "content_filter"),
    ],
)
def test_stop_reasons(theirs: str, ours: str) -> None:
    """Reasons in other vocabularies are read too; an unknown one is an ordinary end."""
    assert stop_reason(theirs) == ours
    assert stop_reason("weird") == "stop"


def test_usage_with_holes() -> None:
    """What is not said is zero, and no price is None."""
    assert usage_of(Has(prompt_tokens=None, completion_tokens=3)).model_dump() == {
        "input_tokens": 0,
        "cached_tokens": 0,
        "cache_write_tokens": 0,
        "output_tokens": 3,
        "cost_usd": None,
        "context": None,
    }


def test_unknown_exceptions() -> None:
    """A slip of LiteLLM's own is unknown before the stream, broken in it; its text is not told."""
    slip = KeyError("sk-secret-secret")
    assert fault_of(slip, partial=False).kind == "unknown"
    assert fault_of(slip, partial=True).kind == "broken_stream"
    assert "sk-" not in fault_of(slip, partial=False).message


def test_secrets_are_taken_out_of_the_providers_words() -> None:
    """Known keys, and what looks like one."""

    class BadRequestError(Exception):
        pass

    said = (
        "litellm.BadRequestError: OpenAIException - key plainsecret and AIzaSyA1234567890 in Bearer abc.def"
    )
    fault = fault_of(BadRequestError(said), partial=False, secrets=("plainsecret",))
    assert fault.message.endswith("key [key] and [key] in [key]")


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("-1", None), ("nan", None), ("soon", None), ("1e9", 86_400)]
)
def test_retry_after_is_read_with_care(value: str, seconds: float | None) -> None:
    """Rubbish is no answer, and nobody waits longer than a day."""

    class RateLimitError(Exception):
        litellm_response_headers = {"Retry-After": value}  # noqa: RUF012 - stands for an attribute of an instance

    assert fault_of(RateLimitError(), partial=False).retry_after_seconds == seconds
