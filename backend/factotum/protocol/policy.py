"""Rules about which tools an agent may use, and the small language that they are written in.

    pattern  = name [ "(" argument ")" ]
    name     = letters, digits and "_", ".", ":", "-", "/"; "*" stands for any run of characters
    argument = any text on one line; "*" stands for any text, "\\*" for a star, "\\\\" for a backslash

`shell`, `files.*`, `mcp:github:*`, `shell(git push*)`. docs/approvals.md explains what each is compared with.
"""

import re
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from factotum.core.frozen import Frozen

LONGEST_PATTERN = 200
"""Characters of one pattern."""
MOST_PATTERNS = 100
"""Patterns in one list."""
_MOST_OF_A_RUN = 30

_FORM = re.compile(r"(?P<name>[A-Za-z0-9_.:*/-]+)(?:\((?P<argument>(?:[^\\\x00-\x1f\x7f]|\\[\\*])*)\))?")
_TOKEN = re.compile(r"\\(?P<plain>[\\*])|(?P<star>\*+)|(?P<other>[^\\*]+)")


class Parsed(NamedTuple):
    """A pattern taken apart. `argument` None: the tool whatever it is called with."""

    name: str
    argument: str | None


def parse(pattern: str) -> Parsed:
    """Take a pattern apart. Raises ValueError that says how a pattern is written."""
    found = _FORM.fullmatch(pattern)
    if found is None:
        raise ValueError(
            f"{pattern[:80]!r} is no pattern: write a tool's name such as shell, files.* or mcp:github:*,"
            " and what it is called with in parentheses if that matters: shell(git push*);"
            " * stands for anything, \\* for a star"
        )
    return Parsed(found["name"], found["argument"])


def matches(glob: str, text: str) -> bool:
    """Tell whether `text` is what a name or an argument of a pattern stands for, all of it.

    The literal pieces are looked for one after the other, each as early as it comes: so the time is bounded
    by the length of the text times that of the pattern, which a regular expression could not promise.
    """
    first, *rest = _pieces(glob)
    if not rest:
        return text == first
    *middle, last = rest
    place, end = len(first), len(text) - len(last)
    if place > end or not text.startswith(first) or not text.endswith(last):
        return False
    for piece in middle:
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True


@lru_cache(maxsize=2048)
def _pieces(glob: str) -> tuple[str, ...]:
    """Return what stands before, between and after the stars of a glob."""
    pieces = [""]
    for token in _TOKEN.finditer(glob):
        if token["star"]:
            pieces.append("")
        else:
            pieces[-1] += token["plain"] or token["other"]
    return tuple(pieces)


def _checked(pattern: str) -> str:
    try:
        parse(pattern)
    except ValueError as error:
        raise PydanticCustomError("invalid_pattern", "{why}", {"why": str(error)}) from None
    return pattern


Pattern = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_PATTERN), AfterValidator(_checked)
]
Patterns = Annotated[tuple[Pattern, ...], Field(max_length=MOST_PATTERNS)]
FewPatterns = Annotated[tuple[Pattern, ...], Field(max_length=_MOST_OF_A_RUN)]


class Rules(Frozen):
    """Which calls are refused, asked about or let through: deny before ask before allow, else `default`."""

    deny: Patterns = ()
    ask: Patterns = ()
    allow: Patterns = ()
    default: Literal["allow", "ask", "deny"] = "allow"


class Restrictions(Frozen):
    """What the caller of one run may add to the rules: it can only become stricter."""

    deny: FewPatterns = Field(default=(), description="Patterns of calls that are refused in this run.")
    ask: FewPatterns = Field(default=(), description="Patterns of calls that a person is asked about.")
