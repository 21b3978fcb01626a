"""Values for JSON columns. What models and tools write may hold what PostgreSQL cannot: that is replaced."""

import json
import re
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from factotum.core.errors import WrittenByNewer

T = TypeVar("T")

_REPLACEMENT = "\ufffd"
# An escaped NUL, after an even number of backslashes: with an odd number the backslash itself is escaped.
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def encode(adapter: TypeAdapter[T], value: T) -> str:
    """Return `value` as JSON text; NUL characters and lone surrogates become U+FFFD."""
    try:
        text = adapter.dump_json(value).decode()
    except PydanticSerializationError:
        text = json.dumps(_clean(adapter.dump_python(value)), ensure_ascii=False)
    if "\\u0000" in text:
        text = _ESCAPED_NUL.sub(rf"\1{_REPLACEMENT}", text)
    return text


def known(adapter: TypeAdapter[T], text: str, otherwise: T | None) -> T | None:
    """Read JSON that a newer version may have written: unknown fields are passed over.

    What cannot be read so is `otherwise`: it is only shown.
    """
    try:
        return adapter.validate_json(text, extra="ignore")
    except ValidationError:
        return otherwise


def exactly(adapter: TypeAdapter[T], text: str) -> T:
    """Read JSON that somebody works with, to the last field. Raises WrittenByNewer."""
    try:
        return adapter.validate_json(text)
    except ValidationError as fault:
        raise WrittenByNewer("A run says what only a newer version of the service knows.") from fault


def clean_text(text: str) -> str:
    """Return `text` as a text column can hold it: NUL characters and lone surrogates become U+FFFD."""
    text = text.replace("\x00", _REPLACEMENT)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in cast("list[Any]", value)]
    return value
