"""The base of every value that crosses a floor or the wire: immutable and closed."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable model that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def is_unset(value: object) -> bool:
    """Tell for `exclude_if` whether a field that need not be told has nothing: None, or an empty value."""
    return not value
