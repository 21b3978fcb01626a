"""Matches paths against globs: `*`, `?` and `[…]` within a name, `**` over folders. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase


def matches(path: str, pattern: str) -> bool:
    """Tell whether a path matches. A pattern without `/` is one for names, in whatever folder they are.

    Work is at most the product of the two numbers of parts.
    """
    wanted = tuple(part for part in pattern.split("/") if part not in ("", "."))
    if "/" not in pattern:
        wanted = ("**", *wanted)
    return _match(path.split("/"), wanted)


def _match(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Follow all ways at once: each is the place in the pattern that comes next."""
    ways = _skipped({0}, wanted)
    for part in parts:
        following: set[int] = set()
        for way in ways:
            if way == len(wanted):
                continue
            if wanted[way] == "**":
                following.add(way)
            elif fnmatchcase(part, wanted[way]):
                following.add(way + 1)
        ways = _skipped(following, wanted)
    return len(wanted) in ways


def _skipped(ways: set[int], wanted: Sequence[str]) -> set[int]:
    """Add the ways on which a `**` stands for no folder at all."""
    found = set(ways)
    for way in ways:
        place = way
        while place < len(wanted) and wanted[place] == "**":
            place += 1
            found.add(place)
    return found
