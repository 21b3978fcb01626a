"""The assembler: one stream of events and one list of parts out of text, reasoning and native calls."""

import pytest
from parsing_support import SHAPES, cut, ends, merged

from factotum.parsing import (
    AssembledCall,
    AssembledReasoning,
    AssembledText,
    Assembler,
    CallBroken,
    CallEnded,
    ParseEvent,
    Reasoning,
    Text,
)


def test_parts_keep_the_order_and_the_source() -> None:
    machine = Assembler(SHAPES)
    machine.reasoning("think")
    machine.reasoning("ing")
    machine.text("do <com")
    machine.text("plete/> it")
    machine.native(3, "id", "f", '{"a":1}')
    machine.text(" end")
    machine.close()
    assert machine.parts == (
        AssembledReasoning("thinking"),
        AssembledText("do "),
        AssembledCall(0, "complete", "tag", arguments={}, raw="<complete/>"),
        AssembledText(" it"),
        AssembledCall(1, "f", "native", "id", arguments={"a": 1}),
        AssembledText(" end"),
    )


def test_calls_are_numbered_across_dialects_in_the_order_they_start() -> None:
    machine = Assembler(SHAPES)
    events = (
        machine.text("<shell>") + machine.native(0, "a", "f", "{") + machine.text("ls</shell><complete/>")
    )
    events += machine.native(0, None, None, "}") + machine.close()
    assert [(end.call, end.name) for end in ends(events)] == [(0, "shell_run"), (2, "complete"), (1, "f")]
    assert [part.name for part in machine.parts if isinstance(part, AssembledCall)] == [
        "shell_run", "f", "complete",
    ]  # fmt: skip


def test_an_open_call_is_seen_as_open() -> None:
    machine = Assembler(SHAPES)
    machine.text("<shell>ls")
    assert machine.parts == (AssembledCall(0, "shell_run", "tag"),)
    (broken,) = machine.close()
    assert isinstance(broken, CallBroken)
    assert machine.parts == (AssembledCall(0, "shell_run", "tag", broken=broken, raw="<shell>ls"),)


def test_a_call_that_never_started_has_its_place_too() -> None:
    machine = Assembler(SHAPES)
    (broken,) = machine.text("<invoke/>")
    assert isinstance(broken, CallBroken)
    assert machine.parts == (AssembledCall(0, "", "invoke", broken=broken, raw="<invoke/>"),)


def test_without_shapes_xml_is_prose() -> None:
    machine = Assembler()
    assert machine.text('<invoke name="f"/>') == [Text('<invoke name="f"/>')]
    assert machine.close() == []
    assert machine.parts == (AssembledText('<invoke name="f"/>'),)


def test_signed_reasoning_ends_its_passage() -> None:
    machine = Assembler()
    assert machine.reasoning("a") == [Reasoning("a")]
    assert machine.reasoning("", {"signature": "1"}) == []
    assert machine.reasoning("b", {"signature": "2"}) == [Reasoning("b")]
    assert machine.reasoning("", {"redacted": "3"}) == []
    machine.text("c")
    machine.reasoning("d")
    assert machine.parts == (
        AssembledReasoning("a", {"signature": "1"}),
        AssembledReasoning("b", {"signature": "2"}),
        AssembledReasoning("", {"redacted": "3"}),
        AssembledText("c"),
        AssembledReasoning("d"),
    )


def test_empty_pieces_say_nothing() -> None:
    machine = Assembler(SHAPES)
    assert machine.text("") + machine.reasoning("") + machine.close() == []
    assert machine.parts == ()


LIMITED = 'a <complete/> b <invoke name="x"/><shell>ls</shell> c'


@pytest.mark.parametrize(
    ("limit", "names", "reached"),
    [(1, ["complete"], True), (2, ["complete", "x"], True), (3, ["complete", "x", "shell_run"], True),
     (4, ["complete", "x", "shell_run"], False), (None, ["complete", "x", "shell_run"], False)],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_limit_on_xml_calls(limit: int | None, names: list[str], reached: bool, size: int) -> None:
    machine = Assembler(SHAPES, max_xml_calls=limit)
    events: list[ParseEvent] = []
    for piece in cut(LIMITED, size):
        events += machine.text(piece)
    events += machine.close()
    assert machine.limit_reached == reached
    assert [end.name for end in ends(events)] == names
    assert isinstance(merged(events)[-1], CallEnded if reached else Text)


def test_past_the_limit_everything_is_ignored() -> None:
    machine = Assembler(SHAPES, max_xml_calls=1)
    machine.native(0, "a", "f", "")
    machine.text("<str-replace>broken counts</str-replace>")
    assert machine.limit_reached
    assert machine.text("x") + machine.reasoning("y") + machine.native(1, "b", "g", "{}") == []
    (end,) = machine.close()
    assert isinstance(end, CallBroken)
    assert (end.name, end.kind) == ("f", "incomplete")


def test_native_calls_do_not_count_towards_the_limit() -> None:
    machine = Assembler(SHAPES, max_xml_calls=1)
    machine.native(0, "a", "f", "{}")
    assert not machine.limit_reached


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Assembler(SHAPES, max_xml_calls=0)


def test_closing_twice_is_harmless_and_feeding_afterwards_is_not() -> None:
    machine = Assembler(SHAPES)
    machine.text("<")
    assert machine.close() == [Text("<")]
    assert machine.close() == []
    with pytest.raises(RuntimeError, match="closed"):
        machine.text("x")
    with pytest.raises(RuntimeError, match="closed"):
        machine.reasoning("x")
    with pytest.raises(RuntimeError, match="closed"):
        machine.native(0, None, None, "x")


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_prose_that_was_cut_goes_on_where_it_stopped(size: int) -> None:
    machine = Assembler(SHAPES)
    first, rest = "See:\n```\n<shell>ls</shell> <sh", "ell>no</shell>\n```\n<shell>yes</shell>"
    events: list[ParseEvent] = []
    for piece in cut(first, size):
        events += machine.text(piece)
    events += machine.cut()
    for piece in cut(rest, size):
        events += machine.text(piece)
    events += machine.close()

    before, after, called = machine.parts
    assert (before, after) == (AssembledText(first, cut=True), AssembledText("ell>no</shell>\n```\n"))
    assert isinstance(called, AssembledCall)
    assert [end.name for end in ends(events)] == ["shell_run"]


def test_reasoning_of_the_rest_is_apart_from_that_before_the_cut() -> None:
    machine = Assembler(SHAPES)
    machine.text("a")
    machine.reasoning("one")
    machine.cut()
    machine.reasoning("two")
    machine.text("b")

    assert machine.parts == (
        AssembledText("a", cut=True),
        AssembledReasoning("one"),
        AssembledReasoning("two"),
        AssembledText("b"),
    )


@pytest.mark.parametrize(
    "open_call", ["<shell>half", '<invoke name="x">', '<invoke name="x"><parameter name="p">half']
)
def test_a_cut_breaks_the_call_that_is_open_and_leaves_the_prose_unmarked(open_call: str) -> None:
    machine = Assembler(SHAPES)
    events = machine.text(f"Now {open_call}") + machine.native(0, "i", "f", "") + machine.cut()

    assert [end.kind for end in ends(events) if isinstance(end, CallBroken)] == ["incomplete"] * 2
    assert machine.parts[0] == AssembledText("Now ")
    assert machine.text(" more") == [Text(" more")]


@pytest.mark.parametrize("others", ["<complete/> ", "<shell x='1'>ls</shell> ", ""])
def test_a_call_is_gone_on_with_only_if_it_is_alone(others: str) -> None:
    machine = Assembler(SHAPES)
    machine.text(f"Now {others}<shell>ha")
    if not others:
        machine.native(0, "i", "f", "{}")
    assert not machine.is_open

    events = machine.cut(goes_on=True)

    assert [end.kind for end in ends(events) if isinstance(end, CallBroken)] == ["incomplete"]
    assert machine.text("lf</shell>") == [Text("lf</shell>")]


def test_what_is_open_is_told() -> None:
    machine = Assembler(SHAPES)
    assert not machine.is_open
    for piece, is_open in (("a <", True), (" b", False), ("<function_calls>", True), ("<shell>", True)):
        machine.text(piece)
        assert machine.is_open is is_open
        assert machine.cut(goes_on=True) == []
    assert [end.name for end in ends(machine.text("ls</shell>"))] == ["shell_run"]
    assert not machine.is_open
    assert not Assembler().is_open


def test_a_cut_of_nothing_and_past_the_limit() -> None:
    silent = Assembler()
    assert silent.cut() == []
    assert silent.parts == ()
    limited = Assembler(SHAPES, max_xml_calls=1)
    limited.text("<complete/>")
    assert limited.cut() == []
