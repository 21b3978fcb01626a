"""The stream of Anthropic's messages, decoded. Sans-IO.

Source: https://docs.anthropic.com/en/docs/build-with-claude/streaming. As it asks, events,
blocks and deltas of unknown kinds are passed over.
"""

from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

from factotum.llm.port import ModelChunk, ReasoningChunk, TextChunk, ToolCallChunk
from factotum.llm.wire import JsonObject, WireError, WireSurprise, document, provider_error, tokens
from factotum.protocol.runs import Usage

_INPUTS: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(slots=True)
class _Block:
    """An open content block. `call` is the number of a tool call among the calls of the message."""

    kind: str
    call: int = 0
    began: bool = False
    thinking: list[str] = field(default_factory=list[str])
    signature: list[str] = field(default_factory=list[str])


class AnthropicStream:
    """One stream; see the port (wire.py)."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.usage_fields: JsonObject = {}
        self.finish: str | None = None
        self.ended = False
        self.failure: WireError | None = None
        self._blocks: dict[int, _Block] = {}
        self._calls = 0

    def decode(self, payloads: list[bytes]) -> list[ModelChunk]:
        """Return what the payloads hold, up to the end or a failure."""
        found: list[ModelChunk] = []
        try:
            for payload in payloads:
                if payload:
                    self._read(document(payload), found)
                if self.ended:
                    break
        except WireError as failure:
            self.failure = failure
        except (TypeError, AttributeError, ValueError, LookupError):
            self.failure = WireSurprise()
        return found

    def close(self) -> list[ModelChunk]:
        """Return nothing: a block is given when it ends, and one that was cut is not whole."""
        return []

    def _read(self, event: JsonObject, found: list[ModelChunk]) -> None:
        match event.get("type"):
            case "content_block_delta":
                self._delta(event["index"], event["delta"], found)
            case "content_block_start":
                self._start(event["index"], event["content_block"], found)
            case "content_block_stop":
                self._stop(event["index"], found)
            case "message_start":
                self._use(event["message"].get("usage"))
            case "message_delta":
                if reason := event["delta"].get("stop_reason"):
                    self.finish = str(reason)
                self._use(event.get("usage"))
            case "message_stop":
                self.ended = True
            case "error":
                raise provider_error(event.get("error") or event)
            case _:
                return

    def _start(self, index: int, content: JsonObject, found: list[ModelChunk]) -> None:
        block = self._blocks[index] = _Block(content["type"])
        match block.kind:
            case "text" if text := content.get("text"):
                found.append(TextChunk(text))
            case "tool_use":
                block.call = self._calls
                self._calls += 1
                found.append(ToolCallChunk(block.call, content["id"], content["name"], ""))
            case "thinking":
                block.thinking.append(content.get("thinking") or "")
                block.signature.append(content.get("signature") or "")
                if block.thinking[0]:
                    found.append(ReasoningChunk(block.thinking[0]))
            case "redacted_thinking":
                found.append(ReasoningChunk("", dict(content)))
            case _:
                return

    def _delta(self, index: int, delta: JsonObject, found: list[ModelChunk]) -> None:
        match delta["type"]:
            case "text_delta":
                if text := delta["text"]:
                    found.append(TextChunk(_text(text)))
            case "input_json_delta":
                block = self._blocks[index]
                if block.kind == "tool_use" and (fragment := delta["partial_json"]):
                    block.began = True
                    found.append(ToolCallChunk(block.call, None, None, _text(fragment)))
            case "thinking_delta":
                if text := delta["thinking"]:
                    self._blocks[index].thinking.append(_text(text))
                    found.append(ReasoningChunk(text))
            case "signature_delta":
                self._blocks[index].signature.append(_text(delta["signature"]))
            case _:
                return

    def _stop(self, index: int, found: list[ModelChunk]) -> None:
        block = self._blocks.pop(index)
        if block.kind == "tool_use" and not block.began:
            found.append(ToolCallChunk(block.call, None, None, "{}"))
        elif block.kind == "thinking" and (signature := "".join(block.signature)):
            whole: dict[str, JsonValue] = {
                "type": "thinking",
                "thinking": "".join(block.thinking),
                "signature": signature,
            }
            found.append(ReasoningChunk("", whole))

    def _use(self, usage: JsonObject | None) -> None:
        """Join what the events say: the last one is cumulative, but may leave out what the first one said."""
        if not usage:
            return
        self.usage_fields |= {name: value for name, value in usage.items() if value is not None}
        fields = self.usage_fields
        self.usage = Usage(
            input_tokens=sum(tokens(fields.get(name)) for name in _INPUTS),
            cached_tokens=tokens(fields.get("cache_read_input_tokens")),
            cache_write_tokens=tokens(fields.get("cache_creation_input_tokens")),
            output_tokens=tokens(fields.get("output_tokens")),
        )


def _text(value: object) -> str:
    if type(value) is not str:
        raise WireSurprise
    return value
