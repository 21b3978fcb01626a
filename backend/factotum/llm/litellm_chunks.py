"""LiteLLM's stream chunks read into ours. Pure: a chunk is read by attribute, LiteLLM is not imported.

Its shapes, by the version that the lock pins: `choices[0].delta` carries `content`, `reasoning_content`,
`thinking_blocks` (a signature comes in a delta of its own) and `tool_calls`; attributes that a provider does
not send may be missing. The last chunk carries `usage` with LiteLLM's own `cost`. Gemini signs a call: its
`thought_signature` comes with the call, and is given as a signed block that names the call's number.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic import JsonValue

from factotum.llm.port import ModelChunk, ReasoningChunk, StopReason, TextChunk, ToolCallChunk
from factotum.llm.thinking import SignedThinking
from factotum.protocol.runs import Usage

_STOP_REASONS: Final[dict[str, StopReason]] = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "content_filter",
}


def stop_reason(finish_reason: str) -> StopReason:
    """Return the reason in our vocabulary; one that nobody knows is an ordinary end."""
    return _STOP_REASONS.get(finish_reason, "stop")


def usage_of(usage: Any) -> Usage:
    """Read LiteLLM's usage. Its prompt tokens include the cached ones, as ours do; no price known is None."""
    details = getattr(usage, "prompt_tokens_details", None)
    cost = getattr(usage, "cost", None)
    written = getattr(details, "cache_creation_tokens", None) or getattr(details, "cache_write_tokens", None)
    return Usage(
        input_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
        cached_tokens=int(getattr(details, "cached_tokens", 0) or 0),
        cache_write_tokens=int(written or 0),
        output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
        cost_usd=float(cost) if isinstance(cost, int | float) and cost > 0 else None,
    )


class ChunkReader:
    """Reads the chunks of one call, in order. Work per chunk is proportional to the chunk."""

    def __init__(self) -> None:
        self._usage: Usage | None = None
        self._signed = SignedThinking()
        self._calls: dict[int, int] = {}

    @property
    def usage(self) -> Usage | None:
        """What the call used, once the chunk that says so was read."""
        return self._usage

    def read(self, chunk: Any) -> list[ModelChunk]:
        """Return what one chunk holds: none, one or more of ours, never an empty text."""
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self._usage = usage_of(usage)
        if not chunk.choices:
            return []
        delta = chunk.choices[0].delta
        found = self._reasoning(delta)
        text = getattr(delta, "content", None)
        if text:
            found.append(TextChunk(text))
        for call in getattr(delta, "tool_calls", None) or ():
            piece = _call(call)
            number = self._calls.setdefault(piece.index, len(self._calls))
            if signature := _signature(call):
                block: dict[str, JsonValue] = {
                    "type": "thought_signature",
                    "call": number,
                    "signature": signature,
                }
                found.append(ReasoningChunk("", block))
            found.append(piece)
        return found

    def close(self) -> list[ModelChunk]:
        """Return the signed block that is still held, if the stream ended right after it."""
        return list(self._signed.end())

    def _reasoning(self, delta: Any) -> list[ModelChunk]:
        """Gather Anthropic's thinking until its signature is whole: a block is handed back unchanged."""
        blocks = getattr(delta, "thinking_blocks", None) or ()
        found: list[ModelChunk] = []
        if not any(block.get("signature") for block in blocks):
            found.extend(self._signed.end())
        text = getattr(delta, "reasoning_content", None)
        if text:
            found.append(ReasoningChunk(text))
        found.extend(self._signed.take(blocks))
        return found


def _signature(call: Any) -> str | None:
    for holder in (call, getattr(call, "function", None)):
        fields = getattr(holder, "provider_specific_fields", None)
        if isinstance(fields, Mapping):
            signature = cast("Mapping[str, Any]", fields).get("thought_signature")
            if isinstance(signature, str) and signature:
                return signature
    return None


def _call(call: Any) -> ToolCallChunk:
    function = getattr(call, "function", None)
    return ToolCallChunk(
        index=int(getattr(call, "index", 0) or 0),
        call_id=getattr(call, "id", None) or None,
        name=getattr(function, "name", None) or None,
        arguments=getattr(function, "arguments", None) or "",
    )


def size_of(chunk: ModelChunk) -> int:
    """Return the characters that a chunk adds to the response."""
    match chunk:
        case TextChunk(text=text) | ReasoningChunk(text=text):
            return len(text)
        case ToolCallChunk(arguments=arguments):
            return len(arguments)
        case _:
            return 0
