"""Pages of lists: the items, and the cursor that continues after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import StringConstraints

from factotum.core.frozen import Frozen

T = TypeVar("T")

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""The name of a thing that a person gives it."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: at most `limit` items after the cursor."""

    limit: int = 50
    after: str | None = None


class Page(Frozen, Generic[T]):
    """One page. `next` is the cursor for `?after=`, null on the last page."""

    items: tuple[T, ...]
    next: str | None


def next_after(items: Sequence[T], limit: int, cursor_of_last: str) -> str | None:
    """Return the cursor that follows a page; a page that is not full is the last."""
    return cursor_of_last if len(items) == limit else None
