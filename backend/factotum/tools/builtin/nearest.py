"""Finds where a text that is not in a file was probably meant to be, and says what differs there."""

import difflib
import json
import time
from collections.abc import Callable

_MOST_LINES = 20_000
_SECONDS = 1.0
_LEAST_ALIKE = 0.6
_COMPARED = 300
_SHOWN = 200


def nearest(text: str, wanted: str) -> str:
    """Describe the place in `text` that is closest to `wanted`, or return an empty text when nothing is.

    First what is the same but for white space, then but for letter case, then what is alike. Looks at the
    first 20,000 lines, for at most about a second.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]]
    sought = [line.removesuffix("\r") for line in wanted.strip("\r\n").split("\n")]
    if not any(line.strip() for line in sought):
        return ""
    for normal in (_spaced, _folded):
        found = _same_but_for(lines, sought, normal)
        if found is not None:
            return _describe(lines, sought, found)
    found = _most_alike(lines, sought)
    return "" if found is None else _describe(lines, sought, found)


def _spaced(line: str) -> str:
    return " ".join(line.split())


def _folded(line: str) -> str:
    return _spaced(line).casefold()


def _same_but_for(lines: list[str], sought: list[str], normal: Callable[[str], str]) -> int | None:
    """Find the window whose normal form holds the wanted one; the ends may be parts of lines."""
    want = [normal(line) for line in sought]
    have = [normal(line) for line in lines]
    if len(want) == 1:
        return next((index for index, line in enumerate(have) if want[0] in line), None)
    for start in range(len(have) - len(want) + 1):
        window = have[start : start + len(want)]
        if window[0].endswith(want[0]) and window[-1].startswith(want[-1]) and (window[1:-1] == want[1:-1]):
            return start
    return None


def _most_alike(lines: list[str], sought: list[str]) -> int | None:
    """Find the line most like the longest wanted one, and return where the whole would begin."""
    anchor = max(range(len(sought)), key=lambda index: len(sought[index].strip()))
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(sought[anchor].strip()[:_COMPARED])
    best, place = _LEAST_ALIKE, None
    until = time.monotonic() + _SECONDS
    for index, line in enumerate(lines):
        if time.monotonic() > until:
            break
        matcher.set_seq1(line.strip()[:_COMPARED])
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and matcher.ratio() > best:
            best, place = matcher.ratio(), index
    return None if place is None else max(place - anchor, 0)


def _describe(lines: list[str], sought: list[str], start: int) -> str:
    window = lines[start : start + len(sought)]
    pairs = list(zip(window, sought, strict=False))
    offset = next((n for n, (have, want) in enumerate(pairs) if have != want and want not in have), 0)
    have, want = pairs[offset]
    last = start + len(window)
    where = f"line {last}" if len(window) == 1 else f"lines {start + 1} to {last}"
    return (
        f"The closest place is {where}. "
        f"First difference, in line {start + offset + 1}:\n"
        f"  file:     {_visible(have)}\n"
        f"  old_text: {_visible(want)}\n"
        f"They differ in {_difference(have, want)}."
    )


def _difference(have: str, want: str) -> str:
    if _spaced(want) in _spaced(have):
        theirs, ours = _indent(have), _indent(want)
        if theirs != ours:
            return (
                f"white space; the file's line begins with {_named(theirs)}, old_text's with {_named(ours)}"
            )
        return "white space within the line or at its end"
    if _folded(want) in _folded(have):
        return "letter case"
    common = len([None for a, b in zip(have, want, strict=False) if a == b])
    column = next(
        (n for n, (a, b) in enumerate(zip(have, want, strict=False)) if a != b), min(len(have), len(want))
    )
    return f"the text from column {column + 1} on" if common else "the text"


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _named(space: str) -> str:
    tabs, spaces = space.count("\t"), space.count(" ")
    parts = [f"{n} {name}{'' if n == 1 else 's'}" for n, name in ((tabs, "tab"), (spaces, "space")) if n]
    return " and ".join(parts) or "none"


def _visible(line: str) -> str:
    return json.dumps(line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…", ensure_ascii=False)
