"""Finds, in text that arrives in pieces, the tags that count in the caller's present state.

A pull machine in the manner of h11: `feed` text, then call `next` with what is wanted until it answers
None, "need more". It holds back at most the longest suffix that may still become a wanted tag, looks again
at nothing but the first few characters of such a suffix, and so does work in proportion to what it is fed.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from factotum.parsing.markdown_code import MarkdownCode
from factotum.parsing.opening_tag import OpeningTag, Reading, TagReader, parse_opening_tag
from factotum.parsing.shapes import WHITE

_HEAD = re.compile(r"<([A-Za-z_][A-Za-z0-9_.-]*)", re.ASCII)
_AFTER_NAME = frozenset(f"{WHITE}/>")


@dataclass(frozen=True, slots=True)
class Mark:
    """A wanted literal was read, a closing tag for instance."""

    source: str


Token = str | Mark | OpeningTag
"""Text (never empty), a literal, or an opening tag."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What counts as a tag now: opening tags by name, and literals that all begin with the same character.

    `prose`: tags in Markdown code do not count.
    """

    opens: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()
    prose: bool = False
    heads: tuple[str, ...] = field(init=False)
    lead: str = field(init=False)
    seconds: frozenset[str] = field(init=False)
    reach: int = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the tables of the search."""
        heads = sorted((*self.marks, *(f"<{name}" for name in self.opens)))
        object.__setattr__(self, "heads", tuple(heads))
        object.__setattr__(self, "lead", heads[0][0])
        object.__setattr__(self, "seconds", frozenset(head[1] for head in heads))
        object.__setattr__(self, "reach", max(map(len, heads)) + 1)


class TagScanner:
    """See the module's head. What is wanted may change only after `next` gave something."""

    __slots__ = ("_at", "_code", "_tag", "_text")

    def __init__(self) -> None:
        """Start with nothing."""
        self._text = ""
        self._at = 0
        self._tag: TagReader | None = None
        self._code = MarkdownCode()

    @property
    def holds(self) -> bool:
        """Whether something is held back that may still become a tag."""
        return self._tag is not None or self._at < len(self._text)

    def feed(self, text: str) -> None:
        """Take more text. To be called only after `next` has answered None."""
        self._text = self._text[self._at :] + text
        self._at = 0

    def passes(self, text: str, wanted: Wanted) -> bool:
        """Take `text` if it is all prose and nothing is held: most of what models write, and cheaper so.

        Otherwise nothing was taken.
        """
        if not text or wanted.lead in text or self._tag is not None or self._at < len(self._text):
            return False
        self._code.read(text)
        return True

    def next(self, wanted: Wanted) -> Token | None:
        """Return the next text or tag, or None when more text is needed."""
        if self._tag is not None:
            token = self._read_tag(self._tag, wanted)
            if token != "":
                return token
        text, start = self._text, self._at
        at = seen = start
        while (at := text.find(wanted.lead, at)) >= 0:
            if wanted.prose:
                self._code.read(text[seen:at])
                seen = at
                if self._code.hides():
                    at += 1
                    continue
            head = self._judge(wanted, at)
            if head == "":
                at += 1
                continue
            if at > start:
                self._at = at
                return text[start:at]
            return self._accept(head, wanted)
        if wanted.prose:
            self._code.read(text[seen:])
        self._at = len(text)
        return text[start:] or None

    def close(self) -> str | OpeningTag:
        """Return what is still held: text, perhaps empty, or an opening tag that is cut in its attributes.

        The scanner may be fed again, for prose that goes on.
        """
        tag, self._tag = self._tag, None
        if tag is None:
            held = self._text[self._at :]
            self._at = len(self._text)
            self._code.read(held)
            return held
        source = tag.take()
        if tag.quoted and not tag.too_long:
            return parse_opening_tag(tag.name, source, whole=False)
        return source

    def _judge(self, wanted: Wanted, at: int) -> str | None:
        """Say which head is written at `at`: a whole one, "" for none, None when its end is still to come."""
        text = self._text
        if at + 1 < len(text) and text[at + 1] not in wanted.seconds:
            return ""
        piece = text[at : at + wanted.reach]
        for mark in wanted.marks:
            if piece.startswith(mark):
                return mark
        match = _HEAD.match(piece)
        if match and match.end() < len(piece):
            known = match.group(1) in wanted.opens and piece[match.end()] in _AFTER_NAME
            return match.group() if known else ""
        nearest = bisect_left(wanted.heads, piece)
        if nearest < len(wanted.heads) and wanted.heads[nearest].startswith(piece):
            return None
        return ""

    def _accept(self, head: str | None, wanted: Wanted) -> Token | None:
        if head is None:
            return None
        self._at += len(head)
        if head in wanted.marks:
            self._code.passed_tag()
            return Mark(head)
        self._tag = TagReader(head[1:])
        return self._read_tag(self._tag, wanted)

    def _read_tag(self, tag: TagReader, wanted: Wanted) -> Token | None:
        """Read on in an opening tag. "" means that it has ended as prose which was handed over before."""
        self._at = tag.read(self._text, self._at)
        if tag.reading is Reading.MORE and not tag.too_long:
            return None
        source = tag.take()
        if tag.reading is not Reading.MORE:
            self._tag = None
        if tag.reading is Reading.DONE and not tag.too_long:
            self._code.passed_tag()
            return parse_opening_tag(tag.name, source)
        if wanted.prose:
            self._code.read(source)
        return source
