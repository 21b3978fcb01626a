"""The newest bytes of an output of any length, found by their place in all of it."""

from collections import deque


class Backlog:
    """Keeps at least the last `limit` bytes, and at most one piece more."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._first = 0
        self._end = 0

    @property
    def end(self) -> int:
        """How many bytes there were in all."""
        return self._end

    def add(self, data: bytes) -> None:
        """Take the next bytes; the oldest go."""
        self._pieces.append(data)
        self._end += len(data)
        while self._end - self._first - len(self._pieces[0]) >= self._limit:
            self._first += len(self._pieces.popleft())

    def since(self, cursor: int, limit: int) -> tuple[bytes, int, int]:
        """Return at most `limit` bytes after `cursor`, where they end, and how many were gone before them."""
        start = min(max(cursor, self._first), self._end)
        found = bytearray()
        at = self._first
        for piece in self._pieces:
            if at + len(piece) > start and len(found) < limit:
                begin = max(start - at, 0)
                found += piece[begin : begin + limit - len(found)]
            at += len(piece)
        return bytes(found), start + len(found), max(start - max(cursor, 0), 0)
