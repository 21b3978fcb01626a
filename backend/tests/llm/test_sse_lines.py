"""Event streams cut into payloads, whatever the cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.llm.sse_lines import LineTooLong, SseLines

STREAM = (
    b": a comment\r\n\r\n"
    b'event: message\ndata: {"a":1}\n\n'
    b'data:{"b":2}\r\n\r\n'
    b'data: {"c":"Gr\xc3\xbc\xc3\x9fe"}\ndata: {"d":4}\n'
    b"id: 7\nretry: 10\n<html>\n\n"
    b"data: [DONE]"
)
PAYLOADS = [b'{"a":1}', b'{"b":2}', '{"c":"Grüße"}'.encode(), b'{"d":4}', b"[DONE]"]


def _read(pieces: list[bytes]) -> list[bytes]:
    lines = SseLines()
    return [payload for piece in pieces for payload in lines.feed(piece)] + lines.close()


def test_whole_and_byte_by_byte() -> None:
    """Payloads come without their prefix, line ends and blanks; all other lines are passed over."""
    assert _read([STREAM]) == PAYLOADS
    assert _read([STREAM[at : at + 1] for at in range(len(STREAM))]) == PAYLOADS


@given(st.lists(st.integers(0, len(STREAM))))
def test_any_cut_is_the_same(cuts: list[int]) -> None:
    """No cut changes what is read."""
    marks = [0, *sorted(cuts), len(STREAM)]
    assert _read([STREAM[a:b] for a, b in pairwise(marks)]) == PAYLOADS


def test_a_payload_comes_with_its_line_end() -> None:
    """Nothing waits for a blank line, or for the next event."""
    lines = SseLines()
    assert lines.feed(b"data: 1") == []
    assert lines.feed(b"2\n") == [b"12"]
    assert lines.close() == []


def test_a_line_is_bounded() -> None:
    """A line that never ends is given up, in pieces too; ended lines do not count."""
    lines = SseLines(longest_line=10)
    for _ in range(20):
        assert lines.feed(b"data: 1\n") == [b"1"]
    lines.feed(b"data: 123")
    with pytest.raises(LineTooLong):
        lines.feed(b"45")
