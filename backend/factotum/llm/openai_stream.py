"""The stream of OpenAI's chat completions, and of all that speak its format, decoded. Sans-IO.

Source: https://platform.openai.com/docs/api-reference/chat-streaming. Others add to it: `reasoning_content`
(DeepSeek, vLLM) or `reasoning` (OpenRouter, Ollama), signed `reasoning_details` (OpenRouter), usage on
every chunk (xAI) or under `x_groq`, errors in a document of their own, and LiteLLM's proxy signed
`thinking_blocks`.
"""

from typing import Any, cast

from factotum.llm.port import ModelChunk, ReasoningChunk, TextChunk, ToolCallChunk
from factotum.llm.thinking import ReasoningDetails, SignedThinking
from factotum.llm.wire import JsonObject, WireError, WireSurprise, document, provider_error, tokens
from factotum.protocol.runs import Usage

_DONE = b"[DONE]"


class OpenAIStream:
    """One stream; see the port (wire.py). Only the first choice is read: one is all that we ask for."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.usage_fields: JsonObject = {}
        self.finish: str | None = None
        self.ended = False
        self.failure: WireError | None = None
        self._signed: SignedThinking | None = None
        self._details: ReasoningDetails | None = None

    def decode(self, payloads: list[bytes]) -> list[ModelChunk]:
        """Return what the payloads hold, up to the end or a failure."""
        found: list[ModelChunk] = []
        try:
            for payload in payloads:
                if payload == _DONE:
                    self.ended = True
                    break
                if payload:
                    self._read(document(payload), found)
        except WireError as failure:
            self.failure = failure
        except (TypeError, AttributeError, ValueError, LookupError):
            self.failure = WireSurprise()
        return found

    def close(self) -> list[ModelChunk]:
        """Return the signed blocks that are still held, if the stream ended right after them."""
        details: list[ModelChunk] = list(self._details.end()) if self._details else []
        return [*details, *(self._signed.end() if self._signed else ())]

    def _read(self, chunk: JsonObject, found: list[ModelChunk]) -> None:
        if (error := chunk.get("error")) is not None:
            raise provider_error(error)
        usage = chunk.get("usage")
        if not usage and "x_groq" in chunk:
            usage = _under(chunk, "x_groq").get("usage")
        if usage:
            self._use(usage)
        choices = chunk.get("choices")
        if not choices:
            return
        choice = choices[0]
        if choice.get("index"):
            return
        if finish := choice.get("finish_reason"):
            self.finish = str(finish)
        if delta := choice.get("delta"):
            self._delta(delta, found)

    def _delta(self, delta: JsonObject, found: list[ModelChunk]) -> None:
        get = delta.get
        blocks = get("thinking_blocks")
        if blocks or self._signed is not None:
            self._sign(blocks or (), get("reasoning_content"), found)
        elif reasoning := (get("reasoning_content") or get("reasoning")):
            found.append(ReasoningChunk(_text(reasoning)))
        details = get("reasoning_details")
        if details or self._details is not None:
            self._detail(details or (), delta, found)
        if text := get("content"):
            found.append(TextChunk(_text(text)))
        if calls := get("tool_calls"):
            found.extend(map(_call, calls))

    def _sign(self, blocks: Any, reasoning: Any, found: list[ModelChunk]) -> None:
        signed = self._signed = self._signed or SignedThinking()
        if not any(block.get("signature") for block in blocks):
            found.extend(signed.end())
        if reasoning:
            found.append(ReasoningChunk(_text(reasoning)))
        found.extend(signed.take(blocks))

    def _detail(self, details: Any, delta: JsonObject, found: list[ModelChunk]) -> None:
        gathered = self._details = self._details or ReasoningDetails()
        gathered.take(details)
        if delta.get("content") or delta.get("tool_calls"):
            found.extend(gathered.end())

    def _use(self, usage: Any) -> None:
        fields = cast("JsonObject", usage)
        details = _under(fields, "prompt_tokens_details")
        self.usage_fields = fields
        self.usage = Usage(
            input_tokens=tokens(fields.get("prompt_tokens")),
            cached_tokens=tokens(details.get("cached_tokens") or fields.get("prompt_cache_hit_tokens")),
            cache_write_tokens=tokens(
                details.get("cache_write_tokens") or details.get("cache_creation_tokens")
            ),
            output_tokens=tokens(fields.get("completion_tokens")),
        )


def _under(fields: JsonObject, name: str) -> JsonObject:
    found: JsonObject | None = fields.get(name)
    return found or {}


def _text(value: Any) -> str:
    if type(value) is not str:
        raise WireSurprise
    return value


def _call(call: JsonObject) -> ToolCallChunk:
    function = _under(call, "function")
    return ToolCallChunk(
        call.get("index") or 0,
        call.get("id") or None,
        function.get("name") or None,
        _text(function.get("arguments") or ""),
    )
