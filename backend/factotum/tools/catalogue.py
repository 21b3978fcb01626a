"""Every tool there is, by family: those that can be offered here, and why the others cannot."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from factotum.tools.registry import Registry
from factotum.tools.tool import Tool


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a family's tools cannot be offered, as a sentence, and the variable to set if one mends it."""

    reason: str
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Tools that are offered together, or together are not."""

    tools: tuple[Tool, ...]
    missing: Missing | None = None


class ToolCatalogue:
    """Put together where the service is: what the machine and the settings allow, before any policy."""

    def __init__(self, families: Iterable[Family]) -> None:
        """Take the families. Raises ValueError when two tools have the same name or tag."""
        self._families = tuple(families)
        Registry(tool for family in self._families for tool in family.tools)
        self._registry = Registry(tool for tool, missing in self if missing is None)

    @property
    def registry(self) -> Registry:
        """The tools that can be offered; always the same object, so that prompts stay the same."""
        return self._registry

    def __iter__(self) -> Iterator[tuple[Tool, Missing | None]]:
        """Yield every tool, and what it lacks, as the families were given."""
        for family in self._families:
            for tool in family.tools:
                yield tool, family.missing
