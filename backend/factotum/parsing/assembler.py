"""Folds a model's text, reasoning and native calls into one stream of events and one list of parts.

The only machine that the outside needs: it owns the others, numbers the calls of all dialects in the order in
which they start, and keeps what the message consists of, in order, so that it can be stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from itertools import count

from factotum.parsing.events import CallBroken, CallDelta, CallEnded, CallStarted, ParseEvent, Reasoning, Text
from factotum.parsing.native_calls import NativeCalls
from factotum.parsing.shapes import TagShape
from factotum.parsing.xml_calls import XmlCalls
from factotum.protocol.dialect import Dialect


@dataclass(frozen=True, slots=True)
class AssembledText:
    """Prose, never empty. `cut`: the provider cut its message here, and what follows came in another."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class AssembledReasoning:
    """Reasoning; `signed` is the provider's own block, to be handed back unchanged."""

    text: str
    signed: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class AssembledCall:
    """A call. While it is open, `arguments` and `broken` are both None; then exactly one of them is set.

    `raw` is the exact source text for the XML dialects, empty for native calls and while the call is open.
    """

    call: int
    name: str
    dialect: Dialect
    call_id: str | None = None
    arguments: dict[str, object] | None = None
    broken: CallBroken | None = None
    raw: str = ""


AssembledPart = AssembledText | AssembledReasoning | AssembledCall


@dataclass(slots=True)
class _Passage:
    """Text or reasoning that still grows."""

    reasoning: bool
    written: StringIO = field(default_factory=StringIO)
    cut: bool = False
    ended: bool = False
    signed: Mapping[str, object] | None = None

    def part(self) -> AssembledPart:
        text = self.written.getvalue()
        return AssembledReasoning(text, self.signed) if self.reasoning else AssembledText(text, self.cut)


class Assembler:
    """Feed what a model streams, in its order; each method returns the events that are certain now.

    `shapes` maps tools' names to their tags; None: calls in XML are prose. `max_xml_calls`: after the end
    of that many XML calls `limit_reached` is set and all that follows is ignored (a native call that is
    open then is incomplete). After `close` nothing can be fed: RuntimeError. Raises ValueError for a limit
    below 1.
    """

    def __init__(
        self, shapes: Mapping[str, TagShape] | None = None, *, max_xml_calls: int | None = None
    ) -> None:
        """One Assembler reads one message."""
        if max_xml_calls is not None and max_xml_calls < 1:
            raise ValueError("max_xml_calls must be at least 1; use None for no limit.")
        numbers = count()
        self._xml = None if shapes is None else XmlCalls(shapes, numbers)
        self._native = NativeCalls(numbers)
        self._left = max_xml_calls
        self._closed = False
        self._parts: list[_Passage | int] = []  # a number stands for the call of that number
        self._calls: dict[int, AssembledCall] = {}

    @property
    def limit_reached(self) -> bool:
        """Whether `max_xml_calls` XML calls have ended, broken ones included."""
        return self._left == 0

    @property
    def parts(self) -> tuple[AssembledPart, ...]:
        """What the message consists of so far, in order. Costs as much as the message is long."""
        return tuple(self._calls[part] if isinstance(part, int) else part.part() for part in self._parts)

    def text(self, text: str) -> list[ParseEvent]:
        """Take a piece of the answer."""
        if self._deaf() or not text:
            return []
        return self._fold([Text(text)] if self._xml is None else self._xml.feed(text))

    def reasoning(self, text: str, signed: Mapping[str, object] | None = None) -> list[ParseEvent]:
        """Take a piece of reasoning. `signed`, the provider's block when it is whole, ends that passage."""
        if self._deaf() or not (text or signed):
            return []
        events = self._fold([Reasoning(text)] if text else [])
        if signed:
            self._passage(reasoning=True).signed = signed
        return events

    def native(self, index: int, call_id: str | None, name: str | None, arguments: str) -> list[ParseEvent]:
        """Take a delta of a native call."""
        return [] if self._deaf() else self._fold(self._native.feed(index, call_id, name, arguments))

    @property
    def is_open(self) -> bool:
        """Whether a message that is cut can be gone on with in an XML call that is open, or in a tag.

        Not so where there are other calls: they lead on.
        """
        return self._xml is not None and self._xml.is_open and not self._has_others

    def cut(self, *, goes_on: bool = False) -> list[ParseEvent]:
        """The provider cut its message: end what is open. `text` may go on with the rest, from another one.

        Prose goes on where it stopped, also within Markdown code. It is marked as cut unless there are calls:
        they lead on. `goes_on`: the rest comes for sure, so an XML call, or a tag, is left open where it is
        the only one: it reads as if it had come in one piece.
        """
        if self._deaf() or (goes_on and self.is_open):
            return []
        events = [] if self._xml is None else self._fold(self._xml.close())
        events += self._fold(self._native.close(truncated=True))
        if not self._calls:
            passages = [part for part in self._parts if isinstance(part, _Passage)]
            for passage in passages:
                passage.ended = True
            last = next((passage for passage in reversed(passages) if not passage.reasoning), None)
            if last is not None:
                last.cut = True
        return events

    def close(self, truncated: bool = False) -> list[ParseEvent]:
        """The message is over: end what is open.

        `truncated`: the provider or the caller cut it. Twice is harmless.
        """
        if self._closed:
            return []
        self._closed = True
        cut = truncated or self.limit_reached
        rest = [] if self._xml is None or self.limit_reached else self._fold(self._xml.close())
        return rest + self._fold(self._native.close(truncated=cut))

    @property
    def _has_others(self) -> bool:
        """Whether a call was made besides the one in XML that is open."""
        ended = any(call.arguments is not None or call.broken for call in self._calls.values())
        return ended or self._native.has_any

    def _deaf(self) -> bool:
        if self._closed:
            raise RuntimeError("This message is closed: use one Assembler for each message.")
        return self.limit_reached

    def _fold(self, events: list[ParseEvent]) -> list[ParseEvent]:
        """Note every event; drop what follows the last XML call that is allowed."""
        for done, event in enumerate(events, start=1):
            if isinstance(event, Text):
                self._passage(reasoning=False).written.write(event.text)
            elif isinstance(event, Reasoning):
                self._passage(reasoning=True).written.write(event.text)
            elif not isinstance(event, CallDelta):
                self._note(event)
                if self._counts(event):
                    return events[:done]
        return events

    def _counts(self, event: CallStarted | CallEnded | CallBroken) -> bool:
        """Count the end of an XML call; say whether it was the last."""
        if self._left is None or event.dialect == "native" or isinstance(event, CallStarted):
            return False
        self._left -= 1
        return self._left == 0

    def _passage(self, *, reasoning: bool) -> _Passage:
        """Return the passage that grows now; one that is signed or cut grows no more."""
        last = self._parts[-1] if self._parts else None
        if isinstance(last, _Passage) and last.reasoning == reasoning and not (last.ended or last.signed):
            return last
        fresh = _Passage(reasoning)
        self._parts.append(fresh)
        return fresh

    def _note(self, event: CallStarted | CallEnded | CallBroken) -> None:
        if event.call not in self._calls:
            self._parts.append(event.call)
        part = AssembledCall(event.call, event.name, event.dialect, event.call_id)
        if isinstance(event, CallEnded):
            part = AssembledCall(
                event.call, event.name, event.dialect, event.call_id, arguments=event.arguments, raw=event.raw
            )
        elif isinstance(event, CallBroken):
            part = AssembledCall(
                event.call, event.name, event.dialect, event.call_id, broken=event, raw=event.raw
            )
        self._calls[event.call] = part
