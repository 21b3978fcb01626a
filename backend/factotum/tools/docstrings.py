"""Reads a tool's docstring: its description and, from a Google-style `Args:` section, each parameter's."""

import inspect
import re
from dataclasses import dataclass

_SECTION = re.compile(r"^(Args|Returns|Raises|Yields|Examples?):\s*$")
_PARAMETER = re.compile(r"^(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Described:
    """A docstring in parts; wrapped lines are joined, paragraphs stay apart."""

    description: str
    parameters: dict[str, str]


def read_docstring(text: str) -> Described:
    """Split a docstring into its description and its parameters' descriptions."""
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in inspect.cleandoc(text).splitlines():
        heading = _SECTION.match(line)
        if heading:
            current = heading[1]
            sections.setdefault(current, [])
        else:
            sections[current].append(line)
    return Described(_join(sections[""]), _parameters(sections.get("Args", [])))


def _parameters(lines: list[str]) -> dict[str, str]:
    """Read `name: description` entries; deeper lines continue the entry above them."""
    entries: dict[str, list[str]] = {}
    name = ""
    for line in inspect.cleandoc("\n" + "\n".join(lines)).splitlines():
        start = _PARAMETER.match(line)
        if start:
            name = start[1]
            entries[name] = [start[2]]
        elif name:
            entries[name].append(line.strip())
    return {name: _join(text) for name, text in entries.items()}


def _join(lines: list[str]) -> str:
    """Join wrapped lines into paragraphs; a line that starts a list item keeps its own line."""
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        stripped = line.strip()
        if not stripped:
            paragraphs.append([])
        elif stripped.startswith("- ") or not paragraphs[-1]:
            paragraphs[-1].append(stripped)
        else:
            paragraphs[-1][-1] += " " + stripped
    return "\n\n".join("\n".join(paragraph) for paragraph in paragraphs if paragraph)
