"""Text as a model should read it: bounded with both ends kept, and without a terminal's control codes."""

import re

_CONTROL_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor moves
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # window titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # device strings
    r"|\x1b[ -/]*[0-~]?"  # everything shorter
)
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
    plain = _CONTROL_SEQUENCE.sub("", text).replace("\r\n", "\n")
    if "\r" in plain or "\b" in plain:
        plain = "\n".join(_last_state(line) for line in plain.split("\n"))
    return _UNPRINTABLE.sub("", plain)


def _last_state(line: str) -> str:
    """Resolve carriage returns (progress bars) and backspaces (spinners) within one line."""
    states = [state for state in line.split("\r") if state]
    last = states[-1] if states else ""
    if "\b" not in last:
        return last
    kept: list[str] = []
    for character in last:
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)
