"""Calls that cannot run: what the model is told, and law 3, that nothing inside them is run either."""

import pytest
from parsing_support import ends, feed_xml, one_call, parse, prose

from factotum.parsing import CallBroken, CallDelta, CallEnded, CallStarted, Text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<complete>I am done</complete>", "'I am done'; it takes nothing between its tags"),
        ("<str-replace>a\n b <old_str>x</old_str></str-replace>",
         "there is text in <str-replace> outside its parameters: 'a b'; it takes <old_str>, <new_str>"),
        ("<str-replace><old>x</old></str-replace>", "'<old>x</old>'; it takes <old_str>, <new_str>"),
        (f"<str-replace>{' ' * 60}{'y' * 60}</str-replace>", f"'{'y' * 40}'; it takes"),
        ("<str-replace>y<old_str>x</old_str> z</str-replace>", "'y z'"),
        ("<str-replace><old_str>x</old_str><old_str>y</old_str></str-replace>",
         'the argument "old_str" is given twice'),
        ('<str-replace><old_str n="1">x</old_str></str-replace>', "<old_str> takes no attributes"),
        ("<str-replace><old_str 1>x</old_str></str-replace>", "<old_str> has something that is not name="),
        ("<str-replace><old_str <old_str>x</old_str></str-replace>", "'<old_str'; it takes"),
        ('<shell dir="x">ls</shell>', '<shell> has no attribute "dir"; its attributes are cwd'),
        ('<complete x="1"/>', '<complete> has no attribute "x"; it takes none'),
        ('<shell cwd="x" cwd="y">ls</shell>', 'the attribute "cwd" is given twice in <shell>'),
        ("<shell cwd=x>ls</shell>", '<shell> has something that is not name="value": cwd=x'),
        ("<shell cwd = />", '<shell> has something that is not name="value": cwd ='),
        ('<shell "cwd">ls</shell>', "something that is not name="),
        ("<shell 1='2'>ls</shell>", "something that is not name="),
        ("<ask x='1'><option>a</option><![CDATA[b]]></ask>", '<ask> has no attribute "x"'),
        ("<invoke>x</invoke>", '<invoke> needs the name of a tool: <invoke name="…">'),
        ('<invoke name=""/>', "<invoke> needs the name"),
        ('<invoke name="f">x</invoke>', "'x'; put each argument in <parameter name="),
        ('<invoke name="f"><parameter>x</parameter></invoke>', "<parameter> needs the name of an argument"),
        ('<invoke name="f"><parameter name="a">1</parameter><parameter name="a">2</parameter></invoke>',
         'the argument "a" is given twice'),
    ],
)  # fmt: skip
def test_a_malformed_call_says_what_is_wrong(source: str, reason: str) -> None:
    call = one_call(source)
    assert isinstance(call, CallBroken)
    assert call.kind == "malformed"
    assert call.reason.startswith("The call was not run: ")
    assert reason in call.reason
    assert call.raw == source


def test_the_first_fault_is_told_and_nothing_is_shown_after_it() -> None:
    events = parse("<str-replace>x<old_str 1>a</old_str>y<new_str>b</new_str></str-replace>")
    assert [type(event) for event in events] == [CallStarted, CallBroken]
    (call,) = ends(events)
    assert isinstance(call, CallBroken)
    assert "'xy'" in call.reason


def test_a_call_without_a_name_does_not_start() -> None:
    events = parse("<invoke/>")
    assert [type(event) for event in events] == [CallBroken]


def test_the_machine_goes_on_after_a_broken_call() -> None:
    events = parse('<str-replace>oops</str-replace> then <invoke name="f"/>')
    assert [type(end) for end in ends(events)] == [CallBroken, CallEnded]
    assert prose(events) == " then "


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("<complete>", "before </complete> and"),
        ("<str-replace>", "before </str-replace> and"),
        ("<str-replace><old_str>x", "before </old_str> and </str-replace> and"),
        ("<str-replace><old_str>x</old_st", "before </old_str> and </str-replace> and"),
        ("<str-replace><old_str>x</old_str><new_str a='", "before </str-replace> and"),
        ("<shell>rm -rf /tmp/x", "before </shell> and"),
        ("<memo><![CDATA[</memo>", "before </memo> and"),
        ("<shell cwd='", "before </shell> and"),
        ("<shell cwd='/tmp'", "before </shell> and"),
        ('<invoke name="f"', "before </invoke> and"),
        ('<function_calls><invoke name="f" x="', "before </invoke> and"),
        ('<invoke name="f"><parameter name="p">', "before </parameter> and </invoke> and"),
    ],
)
def test_a_call_that_is_cut_off_is_incomplete(source: str, missing: str) -> None:
    events = parse(f"a {source}")
    (call,) = ends(events)
    assert isinstance(call, CallBroken)
    assert (call.kind, prose(events)) == ("incomplete", "a ")
    assert missing in call.reason
    assert source.endswith(call.raw)
    assert sum(isinstance(event, CallStarted) for event in events) == 1


@pytest.mark.parametrize(
    "source", ["<shell", "<shell ", "<shell cwd", "<shell cwd=", '<invoke name="f', "<invoke x='"]
)
def test_a_tag_that_was_hardly_begun_is_prose(source: str) -> None:
    assert parse(source) == [Text(source)]


def test_a_broken_call_that_is_cut_off_tells_both() -> None:
    (call,) = ends(parse("<str-replace>hm<old_str>x"))
    assert isinstance(call, CallBroken)
    assert call.kind == "incomplete"
    assert call.reason.endswith(
        "Besides, there is text in <str-replace> outside its parameters: 'hm'; it takes <old_str>, <new_str>."
    )


def test_no_beginning_of_a_call_ends_it() -> None:
    source = '<shell cwd="/"><complete/> rm x\n</shell>'
    for length in range(len(source)):
        assert not any(isinstance(event, CallEnded) for event in feed_xml([source[:length]]))


INNER = '<complete/><invoke name="evil"><parameter name="p">x</parameter></invoke><shell>rm</shell>'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<create-file>", "</create-file>"),
        ('<create-file file_path="', '"/>'),
        ("<str-replace><old_str>", "</old_str></str-replace>"),
        ("<str-replace>", "</str-replace>"),
        ("<str-replace><old_str>a</old_str>stray", "</str-replace>"),
        ("<str-replace bad><old_str></str-replace>", "</old_str></str-replace>"),
        ("<search>", "</search>"),
        ("<memo><![CDATA[</memo>", "]]></memo>"),
        ("<note>", "</note>"),
        ("<create-file></create-fil", "</create-file>"),
        ("<create-file><create-file>", "</create-file>"),
        ("<str-replace><str-replace></str-replace>", "</str-replace>"),
        ("<str-replace><str-replace/>", "</str-replace>"),
        ("<complete><complete><complete></complete></complete>", "</complete>"),
    ],
)
def test_nothing_inside_a_call_is_another_call(before: str, after: str) -> None:
    inner = INNER.replace('"', "'") if before.endswith('"') else INNER
    events = parse(f"{before}{inner}{after} end")
    (call,) = ends(events)
    assert call.raw == f"{before}{inner}{after}"
    assert prose(events) == " end"


@pytest.mark.parametrize(
    "inside",
    [
        '<parameter name="p"><invoke name="evil"/></parameter>',
        '<parameter name="p"></invoke><invoke name="evil"/></parameter>',
        '<parameter name="p"></Parameter></parameter</parameters><invoke name="evil"/></parameter>',
        '<invoke name="evil"/>',
        '<invoke name="evil"></invoke><invoke name="evil"><parameter name="p">1</parameter></invoke>',
        "<complete/>",
        "<function_calls><complete/></function_calls>",
    ],
)
def test_nothing_inside_an_invoke_is_another_call(inside: str) -> None:
    source = f'<invoke name="f">{inside}</invoke>'
    call = one_call(source)
    assert (call.name, call.raw) == ("f", source)


def test_a_call_in_an_overlong_tag_is_prose() -> None:
    text = f"""<create-file file_path="{"x" * 20_000}<complete/>{"y" * 20_000}">"""
    for pieces in ([text], [text[:16_390], text[16_390:]], [text[:20_030], text[20_030:]]):
        assert feed_xml(pieces) == [Text(text)]


def test_deltas_of_a_call_that_breaks_later_were_shown() -> None:
    events = parse("<str-replace><old_str>x</old_str>y</str-replace>")
    assert CallDelta(0, "old_str", "x") in events
