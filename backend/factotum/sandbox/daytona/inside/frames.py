"""Messages on a stream of bytes: a JSON head and bytes behind it. Sans-IO; both sides use it.

One frame is the length of all that follows, the length of the head (four bytes each, big endian), the head
and its payload. What is larger than the limit, or no such message, is a FrameFault: nothing after it can be
trusted.
"""

import json
import struct
from typing import Any

FRAME_LIMIT = 4_200_000
_LENGTHS = struct.Struct(">II")

Message = tuple[dict[str, Any], bytes]


class FrameFault(Exception):
    """What came is no message."""


def encode(head: dict[str, Any], payload: bytes = b"") -> bytes:
    """Return a frame."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return _LENGTHS.pack(4 + len(text) + len(payload), len(text)) + text + payload


class Decoder:
    """Takes bytes as they come and gives whole messages."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes. Raises FrameFault."""
        self._held += data
        found: list[Message] = []
        while len(self._held) >= _LENGTHS.size:
            size, head_size = _LENGTHS.unpack_from(self._held)
            if size > self._limit or head_size > size - 4:
                raise FrameFault("a frame of impossible size")
            if len(self._held) < 4 + size:
                break
            found.append(self._message(bytes(self._held[8 : 4 + size]), head_size))
            del self._held[: 4 + size]
        return found

    @staticmethod
    def _message(body: bytes, head_size: int) -> Message:
        try:
            head: dict[str, Any] | None = json.loads(body[:head_size])
        except (ValueError, RecursionError):
            raise FrameFault("a head that is not JSON") from None
        if not isinstance(head, dict):
            raise FrameFault("a head that is no object")
        return head, body[head_size:]
