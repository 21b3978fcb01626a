"""Writes scripted calls in the XML dialects, as a careful model would.

One newline after an opening tag and one before a closing tag belong to the markup, so a value that has
newlines of its own is set between two more.
"""

from collections.abc import Mapping
from html import escape
from typing import Literal

import orjson
from pydantic import JsonValue

from factotum.testing.provider.refusal import Refusal
from factotum.testing.provider.script import CallItem
from factotum.tools.builtin import builtin_registry
from factotum.tools.tool import ToolError, XmlForm


def written(item: CallItem, dialect: Literal["invoke", "tag"]) -> str:
    """Return the call as text; arguments that are a text stand where the parameters would.

    Raises Refusal for a tool that is not built in and has no `tag` in the script, in the tag dialect.
    """
    if dialect == "invoke":
        inner = item.arguments if isinstance(item.arguments, str) else _parameters(item.arguments or {})
        return f'<function_calls>\n<invoke name="{escape(item.call)}">\n{inner}</invoke>\n</function_calls>'
    if item.tag is not None:
        return item.tag
    form = _form(item.call)
    if isinstance(item.arguments, str):
        return f"<{form.tag}>{item.arguments}</{form.tag}>"
    return _tag(form, item.arguments or {})


def _parameters(arguments: Mapping[str, JsonValue]) -> str:
    return "".join(
        f'<parameter name="{escape(name)}">{_value(value)}</parameter>\n' for name, value in arguments.items()
    )


def _tag(form: XmlForm, arguments: Mapping[str, JsonValue]) -> str:
    attributes = "".join(
        f' {name}="{escape(_plain(arguments[name]))}"' for name in form.attributes if name in arguments
    )
    elements = "".join(
        f"\n<{name}>{_value(arguments[name])}</{name}>" for name in form.elements if name in arguments
    )
    content = _value(arguments[form.content]) if form.content and form.content in arguments else ""
    newline = "\n" if elements else ""
    return f"<{form.tag}{attributes}>{elements}{newline}{content}</{form.tag}>"


def _form(name: str) -> XmlForm:
    try:
        return builtin_registry().get(name).xml
    except ToolError as error:
        raise Refusal(
            "bad_request",
            f"'{name}' is no built-in tool: in the tag dialect the script must give its text as `tag`.",
            code="script_unexpected",
        ) from error


def _value(value: JsonValue) -> str:
    text = _plain(value)
    return f"\n{text}\n" if "\n" in text else text


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
