"""What an agent may do without asking, with asking, or not at all. Pure: rules in, a verdict out.

Laws: a deny of any layer wins; a layer can only make the others stricter; what a person has lifted was asked
about before, so nothing is let through that a deny covers or that no rule asked about.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from factotum.core.canonical_json import canonical
from factotum.protocol.policy import Restrictions, Rules, matches, parse
from factotum.sandbox.port import WORKSPACE
from factotum.tools.schema import properties
from factotum.tools.tool import Tool

_TALK, _FILES, _SHELL = "talk", "files", "shell"
_BETWEEN_COMMANDS = re.compile(r"[;&|\n(){}`]+")
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a call, and the pattern that says so. That of `ask` is what `always` lifts."""

    action: Literal["allow", "ask", "deny"]
    pattern: str = ""


class Policy:
    """Layers of rules: the service's, the agent's, the run's. The strictest verdict counts."""

    def __init__(self, *layers: Rules | Restrictions) -> None:
        self._layers = tuple(
            layer if isinstance(layer, Rules) else Rules(deny=layer.deny, ask=layer.ask) for layer in layers
        )
        self.may_ask = any(rules.ask or rules.default == "ask" for rules in self._layers)

    def offers(self, tool: Tool) -> bool:
        """Whether a call of the tool could pass at all. One that could not is not shown to the model."""
        return all(_offers(rules, tool) for rules in self._layers)

    def judge(
        self, tool: Tool, arguments: Mapping[str, JsonValue], lifted: Set[str] = frozenset()
    ) -> Verdict:
        """Decide about one call. `lifted` are patterns that a person wants not to be asked about again."""
        call = _Call(tool, arguments)
        asks: list[str] = []
        for rules in self._layers:
            denied = next((pattern for pattern in rules.deny if call.falls_under(pattern)), None)
            if denied is not None:
                return Verdict("deny", denied)
            found = [_of_tool(pattern, tool) for pattern in rules.ask if call.falls_under(pattern)]
            if not found and not any(call.stays_within(pattern) for pattern in rules.allow):
                if rules.default == "deny" and tool.family != _TALK:
                    return Verdict("deny", "*")
                found = [tool.name] if rules.default == "ask" else []
            asks.extend(found)
        if tool.family == _TALK:
            # It only speaks with the person: to ask them whether they may be asked helps nobody.
            return Verdict("allow")
        left = [pattern for pattern in asks if pattern not in lifted]
        return Verdict("ask", left[0]) if left else Verdict("allow")


class _Call:
    """A call as patterns are compared with it."""

    def __init__(self, tool: Tool, arguments: Mapping[str, JsonValue]) -> None:
        self._tool = tool
        whole = _subject(tool, arguments)
        self._texts = [whole]
        self._parts = [whole]
        if tool.family == _SHELL:
            commands = [_BLANK.sub(" ", part).strip() for part in _BETWEEN_COMMANDS.split(whole)]
            self._parts = [part for part in commands if part] or [""]
            self._texts = [whole, _BLANK.sub(" ", whole).strip(), *self._parts]
        elif tool.family == _FILES:
            self._texts = self._parts = [_path(whole)]

    def falls_under(self, pattern: str) -> bool:
        """Whether a rule that denies or asks is about the call: also about one command of several."""
        name, argument = parse(pattern)
        return _names(name, self._tool) and (
            argument is None or any(matches(argument, text) for text in self._texts)
        )

    def stays_within(self, pattern: str) -> bool:
        """Whether a rule that allows covers the whole call: every one of several commands."""
        name, argument = parse(pattern)
        return _names(name, self._tool) and (
            argument is None or all(matches(argument, part) for part in self._parts)
        )


def offered(policy: Policy, tools: Iterable[Tool]) -> tuple[list[Tool], list[Tool]]:
    """Part tools into those that are shown to the model, and those that are denied whatever they get."""
    shown: list[Tool] = []
    denied: list[Tool] = []
    for tool in tools:
        (shown if policy.offers(tool) else denied).append(tool)
    return shown, denied


def _offers(rules: Rules, tool: Tool) -> bool:
    for pattern in rules.deny:
        name, argument = parse(pattern)
        if argument is None and _names(name, tool):
            return False
    named = any(_names(parse(pattern).name, tool) for pattern in (*rules.ask, *rules.allow))
    return rules.default != "deny" or tool.family == _TALK or named


def _names(glob: str, tool: Tool) -> bool:
    return matches(glob, tool.name) or (bool(tool.family) and matches(glob, f"{tool.family}.{tool.name}"))


def _of_tool(pattern: str, tool: Tool) -> str:
    """Narrow a pattern to one tool: who is asked about a command does not answer for every tool."""
    argument = parse(pattern).argument
    return tool.name if argument is None else f"{tool.name}({argument})"


def _subject(tool: Tool, arguments: Mapping[str, JsonValue]) -> str:
    """Return what the call is about: the parameter that its tool names, else the first one."""
    name = tool.subject or next(iter(properties(tool.schema)), None)
    value = arguments.get(name, "") if name is not None else ""
    return value if isinstance(value, str) else canonical(value)


def _path(path: str) -> str:
    """Write a path in its one form, relative to the workspace; one that leads out is absolute."""
    whole = "/" + posixpath.normpath(posixpath.join(WORKSPACE, path)).lstrip("/")
    return "." if whole == WORKSPACE else whole.removeprefix(f"{WORKSPACE}/")
