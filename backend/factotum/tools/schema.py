"""JSON schemas as every provider takes them (no titles, no references, closed objects) and in words."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import BaseModel, JsonValue

Schema = dict[str, JsonValue]


class RecursiveSchema(ValueError):
    """A type that contains itself cannot be written without references."""


def schema_of(model: type[BaseModel]) -> Schema:
    """Return the model's schema with references put in place and what providers stumble over left out.

    A parameter that may be left out and is None then is shown as its own type: leaving it out says None.
    Raises RecursiveSchema.
    """
    raw = cast(Schema, model.model_json_schema())
    definitions = cast("dict[str, Schema]", raw.pop("$defs", {}))
    cleaned = _clean(raw, definitions, ())
    cleaned.setdefault("properties", {})
    return cleaned


def _clean(node: Schema, definitions: dict[str, Schema], inside: tuple[str, ...]) -> Schema:
    reference = node.get("$ref")
    if isinstance(reference, str):
        name = reference.rsplit("/", 1)[-1]
        if name in inside:
            raise RecursiveSchema(f"the type {name} contains itself")
        target = _clean(definitions[name], definitions, (*inside, name))
        return target | _clean({k: v for k, v in node.items() if k != "$ref"}, definitions, inside)
    result: Schema = {}
    for key, value in node.items():
        if key == "title":
            continue
        if key == "properties":
            result[key] = {
                name: _clean(child, definitions, inside)
                for name, child in cast("dict[str, Schema]", value).items()
            }
        elif key in {"anyOf", "oneOf", "allOf", "prefixItems"}:
            result[key] = [_clean(child, definitions, inside) for child in cast("list[Schema]", value)]
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            result[key] = _clean(value, definitions, inside)
        else:
            result[key] = value
    return _without_null_default(result)


def _without_null_default(node: Schema) -> Schema:
    if "default" not in node or node["default"] is not None:
        return node
    rest = {key: value for key, value in node.items() if key not in {"default", "anyOf"}}
    kept = [choice for choice in alternatives(node) if choice.get("type") != "null"]
    if not kept or kept == [node]:
        return {key: value for key, value in node.items() if key != "default"}
    return {**kept[0], **rest} if len(kept) == 1 else {"anyOf": cast("list[JsonValue]", kept), **rest}


def properties(schema: Mapping[str, JsonValue]) -> dict[str, Schema]:
    """Return the schemas of an object's members, by name."""
    return cast("dict[str, Schema]", schema.get("properties", {}))


def alternatives(schema: Schema) -> list[Schema]:
    """Return the members of a union, or the schema itself."""
    choices = schema.get("anyOf") or schema.get("oneOf")
    return cast("list[Schema]", choices) if choices else [schema]


def kinds(schema: Schema) -> set[str]:
    """Return the JSON types a value may have; `enum` is a closed list of values, `any` says nothing."""
    found: set[str] = set()
    for choice in alternatives(schema):
        if "enum" in choice or "const" in choice:
            found.add("enum")
        else:
            found.add(str(choice.get("type", "any")))
    return found


def enumerated(schema: Schema) -> list[JsonValue]:
    """Return every value that the schema lists by name."""
    values: list[JsonValue] = []
    for choice in alternatives(schema):
        if "const" in choice:
            values.append(choice["const"])
        values.extend(cast("list[JsonValue]", choice.get("enum", [])))
    return values


def expected(schema: Schema) -> str:
    """Say in words what a value must be: `an integer from 1 to 600`, `"once" or "all", or an integer`."""
    return ", or ".join(_expected_one(choice) for choice in alternatives(schema))


_PLAIN = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "a JSON object",
    "null": "null",
}


def _expected_one(schema: Schema) -> str:
    values = enumerated(schema)
    if values:
        return " or ".join(json.dumps(value, ensure_ascii=False) for value in values)
    kind = str(schema.get("type", "any"))
    if kind == "array":
        items = schema.get("items")
        inner = f" of {_plural(items)}" if isinstance(items, dict) else ""
        return f"a JSON list{inner}{''.join(_bounds(schema))}"
    if kind == "object" and properties(schema):
        return "a JSON object with " + ", ".join(properties(schema))
    return _PLAIN.get(kind, "a JSON value") + "".join(_bounds(schema))


def _plural(items: Schema) -> str:
    kind = str(items.get("type", "any"))
    named = {"string": "texts", "integer": "integers", "number": "numbers", "boolean": "booleans"}
    if kind == "object" and properties(items):
        return "objects with " + ", ".join(f"{n} ({expected(s)})" for n, s in properties(items).items())
    return named.get(kind, "JSON values")


_BOUNDS = (
    ("minimum", " of at least {}"),
    ("exclusiveMinimum", " above {}"),
    ("maximum", " of at most {}"),
    ("exclusiveMaximum", " below {}"),
    ("minLength", " of at least {} character(s)"),
    ("maxLength", " of at most {} characters"),
    ("minItems", " with at least {} entries"),
    ("maxItems", " with at most {} entries"),
    ("pattern", " that matches {}"),
)


def _bounds(schema: Schema) -> Iterator[str]:
    if "minimum" in schema and "maximum" in schema:
        yield f" from {schema['minimum']} to {schema['maximum']}"
    for key, text in _BOUNDS:
        if key in schema and not (key in {"minimum", "maximum"} and {"minimum", "maximum"} <= schema.keys()):
            yield text.format(schema[key])


def example_value(schema: Schema) -> JsonValue:
    """Make a plausible value, for a tool that declares no example of its own."""
    choice = alternatives(schema)[0]
    if "default" in choice:
        return choice["default"]
    values = enumerated(choice)
    if values:
        return values[0]
    return _example_of_kind(choice)


def _example_of_kind(schema: Schema) -> JsonValue:
    match schema.get("type"):
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            items = schema.get("items")
            return [example_value(items)] if isinstance(items, dict) else []
        case "object":
            return example_object(schema)
        case _:
            return "example"


def example_object(schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Make an object that holds every required member."""
    required = cast("list[str]", schema.get("required", []))
    return {name: example_value(properties(schema)[name]) for name in required}
