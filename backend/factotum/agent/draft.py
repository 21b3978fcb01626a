"""A message that is being written: what came so far, and how it becomes the parts that are stored."""

import json
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import assert_never, cast

from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.core.ids import derived_id
from factotum.llm.port import ReasoningChunk, StopReason, TextChunk
from factotum.parsing.assembler import (
    AssembledCall,
    AssembledPart,
    AssembledReasoning,
    AssembledText,
    Assembler,
)
from factotum.parsing.events import ParseEvent
from factotum.protocol.events import Delta
from factotum.protocol.messages import Part, ReasoningPart, TextPart, ToolCallPart
from factotum.protocol.pieces import rest_id
from factotum.protocol.runs import StepFinish, Usage
from factotum.tools.arguments import bind
from factotum.tools.execute import error_text
from factotum.tools.registry import Registry
from factotum.tools.tool import ToolError

CALL_PREFIX = "call_"
_LONGEST_NAME = 64
_TOO_LONG = (
    " It was the limit of one message's length that cut it off: what is long goes into several calls, "
    "a part in each."
)
_ODD = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Response:
    """What is to be stored of a response: its parts in order, what it used, and why it ended."""

    parts: tuple[Part, ...]
    usage: Usage
    stop: StopReason
    finish: StepFinish
    model: str

    @property
    def calls(self) -> tuple[ToolCallPart, ...]:
        """The calls, in the order they were written."""
        return tuple(part for part in self.parts if isinstance(part, ToolCallPart))

    @property
    def is_empty(self) -> bool:
        """Whether it says and calls nothing; reasoning alone is nothing."""
        return not any(isinstance(part, ToolCallPart) or _says_something(part) for part in self.parts)


class Draft:
    """Collects one response, which `assembler` reads. The id of a call follows from it and the number.

    `message_id` names the message that is being written; it changes when a piece is stored. `model` is the
    one that writes it, until a fallback takes over. `goes_on`: the rest of an answer that its limit of length
    cuts is asked for; `kept` is what of it could be stored then, and `said` what the model wrote, word for
    word: a call in XML that was cut is no part of a message yet.
    """

    def __init__(self, message_id: str, model: str, registry: Registry, config: ProcessorConfig) -> None:
        self.message_id = message_id
        self.model = model
        self.usage = Usage()
        self.newest_usage = Usage()
        """What the newest call used, of the one or more that an answer takes."""
        self.stop: StopReason = "stop"
        self.names: dict[int, str] = {}
        self.goes_on = False
        self.deltas: dict[Hashable, Delta] = {}
        """What shows the pieces of this message, by the kind of piece: one delta serves all of a kind."""
        self.kept: tuple[TextPart | ReasoningPart, ...] = ()
        self.said: tuple[TextPart | ReasoningPart, ...] = ()
        self.heard: list[TextChunk | ReasoningChunk] = []
        """The text and the reasoning that came since the last cut."""
        self.placed: dict[int, tuple[str, ToolCallPart]] = {}
        """The stored calls by number, each with its message's id."""
        self._first_id = message_id
        self._written = Assembler()
        self._leads_nowhere = False
        self._stored: set[int] = set()
        self._registry = registry
        self._config = config
        self.assembler = Assembler(
            None if config.xml is None else registry.shapes(),
            max_xml_calls=None if config.xml is None else config.max_xml_tool_calls,
        )

    @property
    def is_full(self) -> bool:
        """Whether the limit of calls is reached: what the model still says would be ignored."""
        return self.assembler.limit_reached

    @property
    def in_pieces(self) -> bool:
        """Whether the beginning of the response is stored already."""
        return self.message_id != self._first_id

    def call_id(self, call: int) -> str:
        """Return the id of a call: ours, since providers repeat theirs from one message to the next."""
        return CALL_PREFIX + derived_id(self._first_id, call).replace("-", "")[:24]

    @property
    def is_half(self) -> bool:
        """Whether it ends within a call in XML, or a tag, that is gone on with."""
        return self._may_go_on and self.assembler.is_open

    def end(self) -> list[ParseEvent]:
        """The provider has ended its message: end what is open. One that was cut may be gone on with.

        A rest that says nothing ends the answer, whatever its provider's reason: going on leads nowhere.
        """
        if self.stop == "length":
            self._leads_nowhere = bool(self.said) and not any(isinstance(c, TextChunk) for c in self.heard)
            return self.assembler.cut(goes_on=self._may_go_on)
        return self.assembler.close(truncated=self.stop == "content_filter")

    def go_on(self) -> None:
        """Keep what came so far; the rest comes in another message of the provider's."""
        for chunk in self.heard:
            if isinstance(chunk, TextChunk):
                self._written.text(readable(chunk.text))
            else:
                self._written.reasoning(readable(chunk.text), chunk.signed)
        self._written.cut()
        self.heard.clear()
        self.said = _prose(_seamless(filter(None, map(self._part, self._written.parts))))
        self.kept = _prose(self.interrupted().parts)

    def again(self, before: "Draft") -> Sequence[ParseEvent]:
        """Begin with what the limit of length had left of a draft that is withdrawn; return what it says."""
        read: list[ParseEvent] = []
        for part in before.said:
            if isinstance(part, ReasoningPart):
                self.heard.append(ReasoningChunk(part.text, part.signed))
                read += self.assembler.reasoning(part.text, part.signed)
                continue
            for piece in part.pieces:
                self.heard.append(TextChunk(piece))
                read += self.assembler.text(piece) + self.assembler.cut(goes_on=True)
                self.go_on()
        return read

    def response(self) -> Response:
        """Return what is not stored yet, once the message has ended."""
        parts = self.parts()
        calls = [call for _, call in self.placed.values()]
        calls += [part for part in parts if isinstance(part, ToolCallPart)]
        finish, stop = self._finish(calls), "stop" if self._leads_nowhere else self.stop
        if not calls and stop != "length":
            parts = _with_end(parts, "content_filter" if stop == "content_filter" else None)
        return Response(parts, self.usage, stop, finish, self.model)

    def interrupted(self) -> Response:
        """Return what is not stored yet of a response that was stopped in the middle.

        Where the rest was still to come, what comes before a call that was cut is what can be gone on with.
        """
        parts = self.parts()
        if self.said and not self.heard and self.assembler.is_open:
            parts = _with_end(parts, "length")
        return Response(parts, self.usage, "stop", "interrupted", self.model)

    def broken(self) -> Response:
        """Return nothing more of a response whose stream broke after some of it was stored."""
        return Response((), self.usage, "stop", "interrupted", self.model)

    def parts(self) -> tuple[Part, ...]:
        """Return what came so far and is not stored. A call that is still open was never written."""
        fresh = (part for number, part in enumerate(self.assembler.parts) if number not in self._stored)
        converted = (self._part(part) for part in fresh)
        return _seamless(part for part in converted if part is not None)

    def take(self, call: int) -> tuple[Part, ...]:
        """Return what is to be stored now that a call has ended: all up to it; nothing if that was stored."""
        if call in self.placed:
            return ()
        taken: list[Part] = []
        parts = self.assembler.parts
        end = next(
            n for n, part in enumerate(parts, 1) if isinstance(part, AssembledCall) and part.call == call
        )
        for number, part in enumerate(parts[:end]):
            converted = None if number in self._stored else self._part(part)
            if converted is not None:
                self._stored.add(number)
                taken.append(converted)
            if isinstance(part, AssembledCall) and isinstance(converted, ToolCallPart):
                self.placed[part.call] = self.message_id, converted
        return _seamless(taken)

    def next_piece(self) -> None:
        """Go on in a message of its own: what was taken is stored."""
        self.message_id = rest_id(self.message_id)
        self.deltas.clear()

    @property
    def _may_go_on(self) -> bool:
        return self.stop == "length" and self.goes_on and not (self.in_pieces or self._leads_nowhere)

    def _finish(self, calls: Iterable[ToolCallPart]) -> StepFinish:
        if self.is_full:
            return "xml_tool_limit_reached"
        if self.stop in {"length", "content_filter"}:
            return self.stop
        if any(call.fault is None and self._registry.ends_turn(call.name) for call in calls):
            return "agent_terminated"
        return self.stop

    def _part(self, part: AssembledPart) -> Part | None:
        match part:
            case AssembledText(text=text, cut=cut):
                return TextPart(text=text, cut="length" if cut else None)
            case AssembledReasoning(text=text, signed=signed):
                block = None if signed is None else cast("dict[str, JsonValue]", dict(signed))
                return ReasoningPart(text=text, signed=block)
            case AssembledCall():
                return self._call(part)
            case _:
                assert_never(part)

    def _call(self, part: AssembledCall) -> ToolCallPart | None:
        if part.arguments is None and part.broken is None:
            return None
        call = ToolCallPart(
            call_id=self.call_id(part.call),
            name=_name(part.name),
            dialect=part.dialect,
            raw=part.raw,
        )
        if self.said and part.raw:
            call = call.model_copy(update=self._joined(part))
        if part.arguments is None:
            reason = part.broken.reason if part.broken is not None else ""
            if self.stop == "length" and part.broken is not None and part.broken.kind == "incomplete":
                reason += _TOO_LONG
            return call.model_copy(update={"fault": reason})
        return call.model_copy(update=self._typed(part, part.arguments))

    def _joined(self, part: AssembledCall) -> dict[str, object]:
        """Return the source of a call with the places where it was cut, if it was.

        The source begins after the prose before it then, so that it is what the model has read of it before.
        """
        pieces = [piece for said in self.said if isinstance(said, TextPart) for piece in said.pieces]
        source = "".join(
            (*pieces, *(readable(chunk.text) for chunk in self.heard if isinstance(chunk, TextChunk)))
        )
        parts = self.assembler.parts
        before = "".join(
            each.text for each in takewhile(lambda p: p is not part, parts) if isinstance(each, AssembledText)
        )
        start, at = len(before), source.find(part.raw, len(before))
        end = at + len(part.raw)
        seams = tuple(seam - start for seam in accumulate(map(len, pieces)) if start < seam < end)
        return {"raw": source[start:end], "seams": seams} if seams and source.startswith(before) else {}

    def _typed(self, part: AssembledCall, arguments: Mapping[str, object]) -> dict[str, object]:
        """Type the arguments by the tool's schema. What cannot be typed is a fault for the model to read."""
        try:
            self._check_offered(part)
            tool = self._registry.get(part.name)
            bound = bind(tool, arguments, part.dialect)
        except ToolError as error:
            return {"arguments": _storable(arguments), "fault": error_text(error)}
        return {"name": tool.name, "arguments": tool.arguments(**bound).model_dump(mode="json")}

    def _check_offered(self, part: AssembledCall) -> None:
        """Refuse a native call that nobody offered: with XML alone, or with no tools. Raises ToolError."""
        if part.dialect != "native" or self._config.native:
            return
        hint = "Answer in text." if self._config.xml is None else "Write the call in your answer, as XML."
        raise ToolError(
            "Function calls are not taken in this conversation; nothing was run.",
            hint=hint,
            code="native_calls_off",
        )


def readable(text: str) -> str:
    """Return `text` without the halves of surrogate pairs: no event and no column can hold them."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _name(name: str) -> str:
    """Return a name that every provider takes back in the history, whatever the model has called."""
    return _ODD.sub("_", name)[:_LONGEST_NAME] or "unnamed"


def _storable(arguments: Mapping[str, object]) -> dict[str, object]:
    """Return decoded JSON without lone surrogates, which no event and no column can hold."""
    return json.loads(json.dumps(dict(arguments), ensure_ascii=False).encode(errors="replace"))


def _with_end(parts: tuple[Part, ...], cut: str | None) -> tuple[Part, ...]:
    """Note in the last prose why it ends there, so that any worker knows; None: at its own end.

    A rest that came empty leaves the text that was cut before it whole.
    """
    last = max((n for n, part in enumerate(parts) if isinstance(part, TextPart)), default=None)
    return tuple(part.model_copy(update={"cut": cut}) if n == last else part for n, part in enumerate(parts))


def _seamless(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Join text that was cut with the rest that follows it, and remember the seam."""
    joined: list[Part] = []
    for part in parts:
        before = joined[-1] if joined else None
        if isinstance(part, TextPart) and isinstance(before, TextPart) and before.cut:
            seams = (*before.seams, len(before.text))
            joined[-1] = part.model_copy(update={"text": before.text + part.text, "seams": seams})
        else:
            joined.append(part)
    return tuple(joined)


def _prose(parts: Iterable[Part]) -> tuple[TextPart | ReasoningPart, ...]:
    return tuple(part for part in parts if isinstance(part, TextPart | ReasoningPart))


def _says_something(part: Part) -> bool:
    return isinstance(part, TextPart) and bool(part.text.strip())
