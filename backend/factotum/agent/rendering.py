"""Turns the message log into what a model reads: OpenAI chat messages. No call is torn from its result."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.agent.handed_back import own_reasoning
from factotum.agent.pictures import placeholders
from factotum.llm.ready import ReadyMessage
from factotum.parsing.entities import escape
from factotum.protocol.messages import (
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    split,
)

ModelMessage = Mapping[str, JsonValue]

_NO_RESULT = "No result: the run ended before this call was executed."
_EMPTY = "(empty)"
_CONTINUE = (
    "<context>Your last message was cut off by its length limit. Go on exactly where it stopped: repeat "
    "nothing, and do not say that you go on.</context>"
)
_RESULTS_ABOVE = (
    "<context>The results of your calls stand in your message, where they were put. Go on.</context>"
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


def render(messages: Iterable[Message], config: ProcessorConfig) -> list[ModelMessage]:
    """Render messages for a model that calls tools as `config` says.

    A call's result directly follows the message that made it, wherever it stands in the log, or stands in
    that message, as `xml_adding_strategy` says of XML; a call that never got one is given a result that says
    so, since providers refuse a torn pair. Where the length limit cut an answer stands the wish to go on,
    unless a person spoke instead. All of it stands there in every later request, so that each begins with all
    of the one before.
    """
    messages = list(messages)
    results = {
        part.call_id: part
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResultPart)
    }
    rendered: list[ModelMessage] = []
    spoken = [message for message in messages if message.role != "tool"]
    for message, following in zip(spoken, [*spoken[1:], None], strict=True):
        if message.role == "user":
            rendered.append(_user(message.text or _EMPTY))
            continue
        rendered.extend(_response(message, results, config))
        if following is None or following.role != "user":
            rendered.extend(_prompts(message, config))
    return rendered


def render_cut(parts: Sequence[Part], config: ProcessorConfig, model: str) -> list[ModelMessage]:
    """Render what came so far of an answer that the length limit cut, and the wish to go on."""
    rendered: list[ModelMessage] = []
    for section in _sections(parts, config):
        rendered += [_assistant(section, {}, config, model), _user(_CONTINUE)]
    return rendered


def why_cut(message: Message) -> Literal["length", "content_filter"] | None:
    """Return why the provider ended an answer early, or None when it did not."""
    if message.calls:
        return None
    return next((part.cut for part in reversed(message.parts) if isinstance(part, TextPart)), None)


def _prompts(message: Message, config: ProcessorConfig) -> list[ModelMessage]:
    """Return what makes it the model's turn after a message of its own, where no result or person does."""
    if why_cut(message) == "length":
        return [_user(_CONTINUE)]
    if config.xml_adding_strategy == "user_message" or not message.calls:
        return []
    return [] if any(_is_native(call, config) for call in message.calls) else [_user(_RESULTS_ABOVE)]


def _user(text: str) -> ModelMessage:
    return ReadyMessage({"role": "user", "content": text})


def _missing(call: ToolCallPart) -> ToolResultPart:
    return ToolResultPart(call_id=call.call_id, name=call.name, output=_NO_RESULT, outcome="stopped")


def _is_native(call: ToolCallPart, config: ProcessorConfig) -> bool:
    """Say how a call is shown: as it was made if the model takes both forms, else as it takes them."""
    return call.dialect == "native" if config.native and config.xml else config.native


def _response(
    message: Message, results: Mapping[str, ToolResultPart], config: ProcessorConfig
) -> Iterable[ModelMessage]:
    """Render a response: as many messages as it came in, and the results of its calls."""
    answered = {call.call_id: results.get(call.call_id) or _missing(call) for call in message.calls}
    sections = _sections(message.parts, config)
    for section in sections[:-1]:
        yield from (_assistant(section, answered, config, message.model), _user(_CONTINUE))
    yield _assistant(sections[-1], answered, config, message.model)
    native = [call for call in message.calls if _is_native(call, config)]
    yield from (_native_result(answered[call.call_id]) for call in native)
    pictures = [shown for call in message.calls for shown in placeholders(answered[call.call_id])]
    if config.xml_adding_strategy == "user_message" and len(native) < len(message.calls):
        written = [call for call in message.calls if not _is_native(call, config)]
        yield _user("\n".join(_xml_result(answered[call.call_id]) for call in written))
    yield from pictures


def _sections(parts: Sequence[Part], config: ProcessorConfig) -> list[list[Part]]:
    """Split the parts of a response where the length limit had cut it and it was gone on with."""
    sections: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, ToolCallPart) and part.seams and not _is_native(part, config):
            *pieces, rest = split(part.raw, part.seams)
            for piece in pieces:
                sections[-1].append(TextPart(text=piece))
                sections.append([])
            sections[-1].append(part.model_copy(update={"raw": rest}))
            continue
        if not isinstance(part, TextPart):
            sections[-1].append(part)
            continue
        for piece in part.pieces[:-1]:
            sections[-1].append(TextPart(text=piece))
            sections.append([])
        sections[-1].append(TextPart(text=part.pieces[-1]))
        if part.cut == "length":
            sections.append([])
    # What follows the last cut may be reasoning that led to nothing: it was no message of its own.
    if len(sections) > 1 and all(isinstance(part, ReasoningPart) for part in sections[-1]):
        sections.pop()
    return sections


def _assistant(
    parts: Sequence[Part],
    answered: Mapping[str, ToolResultPart],
    config: ProcessorConfig,
    model: str | None,
) -> ModelMessage:
    calls = [part for part in parts if isinstance(part, ToolCallPart) and _is_native(part, config)]
    text = _text(parts, answered, config)
    rendered = ReadyMessage({"role": "assistant", "content": text or (None if calls else _EMPTY)})
    if calls:
        rendered["tool_calls"] = [
            {
                "id": call.call_id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for call in calls
        ]
    if model is not None and config.native:
        shown = [part for part in parts if not isinstance(part, ToolCallPart) or part in calls]
        rendered.update(own_reasoning(shown, model))
    return rendered


def _native_result(result: ToolResultPart) -> ModelMessage:
    content = result.output or _EMPTY
    return ReadyMessage({"role": "tool", "tool_call_id": result.call_id, "content": content})


def _text(parts: Sequence[Part], answered: Mapping[str, ToolResultPart], config: ProcessorConfig) -> str:
    """Write prose and XML calls as they were written, with the results that belong into the same message."""
    pieces: list[str] = []
    at_end: list[str] = []
    for part in parts:
        if isinstance(part, TextPart):
            pieces.append(part.text)
        elif isinstance(part, ToolCallPart) and not _is_native(part, config):
            pieces.append(part.raw or _as_invoke(part))
            if config.xml_adding_strategy == "inline_edit":
                pieces.append(f"\n{_xml_result(answered[part.call_id])}\n")
            elif config.xml_adding_strategy == "assistant_message":
                at_end.append(f"\n{_xml_result(answered[part.call_id])}")
    return "".join((*pieces, *at_end))


def _as_invoke(call: ToolCallPart) -> str:
    """Show a native call to a model that reads XML: the thread changed its model. Nobody parses it again."""
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return f'\n<invoke name="{escape(call.name)}">{arguments}</invoke>\n'


def _xml_result(result: ToolResultPart) -> str:
    output = _RESULT_TAG.sub("&lt;", result.output)
    name, call_id = escape(result.name), escape(result.call_id)
    head = f'<tool_result name="{name}" call_id="{call_id}" outcome="{result.outcome}">'
    return f"{head}\n{output}\n</tool_result>"
