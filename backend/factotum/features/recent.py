"""What was learnt of the database within the last seconds, so that not every request asks it again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

LIFETIME_SECONDS = 5.0
CAPACITY = 1000

T = TypeVar("T")


class _Entry(NamedTuple, Generic[T]):
    value: T
    until: float


class Recent(Generic[T]):
    """Values of the last `LIFETIME_SECONDS` by key, at most `CAPACITY`; the oldest go first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> T | None:
        """Return what was learnt, None where that is too long ago."""
        entry = self._entries.get(key)
        return entry.value if entry and entry.until > self._clock() else None

    def put(self, key: str, value: T) -> None:
        """Remember a value from now on."""
        self._entries.pop(key, None)
        self._entries[key] = _Entry(value, self._clock() + LIFETIME_SECONDS)
        while len(self._entries) > CAPACITY:
            self._entries.popitem(last=False)

    def drop(self, which: Callable[[T], bool]) -> None:
        """Forget the values that `which` picks."""
        for key in [key for key, entry in self._entries.items() if which(entry.value)]:
            del self._entries[key]
