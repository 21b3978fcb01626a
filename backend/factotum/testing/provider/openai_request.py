"""Reads chat completion requests, and refuses what the real service refuses.

Law: a client that this reader lets through keeps the pairs of call and result whole, sends schemas that the
vendor takes, and asks only for options that exist.
"""

import re
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from factotum.testing.provider.conversation import Conversation, Entry, part_text
from factotum.testing.provider.pieces import Request
from factotum.testing.provider.refusal import Refusal

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ROLES = ("system", "developer", "user", "assistant", "tool")
_PARTS = ("text", "image_url", "input_audio", "file", "refusal")

Fields = Mapping[str, JsonValue]


def read_request(body: JsonValue) -> Request:
    """Return what `body` asks for. Raises Refusal with the vendor's words for what it refuses."""
    if not isinstance(body, dict):
        raise Refusal(
            "bad_request", "We could not parse the JSON body of your request: it must be an object."
        )
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refusal("bad_request", "you must provide a model parameter", param="model")
    stream = body.get("stream") or False
    messages = _messages(body.get("messages"))
    _check_pairs(messages)
    tools = _check_tools(body)
    _check_options(body, stream=bool(stream))
    entries = tuple(_entry(message) for message in messages if message["role"] not in ("system", "developer"))
    prompt = sum(len(text) for message in messages for text in _texts(message)) + len(str(tools))
    options = body.get("stream_options")
    return Request(
        model=model,
        conversation=Conversation(entries),
        stream=bool(stream),
        has_tools=bool(tools),
        stops=_stops(body.get("stop")),
        counts=isinstance(options, dict) and bool(options.get("include_usage")),
        interleaves=True,
        prompt_characters=prompt,
    )


def _messages(value: JsonValue) -> list[Fields]:
    if not isinstance(value, list):
        raise Refusal("bad_request", "Missing required parameter: 'messages'.", param="messages")
    if not value:
        raise Refusal("bad_request", "[] is too short - 'messages'", param="messages", code="empty_array")
    return [_message(message, f"messages[{place}]") for place, message in enumerate(value)]


def _message(value: JsonValue, where: str) -> Fields:
    if not isinstance(value, dict):
        raise Refusal("bad_request", f"Invalid type for '{where}': expected an object.", param=where)
    role = value.get("role")
    if role not in _ROLES:
        expected = ", ".join(f"'{known}'" for known in _ROLES)
        raise Refusal(
            "bad_request",
            f"Invalid value: '{role}'. Supported values are: {expected}.",
            param=f"{where}.role",
            code="invalid_value",
        )
    calls = value.get("tool_calls")
    if calls is not None:
        _check_calls(calls, role, where)
    if role == "tool" and not isinstance(value.get("tool_call_id"), str):
        raise Refusal(
            "bad_request", f"Missing parameter 'tool_call_id': {where}.", param=f"{where}.tool_call_id"
        )
    _check_content(value.get("content"), where, may_be_null=role == "assistant" and bool(calls))
    return value


def _check_calls(calls: JsonValue, role: JsonValue, where: str) -> None:
    if role != "assistant":
        raise Refusal("bad_request", f"Unknown parameter: '{where}.tool_calls'.", param=f"{where}.tool_calls")
    if not isinstance(calls, list) or not calls:
        raise Refusal(
            "bad_request",
            f"Invalid '{where}.tool_calls': empty array. Expected an array with minimum length 1.",
            param=f"{where}.tool_calls",
            code="empty_array",
        )
    for place, call in enumerate(calls):
        match call:
            case {"id": str(), "type": "function", "function": {"name": str(name), "arguments": str()}}:
                _check_name(name, f"{where}.tool_calls[{place}].function.name")
            case _:
                raise Refusal(
                    "bad_request",
                    f"Invalid '{where}.tool_calls[{place}]': expected id, type 'function' and a function with"
                    " a name and arguments as a JSON string.",
                    param=f"{where}.tool_calls[{place}]",
                    code="invalid_type",
                )


def _check_content(content: JsonValue, where: str, *, may_be_null: bool) -> None:
    if content is None and may_be_null:
        return
    if isinstance(content, str):
        return
    if isinstance(content, list) and all(isinstance(p, dict) and p.get("type") in _PARTS for p in content):
        return
    raise Refusal(
        "bad_request",
        f"Invalid value for 'content': expected a string or an array of parts, got {_kind(content)}.",
        param=f"{where}.content",
    )


def _check_pairs(messages: Sequence[Fields]) -> None:
    """Refuse a call without its answer and an answer without its call."""
    awaited: set[str] = set()
    for place, message in enumerate(messages):
        if message["role"] == "tool":
            call_id = str(message["tool_call_id"])
            if call_id not in awaited:
                raise Refusal(
                    "bad_request",
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message"
                    " with 'tool_calls'.",
                    param=f"messages.[{place}].role",
                )
            awaited.discard(call_id)
            continue
        _refuse_awaited(awaited, place)
        calls = cast("list[Fields]", message.get("tool_calls") or [])
        awaited = {str(call["id"]) for call in calls}
        if len(awaited) != len(calls):
            raise Refusal(
                "bad_request", "Duplicate value for 'tool_call_id'.", param=f"messages.[{place}].tool_calls"
            )
    _refuse_awaited(awaited, len(messages))


def _refuse_awaited(awaited: set[str], place: int) -> None:
    if awaited:
        raise Refusal(
            "bad_request",
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
            " 'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(sorted(awaited)),
            param=f"messages.[{place}].role",
        )


def _check_tools(body: Fields) -> list[JsonValue]:
    tools = body.get("tools")
    if tools is None:
        if body.get("tool_choice") is not None:
            raise Refusal(
                "bad_request",
                "'tool_choice' is only allowed when 'tools' are specified.",
                param="tool_choice",
            )
        return []
    if not isinstance(tools, list) or not tools:
        raise Refusal("bad_request", "[] is too short - 'tools'", param="tools", code="empty_array")
    names: set[str] = set()
    for place, tool in enumerate(tools):
        match tool:
            case {"type": "function", "function": {"name": str(name), **function}}:
                _check_name(name, f"tools[{place}].function.name")
                _check_schema(name, function.get("parameters"), f"tools[{place}].function.parameters")
                names.add(name)
            case _:
                raise Refusal(
                    "bad_request",
                    f"Missing required parameter: 'tools[{place}].function'.",
                    param=f"tools[{place}]",
                )
    if len(names) != len(tools):
        raise Refusal("bad_request", "Tool names must be unique.", param="tools")
    return tools


def _check_schema(name: str, schema: JsonValue, where: str) -> None:
    if schema is None:
        return
    if not isinstance(schema, dict) or schema.get("type") != "object":
        kind = schema.get("type") if isinstance(schema, dict) else None
        raise Refusal(
            "bad_request",
            f"Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got"
            f" 'type: \"{kind}\"'.",
            param=where,
            code="invalid_function_parameters",
        )


def _check_name(name: str, where: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise Refusal(
            "bad_request",
            f"Invalid '{where}': string does not match pattern. Expected a string that matches the pattern"
            " '^[a-zA-Z0-9_-]+$' and has at most 64 characters.",
            param=where,
            code="invalid_value",
        )


def _check_options(body: Fields, *, stream: bool) -> None:
    if body.get("stream_options") is not None and not stream:
        raise Refusal(
            "bad_request",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    if body.get("n") not in (None, 1):
        raise Refusal("bad_request", "This server gives one choice: 'n' must be 1.", param="n")
    for limit in ("max_tokens", "max_completion_tokens"):
        value = body.get(limit)
        if value is not None and (not isinstance(value, int) or value < 1):
            raise Refusal(
                "bad_request",
                f"Invalid '{limit}': integer below minimum value. Expected a value >= 1.",
                param=limit,
                code="integer_below_min_value",
            )


def _stops(value: JsonValue) -> tuple[str, ...]:
    match value:
        case None:
            return ()
        case str():
            return (value,)
        case list() if len(value) <= 4 and all(isinstance(stop, str) for stop in value):
            return tuple(str(stop) for stop in value)
        case _:
            raise Refusal(
                "bad_request", "Invalid 'stop': expected a string or at most 4 strings.", param="stop"
            )


def _entry(message: Fields) -> Entry:
    match message["role"]:
        case "assistant":
            return Entry("assistant", _texts(message))
        case "tool":
            return Entry("tool", _texts(message))
        case _:
            return Entry("user", _texts(message))


def _texts(message: Fields) -> tuple[str, ...]:
    content = message.get("content")
    texts = [content] if isinstance(content, str) else []
    if isinstance(content, list):
        texts = [part_text(part) for part in content if isinstance(part, dict)]
    texts += [str(call["function"]) for call in cast("list[Fields]", message.get("tool_calls") or [])]
    return tuple(texts)


def _kind(value: JsonValue) -> str:
    return "null" if value is None else type(value).__name__
