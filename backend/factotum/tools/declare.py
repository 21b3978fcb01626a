"""Declares a tool: a typed async function whose signature and docstring are its schema, checked at import."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Concatenate, ParamSpec, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, create_model

from factotum.parsing.shapes import TagShape
from factotum.tools.docstrings import Described, read_docstring
from factotum.tools.schema import RecursiveSchema, Schema, example_object, kinds, properties, schema_of
from factotum.tools.tool import Effect, Tool, ToolContext, ToolOutput, XmlForm

P = ParamSpec("P")
ToolFunction = Callable[Concatenate[ToolContext, P], Awaitable[ToolOutput]]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TAG = re.compile(r"[a-z][a-z0-9-]{0,63}")
_SMALLEST_OUTPUT = 500
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def tag_shape(name: str, form: XmlForm) -> TagShape:
    """Return what the parser must know of a tool. Raises ValueError for a tag that it could not read."""
    return TagShape(name, form.tag, form.attributes, form.elements, form.content)


class DeclarationError(TypeError):
    """A tool is declared wrongly: a mistake of the programmer, raised at import."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"tool {name}: {problem}")


def tool(
    *,
    effect: Effect,
    xml: XmlForm | None = None,
    deadline_seconds: float = 120.0,
    output_limit: int = 30_000,
    example: Mapping[str, JsonValue] | None = None,
    ends_turn: bool = False,
    family: str = "",
    subject: str | None = None,
    needs_vision: bool = False,
) -> Callable[[ToolFunction[P]], Tool]:
    """Make a `Tool` of `async def name(context: ToolContext, parameter: type, …) -> ToolOutput`.

    The docstring's paragraphs are the description; its Google-style `Args:` section describes each parameter.
    `xml` says how the call is written as a tag of its own; without it, the tag is the name with dashes and
    every parameter is an element. `example` are the arguments of a correct call, shown to models.
    `family` groups tools and `subject` names the parameter that says most of what a call does: policies are
    written in both. The deadline is in seconds, the output limit in characters. `ends_turn`, `needs_vision`:
    see `Tool`; a tool that gives a signal must say so. Raises DeclarationError.
    """

    def declare(function: ToolFunction[P]) -> Tool:
        name = getattr(function, "__name__", repr(function))
        if not _NAME.fullmatch(name):
            raise DeclarationError(
                name, "the name must be lower-case letters, digits and underscores, at most 64"
            )
        if deadline_seconds <= 0 or output_limit < _SMALLEST_OUTPUT:
            raise DeclarationError(
                name, f"deadline_seconds > 0 and output_limit >= {_SMALLEST_OUTPUT} are needed"
            )
        described = _described(name, function)
        arguments = _model(name, function, described)
        try:
            schema = schema_of(arguments)
        except RecursiveSchema as error:
            raise DeclarationError(name, f"{error}; a tool's parameters must be finite") from error
        _check_types(name, schema)
        if subject is not None and subject not in properties(schema):
            raise DeclarationError(name, f"its subject {subject} is not a parameter")
        return Tool(
            name=name,
            description=described.description,
            schema=schema,
            arguments=arguments,
            effect=effect,
            xml=_checked_form(name, xml, schema),
            run=cast("Callable[..., Awaitable[ToolOutput]]", function),
            deadline_seconds=deadline_seconds,
            output_limit=output_limit,
            example=_checked_example(name, arguments, schema, example),
            ends_turn=ends_turn,
            family=family,
            subject=subject,
            needs_vision=needs_vision,
        )

    return declare


def _described(name: str, function: Callable[..., object]) -> Described:
    described = read_docstring(function.__doc__ or "")
    if not described.description:
        raise DeclarationError(name, "it needs a docstring: its first paragraph is the description")
    return described


def _parameters(name: str, function: Callable[..., object]) -> list[inspect.Parameter]:
    """Return the parameters after `context`, once the function's shape is right."""
    if not inspect.iscoroutinefunction(function):
        raise DeclarationError(name, "it must be an `async def`")
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or parameters[0].name != "context" or hints.get("context") is not ToolContext:
        raise DeclarationError(name, "its first parameter must be `context: ToolContext`")
    if hints.get("return") is not ToolOutput:
        raise DeclarationError(name, "it must return `ToolOutput`")
    for parameter in parameters[1:]:
        if parameter.kind not in _NAMED:
            raise DeclarationError(
                name, f"parameter {parameter.name} must be a plain one: no *args, **kwargs or /"
            )
        if parameter.name not in hints:
            raise DeclarationError(name, f"parameter {parameter.name} has no type")
        if parameter.name.startswith("_") or hasattr(BaseModel, parameter.name):
            raise DeclarationError(
                name, f"parameter {parameter.name} needs another name: pydantic uses that one"
            )
    return parameters[1:]


def _model(name: str, function: Callable[..., object], described: Described) -> type[BaseModel]:
    parameters = _parameters(name, function)
    names = {parameter.name for parameter in parameters}
    for missing in sorted(names - described.parameters.keys()):
        raise DeclarationError(name, f"the docstring's Args: section does not describe {missing}")
    for unknown in sorted(described.parameters.keys() - names):
        raise DeclarationError(name, f"the docstring describes {unknown}, which is not a parameter")
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in parameters:
        text = described.parameters[parameter.name]
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (Annotated[hints[parameter.name], Field(description=text)], default)
    config = ConfigDict(extra="forbid", frozen=True)
    return create_model(f"{name}_arguments", __config__=config, **fields)


def _check_types(name: str, schema: Schema) -> None:
    """Refuse what text cannot be told apart in: the XML dialects convert by the schema and never guess."""
    for parameter, child in properties(schema).items():
        found = kinds(child)
        if "any" in found:
            raise DeclarationError(name, f"the type of parameter {parameter} says nothing: name a type")
        if "string" in found and found - {"string", "null"}:
            raise DeclarationError(name, f"parameter {parameter} mixes free text with another type")


def _checked_form(name: str, xml: XmlForm | None, schema: Schema) -> XmlForm:
    names = tuple(properties(schema))
    form = xml or XmlForm(tag=name.replace("_", "-"), elements=names)
    if not _TAG.fullmatch(form.tag):
        raise DeclarationError(name, f"the tag {form.tag!r} must be lower-case letters, digits and dashes")
    placed = [*form.attributes, *form.elements, *([form.content] if form.content else [])]
    for parameter in sorted({*names, *placed}):
        if parameter not in names:
            raise DeclarationError(name, f"the XML form places {parameter}, which is not a parameter")
        if placed.count(parameter) != 1:
            raise DeclarationError(
                name, f"the XML form must place {parameter} once, not {placed.count(parameter)} times"
            )
    for attribute in form.attributes:
        if kinds(properties(schema)[attribute]) & {"array", "object"}:
            raise DeclarationError(
                name, f"{attribute} is a list or an object: make it an element, not an attribute"
            )
    try:
        tag_shape(name, form)
    except ValueError as error:
        raise DeclarationError(name, str(error)) from error
    return form


def _checked_example(
    name: str, arguments: type[BaseModel], schema: Schema, example: Mapping[str, JsonValue] | None
) -> Mapping[str, JsonValue]:
    shown = dict(example) if example is not None else example_object(schema)
    try:
        arguments.model_validate(shown)
    except ValidationError as error:
        raise DeclarationError(
            name, f"its example {shown} is not a correct call: give one; {error}"
        ) from error
    return shown
