"""What the decoders of the two wire formats share: their port, and how they fail."""

from collections.abc import Hashable
from itertools import groupby
from typing import Any, Final, Protocol, cast

import orjson

from factotum.llm.faults import FaultKind
from factotum.llm.port import ModelChunk, ReasoningChunk, TextChunk, ToolCallChunk
from factotum.protocol.runs import Usage

JsonObject = dict[str, Any]


class WireError(Exception):
    """The stream failed, or the provider said that it did. `words` are its own, and may hold secrets."""

    def __init__(self, kind: FaultKind, words: str = "") -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind
        self.words = words


class WireSurprise(WireError):
    """A document whose shape the decoder does not know: LiteLLM's own stream may know it."""

    def __init__(self) -> None:
        super().__init__("broken_stream")


class Wire(Protocol):
    """Decodes the payloads of one stream, in order. Work is proportional to the payload."""

    usage: Usage | None
    """What the call used, without its cost, once the stream said so."""
    usage_fields: JsonObject
    """The same as the provider wrote it, for the price list."""
    finish: str | None
    """The provider's reason for the end, in its own words."""
    ended: bool
    """The stream said that nothing follows."""
    failure: WireError | None
    """Why decoding stopped, if it did; what came before was given."""

    def decode(self, payloads: list[bytes]) -> list[ModelChunk]:
        """Return what the payloads hold, up to the end or a failure."""
        ...

    def close(self) -> list[ModelChunk]:
        """Return what is still held when the stream is over."""
        ...


def document(payload: bytes) -> JsonObject:
    """Parse one payload. Raises WireError for what is no JSON, WireSurprise for what is no object."""
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise WireError("broken_stream") from None
    if type(found) is not dict:
        raise WireSurprise
    return cast("JsonObject", found)


def joined(chunks: list[ModelChunk]) -> list[ModelChunk]:
    """Join neighbours that continue each other: what came in one read need not be handled piece by piece."""
    if len(chunks) < 2:
        return chunks
    out: list[ModelChunk] = []
    for _, run in groupby(chunks, _continued):
        first, *rest = run
        out.append(_one(first, rest) if rest else first)
    return out


def _continued(chunk: ModelChunk) -> Hashable:
    """Return what neighbours share that are one; for a chunk that stands alone, something of its own."""
    kind = type(chunk)
    if kind is TextChunk:
        return kind
    if isinstance(chunk, ReasoningChunk) and chunk.signed is None:
        return kind
    if isinstance(chunk, ToolCallChunk) and chunk.call_id is None and chunk.name is None:
        return chunk.index
    return id(chunk)


def _one(first: ModelChunk, rest: list[ModelChunk]) -> ModelChunk:
    match first:
        case TextChunk():
            return TextChunk("".join([cast("TextChunk", chunk).text for chunk in (first, *rest)]))
        case ReasoningChunk():
            return ReasoningChunk("".join([cast("ReasoningChunk", chunk).text for chunk in (first, *rest)]))
        case _:
            pieces = [cast("ToolCallChunk", chunk) for chunk in (first, *rest)]
            return ToolCallChunk(pieces[0].index, None, None, "".join([piece.arguments for piece in pieces]))


def tokens(value: object) -> int:
    """Return a count of tokens; what is missing or no count is zero."""
    return max(0, int(value)) if isinstance(value, int | float) else 0


_BY_STATUS: Final[dict[int, FaultKind]] = {
    400: "bad_request",
    401: "unauthorized",
    402: "unauthorized",
    403: "unauthorized",
    404: "model_not_found",
    413: "context_overflow",
    422: "bad_request",
    429: "rate_limited",
}
_BY_NAME: Final[dict[str, FaultKind]] = {
    "authentication_error": "unauthorized",
    "billing_error": "unauthorized",
    "insufficient_quota": "unauthorized",
    "invalid_api_key": "unauthorized",
    "permission_error": "unauthorized",
    "rate_limit_error": "rate_limited",
    "rate_limit_exceeded": "rate_limited",
    "context_length_exceeded": "context_overflow",
    "request_too_large": "context_overflow",
    "content_filter": "content_filtered",
    "content_policy_violation": "content_filtered",
    "model_not_found": "model_not_found",
    "not_found_error": "model_not_found",
    "invalid_request_error": "bad_request",
    "badrequesterror": "bad_request",
}
_TOO_LONG: Final = ("maximum context length", "prompt is too long", "context window")


def provider_error(error: object) -> WireError:
    """Read an error that came in the stream after the headers; one that nobody knows is the provider's own.

    Sources: https://docs.anthropic.com/en/api/errors, https://platform.openai.com/docs/guides/error-codes;
    OpenRouter and vLLM write the HTTP status as `code`.
    """
    if not isinstance(error, dict):
        return WireError("overloaded", str(error))
    fields = cast("JsonObject", error)
    code, name = fields.get("code"), fields.get("type")
    words = str(fields.get("message") or "")
    kind = _BY_STATUS.get(code) if isinstance(code, int) else None
    kind = kind or _BY_NAME.get(str(code).lower()) or _BY_NAME.get(str(name).lower())
    if kind == "bad_request" and any(sign in words.lower() for sign in _TOO_LONG):
        kind = "context_overflow"
    return WireError(kind or "overloaded", words)
