"""Writing calls: what is written parses to the same call, and what cannot be carried is refused."""

import pytest
from parsing_support import SHAPES, ends, feed_xml

from factotum.parsing import CallEnded, render_invoke, render_tag
from factotum.parsing.opening_tag import LONGEST_TAG


def read_back(source: str) -> dict[str, object]:
    (call,) = ends(feed_xml([source]))
    assert isinstance(call, CallEnded), call
    return call.arguments


@pytest.mark.parametrize(
    ("tool", "arguments", "written"),
    [
        ("complete", {}, "<complete/>"),
        ("web_search", {"count": "3", "query": 'a "b" <c> & &lt;'},
         '<search query="a &quot;b&quot; &lt;c&gt; &amp; &amp;lt;" count="3"/>'),
        ("shell_run", {"cwd": "/"}, '<shell cwd="/"/>'),
        ("shell_run", {"command": "ls"}, "<shell>ls</shell>"),
        ("shell_run", {"command": ""}, "<shell></shell>"),
        ("shell_run", {"command": "\na\n"}, "<shell>\n\na\n\n</shell>"),
        ("files_str_replace", {"new_str": "&lt;", "old_str": "a\nb", "file_path": "x"},
         '<str-replace file_path="x">\n<old_str>\na\nb\n</old_str>\n<new_str>&lt;</new_str>\n</str-replace>'),
        ("note", {"body": " x", "title": ""}, "<note><title></title> x</note>"),
        ("ask", {"option": "<a>", "question": "</ask>"},
         "<ask><option>&lt;a&gt;</option>&lt;/ask&gt;</ask>"),
        ("ask", {"question": "<option>"}, "<ask>&lt;option&gt;</ask>"),
    ],
)  # fmt: skip
def test_tags(tool: str, arguments: dict[str, str], written: str) -> None:
    assert render_tag(SHAPES[tool], arguments) == written
    assert read_back(written) == arguments


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("shell_run", {"command": "echo '</shell>'"}, "contains </shell>"),
        ("files_str_replace", {"old_str": "</old_str>"}, "contains </old_str>"),
        ("complete", {"b": "x", "a": "y"}, "<complete> has no place for a, b"),
        ("note", {"body": " \n"}, "empty body cannot be told from none"),
        ("note", {"body": "\n <title>x"}, "body begins like an element of <note>"),
        ("web_search", {"query": "x" * LONGEST_TAG}, "too long"),
    ],
)
def test_what_a_tag_cannot_carry_is_refused(tool: str, arguments: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        render_tag(SHAPES[tool], arguments)


def test_the_longest_attributes_are_carried() -> None:
    query = "x" * (LONGEST_TAG - len('<search query=""/>'))
    assert read_back(render_tag(SHAPES["web_search"], {"query": query})) == {"query": query}
    with pytest.raises(ValueError, match="too long"):
        render_tag(SHAPES["web_search"], {"query": f"{query}x"})


def test_invoke() -> None:
    arguments = {"a": "1", "b<": "x\n</invoke>", "question": "</parameter>&lt;"}
    written = render_invoke("ask", arguments, decode=frozenset({"question"}))
    assert written == (
        '<function_calls>\n<invoke name="ask">\n<parameter name="a">1</parameter>\n'
        '<parameter name="b&lt;">\nx\n</invoke>\n</parameter>\n'
        '<parameter name="question">&lt;/parameter&gt;&amp;lt;</parameter>\n</invoke>\n</function_calls>'
    )
    assert read_back(written) == arguments
    assert read_back(render_invoke("f", {})) == {}


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("", {}, "need a name"),
        ("f", {"": "x"}, "need a name"),
        ("f", {"a": "</parameter>"}, "contains </parameter>"),
        ("f" * LONGEST_TAG, {}, "too long"),
    ],
)
def test_what_invoke_cannot_carry_is_refused(name: str, arguments: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        render_invoke(name, arguments)
