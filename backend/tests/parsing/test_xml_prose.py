"""Prose: what is no call stays as it is, byte for byte."""

import pytest
from parsing_support import SHAPES, ends, feed_xml, parse, parse_with_trailing, prose

from factotum.parsing import CallEnded, TagShape, Text, XmlCalls

CALL = "<complete/>"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "a < b and b > c, <b>bold</b>, <br/>, </shell>, <Shell>, <shells cwd='x'>",
        "</complete> </invoke> </function_calls> <parameter name='x'>y</parameter>",
        "<complete",
        "<shell <ask",
        "<shell cwd=<",
        "<!-- note --> <![CDATA[x]]> &lt;complete/&gt;",
        "\n\n  white  \r\n",
        "< complete/>",
        "<complete:x/>",
        "\x00\ud800 \N{SNOWMAN}",
    ],
)
def test_prose_is_lossless(text: str) -> None:
    assert parse(text) == [Text(text)]


def test_nothing_gives_nothing() -> None:
    assert feed_xml([]) == []
    assert feed_xml(["", ""]) == []


@pytest.mark.parametrize(
    "text",
    [
        f"`{CALL}`",
        f"``a ` {CALL}``",
        f"see ` {CALL}",
        f"```\n{CALL}\n```",
        f"```xml\n{CALL}\n",
        f"text\n  ```xml\n{CALL}\n  ``` x\n{CALL}\n",
        f"````\n```\n{CALL}\n````",
        f"```\n``` `\n{CALL}",
        f"```\n```\t<b>\n{CALL}",
        f"```{CALL}``` ``",
        f"```a``b {CALL}",
        f"- item\n      ```\n      {CALL}\n      ```",
    ],
)
def test_tags_in_code_are_not_calls(text: str) -> None:
    assert parse(text) == [Text(text)]


@pytest.mark.parametrize(
    "before",
    [
        "`code` ",
        "``a`b`` ",
        "a lone ` backtick\n",
        "```py\nx\n```\n",
        "```\nx\n````  \n",
        "```py``` ",
        "x ``` \n",
        "```a` b\n",
        "> quote\n\n",
        "<shell \n```\n<b>\n```\n",
    ],
)
def test_a_call_after_code_is_a_call(before: str) -> None:
    events = parse_with_trailing(before + CALL)
    assert events[0] == Text(before)
    assert isinstance(events[-1], CallEnded)


def test_backticks_after_a_call_on_its_line_open_no_fence() -> None:
    events = parse(f"{CALL}```\n{CALL}")
    assert len(ends(events)) == 2


def test_backticks_inside_a_call_are_no_code() -> None:
    events = parse(f"<memo>```\n</memo>{CALL}")
    assert len(ends(events)) == 2


def test_text_before_between_and_after() -> None:
    events = parse(f"one {CALL} two {CALL}\nthree")
    assert [type(event).__name__ for event in events] == [
        "Text", "CallStarted", "CallEnded", "Text", "CallStarted", "CallEnded", "Text",
    ]  # fmt: skip
    assert prose(events) == "one  two \nthree"
    assert [call.call for call in ends(events)] == [0, 1]


def test_the_wrapper_and_white_space_in_it_are_swallowed() -> None:
    one = '<invoke name="f"><parameter name="p">1</parameter></invoke>'
    events = parse(f"a\n<function_calls>\n{one}\n  {one}\n</function_calls>\nb")
    assert prose(events) == "a\n\nb"
    assert [call.raw for call in ends(events)] == [one, one]


def test_text_in_the_wrapper_is_kept_with_the_white_space_inside_it() -> None:
    assert prose(parse(f"<function_calls>\n a  b\n c \n{CALL} d </function_calls> e")) == "\n a  b\n c d e"


def test_an_empty_or_open_wrapper_is_swallowed() -> None:
    assert parse("a<function_calls/> b") == [Text("a b")]
    assert parse("a<function_calls> \n") == [Text("a")]
    assert prose(parse("a<function_calls>b<function_calls> ")) == "ab"


def test_a_wrapper_cut_in_its_attributes_is_text() -> None:
    assert parse('a<function_calls x="') == [Text('a<function_calls x="')]


def test_machines_share_nothing() -> None:
    first, second = XmlCalls(SHAPES), XmlCalls(SHAPES)
    first.feed("<shell>")
    assert second.feed("x") == [Text("x")]


def test_two_tools_cannot_have_one_tag() -> None:
    with pytest.raises(ValueError, match="same tag"):
        XmlCalls({"a": TagShape("a", "x"), "b": TagShape("b", "x")})


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (("t", "a b"), "XML name"),
        (("t", "invoke"), "belongs to the invoke dialect"),
        (("t", "x", (), ("x",)), "named like its tag"),
        (("t", "x", ("a",), ("a",)), "two places"),
        (("t", "x", ("a",), (), "a"), "two places"),
        (("t", "x", (), (), None, frozenset({"a"})), "does not have"),
    ],
)
def test_a_shape_that_could_not_be_read_back_is_refused(shape: tuple[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        TagShape(*shape)
