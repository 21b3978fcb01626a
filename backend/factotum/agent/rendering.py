"""Turns the message log into what a model reads: OpenAI chat messages. No call is torn from its result."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from factotum.agent.handed_back import own_reasoning
from factotum.parsing.entities import escape
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import Message, TextPart, ToolCallPart, ToolResultPart

ModelMessage = Mapping[str, JsonValue]

_NO_RESULT = "No result: the run ended before this call was executed."
_EMPTY = "(empty)"
_CONTINUE = (
    "<context>Your last message was cut off by its length limit. Go on exactly where it stopped.</context>"
)
_RESULT_TAG = re.compile(r"<(?=\s*/?\s*tool_result)", re.IGNORECASE)


def order_for_run(messages: Sequence[Message], run_id: str) -> list[Message]:
    """Return what run `run_id` may read, each run's messages together, in the order the runs were made.

    A message that opens a queued run is stored while the run before it still writes; ids of runs sort by
    time, so grouping by them gives every run the thread as if the runs had come one after the other.
    """
    ranked: list[tuple[str, Message]] = []
    rank = ""
    for message in messages:
        rank = message.run_id or rank
        ranked.append((rank, message))
    return [message for rank, message in sorted(ranked, key=lambda pair: pair[0]) if rank <= run_id]


def render(messages: Iterable[Message], dialect: Dialect) -> list[ModelMessage]:
    """Render messages for a model that calls tools in `dialect`.

    A call's result directly follows the message that made it, wherever it stands in the log; a call that
    never got one is given a result that says so, since providers refuse a torn pair. An answer that the
    length limit cut is followed by the wish to go on, unless a person spoke instead: it stands there in every
    later request, so that each begins with all of the one before.
    """
    messages = list(messages)
    results = {
        part.call_id: part
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResultPart)
    }
    rendered: list[ModelMessage] = []
    for message, following in zip(messages, [*messages[1:], None], strict=True):
        if message.role == "user":
            rendered.append({"role": "user", "content": message.text or _EMPTY})
        elif message.role == "assistant":
            answered = [results.get(call.call_id) or _missing(call) for call in message.calls]
            if dialect == "native":
                rendered.append(_native_assistant(message))
                rendered.extend(_native_result(result) for result in answered)
            else:
                rendered.append({"role": "assistant", "content": _xml_text(message) or _EMPTY})
                if answered:
                    rendered.append({"role": "user", "content": "\n".join(map(_xml_result, answered))})
            if why_cut(message) == "length" and (following is None or following.role != "user"):
                rendered.append({"role": "user", "content": _CONTINUE})
    return rendered


def why_cut(message: Message) -> Literal["length", "content_filter"] | None:
    """Return why the provider ended an answer early, or None when it did not."""
    return next((part.cut for part in message.parts if isinstance(part, TextPart) and part.cut), None)


def _missing(call: ToolCallPart) -> ToolResultPart:
    return ToolResultPart(call_id=call.call_id, name=call.name, output=_NO_RESULT, outcome="stopped")


def _native_assistant(message: Message) -> ModelMessage:
    rendered: dict[str, JsonValue] = {"role": "assistant", "content": message.text or None}
    if message.calls:
        rendered["tool_calls"] = [
            {
                "id": call.call_id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for call in message.calls
        ]
    elif not message.text:
        rendered["content"] = _EMPTY
    if message.model is not None:
        rendered |= own_reasoning(message, message.model)
    return rendered


def _native_result(result: ToolResultPart) -> ModelMessage:
    return {"role": "tool", "tool_call_id": result.call_id, "content": result.output or _EMPTY}


def _xml_text(message: Message) -> str:
    pieces: list[str] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            pieces.append(part.text)
        elif isinstance(part, ToolCallPart):
            pieces.append(part.raw or _as_invoke(part))
    return "".join(pieces)


def _as_invoke(call: ToolCallPart) -> str:
    """Show a native call to a model that reads XML: the thread changed its model. Nobody parses it again."""
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return f'\n<invoke name="{escape(call.name)}">{arguments}</invoke>\n'


def _xml_result(result: ToolResultPart) -> str:
    output = _RESULT_TAG.sub("&lt;", result.output)
    name, call_id = escape(result.name), escape(result.call_id)
    head = f'<tool_result name="{name}" call_id="{call_id}" outcome="{result.outcome}">'
    return f"{head}\n{output}\n</tool_result>"
