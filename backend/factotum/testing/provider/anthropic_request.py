"""Reads messages requests, and refuses what the real service refuses.

Law: a client that this reader lets through keeps every `tool_use` with its `tool_result`, hands thinking
blocks back as they were, and sends no empty text.
"""

import re
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from factotum.testing.provider.conversation import Conversation, Entry, part_text
from factotum.testing.provider.pieces import Request, signature_of
from factotum.testing.provider.refusal import Refusal

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_BLOCKS = {
    "user": ("text", "image", "document", "tool_result", "search_result"),
    "assistant": ("text", "tool_use", "thinking", "redacted_thinking"),
}

Block = Mapping[str, JsonValue]
Turn = tuple[str, list[Block]]


def read_request(body: JsonValue) -> Request:
    """Return what `body` asks for. Raises Refusal with the vendor's words for what it refuses."""
    if not isinstance(body, dict):
        raise Refusal("bad_request", "The request body is not valid JSON: it must be an object.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise Refusal("bad_request", "model: Field required")
    limit = body.get("max_tokens")
    if not isinstance(limit, int) or limit < 1:
        raise Refusal(
            "bad_request", "max_tokens: Field required" if limit is None else "max_tokens: must be positive"
        )
    turns = _turns(body.get("messages"))
    _check_pairs(turns)
    tools = _check_tools(body.get("tools"))
    if not tools and any(
        block["type"] in ("tool_use", "tool_result") for _, blocks in turns for block in blocks
    ):
        raise Refusal(
            "bad_request",
            "Requests which have `tool_use` or `tool_result` blocks in messages must define tools.",
        )
    _check_thinking(body.get("thinking"), turns, limit)
    conversation = Conversation(tuple(_entry(role, blocks) for role, blocks in turns))
    return Request(
        model=model,
        conversation=conversation,
        stream=bool(body.get("stream")),
        has_tools=bool(tools),
        stops=_stops(body.get("stop_sequences")),
        counts=True,
        interleaves=False,
        prompt_characters=conversation.characters + len(str(body.get("system") or "")) + len(str(tools)),
    )


def _turns(value: JsonValue) -> list[Turn]:
    if not isinstance(value, list):
        raise Refusal("bad_request", "messages: Field required")
    if not value:
        raise Refusal("bad_request", "messages: at least one message is required")
    turns = [_turn(message, place, last=place == len(value) - 1) for place, message in enumerate(value)]
    if turns[0][0] != "user":
        raise Refusal("bad_request", 'messages: first message must use the "user" role')
    return turns


def _turn(message: JsonValue, place: int, *, last: bool) -> Turn:
    if not isinstance(message, dict):
        raise Refusal("bad_request", f"messages.{place}: Input should be a valid dictionary")
    role = message.get("role")
    if role not in ("user", "assistant"):
        hint = ""
        if role == "system":
            hint = (
                " The Messages API accepts a top-level `system` parameter,"
                ' not "system" as an input message role.'
            )
        raise Refusal("bad_request", f'messages: Unexpected role "{role}".{hint}')
    content = message.get("content")
    if isinstance(content, str):
        content = list[JsonValue]([{"type": "text", "text": content}]) if content else []
    if not isinstance(content, list):
        raise Refusal("bad_request", f"messages.{place}.content: Input should be a valid string or list")
    if not content and not (last and role == "assistant"):
        raise Refusal(
            "bad_request",
            f"messages.{place}: all messages must have non-empty content except for the optional final"
            " assistant message",
        )
    blocks = [
        _block(block, str(role), f"messages.{place}.content.{number}") for number, block in enumerate(content)
    ]
    if (
        last
        and role == "assistant"
        and blocks
        and str(blocks[-1].get("text") or "").endswith((" ", "\n", "\t"))
    ):
        raise Refusal("bad_request", "messages: final assistant content cannot end with trailing whitespace")
    return str(role), blocks


def _block(block: JsonValue, role: str, where: str) -> Block:
    if not isinstance(block, dict) or block.get("type") not in _BLOCKS[role]:
        kind = block.get("type") if isinstance(block, dict) else None
        raise Refusal(
            "bad_request",
            f"{where}: Input tag '{kind}' found using 'type' does not match any of the expected tags:"
            f" {', '.join(_BLOCKS[role])}",
        )
    match block:
        case {"type": "text", "text": str(text)}:
            if not text:
                raise Refusal("bad_request", "messages: text content blocks must be non-empty")
            if not text.strip():
                raise Refusal("bad_request", "messages: text content blocks must contain non-whitespace text")
        case {"type": "tool_use", "id": str(), "name": str(), "input": dict()} | {"type": "tool_result"}:
            pass
        case {"type": "thinking", "thinking": str(text), "signature": str(signature)}:
            if signature.startswith("scripted-") and signature != signature_of(text):
                raise Refusal("bad_request", f"{where}: Invalid `signature` in `thinking` block")
        case {"type": "text" | "tool_use" | "thinking" as kind}:
            raise Refusal("bad_request", f"{where}.{kind}: a field is missing or of the wrong type")
        case _:
            pass
    return block


def _check_pairs(turns: Sequence[Turn]) -> None:
    """Refuse a call whose result is not at the head of the next message, and a result without its call."""
    seen: set[str] = set()
    awaited: set[str] = set()
    for place, (role, blocks) in enumerate(turns):
        results = [str(block.get("tool_use_id")) for block in blocks if block["type"] == "tool_result"]
        leading = [str(b.get("tool_use_id")) for b in blocks[: len(results)] if b["type"] == "tool_result"]
        for result in results:
            if result not in awaited:
                raise Refusal(
                    "bad_request",
                    f"messages.{place}.content.0: unexpected `tool_use_id` found in `tool_result` blocks:"
                    f" {result}. Each `tool_result` block must have a corresponding `tool_use` block in the"
                    " previous message.",
                )
        _refuse_awaited(awaited - set(leading), place - 1)
        calls = (
            [str(block["id"]) for block in blocks if block["type"] == "tool_use"]
            if role == "assistant"
            else []
        )
        if len(set(calls)) != len(calls) or seen & set(calls):
            raise Refusal("bad_request", "messages: `tool_use` ids must be unique")
        seen |= set(calls)
        awaited = set(calls)
    _refuse_awaited(awaited, len(turns) - 1)


def _refuse_awaited(awaited: set[str], place: int) -> None:
    if awaited:
        raise Refusal(
            "bad_request",
            f"messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after:"
            f" {', '.join(sorted(awaited))}. Each `tool_use` block must have a corresponding `tool_result`"
            " block in the next message.",
        )


def _check_tools(tools: JsonValue) -> list[JsonValue]:
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise Refusal("bad_request", "tools: Input should be a valid list")
    names: set[str] = set()
    for place, tool in enumerate(tools):
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(tool, dict) or not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise Refusal(
                "bad_request",
                f"tools.{place}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'",
            )
        match tool.get("input_schema"):
            case {"type": "object"}:
                names.add(name)
            case _:
                raise Refusal("bad_request", f"tools.{place}.custom.input_schema.type: Field required")
    if len(names) != len(tools):
        raise Refusal("bad_request", "tools: Tool names must be unique.")
    return tools


def _check_thinking(thinking: JsonValue, turns: Sequence[Turn], limit: int) -> None:
    """With thinking on, each answer since the last question must begin with its thinking."""
    match thinking:
        case {"type": "enabled", "budget_tokens": int(budget)} if not 1024 <= budget < limit:
            raise Refusal(
                "bad_request", "`max_tokens` must be greater than `thinking.budget_tokens`, which is >= 1024"
            )
        case {"type": "enabled"}:
            pass
        case _:
            return
    for place in range(len(turns) - 1, -1, -1):
        role, blocks = turns[place]
        if role == "user" and not any(block["type"] == "tool_result" for block in blocks):
            return
        if role == "assistant" and blocks and blocks[0]["type"] == "tool_use":
            raise Refusal(
                "bad_request",
                f"messages.{place}.content.0.type: Expected `thinking` or `redacted_thinking`, but found"
                " `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a"
                " thinking block.",
            )


def _stops(value: JsonValue) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(stop, str) and stop.strip() for stop in value):
        raise Refusal("bad_request", "stop_sequences: each stop sequence must contain non-whitespace")
    return tuple(str(stop) for stop in value)


def _entry(role: str, blocks: list[Block]) -> Entry:
    """Read one message. Text beside results is a person's only if it does not start like a program's."""
    texts = tuple(_text(block) for block in blocks)
    if role == "assistant":
        return Entry("assistant", texts)
    if all(block["type"] == "tool_result" for block in blocks):
        return Entry("tool", texts)
    return Entry("user", texts)


def _text(block: Block) -> str:
    match block:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "tool_result"}:
            return f"<tool_result >{_result_text(block.get('content'))}"
        case {"type": "thinking", "thinking": str(text)}:
            return text
        case _:
            return part_text(block)


def _result_text(content: JsonValue) -> str:
    if isinstance(content, list):
        return "\n".join(str(cast("Block", part).get("text") or part) for part in content)
    return str(content or "")
