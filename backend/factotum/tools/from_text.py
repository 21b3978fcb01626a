"""Reads the text of one XML parameter by its schema: a string is the text itself, anything else is strict."""

import json
import re
from typing import NoReturn, cast

from pydantic import JsonValue

from factotum.tools.schema import Schema, enumerated, kinds

_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "false": False}
_SHOWN = 60


class Unreadable(ValueError):
    """The text is not a value of the schema; the message says what was read."""


def value_from_text(text: str, schema: Schema, *, optional: bool = False) -> JsonValue:
    """Return the value that `text` stands for. Raises Unreadable.

    White space around a value that is not a string is no part of it. An empty text, or `null`, is None where
    the schema allows None, or the value is optional. Bounds are not checked here: the tool's model does that.
    """
    found = kinds(schema)
    if "string" in found:
        return text
    bare = text.strip()
    if (optional or "null" in found) and bare in {"", "null"}:
        return None
    if "enum" in found:
        for value in enumerated(schema):
            if bare == (value if isinstance(value, str) else json.dumps(value)):
                return value
    if "boolean" in found and bare in _BOOLEANS:
        return _BOOLEANS[bare]
    number = _number(bare, found)
    if number is not None:
        return number
    if found & {"array", "object"}:
        return _json(bare)
    raise Unreadable(f"got {_short(text)}")


def _number(bare: str, found: set[str]) -> int | float | None:
    if found & {"integer", "number"} and _INTEGER.fullmatch(bare):
        return int(bare)
    if "number" in found and _NUMBER.fullmatch(bare):
        value = float(bare)
        return value if abs(value) != float("inf") else None
    return None


def _json(bare: str) -> JsonValue:
    try:
        return cast(JsonValue, json.loads(bare, parse_constant=_refuse_constant))
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"the JSON is not readable ({error}); got {_short(bare)}") from None
    except ValueError as error:
        raise Unreadable(f"the JSON is not readable ({error})") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _short(text: str) -> str:
    return json.dumps(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…", ensure_ascii=False)
