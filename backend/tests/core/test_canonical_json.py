"""The same value has the same text, whatever its order and its way through a database."""

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from factotum.core.canonical_json import canonical, digest

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


EXAMPLES: list[tuple[JsonValue, str]] = [
    (0, "0"),
    (-0.0, "0"),
    (1.0, "1"),
    (-7, "-7"),
    (100, "100"),
    (333333333.33333329, "333333333.3333333"),
    (1e30, "1e+30"),
    (4.50, "4.5"),
    (2e-3, "0.002"),
    (0.000001, "0.000001"),
    (1e-7, "1e-7"),
    (-1.5e-27, "-1.5e-27"),
    (1e20, "100000000000000000000"),
    (1e21, "1e+21"),
    (10**25, "1e+25"),
    (2**53 + 1, "9007199254740993"),
    (float("inf"), "null"),
    (float("nan"), "null"),
    (True, "true"),
    (None, "null"),
    ('€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
    ({"b": [1, {}], "a": []}, '{"a":[],"b":[1,{}]}'),
    # RFC 8785 §3.2.3: by UTF-16, so that what lies outside the first plane comes before U+FB33.
    ({"\ufb33": 1, "😀": 2, "\r": 3, "ö": 4, "1": 5}, '{"\\r":3,"1":5,"ö":4,"😀":2,"\ufb33":1}'),
]


@pytest.mark.parametrize(("value", "text"), EXAMPLES)
def test_a_value_has_one_text(value: JsonValue, text: str) -> None:
    assert canonical(value) == text
    assert digest(value) == hashlib.sha256(text.encode()).hexdigest()


@given(VALUES)
def test_the_text_is_json_of_the_same_value_in_any_order(value: JsonValue) -> None:
    text = canonical(value)
    assert canonical(json.loads(text, parse_float=_from_jsonb, parse_int=_from_jsonb)) == text
    if isinstance(value, dict):
        assert canonical(dict(reversed(value.items()))) == text


@given(VALUES, VALUES)
def test_different_values_have_different_texts(one: JsonValue, other: JsonValue) -> None:
    assert (canonical(one) == canonical(other)) == (_exact(one) == _exact(other))


def _from_jsonb(text: str) -> float:
    """Read a number as jsonb gives it back: written out by its exact decimal value."""
    written = format(Decimal(text), "f")
    return float(written) if "." in written else int(written)


def _exact(value: JsonValue) -> object:
    if isinstance(value, list):
        return [_exact(each) for each in value]
    if isinstance(value, dict):
        return {name: _exact(each) for name, each in value.items()}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    return Decimal(repr(value))
