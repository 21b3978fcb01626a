"""Picks a range of lines out of text that comes in pieces, within a bound of room and memory."""

LONGEST_LINE = 2_000
"""Characters of one line that are shown."""


class LineWindow:
    """Numbers the lines from `first` to `last` (from 1; None: to the end), at most `budget` characters.

    Feed it text until it is `full` or the text ends, then `close` it.
    """

    def __init__(self, first: int, last: int | None, budget: int) -> None:
        self._first = first
        self._last = last
        self._room = budget
        self._kept = ""
        self._beyond = 0
        self._begun = False
        self.lines: list[str] = []
        self.count = 0
        """Lines that have ended so far; all of the file's once it was closed without being full."""
        self.full = False
        self.next_line: int | None = None
        """The first line of the range that found no room."""
        self.carriage_returns = False

    def feed(self, text: str) -> None:
        """Take more text. Work is proportional to it."""
        skipped = text.count("\n") if self.count + 1 < self._first else 0
        if skipped and self.count + skipped + 1 < self._first:
            self.count += skipped
            self._begun = not text.endswith("\n")
            return
        start = 0
        while not self.full:
            end = text.find("\n", start)
            if end < 0:
                self._grow(text[start:])
                return
            self._grow(text[start:end])
            self._end_line()
            start = end + 1

    def close(self) -> None:
        """End the last line, if the text did not end with a line break."""
        if self._begun and not self.full:
            self._end_line()

    def _grow(self, text: str) -> None:
        self._begun = self._begun or bool(text)
        if self.count + 1 >= self._first:
            room = LONGEST_LINE - len(self._kept)
            self._kept += text[:room]
            self._beyond += max(len(text) - room, 0)

    def _end_line(self) -> None:
        number = self.count + 1
        if number >= self._first:
            self._show(number)
        if not self.full or self.next_line is None:
            self.count = number
        self._kept, self._beyond, self._begun = "", 0, False

    def _show(self, number: int) -> None:
        if self._kept.endswith("\r") and not self._beyond:
            self.carriage_returns = True
            self._kept = self._kept[:-1]
        more = f" [… {self._beyond:,} more characters in this line]" if self._beyond else ""
        line = f"{number:>6}\t{self._kept}{more}"
        self._room -= len(line) + 1
        if self._room < 0 and self.lines:
            self.full, self.next_line = True, number
            return
        self.lines.append(line)
        self.full = number == self._last
