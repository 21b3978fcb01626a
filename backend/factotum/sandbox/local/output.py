"""Keep the beginning and the end of an output of any length in bounded memory."""

from collections import deque

_NOTE_ROOM = 64


class BoundedOutput:
    """Collects bytes; past `limit` it keeps head and tail, with a line between that counts the rest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._has_note = limit >= 4 * _NOTE_ROOM
        self._head_room = limit // 2
        self._tail_room = limit - self._head_room
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._total = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self._total += len(data)
        room = self._head_room - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data[-self._tail_room :] if self._tail_room else b"")
            self._tail_size += len(self._tail[-1])
            while self._tail and self._tail_size - len(self._tail[0]) >= self._tail_room:
                self._tail_size -= len(self._tail.popleft())

    def result(self) -> tuple[bytes, int]:
        """Return what was kept, at most `limit` bytes, and how many bytes were dropped."""
        tail = b"".join(self._tail)
        if self._total <= self._limit:
            return bytes(self._head) + tail, 0
        if not self._has_note:
            tail = tail[len(tail) - self._tail_room :]
            return bytes(self._head) + tail, self._total - len(self._head) - len(tail)
        tail = tail[len(tail) - self._tail_room + _NOTE_ROOM :]
        dropped = self._total - len(self._head) - len(tail)
        return bytes(self._head) + f"\n[... {dropped} bytes left out ...]\n".encode() + tail, dropped
