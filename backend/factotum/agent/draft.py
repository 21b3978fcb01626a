"""A message that is being written: what came so far, and how it becomes the parts that are stored."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never, cast

from pydantic import JsonValue

from factotum.agent.config import ProcessorConfig
from factotum.core.ids import derived_id
from factotum.llm.port import StopReason
from factotum.parsing.assembler import (
    AssembledCall,
    AssembledPart,
    AssembledReasoning,
    AssembledText,
    Assembler,
)
from factotum.protocol.messages import Part, ReasoningPart, TextPart, ToolCallPart
from factotum.protocol.runs import Usage
from factotum.tools.arguments import bind
from factotum.tools.execute import error_text
from factotum.tools.registry import Registry
from factotum.tools.tool import ToolError

_LONGEST_NAME = 64
_ODD = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Response:
    """One whole response: its parts in order, what it used, and why it ended."""

    parts: tuple[Part, ...]
    usage: Usage
    stop: StopReason
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
    """Collects one message, which `assembler` reads. The id of a call follows from it and the number.

    `model` is the one that writes it, until a fallback takes over.
    """

    def __init__(self, message_id: str, model: str, registry: Registry, config: ProcessorConfig) -> None:
        self.message_id = message_id
        self.model = model
        self.usage = Usage()
        self.stop: StopReason = "stop"
        self.names: dict[int, str] = {}
        self._registry = registry
        native = config.dialect == "native"
        shapes = None if native else registry.shapes()
        self.assembler = Assembler(shapes, max_xml_calls=None if native else config.max_xml_tool_calls)

    @property
    def is_full(self) -> bool:
        """Whether the limit of calls is reached: what the model still says would be ignored."""
        return self.assembler.limit_reached

    def call_id(self, call: int) -> str:
        """Return the id of a call: ours, since providers repeat theirs from one message to the next."""
        return "call_" + derived_id(self.message_id, call).replace("-", "")[:24]

    def response(self) -> Response:
        """Return the whole message, once the assembler is closed."""
        parts = self.parts()
        if self.stop in {"length", "content_filter"}:
            parts = _marked_as_cut(parts, self.stop)
        return Response(parts, self.usage, self.stop, self.model)

    def parts(self) -> tuple[Part, ...]:
        """Return what came so far. A call that is still open was never written, and is left out."""
        converted = (self._part(part) for part in self.assembler.parts)
        return tuple(part for part in converted if part is not None)

    def _part(self, part: AssembledPart) -> Part | None:
        match part:
            case AssembledText(text=text):
                return TextPart(text=text)
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
            call_id=self.call_id(part.call), name=_name(part.name), dialect=part.dialect, raw=part.raw
        )
        if part.arguments is None:
            reason = part.broken.reason if part.broken is not None else ""
            return call.model_copy(update={"fault": reason})
        return call.model_copy(update=self._typed(part, part.arguments))

    def _typed(self, part: AssembledCall, arguments: Mapping[str, object]) -> dict[str, object]:
        """Type the arguments by the tool's schema. What cannot be typed is a fault for the model to read."""
        try:
            tool = self._registry.get(part.name)
            bound = bind(tool, arguments, part.dialect)
        except ToolError as error:
            return {"arguments": _storable(arguments), "fault": error_text(error)}
        return {"name": tool.name, "arguments": tool.arguments(**bound).model_dump(mode="json")}


def _name(name: str) -> str:
    """Return a name that every provider takes back in the history, whatever the model has called."""
    return _ODD.sub("_", name)[:_LONGEST_NAME] or "unnamed"


def _storable(arguments: Mapping[str, object]) -> dict[str, object]:
    """Return decoded JSON without lone surrogates, which no event and no column can hold."""
    return json.loads(json.dumps(dict(arguments), ensure_ascii=False).encode(errors="replace"))


def _marked_as_cut(parts: tuple[Part, ...], stop: StopReason) -> tuple[Part, ...]:
    """Note in the last prose why it ends there, so that any worker knows. With calls, they lead on."""
    if any(isinstance(part, ToolCallPart) for part in parts):
        return parts
    last = max((n for n, part in enumerate(parts) if isinstance(part, TextPart)), default=None)
    return tuple(part.model_copy(update={"cut": stop}) if n == last else part for n, part in enumerate(parts))


def _says_something(part: Part) -> bool:
    return isinstance(part, TextPart) and bool(part.text.strip())
