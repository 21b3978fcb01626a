"""Calls in the provider's own form: deltas keyed by the provider's index, each with a fragment of JSON.

A call ends as soon as its name, its id and a complete JSON object are there, so that it can run while the
model still talks; its arguments are decoded once, then. Providers differ, so: an id or a name may come
late, again or in every delta; arguments may be empty; several calls may share one index one after another.
What follows a complete object on its index and begins no new call is reported as a broken call of its own,
for the complete one may already be running; unless that one is broken itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, NoReturn

from factotum.parsing.events import CallBroken, CallDelta, CallEnded, CallStarted, ParseEvent
from factotum.parsing.json_object import BLANK, DEEPEST, JsonObject

_EXCERPT = 20
_RUBBISH = (
    "There was text after the end of the arguments of {}. The call before it stands; for another call, write "
    "a call of its own."
)


@dataclass(slots=True)
class _Slot:
    """One call under way. `number` is None until the name is known; text that comes before waits for it."""

    number: int | None = None
    call_id: str | None = None
    name: str = ""
    arguments: JsonObject = field(default_factory=JsonObject)
    waiting: list[str] = field(default_factory=list[str])
    over: bool = False
    stands: bool = False
    rubbish: bool = False


class NativeCalls:
    """Feed deltas, get calls. Numbers calls from `numbers` as they start; needs `close` at the end."""

    def __init__(self, numbers: Iterator[int] | None = None) -> None:
        """Share `numbers` with another machine to number the calls of both in one order."""
        self._numbers = count() if numbers is None else numbers
        self._slots: dict[int, _Slot] = {}

    @property
    def has_any(self) -> bool:
        """Whether any call was begun."""
        return bool(self._slots)

    def feed(self, index: int, call_id: str | None, name: str | None, arguments: str) -> list[ParseEvent]:
        """Take one delta; return what is certain now. An empty id or name is none."""
        events: list[ParseEvent] = []
        slot = self._slots.get(index)
        if slot is not None and _begins_another(slot, call_id, name):
            self._end(slot, events)
            slot = None
        if slot is None:
            slot = self._slots[index] = _Slot()
        slot.call_id = slot.call_id or call_id or None
        if name and not slot.name:
            slot.name, slot.number = name, next(self._numbers)
            events.append(CallStarted(slot.number, name, "native", slot.call_id))
            arguments = "".join((*slot.waiting, arguments))
            slot.waiting.clear()
        if slot.number is None:
            slot.waiting.append(arguments)
        else:
            self._take(slot, slot.number, arguments, events)
        return events

    def close(self, *, truncated: bool = False) -> list[ParseEvent]:
        """The message is over: end every call.

        `truncated`: the provider cut it, so empty means cut off, not {}.
        """
        events: list[ParseEvent] = []
        for slot in self._slots.values():
            self._end(slot, events, truncated=truncated)
        self._slots.clear()
        return events

    def _take(self, slot: _Slot, number: int, text: str, events: list[ParseEvent]) -> None:
        if not slot.arguments.complete:
            end = slot.arguments.read(text)
            if end:
                events.append(CallDelta(number, None, text[:end]))
            text = text[end:]
        if not slot.arguments.complete:
            return
        if slot.call_id:
            self._end(slot, events)
        if not slot.rubbish and text.strip():
            slot.rubbish = True
            if slot.stands or isinstance(_read(slot, truncated=False), dict):
                events.append(
                    CallBroken(
                        next(self._numbers), slot.name, "native", "malformed", _RUBBISH.format(slot.name)
                    )
                )

    def _end(self, slot: _Slot, events: list[ParseEvent], *, truncated: bool = False) -> None:
        """End the call once, whatever it is."""
        if slot.over:
            return
        slot.over = True
        number = next(self._numbers) if slot.number is None else slot.number
        result = _read(slot, truncated=truncated)
        if isinstance(result, dict):
            slot.stands = True
            slot.arguments.forget()
            events.append(CallEnded(number, slot.name, "native", result, call_id=slot.call_id))
            return
        kind, problem = result
        reason = f"The call was not run: {problem}."
        events.append(CallBroken(number, slot.name, "native", kind, reason, call_id=slot.call_id))


def _begins_another(slot: _Slot, call_id: str | None, name: str | None) -> bool:
    """Say whether a delta on a call's index is the start of another call.

    It must have a name. Once the object is complete, an id or a name other than the call's own tells. Before,
    an id alone does not (some providers make one a delta), and once arguments have begun nothing does.
    The delta's own text never counts, for it may be cut anywhere.
    """
    if not name or not slot.name:
        return False
    other_id = bool(call_id and slot.call_id and call_id != slot.call_id)
    other_name = name != slot.name
    if slot.arguments.complete:
        return other_id or (other_name and not (call_id and call_id == slot.call_id))
    return slot.arguments.is_object is None and other_id and other_name


def _read(
    slot: _Slot, *, truncated: bool
) -> dict[str, object] | tuple[Literal["incomplete", "malformed"], str]:
    """Decode the arguments, or say why they cannot be."""
    arguments = slot.arguments
    if slot.number is None:
        return "incomplete" if truncated else "malformed", "it names no tool"
    if arguments.is_object is None:
        return ("incomplete", "it was cut off before its arguments; write it again") if truncated else {}
    if not arguments.is_object:
        first = arguments.text.lstrip(BLANK)[0]
        return "malformed", f"its arguments must be one JSON object in {{}}, and begin with {first!r}"
    if not arguments.complete:
        return "incomplete", "it was cut off before the end of its arguments; write it again, whole"
    if arguments.too_deep:
        return "malformed", f"its arguments are nested more than {DEEPEST} deep"
    return _decode(arguments.text)


def _decode(text: str) -> dict[str, object] | tuple[Literal["malformed"], str]:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - _EXCERPT) : error.pos + _EXCERPT]
        return "malformed", f"its arguments are not JSON: {error.msg} at character {error.pos}, near {near!r}"
    except ValueError as error:
        return "malformed", f"its arguments are not JSON: {error}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")
