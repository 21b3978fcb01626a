"""An event stream cut into the payloads of its `data:` lines. Sans-IO; any cut of the bytes gives the same.

Every provider writes one JSON document on one `data:` line, and some forget the blank line between events:
so a line is a payload, as LiteLLM reads it too. Comments, event names and ids are passed over.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from typing import Final

_DATA: Final = b"data:"


class LineTooLong(ValueError):
    """A line grew over the bound before it ended."""


class SseLines:
    """Feed bytes, get payloads. Memory is bounded by one open line of at most `longest_line` bytes."""

    def __init__(self, longest_line: int = 32_000_000) -> None:
        self._longest_line = longest_line
        self._open: list[bytes] = []
        self._open_size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads of the lines that these bytes end. Raises LineTooLong."""
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._open:
            self._open.append(lines[0])
            lines[0] = b"".join(self._open)
            self._open, self._open_size = [], 0
        if rest:
            self._open.append(rest)
            self._open_size += len(rest)
            if self._open_size > self._longest_line:
                raise LineTooLong(f"over {self._longest_line} bytes in one line")
        return [line[5:].strip() for line in lines if line.startswith(_DATA)]

    def close(self) -> list[bytes]:
        """Return the payload of a last line that nothing ended."""
        last, self._open, self._open_size = b"".join(self._open), [], 0
        return [last[5:].strip()] if last.startswith(_DATA) else []
