"""Follows Markdown code in prose, because a tag that is shown as code is not a call.

After https://spec.commonmark.org/0.31.2/#fenced-code-blocks, with two differences that a stream asks for:
an inline span ends with its line at the latest (a lone backtick cannot hide a call further down), and a
fence may be indented by any amount (models indent them in lists).
"""

import re
from enum import Enum

_PIECE = re.compile(r"`+|\n|[^`\n]+")
_BLANK = " \t\r"


class _Place(Enum):
    TEXT = "text"
    INLINE = "inside `code`"
    HEADER = "on the line that opens a fence"
    FENCE = "inside a fence"
    CLOSING = "after the backticks that close a fence, if nothing else is on their line"


class MarkdownCode:
    """Reads prose once, in order, and knows whether what comes next is code."""

    __slots__ = ("_blank", "_place", "_run", "_ticks")

    def __init__(self) -> None:
        """Start at the beginning of a line, in plain text."""
        self._place = _Place.TEXT
        self._ticks = 0  # how many backticks opened the span or the fence
        self._run = 0  # how many backticks were read just now: more may follow in the next piece
        self._blank = True  # nothing but white space on this line so far

    def read(self, text: str) -> None:
        """Follow `text`, perhaps empty."""
        if not self._run and self._place in (_Place.TEXT, _Place.FENCE) and "`" not in text:
            newline = text.rfind("\n")
            tail = text[newline + 1 :].strip(_BLANK)
            self._blank = not tail and (self._blank or newline >= 0)
            return
        for piece in _PIECE.findall(text):
            if piece[0] == "`":
                self._run += len(piece)
                continue
            self._settle()
            if piece == "\n":
                self._newline()
            elif piece.strip(_BLANK):
                self._blank = False
                if self._place is _Place.CLOSING:
                    self._place = _Place.FENCE

    def hides(self) -> bool:
        """Whether a tag that begins here is code.

        To be asked only where the next character is no backtick.
        """
        self._settle()
        return self._place is not _Place.TEXT

    def passed_tag(self) -> None:
        """A tag was read here: the line is not blank."""
        self._blank = False

    def _newline(self) -> None:
        self._blank = True
        if self._place is _Place.HEADER:
            self._place = _Place.FENCE
        elif self._place is not _Place.FENCE:
            self._place = _Place.TEXT

    def _settle(self) -> None:
        """The run of backticks is over: say what it was."""
        run, self._run = self._run, 0
        if not run:
            return
        if self._place is _Place.TEXT:
            self._place = _Place.HEADER if self._blank and run >= 3 else _Place.INLINE
            self._ticks = run
        elif self._place is _Place.FENCE:
            if self._blank and run >= self._ticks:
                self._place = _Place.CLOSING
        elif self._place is _Place.CLOSING:
            self._place = _Place.FENCE
        else:  # an opening fence has no backtick on its line, so HEADER was inline code
            self._place = _Place.TEXT if run == self._ticks else _Place.INLINE
        self._blank = False
