"""Arguments are converted by the schema in every dialect, and a wrong call says how to write a right one."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from pydantic import JsonValue

from factotum.parsing.events import CallEnded
from factotum.parsing.xml_calls import XmlCalls
from factotum.protocol.dialect import Dialect
from factotum.protocol.runs import PlanItem
from factotum.tools.arguments import bind
from factotum.tools.builtin import BUILTIN, builtin_registry
from factotum.tools.builtin.edit import str_replace
from factotum.tools.builtin.files import create_file, list_files
from factotum.tools.builtin.plan import update_plan
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.talk import ask
from factotum.tools.declare import tool
from factotum.tools.rendering import render_call
from factotum.tools.tool import Tool, ToolContext, ToolError, ToolOutput

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@tool(effect="pure")
async def measure(
    context: ToolContext,
    size: float,
    deep: dict[str, list[int]],
    note: str | None = None,
    strict: bool = False,
) -> ToolOutput:
    """Measure.

    Args:
        size: A size.
        deep: A table.
        note: A note.
        strict: Whether.
    """
    return ToolOutput(f"{size} {deep} {note} {strict}")


def refusal(tool: Tool, arguments: dict[str, object], dialect: Dialect) -> str:
    with pytest.raises(ToolError) as caught:
        bind(tool, arguments, dialect)
    assert caught.value.stable_code == "invalid_arguments"
    return f"{caught.value.message}\n{caught.value.hint}"


def test_native_arguments_are_checked_and_defaults_filled() -> None:
    assert bind(shell, {"command": "ls"}, "native") == {
        "command": "ls",
        "folder": ".",
        "timeout_seconds": 60,
        "session": "",
        "blocking": True,
    }


def test_null_for_an_optional_parameter_means_left_out() -> None:
    bound = bind(read_file, {"path": "a", "start_line": None, "end_line": None}, "native")
    assert bound == {"path": "a", "start_line": 1, "end_line": None}


def test_null_for_a_required_parameter_is_refused() -> None:
    assert "- path: expected text of at least 1 character(s); got null" in refusal(
        create_file, {"path": None, "content": ""}, "native"
    )


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
def test_text_is_converted_by_the_schema(dialect: Dialect) -> None:
    assert bind(read_file, {"path": "7", "start_line": " 3\n", "end_line": ""}, dialect) == {
        "path": "7",
        "start_line": 3,
        "end_line": None,
    }
    assert bind(list_files, {"recursive": "true"}, dialect) == {"path": ".", "recursive": True}
    assert bind(ask, {"question": "[1]", "choices": '["a", "b"]'}, dialect)["choices"] == ("a", "b")
    plan = bind(update_plan, {"items": '\n[{"text": "x", "status": "done"}, {"text": "y"}]\n'}, dialect)
    assert plan["items"] == [PlanItem(text="x", status="done"), PlanItem(text="y")]
    assert bind(measure, {"size": "1.5e2", "deep": '{"a": [1]}', "note": "null"}, dialect) == {
        "size": 150.0,
        "deep": {"a": [1]},
        "note": "null",
        "strict": False,
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [("once", "once"), ("all", "all"), ("2", 2), (" all\n", "all"), ("+3", 3), ("", "once")],
)
def test_a_union_is_read_by_its_members(written: str, meant: object) -> None:
    arguments: dict[str, object] = {"path": "a", "old_text": "x", "new_text": "y", "occurrence": written}
    assert bind(str_replace, arguments, "tag")["occurrence"] == meant


@pytest.mark.parametrize("written", ["none", "0", "-1", "1.0", "ALL", "٣"])
def test_a_union_refuses_the_rest(written: str) -> None:
    arguments: dict[str, object] = {"path": "a", "old_text": "x", "new_text": "y", "occurrence": written}
    assert '- occurrence: expected "once" or "all", or an integer of at least 1' in refusal(
        str_replace, arguments, "tag"
    )


@pytest.mark.parametrize("written", ["yes", "1", "True", "false."])
def test_booleans_are_true_or_false(written: str) -> None:
    assert "- recursive: expected true or false; got " in refusal(list_files, {"recursive": written}, "tag")


@pytest.mark.parametrize("written", ["nan", "inf", "1e999", "0x10", "1_000", "1,5", ""])
def test_numbers_are_plain_and_finite(written: str) -> None:
    assert "- size: expected a number; got" in refusal(measure, {"size": written, "deep": "{}"}, "invoke")


@pytest.mark.parametrize("written", ['["a"', "[NaN]", "[" * 100_000, "a, b", "9" * 5000])
def test_unreadable_json_is_said_to_be(written: str) -> None:
    text = refusal(ask, {"question": "q", "choices": written}, "invoke")
    assert "- choices: expected a JSON list of texts" in text
    assert len(text) < 1000


def test_every_fault_is_named_with_an_example_in_the_same_dialect() -> None:
    wrong: dict[str, object] = {"start_line": "x", "end_line": "0", "pth": "a"}
    assert refusal(read_file, wrong, "tag") == snapshot("""\
The arguments of read_file are not right, and it was not run:
- start_line: expected an integer of at least 1; got "x"
- path: missing; expected text (The file, relative to the workspace.)
- end_line: expected an integer of at least 1; got 0
- pth: unknown parameter; did you mean path?
Call it again. A correct call looks like this:
<read-file path="notes/draft.md" start_line="1" end_line="40"></read-file>\
""")
    assert refusal(read_file, {"start_line": "x", "path": "a"}, "invoke") == snapshot("""\
The arguments of read_file are not right, and it was not run:
- start_line: expected an integer of at least 1; got "x"
Call it again. A correct call looks like this:
<function_calls>
<invoke name="read_file">
<parameter name="path">notes/draft.md</parameter>
<parameter name="start_line">1</parameter>
<parameter name="end_line">40</parameter>
</invoke>
</function_calls>\
""")
    assert refusal(shell, {"timeout_seconds": 900, "cmd": "ls"}, "native") == snapshot("""\
The arguments of shell are not right, and it was not run:
- command: missing; expected text of at least 1 character(s) (What bash runs; it may have several lines.)
- timeout_seconds: expected an integer from 1 to 600; got 900
- cmd: unknown parameter; did you mean command?
Call it again. A correct call looks like this:
shell {"command": "python3 primes.py && ls -l", "timeout_seconds": 120}\
""")


def test_faults_inside_lists_are_located() -> None:
    items = [{"text": "a"}, {"text": "b", "status": "doing"}, {"txt": "c"}, 5]
    assert refusal(update_plan, {"items": items}, "native").split("\nCall it")[0] == snapshot("""\
The arguments of update_plan are not right, and it was not run:
- items[1].status: expected "pending" or "active" or "done" or "skipped"; got "doing"
- items[2].text: missing; expected text
- items[2].txt: unknown parameter; did you mean text?
- items[3]: expected a JSON object with text, status; got 5\
""")


def test_many_faults_are_bounded() -> None:
    text = refusal(update_plan, {"items": [{"text": 1}] * 90}, "native")
    assert text.count("\n- ") == 21
    assert "- and 70 more" in text


def test_a_lone_surrogate_is_refused() -> None:
    assert "lone surrogate" in refusal(create_file, {"path": "a", "content": "\ud800"}, "native")


def test_values_that_cannot_be_shown_as_json_are_shown_otherwise() -> None:
    assert "got {1, 2}" in refusal(shell, {"command": {1, 2}}, "native")


@given(path=TEXT.filter(bool), content=TEXT)
@pytest.mark.parametrize("dialect", ["native", "invoke", "tag"])
def test_text_parameters_are_taken_literally(dialect: Dialect, path: str, content: str) -> None:
    assert bind(create_file, {"path": path, "content": content}, dialect) == {
        "path": path,
        "content": content,
    }


@given(
    size=st.floats(allow_nan=False, allow_infinity=False),
    deep=st.dictionaries(TEXT, st.lists(st.integers())),
    strict=st.booleans(),
)
def test_what_is_written_as_text_comes_back(size: float, deep: dict[str, list[int]], strict: bool) -> None:
    written = {"size": repr(size), "deep": json.dumps(deep), "strict": json.dumps(strict)}
    bound = bind(measure, written, "invoke")
    assert math.isclose(bound["size"], size, rel_tol=0) if isinstance(bound["size"], float) else False
    assert bound["deep"] == deep
    assert bound["strict"] is strict


@given(path=TEXT.filter(bool), old=TEXT.filter(bool), new=TEXT, nth=st.integers(1, 9))
@pytest.mark.parametrize("dialect", ["invoke", "tag"])
def test_what_we_render_is_what_the_parser_and_bind_read(
    dialect: Dialect, path: str, old: str, new: str, nth: int
) -> None:
    arguments: dict[str, JsonValue] = {"path": path, "old_text": old, "new_text": new, "occurrence": nth}
    assert parsed(str_replace, render_call(str_replace, arguments, dialect), dialect) == arguments


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
@pytest.mark.parametrize("tool", BUILTIN, ids=lambda tool: tool.name)
def test_every_example_is_read_back_as_it_was_meant(tool: Tool, dialect: Dialect) -> None:
    assert parsed(tool, render_call(tool, tool.example, dialect), dialect) == bind(
        tool, tool.example, "native"
    )


def parsed(tool: Tool, written: str, dialect: Dialect) -> dict[str, object]:
    parser = XmlCalls(builtin_registry().shapes())
    events = [*parser.feed(written), *parser.close()]
    ended = [event for event in events if isinstance(event, CallEnded)]
    assert [(call.name, call.dialect) for call in ended] == [(tool.name, dialect)], events
    return bind(tool, ended[0].arguments, dialect)
