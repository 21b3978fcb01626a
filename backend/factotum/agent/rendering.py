"""Turns the message log into what a model reads: OpenAI chat messages. No call is torn from its result."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from factotum.llm.ready import ReadyMessage
from factotum.parsing.entities import escape
from factotum.protocol.dialect import Dialect
from factotum.protocol.messages import Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart

ModelMessage = Mapping[str, JsonValue]

_NO_RESULT = "No result: the run ended before this call was executed."
_EMPTY = "(empty)"
_CONTINUE = (
    "<context>Your last message was cut off by its length limit. Go on exactly where it stopped.</context>"
)
_GO_ON = ReadyMessage({"role": "user", "content": _CONTINUE})
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


@dataclass(slots=True)
class _Seen:
    """What a message comes to; `source` is compared, so that another message of that id is no mistake."""

    source: object
    shown: ModelMessage
    calls: tuple[ToolCallPart, ...] = ()
    results: tuple[ToolResultPart, ...] = ()
    goes_on: bool = False


class Rendered:
    """Keeps what messages and results were rendered to in one dialect: a turn costs what is new in it."""

    def __init__(self, dialect: Dialect) -> None:
        self._native = dialect == "native"
        self._seen: dict[str, _Seen] = {}

    def message(self, message: Message) -> _Seen:
        """Return what a message comes to, without the results of its calls."""
        seen = self._seen.get(message.id)
        if seen is None or seen.source is not message:
            seen = self._seen[message.id] = self._look(message)
        return seen

    def answers(self, key: str, results: tuple[ToolResultPart, ...]) -> ModelMessage:
        """Return the message that hands over one result, or in XML all those of a message."""
        seen = self._seen.get(key)
        if seen is None or seen.source != results:
            shown = _native_result(results[0]) if self._native else _xml_results(results)
            seen = self._seen[key] = _Seen(results, shown)
        return seen.shown

    def _look(self, message: Message) -> _Seen:
        shown = _as_user(message)
        if message.role == "assistant":
            shown = _native_assistant(message) if self._native else _xml_assistant(message)
        results = tuple(part for part in message.parts if isinstance(part, ToolResultPart))
        return _Seen(message, shown, message.calls, results, why_cut(message) == "length")


def render(messages: Iterable[Message], dialect: Dialect, kept: Rendered | None = None) -> list[ModelMessage]:
    """Render messages for a model that calls tools in `dialect`.

    A call's result directly follows the message that made it, wherever it stands in the log; a call that
    never got one is given a result that says so, since providers refuse a torn pair. An answer that the
    length limit cut is followed by the wish to go on, unless a person spoke instead: it stands there in every
    later request, so that each begins with all of the one before.
    """
    messages = list(messages)
    kept = kept or Rendered(dialect)
    seen = [kept.message(message) for message in messages]
    results = {part.call_id: part for one in seen for part in one.results}
    rendered: list[ModelMessage] = []
    for number, (message, one) in enumerate(zip(messages, seen, strict=True), 1):
        if message.role == "tool":
            continue
        rendered.append(one.shown)
        if one.calls:
            answered = [results.get(call.call_id) or _missing(call) for call in one.calls]
            if dialect == "native":
                rendered.extend([kept.answers(result.call_id, (result,)) for result in answered])
            else:
                rendered.append(kept.answers(one.calls[0].call_id, tuple(answered)))
        if one.goes_on and (number == len(messages) or messages[number].role != "user"):
            rendered.append(_GO_ON)
    return rendered


def why_cut(message: Message) -> Literal["length", "content_filter"] | None:
    """Return why the provider ended an answer early, or None when it did not."""
    return next((part.cut for part in message.parts if isinstance(part, TextPart) and part.cut), None)


def _missing(call: ToolCallPart) -> ToolResultPart:
    return ToolResultPart(call_id=call.call_id, name=call.name, output=_NO_RESULT, outcome="stopped")


def _as_user(message: Message) -> ModelMessage:
    return ReadyMessage({"role": "user", "content": message.text or _EMPTY})


def _xml_assistant(message: Message) -> ModelMessage:
    return ReadyMessage({"role": "assistant", "content": _xml_text(message) or _EMPTY})


def _xml_results(results: Sequence[ToolResultPart]) -> ModelMessage:
    return ReadyMessage({"role": "user", "content": "\n".join(map(_xml_result, results))})


def _native_assistant(message: Message) -> ModelMessage:
    rendered = ReadyMessage({"role": "assistant", "content": message.text or None})
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
    content = result.output or _EMPTY
    return ReadyMessage({"role": "tool", "tool_call_id": result.call_id, "content": content})


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
