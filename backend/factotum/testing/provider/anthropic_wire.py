"""The wire format of Anthropic's messages, pure: reads requests, writes answers, events and errors.

Source: https://docs.anthropic.com/en/api/messages and .../messages-streaming.
"""

from collections.abc import Iterator
from typing import ClassVar, Literal

import orjson
from pydantic import JsonValue

from factotum.testing.provider.anthropic_request import read_request
from factotum.testing.provider.pieces import (
    Arguments,
    CallOpened,
    Redacted,
    Reply,
    Request,
    Said,
    Signed,
    Spoken,
    Thought,
)
from factotum.testing.provider.refusal import Refusal, Shape
from factotum.testing.provider.script import ErrorKind, Finish, UsageSpec

_SHAPES: dict[ErrorKind, Shape] = {
    "rate_limited": Shape(
        429,
        "rate_limit_error",
        None,
        "This request would exceed your organization's rate limit. Please try again later.",
    ),
    "quota": Shape(
        400,
        "invalid_request_error",
        None,
        "Your credit balance is too low to access the Anthropic API."
        " Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    "overloaded": Shape(529, "overloaded_error", None, "Overloaded"),
    "server": Shape(500, "api_error", None, "Internal server error"),
    "context_overflow": Shape(
        400, "invalid_request_error", None, "prompt is too long: 200412 tokens > 200000 maximum"
    ),
    "unauthorized": Shape(401, "authentication_error", None, "invalid x-api-key"),
    "forbidden": Shape(
        403, "permission_error", None, "Your API key does not have permission to use the specified resource."
    ),
    "model_not_found": Shape(404, "not_found_error", None, "The requested resource could not be found."),
    "bad_request": Shape(400, "invalid_request_error", None, "Invalid request."),
    "content_filter": Shape(400, "invalid_request_error", None, "Output blocked by content filtering policy"),
}

_STOP_REASONS: dict[Finish, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


class AnthropicWire:
    """Messages. Knows nothing of time or of connections."""

    name: ClassVar[Literal["openai", "anthropic"]] = "anthropic"

    def read(self, body: JsonValue) -> Request:
        """Read a request. Raises Refusal for what the vendor refuses."""
        return read_request(body)

    def error(self, refusal: Refusal, *, request_id: str) -> tuple[int, dict[str, JsonValue]]:
        """Return the status and body of an error answer."""
        shape = refusal.shaped(_SHAPES)
        error: dict[str, JsonValue] = {"type": shape.type, "message": shape.message}
        return shape.status, {"type": "error", "error": error, "request_id": request_id}

    def error_frame(self, refusal: Refusal, *, request_id: str) -> bytes:
        """Return how a failure in mid-stream is said."""
        return _frame(self.error(refusal, request_id=request_id)[1])

    def models(self, names: tuple[str, ...]) -> dict[str, JsonValue]:
        """Return the list of models."""
        data: list[JsonValue] = [
            {"type": "model", "id": name, "display_name": name, "created_at": "2025-01-01T00:00:00Z"}
            for name in names
        ]
        return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}

    def ping(self) -> bytes:
        """Return a sign of life."""
        return _frame({"type": "ping"})

    def encoder(self, reply: Reply) -> "AnthropicStream":
        """Return the writer of one streamed answer."""
        return AnthropicStream(reply)

    def whole(self, reply: Reply, pieces: list[Spoken], stop: str | None) -> dict[str, JsonValue]:
        """Return the answer to a request that does not stream."""
        content: list[JsonValue] = []
        characters = 0
        blocks = _blocks(pieces)
        for kind, parts in blocks:
            text = "".join(part.text for part in parts if isinstance(part, Said | Thought))
            arguments = "".join(part.fragment for part in parts if isinstance(part, Arguments))
            characters += len(text) + len(arguments)
            content.append(_whole_block(kind, parts, text, arguments))
        return {
            **_message(reply),
            "content": content,
            "stop_reason": "stop_sequence" if stop else _STOP_REASONS[reply.finish],
            "stop_sequence": stop,
            "usage": _usage(reply.usage(characters)),
        }


class AnthropicStream:
    """Writes one streamed answer as server-sent events: a block is opened where the kind of piece changes."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._index = -1
        self._open: Literal["text", "thinking", "redacted_thinking", "tool_use"] | None = None
        self._pinged = False
        self._characters = 0

    def open(self) -> Iterator[bytes]:
        """Yield what goes before the first piece."""
        usage = _usage(self._reply.usage(0)) | {"output_tokens": 1}
        message: dict[str, JsonValue] = {
            **_message(self._reply),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        yield _frame({"type": "message_start", "message": message})

    def piece(self, piece: Spoken) -> Iterator[bytes]:
        """Yield the events of one piece."""
        match piece:
            case Said(text):
                if self._open != "text":
                    yield from self._start("text", {"type": "text", "text": ""})
                self._characters += len(text)
                yield self._delta({"type": "text_delta", "text": text})
            case Thought(text, first):
                if first or self._open != "thinking":
                    yield from self._start("thinking", {"type": "thinking", "thinking": "", "signature": ""})
                self._characters += len(text)
                yield self._delta({"type": "thinking_delta", "thinking": text})
            case Signed(signature):
                yield self._delta({"type": "signature_delta", "signature": signature})
                yield from self._stop()
            case Redacted(data):
                yield from self._start("redacted_thinking", {"type": "redacted_thinking", "data": data})
                yield from self._stop()
            case CallOpened(_, call_id, name):
                yield from self._start(
                    "tool_use", {"type": "tool_use", "id": _tool_id(call_id), "name": name or "", "input": {}}
                )
                yield self._delta({"type": "input_json_delta", "partial_json": ""})
            case Arguments(_, fragment):
                self._characters += len(fragment)
                yield self._delta({"type": "input_json_delta", "partial_json": fragment})

    def close(self, finish: Finish, stop: str | None) -> Iterator[bytes]:
        """Yield the end: the reason with the usage, and the mark. `stop`: the sequence that ended it."""
        yield from self._stop()
        reason = "stop_sequence" if stop else _STOP_REASONS[finish]
        yield _frame(
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": stop},
                "usage": {"output_tokens": self._reply.usage(self._characters).output},
            }
        )
        yield _frame({"type": "message_stop"})

    def _start(
        self,
        kind: Literal["text", "thinking", "redacted_thinking", "tool_use"],
        block: dict[str, JsonValue],
    ) -> Iterator[bytes]:
        yield from self._stop()
        self._index += 1
        self._open = kind
        yield _frame({"type": "content_block_start", "index": self._index, "content_block": block})
        if not self._pinged:
            self._pinged = True
            yield _frame({"type": "ping"})

    def _stop(self) -> Iterator[bytes]:
        if self._open is not None:
            self._open = None
            yield _frame({"type": "content_block_stop", "index": self._index})

    def _delta(self, delta: dict[str, JsonValue]) -> bytes:
        return _frame({"type": "content_block_delta", "index": self._index, "delta": delta})


def _blocks(pieces: list[Spoken]) -> list[tuple[str, list[Spoken]]]:
    """Gather pieces into blocks, as the stream does."""
    blocks: list[tuple[str, list[Spoken]]] = []
    kinds = {
        Said: "text",
        Thought: "thinking",
        Signed: "thinking",
        Redacted: "redacted_thinking",
        CallOpened: "tool_use",
        Arguments: "tool_use",
    }
    for piece in pieces:
        kind = kinds[type(piece)]
        opens = isinstance(piece, CallOpened | Redacted) or (isinstance(piece, Thought) and piece.first)
        if opens or not blocks or blocks[-1][0] != kind:
            blocks.append((kind, []))
        blocks[-1][1].append(piece)
    return blocks


def _whole_block(kind: str, parts: list[Spoken], text: str, arguments: str) -> JsonValue:
    match kind, parts[0]:
        case "tool_use", CallOpened(_, call_id, name):
            return {"type": "tool_use", "id": _tool_id(call_id), "name": name, "input": _input(arguments)}
        case "redacted_thinking", Redacted(data):
            return {"type": "redacted_thinking", "data": data}
        case "thinking", _:
            signature = "".join(part.signature for part in parts if isinstance(part, Signed))
            return {"type": "thinking", "thinking": text, "signature": signature}
        case _:
            return {"type": "text", "text": text}


def _input(arguments: str) -> JsonValue:
    """Return the arguments as the object that this wire carries. Raises Refusal when they are not JSON."""
    try:
        return orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError as error:
        raise Refusal(
            "bad_request",
            "The script gives arguments that are not JSON: over this wire they can only be streamed.",
            code="script_unexpected",
        ) from error


def _tool_id(call_id: str | None) -> str:
    return (
        f"toolu_{call_id.removeprefix('call_')}" if call_id and call_id.startswith("call_") else call_id or ""
    )


def _message(reply: Reply) -> dict[str, JsonValue]:
    return {"id": f"msg_{reply.id}", "type": "message", "role": "assistant", "model": reply.request.model}


def _usage(usage: UsageSpec) -> dict[str, JsonValue]:
    return {
        "input_tokens": max((usage.input or 0) - usage.cached - usage.cache_written, 0),
        "cache_creation_input_tokens": usage.cache_written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    }


def _frame(payload: dict[str, JsonValue]) -> bytes:
    return b"event: " + str(payload["type"]).encode() + b"\ndata: " + orjson.dumps(payload) + b"\n\n"
