"""Writes a call as a model would, in any dialect: for examples in prompts and in error texts."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from factotum.parsing.entities import escape
from factotum.protocol.dialect import Dialect
from factotum.tools.tool import Tool


def as_text(value: JsonValue) -> str:
    """Write one value as the XML dialects carry it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _between_tags(value: JsonValue) -> str:
    """Write a value as the text between two tags: the parser drops one line break at either end of it."""
    text = as_text(value)
    return f"\n{text}\n" if "\n" in text else text


def render_call(tool: Tool, arguments: Mapping[str, JsonValue], dialect: Dialect) -> str:
    """Write a call of `tool`. The native form is shown as its name and JSON arguments."""
    match dialect:
        case "native":
            return f"{tool.name} {json.dumps(dict(arguments), ensure_ascii=False)}"
        case "invoke":
            return _invoke(tool, arguments)
        case "tag":
            return _tag(tool, arguments)


def _invoke(tool: Tool, arguments: Mapping[str, JsonValue]) -> str:
    lines = ["<function_calls>", f'<invoke name="{tool.name}">']
    lines += [
        f'<parameter name="{escape(name)}">{_between_tags(value)}</parameter>'
        for name, value in arguments.items()
    ]
    return "\n".join([*lines, "</invoke>", "</function_calls>"])


def _tag(tool: Tool, arguments: Mapping[str, JsonValue]) -> str:
    form = tool.xml
    attributes = "".join(
        f' {name}="{escape(as_text(arguments[name]))}"' for name in form.attributes if name in arguments
    )
    elements = "\n".join(
        f"<{name}>{_between_tags(arguments[name])}</{name}>" for name in form.elements if name in arguments
    )
    content = _between_tags(arguments[form.content]) if form.content and form.content in arguments else ""
    inner = f"\n{elements}\n{content}" if elements else content
    return f"<{form.tag}{attributes}>{inner}</{form.tag}>"
