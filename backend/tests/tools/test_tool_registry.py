"""The registry: one order, one set of bytes, and a helping word for a name that is not there."""
# ruff: noqa: E501 - the snapshots show prompts and schemas as models get them

import json

import pytest
from inline_snapshot import snapshot
from pydantic import JsonValue

from factotum.protocol.dialect import Dialect, XmlDialect
from factotum.tools.builtin import BUILTIN, builtin_registry
from factotum.tools.builtin.files import create_file
from factotum.tools.builtin.shell import shell
from factotum.tools.declare import tool
from factotum.tools.registry import Registry
from factotum.tools.rendering import render_call
from factotum.tools.tool import ToolContext, ToolError, ToolOutput, XmlForm


@tool(effect="pure", xml=XmlForm("create-file"))
async def beep(context: ToolContext) -> ToolOutput:
    """Beep."""
    return ToolOutput("beep")


@tool(effect="pure", xml=XmlForm("mix", attributes=("a",), elements=("b",), content="c"))
async def mix(context: ToolContext, a: str, b: str, c: str | None = None) -> ToolOutput:
    """Mix.

    Args:
        a: A.
        b: B.
        c: C.
    """
    return ToolOutput(f"{a}{b}{c}")


def test_the_built_in_tools_are_these() -> None:
    assert {
        t.name: (t.effect, t.xml.tag, t.deadline_seconds) for t in builtin_registry().offered()
    } == snapshot(
        {
            "append_file": ("unsafe", "append-file", 60),
            "ask": ("pure", "ask", 30),
            "complete": ("pure", "complete", 30),
            "create_file": ("idempotent", "create-file", 60),
            "delete_file": ("idempotent", "delete-file", 60),
            "edit_file": ("unsafe", "edit-file", 60),
            "expand_output": ("pure", "expand-output", 30),
            "expose_port": ("idempotent", "expose-port", 60),
            "find_files": ("pure", "find-files", 60),
            "get_datetime": ("pure", "get-datetime", 10),
            "list_files": ("pure", "list-files", 60),
            "move_file": ("idempotent", "move-file", 60),
            "read_file": ("pure", "read-file", 60),
            "rewrite_file": ("idempotent", "rewrite-file", 60),
            "run_python": ("unsafe", "run-python", 900),
            "search_files": ("pure", "search-files", 90),
            "see_image": ("pure", "see-image", 120),
            "shell": ("unsafe", "shell", 660),
            "shell_input": ("unsafe", "shell-input", 420),
            "shell_kill": ("idempotent", "shell-kill", 60),
            "shell_output": ("pure", "shell-output", 360),
            "shell_sessions": ("pure", "shell-sessions", 60),
            "str_replace": ("unsafe", "str-replace", 60),
            "unzip_file": ("idempotent", "unzip-file", 270.0),
            "update_plan": ("idempotent", "update-plan", 90),
            "zip_files": ("idempotent", "zip-files", 270.0),
        }
    )


def test_tools_are_found_by_name_and_by_tag() -> None:
    registry = builtin_registry()
    assert registry.get("create_file") is create_file
    assert registry.get("create-file") is create_file


@pytest.mark.parametrize(
    ("name", "meant"),
    [("creat_file", "create_file"), ("Create-Files", "create_file"), ("bash_shell", "shell")],
)
def test_an_unknown_name_is_answered_with_one_that_is_near(name: str, meant: str) -> None:
    with pytest.raises(ToolError, match="no tool called") as caught:
        builtin_registry().get(name)
    assert caught.value.stable_code == "unknown_tool"
    assert caught.value.hint.startswith(f"Did you mean {meant}? The tools are: append_file, ask, ")


def test_an_unknown_name_that_is_like_nothing_gets_the_list() -> None:
    with pytest.raises(ToolError) as caught:
        builtin_registry().get("z" * 10_000)
    assert caught.value.hint.startswith("The tools are: append_file, ask")
    assert len(caught.value.message) < 200


def test_names_and_tags_are_unique() -> None:
    with pytest.raises(ValueError, match="two tools are called shell"):
        Registry([shell, shell])
    with pytest.raises(ValueError, match="two tools are called create-file"):
        Registry([create_file, beep])


def test_schemas_are_the_same_bytes_whatever_order_they_came_in() -> None:
    one, other = Registry(BUILTIN), Registry(reversed(BUILTIN))
    assert json.dumps(one.schemas()) == json.dumps(other.schemas())
    assert one.schemas() is one.schemas()
    assert one.xml_prompt("tag") == other.xml_prompt("tag")
    assert [schema["function"]["name"] for schema in one.schemas()] == sorted(t.name for t in BUILTIN)  # pyright: ignore[reportIndexIssue, reportCallIssue, reportArgumentType, reportOptionalSubscript] - plain JSON


@pytest.mark.parametrize("tool_name", [each.name for each in BUILTIN])
def test_no_schema_holds_what_providers_stumble_over(tool_name: str) -> None:
    text = json.dumps(dict(builtin_registry().get(tool_name).schema))
    assert not {'"$ref"', '"$defs"', '"title"'} & set(text.replace(":", " ").split())
    assert '"additionalProperties": false' in text
    assert '"type": "object"' in text


_SCHEMAS: dict[str, object] = {
    "ask": {
        "additionalProperties": False,
        "properties": {
            "question": {
                "description": "The question, with what they need to know to answer it.",
                "minLength": 1,
                "type": "string",
            },
            "choices": {
                "default": [],
                "description": "Answers to offer, if there are a few; they may still answer freely.",
                "items": {"type": "string"},
                "maxItems": 20,
                "type": "array",
            },
            "attachments": {
                "default": [],
                "description": "Files of the workspace to show with the question.",
                "items": {"type": "string"},
                "maxItems": 100,
                "type": "array",
            },
        },
        "required": ["question"],
        "type": "object",
    },
    "complete": {
        "additionalProperties": False,
        "properties": {
            "summary": {
                "default": "",
                "description": "What was done and found, for the person; leave it out if your message says it already.",
                "type": "string",
            },
            "deliverables": {
                "default": [],
                "description": "The files of the workspace that are the result.",
                "items": {"type": "string"},
                "maxItems": 100,
                "type": "array",
            },
        },
        "type": "object",
    },
    "create_file": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The new file, relative to the workspace.",
                "minLength": 1,
                "type": "string",
            },
            "content": {"description": "All of its text, exactly as it shall be.", "type": "string"},
        },
        "required": ["path", "content"],
        "type": "object",
    },
    "delete_file": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The file, relative to the workspace. For a folder use the shell.",
                "minLength": 1,
                "type": "string",
            }
        },
        "required": ["path"],
        "type": "object",
    },
    "expand_output": {
        "additionalProperties": False,
        "properties": {
            "call_id": {
                "description": "The id that the shortened output names.",
                "maxLength": 100,
                "minLength": 1,
                "type": "string",
            },
            "start": {
                "default": 0,
                "description": "The first character to show, counted from 0.",
                "minimum": 0,
                "type": "integer",
            },
            "end": {
                "description": "The character to stop before; left out, as many as fit.",
                "minimum": 1,
                "type": "integer",
            },
        },
        "required": ["call_id"],
        "type": "object",
    },
    "expose_port": {
        "additionalProperties": False,
        "properties": {
            "port": {
                "description": "The port that the server listens on, inside the sandbox.",
                "maximum": 65535,
                "minimum": 1,
                "type": "integer",
            },
            "minutes": {
                "default": 60,
                "description": "How long the address is good for.",
                "maximum": 1440,
                "minimum": 1,
                "type": "integer",
            },
        },
        "required": ["port"],
        "type": "object",
    },
    "get_datetime": {
        "properties": {
            "timezone": {
                "default": "UTC",
                "description": "The time zone by its IANA name, such as UTC or Europe/Berlin.",
                "type": "string",
            }
        },
        "type": "object",
        "additionalProperties": False,
    },
    "list_files": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "default": ".",
                "description": "The folder, relative to the workspace.",
                "type": "string",
            },
            "recursive": {
                "default": False,
                "description": "Whether to list what is in its folders too, and in theirs.",
                "type": "boolean",
            },
        },
        "type": "object",
    },
    "read_file": {
        "additionalProperties": False,
        "properties": {
            "path": {"description": "The file, relative to the workspace.", "type": "string"},
            "start_line": {
                "default": 1,
                "description": "The first line to show, from 1.",
                "minimum": 1,
                "type": "integer",
            },
            "end_line": {
                "minimum": 1,
                "type": "integer",
                "description": "The last line to show; without it, as many as there is room for.",
            },
        },
        "required": ["path"],
        "type": "object",
    },
    "rewrite_file": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The file, relative to the workspace; it is made if it does not exist.",
                "minLength": 1,
                "type": "string",
            },
            "content": {
                "description": "All of its new text, exactly as it shall be.",
                "type": "string",
            },
        },
        "required": ["path", "content"],
        "type": "object",
    },
    "shell": {
        "additionalProperties": False,
        "properties": {
            "command": {
                "description": "What bash runs; it may have several lines.",
                "minLength": 1,
                "type": "string",
            },
            "folder": {
                "default": ".",
                "description": "Where it runs, relative to the workspace.",
                "type": "string",
            },
            "timeout_seconds": {
                "default": 60,
                "description": "How long to wait. Then the command "
                "is ended with all its processes; in "
                "a session it goes on.",
                "maximum": 600,
                "minimum": 1,
                "type": "integer",
            },
            "session": {
                "default": "",
                "description": "The name of the session to run it in, made if it does not exist.",
                "maxLength": 64,
                "type": "string",
            },
            "blocking": {
                "default": True,
                "description": "False returns at once, while the command goes on in the session.",
                "type": "boolean",
            },
        },
        "required": ["command"],
        "type": "object",
    },
    "shell_input": {
        "additionalProperties": False,
        "properties": {
            "session": {"description": "Its name.", "maxLength": 64, "minLength": 1, "type": "string"},
            "text": {"default": "", "description": "What to type, exactly.", "type": "string"},
            "key": {
                "default": "enter",
                "description": "The key to press after it.",
                "enum": [
                    "enter",
                    "none",
                    "ctrl-c",
                    "ctrl-d",
                    "ctrl-z",
                    "escape",
                    "tab",
                    "up",
                    "down",
                    "left",
                    "right",
                ],
                "type": "string",
            },
            "wait_seconds": {
                "default": 2,
                "description": "Wait up to this long for the command to end.",
                "maximum": 300,
                "minimum": 0,
                "type": "integer",
            },
        },
        "required": ["session"],
        "type": "object",
    },
    "shell_kill": {
        "additionalProperties": False,
        "properties": {
            "session": {"description": "Its name.", "maxLength": 64, "minLength": 1, "type": "string"}
        },
        "required": ["session"],
        "type": "object",
    },
    "shell_output": {
        "additionalProperties": False,
        "properties": {
            "session": {"description": "Its name.", "maxLength": 64, "minLength": 1, "type": "string"},
            "after": {
                "minimum": 0,
                "type": "integer",
                "description": "Show what came after this place, as an "
                "earlier answer named it; left out, the "
                "newest output.",
            },
            "wait_seconds": {
                "default": 0,
                "description": "Wait up to this long for the command to end.",
                "maximum": 300,
                "minimum": 0,
                "type": "integer",
            },
        },
        "required": ["session"],
        "type": "object",
    },
    "shell_sessions": {"additionalProperties": False, "properties": {}, "type": "object"},
    "str_replace": {
        "additionalProperties": False,
        "properties": {
            "path": {
                "description": "The file, relative to the workspace.",
                "minLength": 1,
                "type": "string",
            },
            "old_text": {
                "description": "The text to replace, without the line numbers that read_file shows.",
                "minLength": 1,
                "type": "string",
            },
            "new_text": {
                "description": "The text to put in its place; may be empty.",
                "type": "string",
            },
            "occurrence": {
                "anyOf": [
                    {"enum": ["once", "all"], "type": "string"},
                    {"minimum": 1, "type": "integer"},
                ],
                "default": "once",
                "description": 'Which one, if it is there more than once: "once" refuses then, "all" takes every one, a number takes the nth, from 1.',
            },
        },
        "required": ["path", "old_text", "new_text"],
        "type": "object",
    },
    "update_plan": {
        "additionalProperties": False,
        "properties": {
            "items": {
                "description": "Every step in order, the finished ones too; one at a time is active.",
                "items": {
                    "additionalProperties": False,
                    "description": "One line of the agent's plan.",
                    "properties": {
                        "text": {"type": "string"},
                        "status": {
                            "default": "pending",
                            "enum": ["pending", "active", "done", "skipped"],
                            "type": "string",
                        },
                    },
                    "required": ["text"],
                    "type": "object",
                },
                "maxItems": 100,
                "type": "array",
            }
        },
        "required": ["items"],
        "type": "object",
    },
}


def test_the_schemas_of_the_tools_for_talk_shell_and_text_files() -> None:
    """Those of other families stand in tests of their own."""
    assert {name: dict(builtin_registry().get(name).schema) for name in _SCHEMAS} == _SCHEMAS


def test_the_invoke_prompt() -> None:
    prompt = Registry([shell, beep]).xml_prompt("invoke")
    assert prompt == snapshot("""\
# Tools
You act by calling tools. Write a call exactly in this form:

<function_calls>
<invoke name="name_of_the_tool">
<parameter name="name_of_the_parameter">value</parameter>
</invoke>
</function_calls>

- A value is the text between its opening and its closing tag, exactly as it is: spaces, tabs and line breaks count, and < and & need no escaping. Only one line break right after the opening tag and one right before the closing tag are no part of it; so for a file that ends with a line break, leave an empty line before the closing tag.
- Numbers, true and false are written plainly; lists and objects are written as JSON.
- Leave a parameter out to take its default.
- Write the call in your answer itself, not in a code block. After your calls, end the message: the results come back in the next one. Never write a result yourself.

## beep
Beep.

It takes no parameters.

Example:
<function_calls>
<invoke name="beep">
</invoke>
</function_calls>

## shell
Run a command with bash in the workspace and wait until it ends; you get its output and exit code.

Without a session each call is a new shell: variables and `cd` do not last, files do, nothing can be typed into it, and when it returns, every process it started has been ended. A session is a shell that lasts: variables, `cd` and background processes stay from call to call. Use one, not blocking, for servers and for programs that ask questions; shell_output shows what it says, shell_input types into it, shell_kill ends it.

Parameters:
- command (text of at least 1 character(s); required): What bash runs; it may have several lines.
- folder (text; default "."): Where it runs, relative to the workspace.
- timeout_seconds (an integer from 1 to 600; default 60): How long to wait. Then the command is ended with all its processes; in a session it goes on.
- session (text of at most 64 characters; default ""): The name of the session to run it in, made if it does not exist.
- blocking (true or false; default true): False returns at once, while the command goes on in the session.

Example:
<function_calls>
<invoke name="shell">
<parameter name="command">python3 primes.py && ls -l</parameter>
<parameter name="timeout_seconds">120</parameter>
</invoke>
</function_calls>
""")


def test_the_tag_prompt() -> None:
    prompt = Registry([create_file, mix]).xml_prompt("tag")
    assert prompt == snapshot("""\
# Tools
You act by calling tools. Each tool is a tag of its own. Its parameters are attributes, elements inside it, or the text between its tags, as shown for each tool below; put each where it is shown.

- A value is the text between its opening and its closing tag, exactly as it is: spaces, tabs and line breaks count, and < and & need no escaping. Only one line break right after the opening tag and one right before the closing tag are no part of it; so for a file that ends with a line break, leave an empty line before the closing tag.
- Numbers, true and false are written plainly; lists and objects are written as JSON.
- Leave a parameter out to take its default.
- Write the call in your answer itself, not in a code block. After your calls, end the message: the results come back in the next one. Never write a result yourself.
- In an attribute, write &quot; for a double quote, &lt; for < and &amp; for &.

## create-file
Create a text file. It must not exist yet; the folders above it are made.

Parameters:
- path (attribute, text of at least 1 character(s); required): The new file, relative to the workspace.
- content (text between the tags, text; required): All of its text, exactly as it shall be.

Example:
<create-file path="notes/draft.md">
# Draft

The first line.

</create-file>

## mix
Mix.

Parameters:
- a (attribute, text; required): A.
- b (element, text; required): B.
- c (text between the tags, text; optional): C.

Example:
<mix a="example">
<b>example</b>
</mix>
""")


@pytest.mark.parametrize("dialect", ["invoke", "tag"])
def test_prompts_show_every_tool_with_its_example(dialect: XmlDialect) -> None:
    registry = builtin_registry()
    prompt = registry.xml_prompt(dialect)
    for each in registry.offered():
        assert each.description in prompt
        assert render_call(each, each.example, dialect) in prompt


@pytest.mark.parametrize("dialect", ["native", "invoke", "tag"])
def test_a_form_of_all_places(dialect: Dialect) -> None:
    rendered = render_call(mix, {"a": '<"&>', "b": "\n1", "c": "two"}, dialect)
    assert {
        "native": snapshot('mix {"a": "<\\"&>", "b": "\\n1", "c": "two"}'),
        "invoke": snapshot("""\
<function_calls>
<invoke name="mix">
<parameter name="a"><"&></parameter>
<parameter name="b">

1
</parameter>
<parameter name="c">two</parameter>
</invoke>
</function_calls>\
"""),
        "tag": snapshot("""\
<mix a="&lt;&quot;&amp;&gt;">
<b>

1
</b>
two</mix>\
"""),
    }[dialect] == rendered


def test_arguments_stand_in_the_order_of_their_tool() -> None:
    """A database that sorts the names of an object must not decide what a person reads first."""
    registry = builtin_registry()
    stored: dict[str, JsonValue] = {"folder": ".", "extra": 1, "command": "ls", "timeout_seconds": 60}
    assert list(registry.in_order("shell", stored)) == ["command", "folder", "timeout_seconds", "extra"]
    assert list(registry.in_order("no_such", stored)) == list(stored)
