"""What a writer has taken and not yet sent: in order, neighbouring deltas of one kind merged, and bounded."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from factotum.bus.entries import DELTAS, Stamped
from factotum.protocol.events import (
    EPHEMERAL,
    BrowserFrame,
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
    event: RunEvent
    key: Hashable | None
    texts: list[str] = field(default_factory=list[str])
    size: int = 0

    def stamped(self, run_id: str, seq: int, at: datetime) -> Stamped:
        text = "".join(self.texts) if len(self.texts) > 1 else None
        return Stamped(self.event, run_id, seq, at, text)


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
        key = merge_key(event)
        text = delta_text(event)
        self.size += size + len(text)
        if key is not None and self._items and self._items[-1].key == key:
            item = self._items[-1]
            item.texts.append(text)
            item.size += len(text)
        else:
            self._items.append(_Item(event, key, [text], size + len(text)))
        if len(self._items) > _MOST_EVENTS or self.size > _MOST_CHARACTERS:
            self._shrink()

    def take(self, run_id: str, last_seq: int, at: datetime) -> list[Stamped]:
        """Empty the box into stamped events, numbered on from `last_seq`; a gap costs one number."""
        first = last_seq + (2 if self.gap else 1)
        items, self._items, self.size, self.gap = self._items, [], 0, False
        return [item.stamped(run_id, seq, at) for seq, item in enumerate(items, first)]

    def _shrink(self) -> None:
        """Make room: the newest event always stays, so an end is never what is dropped."""
        self.gap = True
        self._items = [item for item in self._items if item.key is None] or self._items[-1:]
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


def delta_text(event: RunEvent) -> str:
    """Return the text of a delta, nothing for a durable event."""
    return event.text if isinstance(event, DELTAS) else ""


def is_delta(event: RunEvent) -> bool:
    """Tell whether the event only shows progress and may be delayed, merged and, in need, dropped."""
    return event.type in EPHEMERAL
