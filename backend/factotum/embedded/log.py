"""A child's output: kept in a file of bounded size, and its last lines in memory for error messages."""

import os
from collections import deque
from pathlib import Path


class BoundedLog:
    """Append lines to `path`; past `limit` bytes the file becomes `<path>.1`, in place of the one before."""

    def __init__(self, path: Path, *, limit: int = 2_000_000, remembered: int = 20) -> None:
        self._path = path
        self._limit = limit
        self._recent: deque[str] = deque(maxlen=remembered)

    def write(self, line: str) -> None:
        """Keep one line (cut at 4,000 characters). A disk that is full loses the line, never the child."""
        line = line.rstrip("\n")[:4000]
        self._recent.append(line)
        try:
            self._append(line)
        except OSError:
            return

    def _append(self, line: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self._path, flags, 0o600), "a", encoding="utf-8") as file:
            file.write(line + "\n")
            size = file.tell()
        if size > self._limit:
            self._path.replace(self._path.with_name(self._path.name + ".1"))

    def tail(self) -> str:
        """Return the last lines, oldest first."""
        return "\n".join(self._recent)
