"""Text as a terminal may show it: without control sequences, numbers with their units."""

import re

_SEQUENCES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~]?)|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNITS = ("kB", "MB", "GB", "TB")


def clean(text: str) -> str:
    """Return `text` without what would steer a terminal: escape sequences, controls, changes of direction.

    Of a line that was written over with carriage returns, as progress bars do, the last state is kept.
    """
    text = _SEQUENCES.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _CONTROLS.sub("", text)


def one_line(text: str, most: int = 200) -> str:
    """Return `text` as one clean line of at most `most` characters."""
    line = " ".join(clean(text[: most * 4]).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def last_lines(text: str, most: int) -> tuple[list[str], int]:
    """Return the last `most` lines of clean `text`, and how many stand before them."""
    lines = clean(text).rstrip("\n").split("\n") if text.strip() else []
    return lines[-most:], max(0, len(lines) - most)


def size(count: int | None) -> str:
    """Write a number of bytes."""
    if count is None:
        return "?"
    if count < 1000:
        return f"{count} B"
    value, power = count / 1000, 0
    while value >= 999.5 and power < len(_UNITS) - 1:
        value, power = value / 1000, power + 1
    return f"{value:.3g} {_UNITS[power]}"


def duration(seconds: float) -> str:
    """Write a length of time."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def tokens(count: int) -> str:
    """Write a number of tokens."""
    if count < 1000:
        return f"{count} tokens"
    return f"{count / 1000:.1f}k tokens" if count < 999_950 else f"{count / 1_000_000:.2f}M tokens"


def money(usd: float | None) -> str:
    """Write an amount of dollars; None is a price that nobody knows."""
    if usd is None:
        return "cost unknown"
    if usd == 0:
        return "$0.00"
    return f"${usd:.4f}" if usd < 1 else f"${usd:,.2f}"
