"""Properties that hold for every text: cuts change nothing, prose is lossless, what is written reads back."""

import json
import sys
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from parsing_support import FRAGMENTS, SHAPES, TOOLS, cut_at, ends, feed_xml, merged

from factotum.parsing import (
    Assembler,
    CallBroken,
    CallDelta,
    CallEnded,
    CallStarted,
    ParseEvent,
    TagShape,
    Text,
    render_invoke,
    render_tag,
)

messages = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=30).map("".join)
places = st.lists(st.integers(0, 10_000), max_size=12)
words = st.text(st.sampled_from("ab <>/&;\"'\n\r\t=`]![CDATA") | st.characters(), max_size=30)
texts = st.lists(words | st.sampled_from(FRAGMENTS), max_size=6).map("".join)


@settings(max_examples=300)
@given(messages, places)
def test_no_cut_changes_the_events(message: str, at: list[int]) -> None:
    whole = feed_xml([message])
    assert feed_xml(cut_at(message, at)) == whole
    assert feed_xml(list(message)) == whole


@settings(max_examples=300)
@given(messages)
def test_events_are_well_formed(message: str) -> None:
    """Each call has one end, starts at most once and first, and its deltas spell its arguments."""
    open_calls: dict[int, dict[str, str]] = {}
    ended: set[int] = set()
    for event in feed_xml([message]):
        match event:
            case CallStarted(call=call):
                assert call not in open_calls
                open_calls[call] = {}
            case CallDelta(call=call, parameter=str(parameter), text=text):
                assert text
                assert call not in ended
                open_calls[call][parameter] = open_calls[call].get(parameter, "") + text
            case CallEnded(call=call, arguments=arguments, raw=raw):
                assert raw in message
                assert open_calls[call] == {name: value for name, value in arguments.items() if value}
                ended.add(call)
            case CallBroken(call=call, raw=raw, reason=reason):
                assert raw in message
                assert reason
                assert call not in ended
                ended.add(call)
            case Text(text=text):
                assert text
            case _:
                raise AssertionError(event)
    assert set(open_calls) <= ended


@settings(max_examples=300)
@given(messages)
def test_outside_the_wrapper_everything_comes_out_again(message: str) -> None:
    message = message.replace("function_calls", "calls")
    out = "".join(
        event.text if isinstance(event, Text) else event.raw
        for event in feed_xml([message])
        if isinstance(event, Text | CallEnded | CallBroken)
    )
    assert out == message


@given(st.text().filter(lambda text: "<" not in text), places)
def test_prose_is_lossless(text: str, at: list[int]) -> None:
    assert feed_xml(cut_at(text, at)) == ([Text(text)] if text else [])


@st.composite
def calls(draw: st.DrawFn) -> tuple[TagShape, dict[str, str]]:
    shape = draw(st.sampled_from(TOOLS))
    names = draw(st.sets(st.sampled_from(shape.parameters))) if shape.parameters else set[str]()
    return shape, {name: draw(texts) for name in names}


@settings(max_examples=300)
@given(calls(), places)
def test_a_tag_that_could_be_written_reads_back(call: tuple[TagShape, dict[str, str]], at: list[int]) -> None:
    shape, arguments = call
    try:
        written = render_tag(shape, arguments)
    except ValueError:
        body = [name for name in arguments if name not in shape.attributes]
        assert any("<" in arguments[name] or not arguments[name].strip() for name in body)
        return
    (end,) = ends(feed_xml(cut_at(f"say {written} so", at)))
    assert isinstance(end, CallEnded), end
    assert (end.name, end.arguments, end.raw) == (shape.name, arguments, written)


@settings(max_examples=300)
@given(st.text(min_size=1), st.dictionaries(st.text(min_size=1), texts, max_size=3), places)
def test_an_invoke_that_could_be_written_reads_back(
    name: str, arguments: dict[str, str], at: list[int]
) -> None:
    shape = SHAPES.get(name)
    try:
        written = render_invoke(name, arguments, decode=shape.decode if shape else frozenset())
    except ValueError:
        assert any("</parameter>" in value for value in arguments.values())
        return
    (end,) = ends(feed_xml(cut_at(written, at)))
    assert isinstance(end, CallEnded), end
    assert (end.name, end.arguments) == (name, arguments)


@settings(max_examples=300)
@given(calls(), st.booleans(), places)
def test_a_call_that_the_provider_cuts_anywhere_reads_as_if_it_had_not(
    call: tuple[TagShape, dict[str, str]], wrapped: bool, at: list[int]
) -> None:
    """Each piece is a message of its own, which the next one goes on with, until the call has ended."""
    shape, arguments = call
    try:
        written = (
            render_invoke(shape.name, arguments, shape.decode) if wrapped else render_tag(shape, arguments)
        )
    except ValueError:
        return
    machine = Assembler(SHAPES)
    events: list[ParseEvent] = []
    for piece in cut_at(f"say < {written} so", at):
        events += machine.text(piece)
        if not ends(events):
            events += machine.cut(goes_on=True)
    events += machine.close()
    assert merged(events) == merged(feed_xml([f"say < {written} so"]))


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
json_objects = st.dictionaries(st.text(), json_values, max_size=4)


@settings(max_examples=100)
@given(
    st.lists(json_objects, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), max_size=20),
    st.booleans(),
)
def test_interleaved_native_calls_come_out_whole(
    objects: list[dict[str, Any]], turns: list[tuple[int, int]], ascii_only: bool
) -> None:
    rests = [json.dumps(value, ensure_ascii=ascii_only) for value in objects]
    machine = Assembler()
    events: list[ParseEvent] = []
    for index in range(len(objects)):
        events += machine.native(index, f"id{index}", f"f{index}", "")
    for index, size in [*turns, *((index, sys.maxsize) for index in range(len(objects)))]:
        if index < len(objects):
            events += machine.native(index, None, None, rests[index][:size])
            rests[index] = rests[index][size:]
    events += machine.close()
    found = {end.name: end.arguments for end in ends(events) if isinstance(end, CallEnded)}
    assert found == {f"f{index}": value for index, value in enumerate(objects)}


junk = st.lists(st.sampled_from(list('{}[]",:\\a1 \n')) | st.text(max_size=2), max_size=20).map("".join)


@settings(max_examples=300)
@given(junk, places)
def test_no_cut_changes_native_events(text: str, at: list[int]) -> None:
    def feed(pieces: list[str]) -> list[ParseEvent]:
        machine = Assembler()
        events = machine.native(0, "id", "f", "")
        for piece in pieces:
            events += machine.native(0, None, None, piece)
        return merged(events + machine.close())

    whole = feed([text])
    assert feed(cut_at(text, at)) == whole
    assert feed(list(text)) == whole
    assert len([end for end in ends(whole) if end.call == 0]) == 1
