"""Holds the tools that an agent is offered, in one fixed order, and shows them to models in every dialect."""

import difflib
import json
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from factotum.parsing.shapes import TagShape
from factotum.protocol.dialect import XmlDialect
from factotum.tools.declare import tag_shape
from factotum.tools.rendering import render_call
from factotum.tools.schema import expected, properties
from factotum.tools.tool import Tool, ToolError

_VALUES = """\
- A value is the text between its opening and its closing tag, exactly as it is: spaces, tabs and line \
breaks count, and < and & need no escaping. Only one line break right after the opening tag and one right \
before the closing tag are no part of it; so for a file that ends with a line break, leave an empty line \
before the closing tag.
- Numbers, true and false are written plainly; lists and objects are written as JSON.
- Leave a parameter out to take its default.
- Write the call in your answer itself, not in a code block. After your calls, end the message: the results \
come back in the next one. Never write a result yourself."""

_ACT = "You act by calling tools."
_ACT_BESIDE = (
    "You act by calling tools: as functions, or written in your answer. Keep to one way in a message."
)

_HEADS: Mapping[XmlDialect, str] = {
    "invoke": f"""\
# Tools
{_ACT} Write a call exactly in this form:

<function_calls>
<invoke name="name_of_the_tool">
<parameter name="name_of_the_parameter">value</parameter>
</invoke>
</function_calls>

{_VALUES}""",
    "tag": f"""\
# Tools
{_ACT} Each tool is a tag of its own. Its parameters are attributes, elements inside it, \
or the text between its tags, as shown for each tool below; put each where it is shown.

{_VALUES}
- In an attribute, write &quot; for a double quote, &lt; for < and &amp; for &.""",
}


class Registry:
    """A fixed set of tools. What it shows is computed once, so that prompts stay the same byte for byte."""

    def __init__(self, tools: Iterable[Tool], denied: Iterable[Tool] = ()) -> None:
        """Take the tools. `denied` are not shown, and a call of one is told why it was not run.

        Raises ValueError when two tools have the same name or tag.
        """
        self._offered = tuple(sorted(tools, key=lambda tool: tool.name))
        self._denied = {name for tool in denied for name in (tool.name, tool.xml.tag)}
        self._by_name: dict[str, Tool] = {}
        for tool in self._offered:
            for name in {tool.name, tool.xml.tag}:
                if name in self._by_name:
                    raise ValueError(f"two tools are called {name}")
                self._by_name[name] = tool
        self._schemas = tuple(_function_schema(tool) for tool in self._offered)
        self._shapes = {tool.name: tag_shape(tool.name, tool.xml) for tool in self._offered}
        self._prompts: dict[tuple[XmlDialect, bool], str] = {}

    def offered(self) -> tuple[Tool, ...]:
        """Return the tools, sorted by name."""
        return self._offered

    def get(self, name: str) -> Tool:
        """Find a tool by its name or its tag.

        Raises ToolError (`unknown_tool`) that names what is near, or ToolError (`tool_denied`).
        """
        tool = self._by_name.get(name)
        if tool is not None:
            return tool
        if name in self._denied:
            raise tool_denied(name)
        names = [tool.name for tool in self._offered]
        near = difflib.get_close_matches(name.lower().replace("-", "_")[:100], names, n=1, cutoff=0.5)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise ToolError(
            f"There is no tool called {name[:100]!r}; nothing was run.",
            hint=f"{meant}The tools are: {', '.join(names)}.",
            code="unknown_tool",
        )

    def in_order(self, name: str, arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return a call's arguments in the order in which its tool declares them; others after these."""
        tool = self._by_name.get(name)
        declared = properties(tool.schema) if tool is not None else ()
        return {each: arguments[each] for each in (*declared, *arguments) if each in arguments}

    def ends_turn(self, name: str) -> bool:
        """Tell whether there is such a tool, and it only speaks with the person (`Tool.ends_turn`)."""
        tool = self._by_name.get(name)
        return tool is not None and tool.ends_turn

    def shapes(self) -> Mapping[str, TagShape]:
        """Return how each tool is written as a tag, by the tool's name: what the XML parser is given."""
        return self._shapes

    def schemas(self) -> tuple[Mapping[str, JsonValue], ...]:
        """Return the tools as OpenAI function tools, sorted by name; the same objects at every call."""
        return self._schemas

    def xml_prompt(self, dialect: XmlDialect, *, beside_native: bool = False) -> str:
        """Return the part of a system prompt that teaches an XML dialect: rules, then every tool.

        `beside_native`: the tools are described to the model in its provider's own form too, so that an
        example of each is enough.
        """
        wanted = dialect, beside_native
        if wanted not in self._prompts:
            write = _example if beside_native else _section
            head = _HEADS[dialect].replace(_ACT, _ACT_BESIDE) if beside_native else _HEADS[dialect]
            sections = [head, *(write(tool, dialect) for tool in self._offered)]
            self._prompts[wanted] = "\n\n".join(sections) + "\n"
        return self._prompts[wanted]


def tool_denied(name: str) -> ToolError:
    """Return the error for a call that the agent's policy denies."""
    return ToolError(
        f"The policy of this agent does not allow this call of {name}; nothing was run.",
        hint="Do it another way, or tell the person what cannot be done and why.",
        code="tool_denied",
    )


def _function_schema(tool: Tool) -> Mapping[str, JsonValue]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": dict(tool.schema),
        },
    }


def _section(tool: Tool, dialect: XmlDialect) -> str:
    name = tool.name if dialect == "invoke" else tool.xml.tag
    lines = [f"## {name}", tool.description, "", "Parameters:"]
    required = tool.schema.get("required")
    for parameter, schema in properties(tool.schema).items():
        needed = isinstance(required, list) and parameter in required
        lines.append(
            f"- {parameter} ({_place(tool, parameter, dialect)}{expected(schema)}; {_need(schema, needed)}): "
            f"{schema.get('description', '')}"
        )
    if lines[-1] == "Parameters:":
        lines[-1] = "It takes no parameters."
    return "\n".join([*lines, "", "Example:", render_call(tool, tool.example, dialect)])


def _example(tool: Tool, dialect: XmlDialect) -> str:
    return render_call(tool, tool.example, dialect)


def _need(schema: Mapping[str, JsonValue], needed: bool) -> str:
    if needed:
        return "required"
    if "default" not in schema:
        return "optional"
    return f"default {json.dumps(schema['default'], ensure_ascii=False)}"


def _place(tool: Tool, parameter: str, dialect: XmlDialect) -> str:
    if dialect == "invoke":
        return ""
    if parameter in tool.xml.attributes:
        return "attribute, "
    return "text between the tags, " if parameter == tool.xml.content else "element, "
