"""The wire format of OpenAI's chat completions, pure: reads requests, writes answers, chunks and errors.

Source: https://platform.openai.com/docs/api-reference/chat. Reasoning goes as `reasoning_content`, as
DeepSeek and most compatible servers send it.
"""

from collections.abc import Iterator
from typing import ClassVar, Literal

import orjson
from pydantic import JsonValue

from factotum.testing.provider.openai_request import read_request
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

CREATED = 1_735_689_600
"""The time that every answer names (2025-01-01): the same request gets the same bytes."""

_SHAPES: dict[ErrorKind, Shape] = {
    "rate_limited": Shape(
        429, "requests", "rate_limit_exceeded", "Rate limit reached for requests. Please try again later."
    ),
    "quota": Shape(
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "overloaded": Shape(
        503, "server_error", None, "The engine is currently overloaded, please try again later"
    ),
    "server": Shape(
        500, "server_error", None, "The server had an error while processing your request. Sorry about that!"
    ),
    "context_overflow": Shape(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 128412"
        " tokens. Please reduce the length of the messages.",
    ),
    "unauthorized": Shape(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    "forbidden": Shape(403, "invalid_request_error", None, "You are not allowed to sample from this model."),
    "model_not_found": Shape(
        404,
        "invalid_request_error",
        "model_not_found",
        "The model does not exist or you do not have access to it.",
    ),
    "bad_request": Shape(400, "invalid_request_error", None, "Invalid request."),
    "content_filter": Shape(
        400,
        "invalid_request_error",
        "content_filter",
        "The response was filtered due to the prompt triggering the content management policy.",
    ),
}


class OpenAIWire:
    """Chat completions. Knows nothing of time or of connections."""

    name: ClassVar[Literal["openai", "anthropic"]] = "openai"

    def read(self, body: JsonValue) -> Request:
        """Read a request. Raises Refusal for what the vendor refuses."""
        return read_request(body)

    def error(self, refusal: Refusal, *, request_id: str) -> tuple[int, dict[str, JsonValue]]:
        """Return the status and body of an error answer."""
        del request_id
        shape = refusal.shaped(_SHAPES)
        error: dict[str, JsonValue] = {
            "message": shape.message,
            "type": shape.type,
            "param": refusal.param,
            "code": shape.code,
        }
        return shape.status, {"error": error}

    def error_frame(self, refusal: Refusal, *, request_id: str) -> bytes:
        """Return how a failure in mid-stream is said."""
        return _frame(self.error(refusal, request_id=request_id)[1])

    def models(self, names: tuple[str, ...]) -> dict[str, JsonValue]:
        """Return the list of models."""
        data: list[JsonValue] = [
            {"id": name, "object": "model", "created": CREATED, "owned_by": "factotum"} for name in names
        ]
        return {"object": "list", "data": data}

    def ping(self) -> bytes:
        """Return a sign of life: a comment, as OpenRouter sends it."""
        return b": PROCESSING\n\n"

    def encoder(self, reply: Reply) -> "OpenAIStream":
        """Return the writer of one streamed answer."""
        return OpenAIStream(reply)

    def whole(self, reply: Reply, pieces: list[Spoken], stop: str | None) -> dict[str, JsonValue]:
        """Return the answer to a request that does not stream. `stop`: the sequence that ended it."""
        calls: dict[int, dict[str, str]] = {}
        said = thought = ""
        for piece in pieces:
            match piece:
                case Said(text):
                    said += text
                case Thought(text):
                    thought += text
                case CallOpened(number, call_id, name):
                    call = calls.setdefault(number, {"id": "", "name": "", "arguments": ""})
                    call.update(id=call_id or call["id"], name=name or call["name"])
                case Arguments(number, fragment):
                    calls[number]["arguments"] += fragment
                case Signed() | Redacted():
                    pass
        message: dict[str, JsonValue] = {"role": "assistant", "content": said or None, "refusal": None}
        if thought:
            message["reasoning_content"] = thought
        if calls:
            message["tool_calls"] = [
                {
                    "id": c["id"],
                    "type": "function",
                    "function": {"name": c["name"], "arguments": c["arguments"]},
                }
                for c in calls.values()
            ]
        characters = len(said) + len(thought) + sum(len(call["arguments"]) for call in calls.values())
        finish: Finish = "stop" if stop else reply.finish
        return {
            **_head(reply, "chat.completion"),
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
            "usage": _usage(reply.usage(characters)),
        }


class OpenAIStream:
    """Writes one streamed answer as server-sent events."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._head = _head(reply, "chat.completion.chunk")
        if reply.request.counts:
            self._head["usage"] = None
        self._characters = 0

    def open(self) -> Iterator[bytes]:
        """Yield what goes before the first piece: the role."""
        yield self._delta({"role": "assistant", "content": "", "refusal": None})

    def piece(self, piece: Spoken) -> Iterator[bytes]:
        """Yield the chunks of one piece."""
        match piece:
            case Said(text):
                self._characters += len(text)
                yield self._delta({"content": text})
            case Thought(text):
                self._characters += len(text)
                yield self._delta({"reasoning_content": text})
            case Signed() | Redacted():
                pass
            case CallOpened(number, call_id, name):
                yield self._delta({"tool_calls": [_opened(number, call_id, name)]})
            case Arguments(number, fragment):
                self._characters += len(fragment)
                yield self._delta({"tool_calls": [{"index": number, "function": {"arguments": fragment}}]})

    def close(self, finish: Finish, stop: str | None) -> Iterator[bytes]:
        """Yield the end: the reason, the usage where it was asked for, and the mark of the end."""
        yield self._choice({}, "stop" if stop else finish)
        if self._reply.request.counts:
            usage = _usage(self._reply.usage(self._characters))
            yield _frame({**self._head, "choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"

    def _delta(self, delta: dict[str, JsonValue]) -> bytes:
        return self._choice(delta, None)

    def _choice(self, delta: dict[str, JsonValue], finish: Finish | None) -> bytes:
        choice: dict[str, JsonValue] = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _frame({**self._head, "choices": [choice]})


def _opened(number: int, call_id: str | None, name: str | None) -> JsonValue:
    if call_id is None or name is None:
        return {"index": number, "type": "function", "function": {"arguments": ""}}
    return {"index": number, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}


def _head(reply: Reply, kind: str) -> dict[str, JsonValue]:
    return {
        "id": f"chatcmpl-{reply.id}",
        "object": kind,
        "created": CREATED,
        "model": reply.request.model,
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _usage(usage: UsageSpec) -> dict[str, JsonValue]:
    prompt, completion = usage.input or 0, usage.output or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _frame(payload: dict[str, JsonValue]) -> bytes:
    return b"data: " + orjson.dumps(payload) + b"\n\n"
