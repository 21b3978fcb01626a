"""The breakers of the whole process by name, for whoever runs the service: `model:openai`, `web:tavily`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from factotum.core.breaker import Breakers, Circuit


class Circuits:
    """Several kinds of breakers under one roof."""

    def __init__(self, kinds: Mapping[str, Breakers[Any]]) -> None:
        self._kinds = dict(kinds)

    def list(self) -> tuple[Circuit, ...]:
        """Tell how each is that was ever called, by name."""
        return tuple(
            replace(circuit, name=f"{kind}:{circuit.name}")
            for kind, breakers in sorted(self._kinds.items())
            for circuit in breakers
        )

    def reset(self, name: str) -> bool:
        """Close one; False when there is none of that name."""
        kind, _, service = name.partition(":")
        breakers = self._kinds.get(kind)
        return breakers is not None and breakers.reset(service)
