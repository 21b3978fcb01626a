"""The circuit breakers of the models' providers (core/breaker.py), in the faults of models."""

import time
from collections.abc import Callable
from typing import Final

from factotum.core import breaker
from factotum.llm.faults import FaultKind, ModelFault

Permit = breaker.Permit[ModelFault]

_COUNTED: Final[frozenset[FaultKind]] = frozenset(
    {"unreachable", "overloaded", "first_token_timeout", "stalled", "broken_stream"}
)
"""Faults that say the provider is ill. A rate limit or an empty answer comes from one that is well."""


class CircuitOpen(ModelFault):
    """The provider is being left alone; the call was not made."""


class _ProviderRules:
    """Implements the breaker's Rules."""

    def speaks_against(self, fault: ModelFault) -> bool:
        return fault.kind in _COUNTED

    def refusal(self, name: str, failures: int, last: ModelFault | None, wait_seconds: float) -> CircuitOpen:
        kind: FaultKind = "overloaded" if last and last.kind == "overloaded" else "unreachable"
        return CircuitOpen(
            kind,
            f"{name} failed {failures} times in a row and rests for now. "
            f"Last: {last.message if last else 'no answer'}",
            hint=f"Try again in {wait_seconds:.0f} seconds, or choose a model of another provider.",
            retry_after_seconds=wait_seconds,
        )


class Breaker(breaker.Breaker[ModelFault]):
    """The breaker of one provider. `clock` gives seconds that never run backwards."""

    def __init__(
        self,
        provider: str,
        *,
        threshold: int = 5,
        rest_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            provider, _ProviderRules(), threshold=threshold, rest_seconds=rest_seconds, clock=clock
        )


class Breakers(breaker.Breakers[ModelFault]):
    """The breakers of all providers."""

    def __init__(
        self,
        *,
        threshold: int = 5,
        rest_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(_ProviderRules(), threshold=threshold, rest_seconds=rest_seconds, clock=clock)
