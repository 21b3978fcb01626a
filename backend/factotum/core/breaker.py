"""A circuit breaker per service: one that keeps failing is left alone for a while, and calls fail at once.

closed -- `threshold` failures in a row --> open -- `rest_seconds` pass --> half open: one call may try
half open -- the trial is answered --> closed      half open -- the trial fails --> open

Every transition is a few assignments on the event loop: nothing is awaited and no lock is held over a call.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar

from factotum.core.errors import FactotumError

F = TypeVar("F", bound=FactotumError)

_MOST_SERVICES: Final = 256

CircuitState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """How one breaker is. `rests_seconds` is how long it still refuses, `last` the newest failure."""

    name: str
    state: CircuitState
    failures: int
    rests_seconds: float
    last: str


class Rules(Protocol[F]):
    """What a kind of services makes of failures."""

    def speaks_against(self, fault: F) -> bool:
        """Whether a fault says that the service is ill, not only that this call was wrong."""
        ...

    def refusal(self, name: str, failures: int, last: F | None, wait_seconds: float) -> F:
        """Make what a call is refused with while the service rests."""
        ...


class Permit(Generic[F]):
    """The right to make one call. Whoever holds it says how the call went, once or more, best at its end."""

    def __init__(self, breaker: "Breaker[F]", *, trial: bool) -> None:
        self._breaker = breaker
        self._trial = trial

    def answered(self) -> None:
        """Note a first sign of life: a trial that is answered lets the others in again."""
        if self._trial:
            self._trial = False
            self._breaker.trial_answered()

    def succeeded(self) -> None:
        """Note a call that came to its end."""
        self.answered()
        self._breaker.record_success()

    def failed(self, fault: F) -> None:
        """Note a fault. Those that do not speak against the service only give the trial back."""
        if self._breaker.rules.speaks_against(fault):
            self._trial = False
            self._breaker.record_failure(fault)
        else:
            self.abandoned()

    def abandoned(self) -> None:
        """Note a call that was given up by us: it says nothing about the service."""
        if self._trial:
            self._trial = False
            self._breaker.trial_abandoned()


class Breaker(Generic[F]):
    """The breaker of one service. `clock` gives seconds that never run backwards."""

    def __init__(
        self,
        name: str,
        rules: Rules[F],
        *,
        threshold: int = 5,
        rest_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rules = rules
        self._name = name
        self._threshold = threshold
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None
        self._trying = False
        self._last: F | None = None

    def admit(self) -> Permit[F]:
        """Let one call through. Raises the refusal, with the time to wait, while the service rests."""
        if self._open_until is None:
            return Permit(self, trial=False)
        wait = self._open_until - self._clock()
        if wait > 0 or self._trying:
            raise self._refusal(max(wait, 1.0))
        self._trying = True
        return Permit(self, trial=True)

    def refusal(self) -> F | None:
        """Return what a call would be refused with now, or None when it would be let through."""
        wait = self._wait()
        return self._refusal(wait) if wait > 0 else None

    def circuit(self) -> Circuit:
        """Tell how it is."""
        wait = self._wait()
        state: CircuitState = "closed" if self._open_until is None else "open" if wait > 0 else "half_open"
        last = self._last.message if self._last is not None and self._failures else ""
        return Circuit(self._name, state, self._failures, max(wait, 0.0), last)

    def reset(self) -> None:
        """Forget the failures and let calls through, as a person who mended the service wishes."""
        self.record_success()
        self._trying = False
        self._last = None

    def record_success(self) -> None:
        """Forget the failures: the service works."""
        self._failures = 0
        self._open_until = None

    def record_failure(self, fault: F) -> None:
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

    def _wait(self) -> float:
        return 0.0 if self._open_until is None else self._open_until - self._clock()

    def _refusal(self, wait: float) -> F:
        return self.rules.refusal(self._name, self._failures, self._last, wait)


class Breakers(Generic[F]):
    """The breakers of all services of a kind, made when first asked for; at a bound the least used goes."""

    def __init__(
        self,
        rules: Rules[F],
        *,
        threshold: int = 5,
        rest_seconds: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = rules
        self._threshold = threshold
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._known: OrderedDict[str, Breaker[F]] = OrderedDict()

    def of(self, name: str) -> Breaker[F]:
        """Return the service's breaker."""
        breaker = self._known.get(name)
        if breaker is None:
            breaker = Breaker(
                name,
                self._rules,
                threshold=self._threshold,
                rest_seconds=self._rest_seconds,
                clock=self._clock,
            )
            self._known[name] = breaker
            if len(self._known) > _MOST_SERVICES:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return breaker

    def __iter__(self) -> Iterator[Circuit]:
        """Tell how each is, by name."""
        for name in sorted(self._known):
            yield self._known[name].circuit()

    def reset(self, name: str) -> bool:
        """Close one; False when nothing of that name was ever called."""
        breaker = self._known.get(name)
        if breaker is not None:
            breaker.reset()
        return breaker is not None
