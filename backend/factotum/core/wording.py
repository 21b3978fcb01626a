"""Numbers of things in words that a person or a model reads."""


def count(number: int, thing: str, things: str = "") -> str:
    """Write a number of things: `1 file`, `1,200 files`; `things` is for those whose plural is no mere s."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"
