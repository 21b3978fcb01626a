"""Ids as callers send them: what is not an id names nothing."""

from typing import Literal

from factotum.core.errors import InvalidInput, NotFound
from factotum.core.ids import is_id

Kind = Literal[
    "account",
    "agent",
    "approval",
    "invitation",
    "key",
    "member",
    "message",
    "permission",
    "project",
    "run",
    "share",
    "thread",
]


def named(kind: Kind, text: str) -> str:
    """Return `text` if it can be an id. Raises NotFound, with the code of an id that does not exist."""
    if not is_id(text):
        raise NotFound(f"There is no such {kind}.", code=f"{kind}_not_found")
    return text


def cursor(text: str | None) -> str | None:
    """Return the cursor of a list. Raises InvalidInput (`invalid_cursor`)."""
    if text is not None and not is_id(text):
        raise bad_cursor()
    return text


def position(text: str | None) -> int:
    """Return the cursor of a log: a number from 0 on, 0 for none. Raises InvalidInput (`invalid_cursor`)."""
    if not text:
        return 0
    # As many digits as JavaScript's integers and Postgres' bigint both take.
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise bad_cursor()
    return int(text)


def bad_cursor() -> InvalidInput:
    """Return the error for a cursor that no list of ours has given out."""
    return InvalidInput(
        "The cursor is not one of ours.",
        hint="Use `next` of the page before, or the last event's id; leave it out to begin.",
        code="invalid_cursor",
    )
