"""Replaces one text by another inside a third: exactly, and with a useful word when it cannot."""

from dataclasses import dataclass
from typing import Literal

from factotum.core.errors import TooLarge
from factotum.tools.builtin.nearest import nearest
from factotum.tools.tool import ToolError

Occurrence = Literal["once", "all"] | int
"""Which one to replace: the only one, every one, or the nth, from 1."""

_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Replaced:
    """The new text, how many places changed, and the lines (from 1) of the first few of them."""

    text: str
    count: int
    lines: tuple[int, ...]


def replace(text: str, old: str, new: str, occurrence: Occurrence, *, limit: int) -> Replaced:
    """Return `text` with `old` replaced. Pure, but not for the event loop: a large text takes a while.

    Where every line of `text` ends with CRLF, line ends of `old` and `new` mean CRLF as well. `limit` bounds
    the new text, in characters.
    Raises ToolError (`text_not_found`, `text_not_unique`, `occurrence_not_found`) and TooLarge.
    """
    if _all_carriage_returns(text) and "\r" not in old + new:
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
    count = text.count(old)
    if count == 0:
        raise _not_found(text, old, new)
    if occurrence == "all":
        if len(text) + count * (len(new) - len(old)) > limit:
            raise TooLarge(f"The file would be over {limit:,} characters.", hint="Replace less at once.")
        return Replaced(text.replace(old, new), count, _lines(text, _positions(text, old, _MOST_LISTED)))
    if occurrence == "once":
        return _replace_only(text, old, new, count)
    if occurrence > count:
        raise ToolError(
            f"old_text occurs {_times(count)}, {_at_lines(text, old, count)}; "
            f"there is no occurrence {occurrence}.",
            hint=f"Give an occurrence from 1 to {count}.",
            code="occurrence_not_found",
        )
    return _replace_at(text, old, new, _positions(text, old, occurrence)[-1])


def _all_carriage_returns(text: str) -> bool:
    return "\r\n" in text and text.count("\r\n") == text.count("\n")


def _replace_only(text: str, old: str, new: str, count: int) -> Replaced:
    position = text.find(old)
    overlapping = text.find(old, position + 1)
    if count == 1 and overlapping < 0:
        return _replace_at(text, old, new, position)
    where = _at_lines(text, old, count) if count > 1 else "and overlaps itself"
    raise ToolError(
        f"old_text occurs {_times(count)}, {where}; nothing was changed.",
        hint="Put more of the surrounding lines into old_text so that it occurs once,\n"
        f'or set occurrence to "all", or to a number from 1 to {count} to pick one.',
        code="text_not_unique",
    )


def _replace_at(text: str, old: str, new: str, position: int) -> Replaced:
    changed = text[:position] + new + text[position + len(old) :]
    return Replaced(changed, 1, _lines(text, [position]))


def _not_found(text: str, old: str, new: str) -> ToolError:
    near = nearest(text, old)
    message = "old_text is not in the file; nothing was changed."
    present = text.find(new) if new.strip() else -1
    if present >= 0:
        line = _lines(text, [present])[0]
        message += f" new_text is there already, at line {line}: this may have been done before."
    return ToolError(
        f"{message}\n{near}" if near else message,
        hint="Copy old_text exactly from read_file, white space too, but without the line numbers.",
        code="text_not_found",
    )


def _positions(text: str, old: str, most: int) -> list[int]:
    found: list[int] = []
    position = text.find(old)
    while position >= 0 and len(found) < most:
        found.append(position)
        position = text.find(old, position + len(old))
    return found


def _lines(text: str, positions: list[int]) -> tuple[int, ...]:
    """Return the line of each of the rising positions."""
    lines: list[int] = []
    line, seen = 1, 0
    for position in positions:
        line += text.count("\n", seen, position)
        seen = position
        lines.append(line)
    return tuple(lines)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _at_lines(text: str, old: str, count: int) -> str:
    return at_lines(_lines(text, _positions(text, old, _MOST_LISTED)), count)


def at_lines(lines: tuple[int, ...], count: int) -> str:
    """Write `at line 3` or `at lines 3, 8 and more`."""
    numbers = ", ".join(str(line) for line in lines)
    more = " and more" if count > len(lines) else ""
    return f"at line{'' if count == 1 else 's'} {numbers}{more}"
