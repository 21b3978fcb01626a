"""Native calls as providers really send them: late, interleaved, repeated, empty, cut off, or not JSON."""

import json

import pytest
from parsing_support import ends, native

from factotum.parsing import CallBroken, CallDelta, CallEnded, CallStarted, NativeCalls
from factotum.parsing.json_object import DEEPEST


def test_the_life_of_a_call() -> None:
    assert native((0, "c1", "f", ""), (0, None, None, '{"a": "}\\"{", "b": [1, {}]}')) == [
        CallStarted(0, "f", "native", "c1"),
        CallDelta(0, None, '{"a": "}\\"{", "b": [1, {}]}'),
        CallEnded(0, "f", "native", {"a": '}"{', "b": [1, {}]}, call_id="c1"),
    ]


def test_a_call_ends_as_soon_as_its_object_is_complete() -> None:
    machine = NativeCalls()
    machine.feed(0, "c1", "f", '{"a": "\\')
    assert machine.feed(0, None, None, '"}') == [CallDelta(0, None, '"}')]
    assert [type(event) for event in machine.feed(0, None, None, '"} \n')] == [CallDelta, CallEnded]
    assert machine.feed(0, None, None, " ") == []
    assert machine.close() == []


def test_interleaved_calls() -> None:
    events = native(
        (0, "a", "f", '{"x"'), (1, "b", "g", '{"y":'), (0, None, None, ": 1}"), (1, None, None, " 2}")
    )
    assert [(end.call, end.name, end.call_id) for end in ends(events)] == [(0, "f", "a"), (1, "g", "b")]
    assert [end.arguments for end in ends(events) if isinstance(end, CallEnded)] == [{"x": 1}, {"y": 2}]


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_empty_arguments_are_an_empty_object(empty: str) -> None:
    (end,) = ends(native((0, "a", "f", empty)))
    assert end == CallEnded(0, "f", "native", {}, call_id="a")


def test_a_call_that_was_cut_before_its_arguments_is_not_empty() -> None:
    (end,) = ends(native((0, "a", "f", ""), truncated=True))
    assert isinstance(end, CallBroken)
    assert (end.kind, end.call_id) == ("incomplete", "a")


def test_a_late_name() -> None:
    assert native((0, "a", None, '{"x"'), (0, None, "", ":"), (0, None, "f", "1}")) == [
        CallStarted(0, "f", "native", "a"),
        CallDelta(0, None, '{"x":1}'),
        CallEnded(0, "f", "native", {"x": 1}, call_id="a"),
    ]


def test_a_late_id_ends_the_call() -> None:
    machine = NativeCalls()
    assert [type(e) for e in machine.feed(0, None, "f", '{"x":1}')] == [CallStarted, CallDelta]
    assert machine.feed(0, "a", None, "") == [CallEnded(0, "f", "native", {"x": 1}, call_id="a")]


def test_a_missing_id_stays_none() -> None:
    assert native((0, None, "f", "{}"))[-1] == CallEnded(0, "f", "native", {}, call_id=None)


def test_numbers_follow_the_order_in_which_names_come() -> None:
    events = native((0, "a", None, ""), (1, "b", "g", "{}"), (0, None, "f", "{}"))
    assert [(end.call, end.name) for end in ends(events)] == [(0, "g"), (1, "f")]


def test_name_and_id_in_every_delta() -> None:
    events = native(*[(0, "a", "f", piece) for piece in ("", '{"x"', ": ", "1}", "", " ")])
    assert ends(events) == [CallEnded(0, "f", "native", {"x": 1}, call_id="a")]


def test_a_new_id_in_every_delta_while_the_object_grows() -> None:
    events = native((0, "a", "f", ""), (0, "b", "f", '{"x"'), (0, "c", "f", ": 1}"))
    assert ends(events) == [CallEnded(0, "f", "native", {"x": 1}, call_id="a")]


@pytest.mark.parametrize(
    "deltas",
    [
        [(0, "a", "f", '{"x":1}'), (0, "b", "g", '{"y":2}')],
        [(0, "a", "f", '{"x":1}'), (0, "b", "g", ""), (0, None, None, '{"y":2}')],
        [(0, None, "f", '{"x":1}'), (0, None, "g", ' {"y":2}')],
        [(0, "a", "f", '{"x":1}'), (0, "b", "f", '{"y":2}')],
        [(0, None, "f", '{"x":1}'), (0, "b", "g", '{"y":2}')],
        [(0, "a", "f", '{"x":1}'), (0, None, "g", '{"y":2}')],
    ],
)
def test_several_calls_on_one_index(deltas: list[tuple[int, str | None, str | None, str]]) -> None:
    calls = [end for end in ends(native(*deltas)) if isinstance(end, CallEnded)]
    assert [call.arguments for call in calls] == [{"x": 1}, {"y": 2}]
    assert [call.name for call in calls] == ["f", deltas[1][2]]


def test_an_empty_call_before_another_on_its_index() -> None:
    events = native((0, "a", "f", ""), (0, "b", "g", ""), (0, None, None, "{}"))
    assert [(end.name, end.call_id) for end in ends(events)] == [("f", "a"), ("g", "b")]


@pytest.mark.parametrize("call_id", ["a", None])
def test_text_after_the_object_is_a_broken_call_of_its_own(call_id: str | None) -> None:
    found = ends(native((0, call_id, "f", '{"x":1}{"y":2} z'), (0, call_id, "f", "more")))
    whole = [end for end in found if isinstance(end, CallEnded)]
    broken = [end for end in found if isinstance(end, CallBroken)]
    assert [call.arguments for call in whole] == [{"x": 1}]
    assert [(call.call, call.kind) for call in broken] == [(1, "malformed")]
    assert "after the end of the arguments of f" in broken[0].reason


@pytest.mark.parametrize("call_id", ["a", None])
def test_text_after_an_object_that_cannot_be_read_is_told_with_it(call_id: str | None) -> None:
    (end,) = ends(native((0, call_id, "f", '{"{"=\']a'), (0, None, None, "b")))
    assert isinstance(end, CallBroken)
    assert "not JSON" in end.reason


def broken(text: str) -> CallBroken:
    (end,) = ends(native((0, "a", "f", text)))
    assert isinstance(end, CallBroken)
    return end


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ('{"a": 1, }', "malformed", "Illegal trailing comma before end of object at character 7"),
        ("{'a': 1}", "malformed", "at character 1, near \"{'a': 1}\""),
        ('{"a": "\n"}', "malformed", "Invalid control character"),
        ('{"a": NaN}', "malformed", "NaN is not a JSON number"),
        ('{"a": ' + "9" * 5000 + "}", "malformed", "its arguments are not JSON: Exceeds the limit"),
        ('{"a": [}', "incomplete", "cut off before the end of its arguments"),
        ('{"a": ]', "malformed", "Expecting value"),
        ('{"a": "x', "incomplete", "cut off"),
        ('{"a": "x\\', "incomplete", "cut off"),
        ("[1]", "malformed", "one JSON object in {}, and begin with '['"),
        (' "x"', "malformed", "begin with '\"'"),
        ("null", "malformed", "begin with 'n'"),
        ('{"a":' + "[" * DEEPEST + "]" * DEEPEST + "}", "malformed", "nested more than 200 deep"),
    ],
)
def test_arguments_that_cannot_be_read(text: str, kind: str, reason: str) -> None:
    end = broken(text)
    assert (end.kind, end.name, end.call_id) == (kind, "f", "a")
    if "trailing comma" not in reason:  # the wording of that one depends on Python's version
        assert reason in end.reason


def test_deep_arguments_within_the_bound_are_read() -> None:
    text = '{"a":' + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1) + "}"
    assert ends(native((0, "a", "f", text))) == [CallEnded(0, "f", "native", json.loads(text), call_id="a")]


@pytest.mark.parametrize(("truncated", "kind"), [(False, "malformed"), (True, "incomplete")])
def test_a_call_without_a_name(truncated: bool, kind: str) -> None:
    events = native((0, "a", None, '{"x":1}'), truncated=truncated)
    (end,) = ends(events)
    assert isinstance(end, CallBroken)
    assert (end.call, end.name, end.kind, end.call_id, len(events)) == (0, "", kind, "a", 1)


def test_a_control_character_is_no_white_space_of_json() -> None:
    machine = NativeCalls()
    machine.feed(0, "id", "f", "\x1f")
    (broken,) = machine.close()
    assert isinstance(broken, CallBroken)
    assert "begin with '\\x1f'" in broken.reason
