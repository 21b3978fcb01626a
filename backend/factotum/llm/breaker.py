"""A circuit breaker per provider: one that keeps failing is left alone for a while, and calls fail at once.

closed -- `threshold` failures in a row --> open -- `rest_seconds` pass --> half open: one call may try
half open -- the trial is answered --> closed      half open -- the trial fails --> open

Every transition is a few assignments on the event loop: nothing is awaited and no lock is held over a call.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from factotum.llm.faults import FaultKind, ModelFault

_COUNTED: Final[frozenset[FaultKind]] = frozenset(
    {"unreachable", "overloaded", "first_token_timeout", "stalled", "broken_stream"}
)
"""Faults that say the provider is ill. A rate limit or an empty answer comes from one that is well."""

_MOST_PROVIDERS: Final = 256


class CircuitOpen(ModelFault):
    """The provider is being left alone; the call was not made."""


class Permit:
    """The right to make one call. Whoever holds it says how the call went, once or more, best at its end."""

    def __init__(self, breaker: "Breaker", *, trial: bool) -> None:
        self._breaker = breaker
        self._trial = trial

    def answered(self) -> None:
        """Note a first token: a trial that is answered lets the others in again."""
        if self._trial:
            self._trial = False
            self._breaker.trial_answered()

    def succeeded(self) -> None:
        """Note a call that came to its end."""
        self.answered()
        self._breaker.record_success()

    def failed(self, fault: ModelFault) -> None:
        """Note a fault. Those that do not speak against the provider only give the trial back."""
        if fault.kind in _COUNTED:
            self._trial = False
            self._breaker.record_failure(fault)
        else:
            self.abandoned()

    def abandoned(self) -> None:
        """Note a call that was given up by us: it says nothing about the provider."""
        if self._trial:
            self._trial = False
            self._breaker.trial_abandoned()


class Breaker:
    """The breaker of one provider. `clock` gives seconds that never run backwards."""

    def __init__(
        self,
        provider: str,
        *,
        threshold: int = 5,
        rest_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._threshold = threshold
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._trying = False
        self._last: ModelFault | None = None

    def admit(self) -> Permit:
        """Let one call through. Raises CircuitOpen, with the time to wait, while the provider rests."""
        if self._open_until is None:
            return Permit(self, trial=False)
        wait = self._open_until - self._clock()
        if wait > 0 or self._trying:
            raise self._refusal(max(wait, 1.0))
        self._trying = True
        return Permit(self, trial=True)

    def refusal(self) -> CircuitOpen | None:
        """Return what a call would be refused with now, or None when it would be let through."""
        wait = 0.0 if self._open_until is None else self._open_until - self._clock()
        return self._refusal(wait) if wait > 0 else None

    def record_success(self) -> None:
        """Forget the failures: the provider works."""
        self._failures = 0
        self._open_until = None

    def record_failure(self, fault: ModelFault) -> None:
        """Count a failure, and open when there were too many in a row."""
        self._failures += 1
        self._last = fault
        self._trying = False
        if self._failures >= self._threshold:
            self._open_until = self._clock() + self._rest_seconds

    def trial_answered(self) -> None:
        """Close on probation: until a call ends well, one more failure opens again."""
        self._trying = False
        self._open_until = None
        self._failures = self._threshold - 1

    def trial_abandoned(self) -> None:
        """Let the next call be the trial."""
        self._trying = False

    def _refusal(self, wait: float) -> CircuitOpen:
        last = self._last.message if self._last else "no answer"
        kind: FaultKind = "overloaded" if self._last and self._last.kind == "overloaded" else "unreachable"
        return CircuitOpen(
            kind,
            f"{self._provider} failed {self._failures} times in a row and rests for now. Last: {last}",
            hint=f"Try again in {wait:.0f} seconds, or choose a model of another provider.",
            retry_after_seconds=wait,
        )


class Breakers:
    """The breakers of all providers, made when first asked for; the least used is forgotten at the bound."""

    def __init__(
        self,
        *,
        threshold: int = 5,
        rest_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._known: OrderedDict[str, Breaker] = OrderedDict()

    def of(self, provider: str) -> Breaker:
        """Return the provider's breaker."""
        breaker = self._known.get(provider)
        if breaker is None:
            breaker = Breaker(
                provider, threshold=self._threshold, rest_seconds=self._rest_seconds, clock=self._clock
            )
            self._known[provider] = breaker
            if len(self._known) > _MOST_PROVIDERS:
                self._known.popitem(last=False)
        self._known.move_to_end(provider)
        return breaker
