"""Text as a model should read it: bounded with both ends kept, and without a terminal's control codes."""

import re

_CONTROL_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor moves
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # window titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # device strings
    r"|\x1b[ -/]*[0-~]?"  # everything shorter
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_COLOURS_OFF = "\x1b[0m"
_UNPRINTABLE = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_LONGEST_NOTE = 80


def bounded(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters: head, tail, and between them how many were left out."""
    if len(text) <= limit:
        return text
    kept = max(limit - _LONGEST_NOTE, 2)
    head = kept // 2
    tail = kept - head
    left_out = len(text) - head - tail
    return f"{text[:head]}\n[… {left_out:,} characters were left out here …]\n{text[-tail:]}"


def without_terminal_codes(text: str) -> str:
    """Return what a terminal would show in the end: no colours, of a rewritten line only its last state."""
    return _settled(_CONTROL_SEQUENCE.sub("", text))


def with_colours(text: str, limit: int) -> str | None:
    """Return the same with its colours, in about `limit` characters; None where it has none.

    Nothing else of a terminal's codes stays.
    """
    if _COLOUR.search(text) is None:
        return None
    kept = _settled(
        _CONTROL_SEQUENCE.sub(lambda found: found[0] if _COLOUR.fullmatch(found[0]) else "", text)
    )
    if len(kept) <= limit:
        return kept
    half = limit // 2
    head, tail = _after_code(kept, half), _after_code(kept, len(kept) - half)
    note = f"\n[… {tail - head:,} characters were left out here …]\n"
    return kept[:head] + _COLOURS_OFF + note + kept[tail:]


def _after_code(text: str, at: int) -> int:
    """Return the place after the colour's code that `at` lies in, if it lies in one."""
    code = _COLOUR.match(text, max(text.rfind("\x1b", 0, at), 0))
    return at if code is None else max(at, code.end())


def _settled(text: str) -> str:
    """Resolve what was written over, and drop what cannot be printed but a colour's beginning."""
    text = text.replace("\r\n", "\n")
    if "\r" in text or "\b" in text:
        text = "\n".join(_last_state(line) for line in text.split("\n"))
    return _UNPRINTABLE.sub("", text)


def _last_state(line: str) -> str:
    """Resolve carriage returns (progress bars) and backspaces (spinners) within one line."""
    states = [state for state in line.split("\r") if state]
    last = states[-1] if states else ""
    if "\b" not in last:
        return last
    kept: list[str] = []
    for character in _COLOUR.sub("", last):
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)
