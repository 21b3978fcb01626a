"""A declaration is the schema; a wrong one fails at import and says why."""

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field, JsonValue

from factotum.core.frozen import Frozen
from factotum.tools.declare import DeclarationError, tool
from factotum.tools.schema import expected, schema_of
from factotum.tools.tool import ToolContext, ToolOutput, XmlForm


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Point(Frozen):
    """A place."""

    x: float
    label: str | None = None


class Tree(BaseModel):
    children: list["Tree"] = []


@tool(effect="pure")
async def paint_it(
    context: ToolContext,
    where: Point,
    path: list[Point],
    colour: Colour = Colour.RED,
    layers: Annotated[int, Field(ge=1, le=9)] | None = None,
    title: str = "x",
) -> ToolOutput:
    """Paint a line
    over a canvas.

    A second paragraph:
    - one
    - two

    Args:
        where: The start,
            and more of it.
        path (list): Where it goes.
        colour: Its colour.
        layers: How thick.
        title: What it is called.

    Returns:
        Nothing of note.
    """
    return ToolOutput(f"{where} {path} {colour} {layers} {title}")


def test_the_signature_and_docstring_are_the_schema() -> None:
    assert paint_it.name == "paint_it"
    assert paint_it.description == snapshot("""\
Paint a line over a canvas.

A second paragraph:
- one
- two\
""")
    assert dict(paint_it.schema) == snapshot(
        {
            "additionalProperties": False,
            "properties": {
                "where": {
                    "additionalProperties": False,
                    "description": "The start, and more of it.",
                    "properties": {"x": {"type": "number"}, "label": {"type": "string"}},
                    "required": ["x"],
                    "type": "object",
                },
                "path": {
                    "description": "Where it goes.",
                    "items": {
                        "additionalProperties": False,
                        "description": "A place.",
                        "properties": {"x": {"type": "number"}, "label": {"type": "string"}},
                        "required": ["x"],
                        "type": "object",
                    },
                    "type": "array",
                },
                "colour": {
                    "enum": ["red", "blue"],
                    "type": "string",
                    "default": "red",
                    "description": "Its colour.",
                },
                "layers": {"maximum": 9, "minimum": 1, "type": "integer", "description": "How thick."},
                "title": {"default": "x", "description": "What it is called.", "type": "string"},
            },
            "required": ["where", "path"],
            "type": "object",
        }
    )


def test_without_a_form_the_tag_is_the_name_and_every_parameter_an_element() -> None:
    assert paint_it.xml == XmlForm("paint-it", elements=("where", "path", "colour", "layers", "title"))


def test_an_example_is_made_when_none_is_declared() -> None:
    assert dict(paint_it.example) == {"where": {"x": 1}, "path": [{"x": 1}]}


def test_what_is_expected_is_said_in_words() -> None:
    class Words(BaseModel):
        a: Annotated[int, Field(ge=1, le=5)]
        b: Annotated[float, Field(gt=0)]
        c: Literal["x"] | int
        d: list[Point]
        e: Annotated[str, Field(pattern="^a")]
        f: dict[str, int]
        g: bool | None

    members = schema_of(Words)["properties"]
    assert isinstance(members, dict)
    assert {
        name: expected(member) for name, member in members.items() if isinstance(member, dict)
    } == snapshot(
        {
            "a": "an integer from 1 to 5",
            "b": "a number above 0",
            "c": '"x", or an integer',
            "d": "a JSON list of objects with x (a number), label (text)",
            "e": "text that matches ^a",
            "f": "a JSON object",
            "g": "true or false, or null",
        }
    )


async def good(context: ToolContext, a: str) -> ToolOutput:
    """Do.

    Args:
        a: A.
    """
    return ToolOutput(a)


def declare(function: Callable[..., Any], **options: Any) -> None:
    tool(effect="pure", **options)(function)


async def untyped(context: ToolContext, a: str) -> ToolOutput:
    """Do.

    Args:
        a: A.
    """
    return ToolOutput(a)


del untyped.__annotations__["a"]


async def no_docstring(context: ToolContext) -> ToolOutput:
    return ToolOutput("")


async def undescribed(context: ToolContext, a: str) -> ToolOutput:
    """Do."""
    return ToolOutput(a)


async def overdescribed(context: ToolContext) -> ToolOutput:
    """Do.

    Args:
        b: B.
    """
    return ToolOutput("")


async def no_context(a: str) -> ToolOutput:
    """Do."""
    return ToolOutput(a)


async def no_output(context: ToolContext) -> str:
    """Do."""
    return ""


async def variadic(context: ToolContext, *a: str) -> ToolOutput:
    """Do."""
    return ToolOutput("".join(a))


async def pydantic_name(context: ToolContext, copy: str) -> ToolOutput:
    """Do.

    Args:
        copy: A.
    """
    return ToolOutput(copy)


async def anything(context: ToolContext, a: JsonValue) -> ToolOutput:
    """Do.

    Args:
        a: A.
    """
    return ToolOutput(str(a))


async def mixed(context: ToolContext, a: str | int) -> ToolOutput:
    """Do.

    Args:
        a: A.
    """
    return ToolOutput(str(a))


async def recursive(context: ToolContext, a: Tree) -> ToolOutput:
    """Do.

    Args:
        a: A.
    """
    return ToolOutput(str(a))


async def a_list(context: ToolContext, a: list[str]) -> ToolOutput:
    """Do.

    Args:
        a: A.
    """
    return ToolOutput(str(a))


def not_async(context: ToolContext) -> ToolOutput:
    """Do."""
    return ToolOutput("")


async def Loud(context: ToolContext) -> ToolOutput:
    """Do."""
    return ToolOutput("")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (untyped, "a has no type"),
        (no_docstring, "needs a docstring"),
        (undescribed, "does not describe a"),
        (overdescribed, "describes b, which is not a parameter"),
        (no_context, "first parameter must be `context: ToolContext`"),
        (no_output, "must return `ToolOutput`"),
        (variadic, "a must be a plain one"),
        (pydantic_name, "copy needs another name"),
        (anything, "a says nothing"),
        (mixed, "a mixes free text with another type"),
        (recursive, "Tree contains itself"),
        (not_async, "must be an `async def`"),
        (Loud, "lower-case letters"),
    ],
)
def test_a_wrong_function_is_refused_at_import(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        declare(function)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (XmlForm("good"), "place a once, not 0"),
        (XmlForm("good", attributes=("a",), content="a"), "place a once, not 2"),
        (XmlForm("good", attributes=("a", "b")), "places b, which is not a parameter"),
        (XmlForm("Good!", elements=("a",)), "the tag 'Good!'"),
        (XmlForm("invoke", elements=("a",)), "belongs to the invoke dialect"),
        (XmlForm("a", elements=("a",)), "named like its tag"),
    ],
)
def test_a_form_must_place_every_parameter_once(form: XmlForm, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        declare(good, xml=form)


def test_a_list_is_no_attribute() -> None:
    with pytest.raises(DeclarationError, match="make it an element"):
        declare(a_list, xml=XmlForm("a-list", attributes=("a",)))


def test_bounds_must_make_sense() -> None:
    for broken in ({"deadline_seconds": 0.0}, {"output_limit": 10}):
        with pytest.raises(DeclarationError, match="are needed"):
            declare(good, **broken)


def test_an_example_must_be_a_correct_call() -> None:
    with pytest.raises(DeclarationError, match="not a correct call"):
        declare(good, example={"a": 1})


def test_the_function_stays_what_it_was() -> None:
    declared = tool(effect="idempotent", deadline_seconds=5, output_limit=600)(good)
    assert inspect.iscoroutinefunction(declared.run)
    assert (declared.effect, declared.deadline_seconds, declared.output_limit) == ("idempotent", 5, 600)
