"""What must hold of the parser for any text and any cuts; `check` raises AssertionError where it does not."""

from collections.abc import Iterator, Sequence

from parsing_support import SHAPES, cut_at, merged

from factotum.parsing import (
    Assembler,
    CallBroken,
    CallDelta,
    CallEnded,
    CallStarted,
    ParseEvent,
    Reasoning,
    TagScanner,
    Text,
)
from factotum.parsing.opening_tag import LONGEST_TAG
from factotum.parsing.tag_scanner import Wanted

_GROWTH = 4
"""The most that events may hold for each character of the text: its deltas, arguments and source."""


def read(data: bytes) -> tuple[str, list[int]]:
    """Make a text and cuts of any bytes: the first tells how many cuts follow, two bytes each."""
    count = data[0] % 16 if data else 0
    head, rest = data[1 : 1 + 2 * count], data[1 + 2 * count :]
    cuts = [int.from_bytes(head[at : at + 2], "big") for at in range(0, len(head), 2)]
    return rest.decode(errors="replace"), cuts


def check(data: bytes) -> None:
    """Hold all the laws against the text that these bytes make."""
    text, cuts = read(data)
    pieces = cut_at(text, cuts)
    whole = _xml([text])
    assert _xml(pieces) == whole, "a cut changed the events"
    assert _xml(list(text)) == whole, "cutting by character changed the events"
    _check_calls(text, whole)
    if "function_calls" not in text:
        assert "".join(_sources(whole)) == text, "something of the text got lost"
    native = _native([text])
    assert _native(pieces) == native, "a cut changed a native call"
    first, *others = [event for event in native if isinstance(event, CallEnded | CallBroken)]
    assert not others or isinstance(first, CallEnded), "a broken call has two ends"
    assert len(others) <= 1, "what follows a call was told more than once"
    _check_memory(text, pieces)


def _xml(pieces: Sequence[str]) -> list[ParseEvent]:
    machine = Assembler(SHAPES)
    events = [event for piece in pieces for event in machine.text(piece)]
    return merged(events + machine.close())


def _native(pieces: Sequence[str]) -> list[ParseEvent]:
    machine = Assembler()
    events = machine.native(0, "id", "f", "")
    for piece in pieces:
        events += machine.native(0, None, None, piece)
    return merged(events + machine.close())


def _check_calls(text: str, events: Sequence[ParseEvent]) -> None:
    """Calls stand one after the other in the text: none is inside another's content. Each has one end."""
    at = 0
    open_calls: set[int] = set()
    ended: set[int] = set()
    for event in events:
        if isinstance(event, CallStarted):
            assert not open_calls, "a call began inside another"
            open_calls.add(event.call)
        elif isinstance(event, CallDelta):
            assert event.call in open_calls
        elif isinstance(event, CallEnded | CallBroken):
            assert event.call not in ended
            open_calls.discard(event.call)
            ended.add(event.call)
            found = text.find(event.raw, at)
            assert found >= at, "a call's source stands inside another's"
            at = found + len(event.raw)
    assert not open_calls, "a call has no end"


def _sources(events: Sequence[ParseEvent]) -> Iterator[str]:
    for event in events:
        if isinstance(event, Text | Reasoning):
            yield event.text
        elif isinstance(event, CallEnded | CallBroken):
            yield event.raw


def _check_memory(text: str, pieces: Sequence[str]) -> None:
    """What is held back is bounded, and so is what is given for each character."""
    scanner = TagScanner()
    wanted = Wanted(opens=frozenset({"shell", "invoke"}), marks=("</shell>",), prose=True)
    fed = given = 0
    for piece in pieces:
        scanner.feed(piece)
        fed += len(piece)
        while (token := scanner.next(wanted)) is not None:
            given += len(token if isinstance(token, str) else token.source)
        assert fed - given <= LONGEST_TAG, "too much is held back"
    size = 0
    for event in _xml(pieces):
        if isinstance(event, Text | Reasoning | CallDelta):
            size += len(event.text)
        elif isinstance(event, CallEnded | CallBroken):
            size += len(event.raw)
        if isinstance(event, CallEnded):
            size += sum(len(str(value)) for value in event.arguments.values())
    assert size <= _GROWTH * len(text), "the events hold far more than the text"
