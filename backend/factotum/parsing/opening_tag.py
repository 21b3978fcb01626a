"""One opening tag: read piece by piece up to its `>`, then taken apart once.

Quotes count only directly after `=`, and `>` counts only outside them. A `<` outside quotes means that this
was no tag. A tag longer than `LONGEST_TAG` is prose to its very end, so that nothing quoted in it can be a
call.
"""

import re
from dataclasses import dataclass
from enum import Enum

from factotum.parsing.entities import decode
from factotum.parsing.shapes import WHITE

LONGEST_TAG = 16_384
"""The most characters an opening tag may have, attributes included."""

_ATTRIBUTE = re.compile(r"""\s*+([A-Za-z_][\w.:-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.ASCII)
_BARE = re.compile(r"[<>=]")
_SPACES = re.compile(rf"[{WHITE}]*+")
_EXCERPT = 40


@dataclass(frozen=True, slots=True)
class OpeningTag:
    """An opening tag. `fault` says what could not be read in it; `whole` is False when its `>` never came."""

    name: str
    source: str
    attributes: dict[str, str]
    self_closing: bool = False
    fault: str | None = None
    whole: bool = True


def parse_opening_tag(name: str, source: str, *, whole: bool = True) -> OpeningTag:
    """Take `<name …>` or `<name …/>` apart. Values are decoded; what cannot be read is told in `fault`."""
    self_closing = whole and source.endswith("/>")
    at, end = len(name) + 1, len(source) - whole - self_closing
    attributes: dict[str, str] = {}
    fault = None
    while match := _ATTRIBUTE.match(source, at, end):
        key, double, single = match.groups()
        if key in attributes:
            fault = f'the attribute "{key}" is given twice in <{name}>'
        attributes[key] = decode(single if double is None else double)
        at = match.end()
    rest = source[at:end].strip(WHITE)
    if rest and whole and fault is None:
        fault = f'<{name}> has something that is not name="value": {rest[:_EXCERPT]}'
    return OpeningTag(name, source, attributes, self_closing, fault, whole)


class Reading(Enum):
    """How far the reading of an opening tag has come."""

    MORE = "needs more text"
    DONE = "its > was read"
    DROPPED = "a < came first: it was no tag"


class TagReader:
    """Reads on in an opening tag whose name is known. Looks at every character once."""

    __slots__ = ("_pieces", "_quote", "_size", "_value_next", "name", "quoted", "reading")

    def __init__(self, name: str) -> None:
        """Start directly after `<name`."""
        self.name = name
        self.reading = Reading.MORE
        self.quoted = False  # a value was begun: this is hardly prose any more
        self._pieces = [f"<{name}"]
        self._size = len(name) + 1
        self._quote = ""
        self._value_next = False

    @property
    def too_long(self) -> bool:
        """Whether more than LONGEST_TAG characters were read: it is prose."""
        return self._size > LONGEST_TAG

    def read(self, text: str, at: int) -> int:
        """Read `text` from `at`; return where the tag's own text ends in it, and set `reading`."""
        start = at
        while at < len(text) and self.reading is Reading.MORE:
            if self._quote:
                at = self._in_value(text, at)
            elif self._value_next:
                at = self._before_value(text, at)
            else:
                at = self._bare(text, at)
        self._pieces.append(text[start:at])
        self._size += at - start
        return at

    def take(self) -> str:
        """Hand over the source held so far."""
        source = "".join(self._pieces)
        self._pieces.clear()
        return source

    def _in_value(self, text: str, at: int) -> int:
        found = text.find(self._quote, at)
        if found < 0:
            return len(text)
        self._quote = ""
        return found + 1

    def _before_value(self, text: str, at: int) -> int:
        spaces = _SPACES.match(text, at)
        at = spaces.end() if spaces else at
        if at < len(text):
            self._value_next = False
            if text[at] in "\"'":
                self._quote = text[at]
                self.quoted = True
                return at + 1
        return at

    def _bare(self, text: str, at: int) -> int:
        found = _BARE.search(text, at)
        if not found:
            return len(text)
        character = found.group()
        if character == "<":
            self.reading = Reading.DROPPED
            return found.start()
        if character == ">":
            self.reading = Reading.DONE
        else:
            self._value_next = True
        return found.end()
