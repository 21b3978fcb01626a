"""Turns the message log into what a model reads: OpenAI chat messages, with pairs of call and result never torn."""

import json
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart

ModelMessage = Mapping[str, JsonValue]

_NO_RESULT = "No result: the run ended before this call was executed."
_EMPTY = "(empty)"


def order_for_run(messages: Sequence[Message], run_id: str) -> list[Message]:
    """Return what run `run_id` may read, each run's messages together, in the order the runs were made.

    A message that opens a queued run is stored while the run before it still writes; ids of runs sort by time,
    so grouping by them gives every run the thread as if the runs had come one after the other.
    """
    ranked: list[tuple[str, Message]] = []
    rank = ""
    for message in messages:
        rank = message.run_id or rank
        ranked.append((rank, message))
    return [message for rank, message in sorted(ranked, key=lambda pair: pair[0]) if rank <= run_id]


def render(messages: Iterable[Message], dialect: Dialect) -> list[ModelMessage]:
    """Render messages for a model that calls tools in `dialect`.

    A call's result directly follows the message that made it, wherever it stands in the log; a call that never
    got one is given a result that says so, since providers refuse a torn pair.
    """
    messages = list(messages)
    results = {
        part.call_id: part
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResultPart)
    }
    rendered: list[ModelMessage] = []
    for message in messages:
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
    return rendered


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
    signed = [part.signed for part in message.parts if isinstance(part, ReasoningPart) and part.signed]
    if signed:
        rendered["thinking_blocks"] = list[JsonValue](signed)
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
    """Show a native call to a model that reads XML: the thread changed its model. It is history, not parsed again."""
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return f'\n<invoke name="{call.name}">{arguments}</invoke>\n'


def _xml_result(result: ToolResultPart) -> str:
    output = result.output.replace("</tool_result", "&lt;/tool_result")
    head = f'<tool_result name="{result.name}" call_id="{result.call_id}" outcome="{result.outcome}">'
    return f"{head}\n{output}\n</tool_result>"
