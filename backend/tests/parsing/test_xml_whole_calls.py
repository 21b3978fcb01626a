"""Whole calls in both dialects: every place of an argument, and every text it may have."""

import pytest
from parsing_support import SHAPES, arguments, ends, merged, one_call, parse

from factotum.parsing import CallDelta, CallEnded, CallStarted, Text, XmlCalls


def test_the_life_of_a_tag_call() -> None:
    source = '<str-replace file_path="a.py"><old_str>x</old_str><new_str>y</new_str></str-replace>'
    assert parse(f"go {source}.") == [
        Text("go "),
        CallStarted(0, "files_str_replace", "tag"),
        CallDelta(0, "file_path", "a.py"),
        CallDelta(0, "old_str", "x"),
        CallDelta(0, "new_str", "y"),
        CallEnded(
            0, "files_str_replace", "tag", {"file_path": "a.py", "old_str": "x", "new_str": "y"}, source
        ),
        Text("."),
    ]


def test_the_life_of_an_invoke_call() -> None:
    source = '<invoke name="mcp:x"><parameter name="p">1</parameter>\n</invoke>'
    assert parse(f"<function_calls>\n{source}\n</function_calls>") == [
        CallStarted(0, "mcp:x", "invoke"),
        CallDelta(0, "p", "1"),
        CallEnded(0, "mcp:x", "invoke", {"p": "1"}, source),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<complete/>", {}),
        ("<complete />", {}),
        ("<complete></complete>", {}),
        ("<complete>\n  </complete>", {}),
        ('<search query="a" count="2"/>', {"query": "a", "count": "2"}),
        ("<search\n count = '2'\n\tquery='a \"b\"' />", {"query": 'a "b"', "count": "2"}),
        ('<search query="a > b / c < d"/>', {"query": "a > b / c < d"}),
        ('<search query="it\'s"count=""></search>', {"query": "it's", "count": ""}),
        ('<search query="&lt;&#65;&#x42;&amp;lt;&quot;&apos;&bogus;&#0;&#xD800;&"/>',
         {"query": "<AB&lt;\"'&bogus;&#0;&#xD800;&"}),
        ("<shell>ls</shell>", {"command": "ls"}),
        ("<shell></shell>", {"command": ""}),
        ("<shell/>", {}),
        ('<shell cwd="/tmp">\nls\n</shell>', {"cwd": "/tmp", "command": "ls"}),
        ("<shell>\n\nls\n\n</shell>", {"command": "\nls\n"}),
        ("<shell>\n</shell>", {"command": ""}),
        ("<shell>\n\n</shell>", {"command": ""}),
        ("<shell>\n\n\n</shell>", {"command": "\n"}),
        ("<shell>\r\nls\r\n</shell>", {"command": "\r\nls\r"}),
        ("<shell>  ls  </shell>", {"command": "  ls  "}),
        ("<str-replace>\n<old_str/>\n<new_str>\n</new_str>\n</str-replace>", {"old_str": "", "new_str": ""}),
        ("<str-replace><new_str>b</new_str><old_str>a</old_str></str-replace>",
         {"new_str": "b", "old_str": "a"}),
        ("<note><title>t</title>body</note>", {"title": "t", "body": "body"}),
        ("<note> \n <title>t</title>\n body\n</note>", {"title": "t", "body": " body"}),
        ("<note>\n\n body <title>not</title></note>", {"body": "\n body <title>not</title>"}),
        ("<note><title>t</title> \n</note>", {"title": "t"}),
        ("<note> <titles></note>", {"body": " <titles>"}),
        ("<note><!</note>", {"body": "<!"}),
    ],
)  # fmt: skip
def test_tags(source: str, expected: dict[str, object]) -> None:
    assert arguments(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('<invoke name="f"/>', {}),
        ('<invoke name="f"></invoke>', {}),
        ('<invoke name="f">\n<parameter name="a"/>\n</invoke>', {"a": ""}),
        ('<invoke name="f"><parameter name="a">\n1\n</parameter><parameter name="b">2</parameter></invoke>',
         {"a": "1", "b": "2"}),
        ('<invoke id="7" name="f"><parameter string="true" name="a&amp;b">x</parameter></invoke>',
         {"a&b": "x"}),
        ('<invoke name="f"><parameter name="a"><parameter name="b"></invoke>&lt;</parameter></invoke>',
         {"a": '<parameter name="b"></invoke>&lt;'}),
        ('<invoke name="ask"><parameter name="question">&lt;<![CDATA[&lt;]]></parameter></invoke>',
         {"question": "<&lt;"}),
    ],
)  # fmt: skip
def test_invokes(source: str, expected: dict[str, object]) -> None:
    assert arguments(source) == expected


@pytest.mark.parametrize(
    "code",
    [
        "if a < b && c > d: x = '&lt;'",
        "<div></div><old_str></str-replace></function_calls>",
        "</contents</contents </Contents></create-fil></create-file >",
        "<![CDATA[x]]>",
        "<create-file>",
        "``` <complete/> ` ",
        "<<<<<<</<</create",
    ],
)
def test_code_survives_literally(code: str) -> None:
    assert arguments(f"<create-file>{code}</create-file>") == {"contents": code}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a &lt;b&gt; &amp;amp; & &am &#10;", "a <b> &amp; & &am \n"),
        ("\n&#10;x&#x0A;\n", "\nx\n"),
        ("<![CDATA[</memo>]]>", "</memo>"),
        ("\n<![CDATA[\nx\n]]>\n", "\nx\n"),
        ("x\n<![CDATA[]]>\ny", "x\n\ny"),
        ("<![CDATA[]] ]]]>&lt;", "]] ]<"),
        ("<![CDATA[a]]><![CDATA[<![CDATA[]]>", "a<![CDATA["),
        ("&#6<![CDATA[5;]]>", "&#65;"),
        ("<![CDAT &toolongname; &#99999999;", "<![CDAT &toolongname; &#99999999;"),
        ("]]>", "]]>"),
    ],
)
def test_a_parameter_that_is_decoded(source: str, text: str) -> None:
    assert arguments(f"<memo>{source}</memo>") == {"memo": text}


def test_content_after_elements_may_begin_as_cdata() -> None:
    source = '<ask kind="text"><option>&lt;</option>\n <![CDATA[<option>]]>?</ask>'
    assert arguments(source) == {"kind": "text", "option": "<", "question": " <option>?"}
    assert arguments("<ask><![CDATA[]]></ask>") == {"question": ""}


def test_several_calls_in_both_dialects_are_numbered_in_order() -> None:
    events = parse('<complete/><invoke name="x"/> and <shell>ls</shell>')
    assert [(call.call, call.name, call.dialect) for call in ends(events)] == [
        (0, "complete", "tag"),
        (1, "x", "invoke"),
        (2, "shell_run", "tag"),
    ]


def test_a_parameter_is_shown_as_it_grows() -> None:
    machine = XmlCalls(SHAPES)
    assert machine.feed("<shell>l") == [CallStarted(0, "shell_run", "tag"), CallDelta(0, "command", "l")]
    assert machine.feed("s\n") == [CallDelta(0, "command", "s")]
    assert machine.feed("-a</sh") == [CallDelta(0, "command", "\n-a")]
    assert machine.feed("x") == [CallDelta(0, "command", "</shx")]
    assert [type(event) for event in merged(machine.feed("\n</shell>"))] == [CallEnded]


def test_the_name_of_a_tool_may_be_a_tag_in_the_invoke_dialect() -> None:
    call = one_call('<invoke name="shell_run"><parameter name="command">ls</parameter></invoke>')
    assert isinstance(call, CallEnded)
    assert (call.name, call.dialect) == ("shell_run", "invoke")
