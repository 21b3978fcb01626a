"""Reads unified diffs of one file and applies them: exactly, all or nothing, with a word on what is wrong.

The lines of a hunk must be in the file as they are. Where they stand elsewhere than the hunk says, they are
looked for up to OFFSET lines away and taken if they are there once; a hunk without numbers looks everywhere.
What a model cannot count is not asked for: the numbers of lines in a hunk's head are not read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from factotum.tools.builtin.nearest import nearest
from factotum.tools.tool import ToolError

OFFSET = 200
"""Lines from where a hunk says it stands that are searched, in both directions."""

_HEAD = re.compile(r"@@(?: -(\d{1,9})(?:,\d+)? \+\d+(?:,\d+)? @@.*)?\s*")
_MOST_HUNKS = 1_000
_MOST_NAMED = 10
_FORM = "A hunk begins with `@@ -3,4 +3,5 @@`; each of its lines begins with a space, - or +."


@dataclass(slots=True)
class Side:
    """The lines of a hunk before or after; `bare`: the last one ends without a line break."""

    lines: list[str] = field(default_factory=list[str])
    bare: bool = False

    def add(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        self.bare = False


@dataclass(slots=True)
class Hunk:
    """One place that changes: `old` becomes `new`. `start`: its first line, from 1, if the head says so."""

    number: int
    start: int | None
    old: Side = field(default_factory=Side)
    new: Side = field(default_factory=Side)
    last: tuple[Side, ...] = ()
    """The sides that the newest line is of."""

    @property
    def index(self) -> int | None:
        """Where it says that it begins, from 0; one that only adds names the line before."""
        if self.start is None:
            return None
        return self.start if not self.old.lines else max(self.start - 1, 0)


@dataclass(frozen=True, slots=True)
class Patched:
    """The new text; where each hunk went, from 1, and how many lines that is from where it said."""

    text: str
    lines: tuple[int, ...]
    offsets: tuple[int, ...]


def read_diff(diff: str) -> list[Hunk]:
    """Read the hunks of a diff of one file. Raises ToolError (`diff_invalid`) that names the line."""
    hunks: list[Hunk] = []
    lines = diff.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        following = lines[number] if number < len(lines) else ""
        head = _HEAD.fullmatch(line)
        if head is not None:
            hunks.append(Hunk(len(hunks) + 1, int(head[1]) if head[1] else None))
        elif line.startswith("@@"):
            raise _invalid(f"Line {number} of the diff is no head of a hunk: {line[:80]!r}.")
        elif hunks and line.startswith("--- ") and following.startswith("+++ "):
            raise _invalid(f"Line {number} of the diff begins another file: give one file in a call.")
        elif hunks:
            _read_line(hunks[-1], line, number)
    if not 1 <= len(hunks) <= _MOST_HUNKS:
        raise _invalid(f"The diff has {len(hunks)} hunks; it needs 1 to {_MOST_HUNKS:,}.")
    for hunk in hunks:
        if hunk.old == hunk.new:
            raise _invalid(f"Hunk {hunk.number} changes nothing.")
    return hunks


def apply_diff(text: str, hunks: Sequence[Hunk]) -> Patched:
    """Return `text` with all hunks applied. Pure, but not for the event loop: a large text takes a while.

    Where every line ends with CRLF, so do the new ones. Raises ToolError: `hunk_not_found`,
    `hunk_not_unique`.
    """
    returns = "\r\n" in text and text.count("\r\n") == text.count("\n")
    plain = text.replace("\r\n", "\n") if returns else text
    bare = bool(plain) and not plain.endswith("\n")
    lines = plain.removesuffix("\n").split("\n") if plain else []
    result: list[str] = []
    places: list[int] = []
    offsets: list[int] = []
    done = 0
    for hunk in hunks:
        place = _place(lines, hunk, done)
        result += lines[done:place]
        places.append(len(result) + 1)
        result += hunk.new.lines
        offsets.append(0 if hunk.index is None else place - hunk.index)
        done = place + len(hunk.old.lines)
        if done == len(lines) and hunk.old.bare != hunk.new.bare:
            bare = hunk.new.bare
    result += lines[done:]
    changed = "\n".join(result) + ("\n" if result and not bare else "")
    return Patched(changed.replace("\n", "\r\n") if returns else changed, tuple(places), tuple(offsets))


def _invalid(message: str) -> ToolError:
    return ToolError(message, hint=_FORM, code="diff_invalid")


def _read_line(hunk: Hunk, line: str, number: int) -> None:
    match line[:1]:
        case " " | "":
            hunk.last = (hunk.old, hunk.new)
        case "-":
            hunk.last = (hunk.old,)
        case "+":
            hunk.last = (hunk.new,)
        case "\\":
            for side in hunk.last:
                side.bare = True
            return
        case mark:
            raise _invalid(f"Line {number} of the diff begins with {mark!r}: {line[:80]!r}.")
    for side in hunk.last:
        side.add(line[1:])


def _place(lines: Sequence[str], hunk: Hunk, done: int) -> int:
    """Return where a hunk applies, from 0, not before `done`. Raises ToolError."""
    wanted, index = hunk.old.lines, hunk.index
    if not wanted:
        if index is None:
            raise _not_found(hunk, "It only adds lines and does not say where", "Give lines around them.")
        if not done <= index <= len(lines):
            why = f"It adds lines after line {index}; the file has {len(lines)}"
            raise _not_found(hunk, why, "Give lines around them.")
        return index
    last = len(lines) - len(wanted)
    if index is not None and done <= index <= last and lines[index : index + len(wanted)] == wanted:
        return index
    first, end = (done, last) if index is None else (max(done, index - OFFSET), min(last, index + OFFSET))
    found = [
        place
        for place in range(first, end + 1)
        if lines[place] == wanted[0] and lines[place : place + len(wanted)] == wanted
    ]
    match found:
        case [place]:
            return place
        case []:
            raise _not_found(hunk, _why_not(lines, wanted, index, done), "Read the file again, then repeat.")
        case _:
            named = ", ".join(str(place + 1) for place in found[:_MOST_NAMED])
            raise ToolError(
                f"Hunk {hunk.number} fits at several places, lines {named}; nothing was changed.",
                hint="Give more lines around it, or the right line in its head.",
                code="hunk_not_unique",
            )


def _why_not(lines: Sequence[str], wanted: Sequence[str], index: int | None, done: int) -> str:
    where = "" if index is None else f" within {OFFSET} lines of line {index + 1}"
    after = f", after line {done}" if done else ""
    near = nearest("\n".join(lines), "\n".join(wanted)).replace("old_text", "hunk")
    return f"Its lines are not in the file as they are{where}{after}" + (f".\n{near}" if near else "")


def _not_found(hunk: Hunk, why: str, hint: str) -> ToolError:
    return ToolError(
        f"Hunk {hunk.number} does not fit; nothing was changed.\n{why.rstrip('.')}.",
        hint=hint,
        code="hunk_not_found",
    )
