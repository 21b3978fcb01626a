"""What a writer has taken and not yet sent: in order, neighbouring deltas of one kind merged, and bounded."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from factotum.bus.entries import Stamped
from factotum.protocol.events import (
    EPHEMERAL,
    BrowserFrame,
    Delta,
    ReasoningDelta,
    RunEvent,
    TextDelta,
    ToolArgumentsDelta,
    ToolOutputDelta,
)

_MOST_EVENTS = 1_000
_MOST_CHARACTERS = 512_000


@dataclass(slots=True)
class _Item:
    """An event; a delta's own text is not looked at, `texts` are."""

    event: RunEvent
    size: int
    texts: list[str] = field(default_factory=list[str])

    def stamped(self, run_id: str, seq: int, at: datetime) -> Stamped:
        return Stamped(self.event, run_id, seq, at, "".join(self.texts) if self.texts else None)


class Outbox:
    """Events that wait to be written. Sizes are characters: those of deltas, and what `add` was told."""

    def __init__(self) -> None:
        self._items: list[_Item] = []
        self.size = 0
        self.gap = False
        """Events were dropped since the last `take`: the next number must show it."""

    def __bool__(self) -> bool:
        return bool(self._items)

    def add(self, event: RunEvent, size: int = 0) -> None:
        """Take one event; past the bounds deltas are dropped first, then the oldest of the others."""
        if isinstance(event, Delta):
            self.more(event, event.text)
            return
        self._items.append(_Item(event, size))
        self._grow(size)

    def more(self, delta: Delta, text: str) -> None:
        """Take more of what `delta` tells of."""
        last = self._items[-1] if self._items else None
        if last is not None and (last.event is delta or merge_key(last.event) == merge_key(delta)):
            last.texts.append(text)
            last.size += len(text)
        else:
            self._items.append(_Item(delta, len(text), [text]))
        self._grow(len(text))

    def take(self, run_id: str, last_seq: int, at: datetime) -> list[Stamped]:
        """Empty the box into stamped events, numbered on from `last_seq`; a gap costs one number."""
        first = last_seq + (2 if self.gap else 1)
        items, self._items, self.size, self.gap = self._items, [], 0, False
        return [item.stamped(run_id, seq, at) for seq, item in enumerate(items, first)]

    def _grow(self, size: int) -> None:
        self.size += size
        if len(self._items) > _MOST_EVENTS or self.size > _MOST_CHARACTERS:
            self._shrink()

    def _shrink(self) -> None:
        """Make room: the newest event always stays, so an end is never what is dropped."""
        self.gap = True
        self._items = [item for item in self._items if not is_delta(item.event)] or self._items[-1:]
        self.size = sum(item.size for item in self._items)
        while len(self._items) > 1 and (
            len(self._items) > _MOST_EVENTS // 2 or self.size > _MOST_CHARACTERS // 2
        ):
            self.size -= self._items.pop(0).size


def merge_key(event: RunEvent) -> Hashable | None:
    """Return what two neighbouring deltas must share to be merged; None for a durable event."""
    match event:
        case TextDelta() | ReasoningDelta():
            return event.type, event.message_id
        case ToolArgumentsDelta():
            return event.type, event.message_id, event.call_id, event.name, event.parameter
        case ToolOutputDelta():
            return event.type, event.call_id, event.stream
        case BrowserFrame():
            return object()  # there is no text of it to merge
        case _:
            return None


def is_delta(event: RunEvent) -> bool:
    """Tell whether the event only shows progress and may be delayed, merged and, in need, dropped."""
    return event.type in EPHEMERAL
