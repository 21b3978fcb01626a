"""Turns what a model wrote into a tool's arguments: by its schema, never by guessing."""

import difflib
import json
from collections.abc import Mapping
from typing import NoReturn

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from factotum.protocol.dialect import Dialect
from factotum.tools.from_text import Unreadable, value_from_text
from factotum.tools.rendering import render_call
from factotum.tools.schema import Schema, alternatives, expected, properties
from factotum.tools.tool import Tool, ToolError

_SHOWN = 80
_MOST_FAULTS = 20
_SURROGATE = "holds a lone surrogate (\\ud800 to \\udfff), which is no character and cannot be written"


def bind(tool: Tool, arguments: Mapping[str, object], dialect: Dialect) -> dict[str, object]:
    """Check and convert a call's arguments; the result is what `tool.run(context, **bound)` takes.

    Native arguments are decoded JSON. In the XML dialects they are text: strings are taken literally;
    numbers, booleans and listed values are read by the schema; lists and objects are JSON. A null for a
    parameter that may be left out says that it was left out; so does empty text, unless it is a string.
    Raises ToolError (`invalid_arguments`) that names every wrong parameter and shows a correct call.
    """
    faults: dict[str, str] = {}
    values = dict(arguments) if dialect == "native" else _read(tool, arguments, faults)
    values = {n: value for n, value in values.items() if value is not None or not _may_be_left_out(tool, n)}
    faults |= {n: _SURROGATE for n, value in values.items() if n not in faults and not _is_unicode(value)}
    unread = frozenset(faults)
    try:
        model = tool.arguments.model_validate(values)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            # What could not be read was not handed over: its absence is no second fault.
            if details["loc"][0] not in unread:
                place, fault = _fault(tool, details)
                faults.setdefault(place, fault)
        _refuse(tool, faults, dialect)
    if faults:
        _refuse(tool, faults, dialect)
    return {name: getattr(model, name) for name in tool.arguments.model_fields}


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, default=repr).encode()
    except UnicodeEncodeError:
        return False
    return True


def _may_be_left_out(tool: Tool, name: str) -> bool:
    field = tool.arguments.model_fields.get(name)
    return field is not None and not field.is_required()


def _read(tool: Tool, arguments: Mapping[str, object], faults: dict[str, str]) -> dict[str, object]:
    """Read text by the schema; what is unreadable goes to `faults`, what is unknown is kept to be refused."""
    schemas = properties(tool.schema)
    values: dict[str, object] = {}
    for name, value in arguments.items():
        if name not in schemas or not isinstance(value, str):
            values[name] = value
            continue
        try:
            values[name] = value_from_text(value, schemas[name], optional=_may_be_left_out(tool, name))
        except Unreadable as unreadable:
            faults[name] = f"expected {expected(schemas[name])}; {unreadable}"
    return values


def _fault(tool: Tool, details: ErrorDetails) -> tuple[str, str]:
    """Say where pydantic found something wrong and what was expected there."""
    place, schema, parent = _locate(tool, details["loc"])
    match details["type"]:
        case "missing":
            described = f" ({schema['description']})" if "description" in schema else ""
            return place, f"missing; expected {expected(schema)}{described}"
        case "extra_forbidden":
            known = list(properties(parent))
            near = difflib.get_close_matches(str(details["loc"][-1]), known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known) or 'none'}"
            return place, f"unknown parameter; {meant}"
        case _:
            return place, f"expected {expected(schema)}; got {shown(details['input'])}"


def _locate(tool: Tool, location: tuple[int | str, ...]) -> tuple[str, Schema, Schema]:
    """Follow pydantic's location through the schema, leaving out its marks for members of unions."""
    place = ""
    parent = schema = dict(tool.schema)
    for step in location:
        following = [_step(choice, step) for choice in alternatives(schema)]
        found = next((child for child in following if child is not None), None)
        if found is None and step != location[-1]:
            continue
        if found is None and place and "type" not in schema:
            continue
        parent, schema = schema, found or {}
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else step
    return place, schema, parent


def _step(schema: Schema, step: int | str) -> Schema | None:
    if isinstance(step, int):
        items = schema.get("items")
        return items if isinstance(items, dict) else None
    return properties(schema).get(step)


def shown(value: object) -> str:
    """Show a value in an error text, short and on one line."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _refuse(tool: Tool, faults: Mapping[str, str], dialect: Dialect) -> NoReturn:
    lines = [f"- {place}: {fault}" for place, fault in list(faults.items())[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        lines.append(f"- and {len(faults) - _MOST_FAULTS} more")
    example: Mapping[str, JsonValue] = tool.example
    raise ToolError(
        f"The arguments of {tool.name} are not right, and it was not run:\n" + "\n".join(lines),
        hint="Call it again. A correct call looks like this:\n" + render_call(tool, example, dialect),
        code="invalid_arguments",
    )
