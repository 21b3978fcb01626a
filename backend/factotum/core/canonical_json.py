"""One text for one JSON value, after RFC 8785: the same value always has the same SHA-256.

Two departures, so that a value keeps its text through PostgreSQL's jsonb: numbers are written by their exact
decimal value, also past 2^53, and what JSON cannot hold (infinity, not-a-number) is null.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pydantic import JsonValue

_LONGEST_PLAIN = 21


def canonical(value: JsonValue) -> str:
    """Return the value's one text: no spaces, keys in the order of their UTF-16 code units (§3.2.3)."""
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return _number(value)
        case Mapping():
            names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
            return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
        case Sequence():
            return "[" + ",".join(map(canonical, value)) + "]"


def digest(value: JsonValue) -> str:
    """Return the SHA-256 of the value's canonical text, in lower-case hexadecimal."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def _number(value: float) -> str:
    """Write a number as ECMAScript does (Number::toString): plain up to 21 digits, else with an exponent."""
    if not math.isfinite(value):
        return "null"
    sign, found, exponent = Decimal(repr(value)).as_tuple()
    written = "".join(map(str, found))
    point = len(written) + int(exponent)
    digits = written.rstrip("0")
    if not digits:
        return "0"
    if 0 < point <= _LONGEST_PLAIN:
        text = digits.ljust(point, "0")
        text = text if len(text) == point else f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        text = "0." + digits.rjust(len(digits) - point, "0")
    else:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{rest}e{point - 1:+d}"
    return f"-{text}" if sign else text
