"""Calls written as XML in prose, in both dialects, as a machine of four states over `TagScanner`.

Tag dialect: `<str-replace file_path="x"><old_str>…</old_str></str-replace>`, as a tool's `TagShape`
declares it. Invoke dialect: `<function_calls><invoke name="f"><parameter
name="p">…</parameter></invoke></function_calls>`, or `<invoke>` alone, with any name, so that the caller
can refuse one it does not know. The wrapper and the white space in it are swallowed; attributes other than
`name` are ignored in this dialect.

Law 3: inside a parameter only its own closing tag counts, inside a call nothing opens another call, and a
broken call is read on with the same states to its own closing tag before anything after it counts.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from itertools import count
from typing import ClassVar

from factotum.parsing.events import CallDelta, CallStarted, ParseEvent, Text
from factotum.parsing.open_call import OpenCall, OpenParameter
from factotum.parsing.opening_tag import OpeningTag
from factotum.parsing.parameter_text import ParameterText
from factotum.parsing.shapes import INVOKE, PARAMETER, WHITE, WRAPPER, TagShape
from factotum.parsing.tag_scanner import Mark, TagScanner, Wanted

CDATA, CDATA_END = "<![CDATA[", "]]>"

_IN_CDATA = Wanted(marks=(CDATA_END,))
_IN_INVOKE = Wanted(opens=frozenset((PARAMETER, INVOKE)), marks=(f"</{INVOKE}>",))


class State(Enum):
    """Where the machine is."""

    PROSE = "prose"
    WRAPPED = "in <function_calls>, between calls"
    IN_CALL = "in a call, between parameters"
    IN_PARAMETER = "in a parameter"

    __hash__ = object.__hash__  # Enum's own hashes the name, in Python, at each look into the table below


@lru_cache(maxsize=256)
def _in_prose(tags: frozenset[str], *, wrapped: bool) -> Wanted:
    marks = (f"</{WRAPPER}>",) if wrapped else ()
    return Wanted(opens=tags | {INVOKE, WRAPPER}, marks=marks, prose=True)


@lru_cache(maxsize=1024)
def _in_tag(shape: TagShape) -> Wanted:
    """Prepare the inside of a tag. Without content, its own tag counts in it, to end at the right close."""
    own = {shape.tag} if shape.content is None else set[str]()
    cdata = (CDATA,) if shape.content in shape.decode else ()
    return Wanted(opens=frozenset(shape.elements) | own, marks=(f"</{shape.tag}>", *cdata))


@lru_cache(maxsize=1024)
def _in_parameter(close: str, *, decoded: bool) -> Wanted:
    return Wanted(marks=(close, CDATA) if decoded else (close,))


class XmlCalls:
    """Feed text, get prose and calls. Numbers calls from `numbers` as they open; needs `close` at the end."""

    def __init__(self, shapes: Mapping[str, TagShape], numbers: Iterator[int] | None = None) -> None:
        """`shapes` maps a tool's name to its tag. Raises ValueError when two tools have one tag."""
        self._shapes = shapes
        self._by_tag = {shape.tag: shape for shape in shapes.values()}
        if len(self._by_tag) < len(shapes):
            raise ValueError("Two tools have the same tag: give each a tag of its own.")
        self._numbers = count() if numbers is None else numbers
        self._scanner = TagScanner()
        self._tags = frozenset(self._by_tag)
        self._state = self._outside = State.PROSE
        self._wanted = _in_prose(self._tags, wrapped=False)
        self._call: OpenCall | None = None
        self._layout: list[str] = []  # white space in the wrapper, dropped unless text follows

    @property
    def is_open(self) -> bool:
        """Whether a call or the wrapper is open, or something was read that may still become a tag."""
        return self._call is not None or self._outside is State.WRAPPED or self._scanner.holds

    def feed(self, text: str) -> list[ParseEvent]:
        """Take more of the message; return what is certain now."""
        if self._state is State.PROSE and self._scanner.passes(text, self._wanted):
            return [Text(text)]
        events: list[ParseEvent] = []
        self._scanner.feed(text)
        while (token := self._scanner.next(self._wanted)) is not None:
            if self._call is not None:
                self._call.raw.write(token if isinstance(token, str) else token.source)
            self._TRANSITIONS[self._state, type(token)](self, token, events)
        return events

    def close(self) -> list[ParseEvent]:
        """The message is over: return the rest, and the call that was cut off, if any.

        Prose may be fed on, where the rest of a cut message comes in another one.
        """
        rest = self._scanner.close()
        call, self._call = self._call, None
        if call is not None:
            call.raw.write(rest if isinstance(rest, str) else rest.source)
            self._go_outside()
            return [call.cut_off()]
        if isinstance(rest, OpeningTag):
            cut = self._open_call(rest)
            if cut is not None and cut.name:
                return [CallStarted(cut.number, cut.name, cut.dialect), cut.cut_off()]
            rest = rest.source
        events: list[ParseEvent] = []
        if rest:
            self._TRANSITIONS[self._state, str](self, rest, events)
        return events

    # Prose

    def _prose(self, text: str, events: list[ParseEvent]) -> None:
        events.append(Text(text))

    def _wrapped(self, text: str, events: list[ParseEvent]) -> None:
        solid = text.rstrip(WHITE)
        if solid:
            events.append(Text("".join(self._layout) + solid))
            self._layout.clear()
        self._layout.append(text[len(solid) :])

    def _leave_wrapper(self, _: Mark, events: list[ParseEvent]) -> None:
        del events
        self._layout.clear()
        self._outside = State.PROSE
        self._go_outside()

    def _open(self, tag: OpeningTag, events: list[ParseEvent]) -> None:
        self._layout.clear()
        call = self._open_call(tag)
        if call is None:
            self._outside = State.PROSE if tag.self_closing else State.WRAPPED
            self._go_outside()
            return
        if call.name:
            events.append(CallStarted(call.number, call.name, call.dialect))
        else:
            call.blame(f'<{INVOKE}> needs the name of a tool: <{INVOKE} name="…">')
        if call.dialect == "tag":
            self._take_attributes(call, tag, events)
        self._call = call
        if tag.self_closing:
            self._end_call(call, events)
            return
        self._go_into(call)
        if call.content is not None and call.shape and not call.shape.elements:
            self._open_content(call, call.content)

    def _open_call(self, tag: OpeningTag) -> OpenCall | None:
        """Make the call that this tag opens; None for the wrapper."""
        if tag.name == WRAPPER:
            return None
        shape = self._by_tag.get(tag.name)
        if shape is not None:
            call = OpenCall(next(self._numbers), shape.name, "tag", tag.name, shape)
        else:
            name = tag.attributes.get("name", "")
            call = OpenCall(next(self._numbers), name, "invoke", INVOKE, self._shapes.get(name))
        call.raw.write(tag.source)
        if tag.fault:
            call.blame(tag.fault)
        return call

    def _take_attributes(self, call: OpenCall, tag: OpeningTag, events: list[ParseEvent]) -> None:
        declared = call.shape.attributes if call.shape else ()
        for name, value in tag.attributes.items():
            if name not in declared:
                takes = f"its attributes are {', '.join(declared)}" if declared else "it takes none"
                call.blame(f'<{call.tag}> has no attribute "{name}"; {takes}')
            call.arguments[name] = value
            if value and call.fault is None:
                events.append(CallDelta(call.number, name, value))

    # Between the parameters of a call

    def _between(self, text: str, events: list[ParseEvent]) -> None:
        call = self._present()
        if call.content is None:
            call.stray_text(text)
            return
        call.pending.append(text)
        if text.strip(WHITE):
            self._begin_content(call, call.content, events)

    def _mark_in_call(self, mark: Mark, events: list[ParseEvent]) -> None:
        call = self._present()
        if mark.source == CDATA and call.content is not None:
            self._begin_content(call, call.content, events)
            self._wanted = _IN_CDATA
        elif call.nested:
            call.nested -= 1
        else:
            self._end_call(call, events)

    def _begin_content(self, call: OpenCall, name: str, events: list[ParseEvent]) -> None:
        pending = "".join(call.pending)
        self._open_content(call, name)
        if pending:
            self._grow(pending, events)

    def _open_content(self, call: OpenCall, name: str) -> None:
        text = ParameterText(decoded=call.decodes(name))
        self._open_parameter(call, OpenParameter(name, call.close, text, kept=call.fault is None))

    def _open_in_call(self, tag: OpeningTag, events: list[ParseEvent]) -> None:
        call = self._present()
        if tag.name == call.tag:
            call.blame(
                f"a second <{call.tag}> begins inside it; close the first before you write another call"
            )
            call.nested += not tag.self_closing
            return
        call.pending.clear()
        name = tag.attributes.get("name", "") if call.dialect == "invoke" else tag.name
        self._blame_parameter(call, tag, name)
        text = ParameterText(decoded=call.decodes(name))
        self._open_parameter(call, OpenParameter(name, f"</{tag.name}>", text, kept=call.fault is None))
        if tag.self_closing:
            self._end_parameter(call, events)

    def _blame_parameter(self, call: OpenCall, tag: OpeningTag, name: str) -> None:
        if tag.fault:
            call.blame(tag.fault)
        if not name:
            call.blame(f'<{PARAMETER}> needs the name of an argument: <{PARAMETER} name="…">')
        if call.dialect == "tag" and tag.attributes:
            call.blame(f"<{tag.name}> takes no attributes")
        if name in call.arguments:
            call.blame(f'the argument "{name}" is given twice')

    # In a parameter

    def _grow(self, text: str, events: list[ParseEvent]) -> None:
        call = self._present()
        parameter = call.present_parameter()
        verbatim = self._wanted is _IN_CDATA
        self._show(
            call, parameter, (parameter.text.verbatim if verbatim else parameter.text.add)(text), events
        )

    def _mark_in_parameter(self, mark: Mark, events: list[ParseEvent]) -> None:
        call = self._present()
        parameter = call.present_parameter()
        if mark.source == CDATA:
            self._show(call, parameter, parameter.text.verbatim(""), events)
            self._wanted = _IN_CDATA
        elif mark.source == CDATA_END:
            self._wanted = _in_parameter(parameter.close, decoded=True)
        else:
            self._end_parameter(call, events)

    def _end_parameter(self, call: OpenCall, events: list[ParseEvent]) -> None:
        parameter = call.present_parameter()
        self._show(call, parameter, parameter.text.end(), events)
        if parameter.kept:
            call.arguments[parameter.name] = parameter.text.value
        call.parameter = None
        if parameter.close == call.close:
            self._end_call(call, events)
        else:
            self._go_into(call)

    def _show(self, call: OpenCall, parameter: OpenParameter, text: str, events: list[ParseEvent]) -> None:
        if text and parameter.kept:
            events.append(CallDelta(call.number, parameter.name, text))

    # Moving

    def _open_parameter(self, call: OpenCall, parameter: OpenParameter) -> None:
        call.parameter = parameter
        self._state = State.IN_PARAMETER
        self._wanted = _in_parameter(parameter.close, decoded=call.decodes(parameter.name))

    def _go_into(self, call: OpenCall) -> None:
        self._state = State.IN_CALL
        self._wanted = _IN_INVOKE if call.dialect == "invoke" or call.shape is None else _in_tag(call.shape)

    def _go_outside(self) -> None:
        self._state = self._outside
        self._wanted = _in_prose(self._tags, wrapped=self._outside is State.WRAPPED)

    def _end_call(self, call: OpenCall, events: list[ParseEvent]) -> None:
        events.append(call.ended())
        self._call = None
        self._go_outside()

    def _present(self) -> OpenCall:
        assert self._call is not None, "the table asks for a call only where there is one"
        return self._call

    _TRANSITIONS: ClassVar[dict[tuple[State, type], Callable[..., None]]] = {
        (State.PROSE, str): _prose,
        (State.PROSE, OpeningTag): _open,
        (State.WRAPPED, str): _wrapped,
        (State.WRAPPED, OpeningTag): _open,
        (State.WRAPPED, Mark): _leave_wrapper,
        (State.IN_CALL, str): _between,
        (State.IN_CALL, OpeningTag): _open_in_call,
        (State.IN_CALL, Mark): _mark_in_call,
        (State.IN_PARAMETER, str): _grow,
        (State.IN_PARAMETER, Mark): _mark_in_parameter,
    }
