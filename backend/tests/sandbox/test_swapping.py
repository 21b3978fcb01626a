"""Taking values out of answers: the same however they are cut, in each form that a host may write."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.sandbox.egress.swapping import HeldSecret, Redactor, Swap, swap_for

VALUE = 'Zx9"/<&é +k=1'
MARK = "factotum-secret-00000000000000000000000000000000"
SECRET = HeldSecret("KEY", ("api.example.com", "*.example.org"), MARK, VALUE.encode())


def in_pieces(swap: Swap, text: bytes, cuts: list[int]) -> bytes:
    """Redact a body that comes in pieces."""
    body, out, start = swap.body(), b"", 0
    for cut in sorted(each % (len(text) + 1) for each in cuts):
        out += body.feed(text[start:cut])
        start = cut
    return out + body.feed(text[start:]) + body.close()


FORMS = [
    VALUE,
    quote(VALUE, safe=""),
    quote_plus(VALUE),
    quote(VALUE, safe="").lower().replace("zx9", "Zx9"),
    json.dumps(VALUE),
    json.dumps(VALUE, ensure_ascii=False),
    html.escape(VALUE),
    base64.b64encode(VALUE.encode()).decode(),
    *(base64.b64encode(f"{'u' * n}:{VALUE}|".encode()).decode() for n in range(3)),
    base64.urlsafe_b64encode(f"me:{VALUE}".encode()).decode(),
]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_found_cut_after_every_byte(form: str) -> None:
    swap = Swap([SECRET])
    text = f"before {form} after".encode()
    whole = swap.redacted(text)
    assert MARK.encode() in whole
    assert VALUE.encode() not in whole
    assert whole.startswith(b"before ")
    assert whole.endswith(b" after")
    assert in_pieces(swap, text, list(range(len(text)))) == whole


letters = st.sampled_from([b"a", b"b", b"ab", b"aab", b"abab", b"\x00"])


@given(
    st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=4, unique=True),
    st.lists(letters, max_size=40).map(b"".join),
    st.lists(st.integers(0, 200), max_size=20),
)
def test_cuts_change_nothing_and_nothing_is_held_that_cannot_become_a_form(
    forms: list[str], text: bytes, cuts: list[int]
) -> None:
    table = {form.encode(): b"<%d>" % n for n, form in enumerate(forms)}
    pattern = re.compile(b"|".join(map(re.escape, sorted(table, key=len, reverse=True))))
    expected = pattern.sub(lambda found: table[found.group()], text)
    body, out, start = Redactor(pattern, table), b"", 0
    for cut in [*sorted(each % (len(text) + 1) for each in cuts), len(text)]:
        out += body.feed(text[start:cut])
        start = cut
        held = body._held  # pyright: ignore[reportPrivateUsage]
        assert held == b"" or any(form.startswith(held) and form != held for form in table)
    assert out + body.close() == expected


def test_text_without_secrets_passes_as_it_is() -> None:
    swap = Swap([SECRET])
    assert in_pieces(swap, b"nothing to see " * 1000, [3, 5000]) == b"nothing to see " * 1000
    assert swap.header(b"Authorization", b"Basic " + base64.b64encode(b"a:b")) == b"Basic YTpi"
    assert swap.used == set()


def test_a_secret_is_for_its_hosts_alone() -> None:
    assert swap_for("api.example.com", [SECRET]) is not None
    assert swap_for("x.y.example.org", [SECRET]) is not None
    for host in ("example.com", "example.org", "api.example.com.evil.test", "xexample.org"):
        assert swap_for(host, [SECRET]) is None


def test_a_value_is_quoted_where_it_stands_in_an_address() -> None:
    swap = Swap([SECRET])
    target = swap.target(f"/a/{MARK}/b?x={MARK}&y={MARK}".encode())
    quoted = quote(VALUE, safe="")
    path = quote(VALUE, safe="/:@!$'()*,;=")
    assert target == f"/a/{path}/b?x={quoted}&y={quoted}".encode()
    assert swap.header(b"x-key", f"k={MARK}".encode()) == f"k={VALUE}".encode()
    basic = swap.header(b"authorization", b"basic " + base64.b64encode(f"me:{MARK}".encode()))
    assert base64.b64decode(basic.removeprefix(b"basic ")) == f"me:{VALUE}".encode()
    assert swap.header(b"authorization", f"Basic {MARK}".encode()) == f"Basic {VALUE}".encode()
    assert swap.used == {"KEY"}
