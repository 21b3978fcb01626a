"""Which models and keys are better left alone for now, and why: asked only where there is another to take.

A breaker (breaker.py) refuses calls to a provider that is ill, for everybody. This is milder: what has just
failed goes to the end of the list of those to try, until its time is over.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from factotum.llm.faults import FaultKind, ModelFault

_SECONDS: Final[dict[FaultKind, float]] = {
    "rate_limited": 20.0,
    "overloaded": 20.0,
    "unreachable": 20.0,
    "broken_stream": 20.0,
    "empty_response": 20.0,
    "unknown": 20.0,
    # These cost a whole deadline, or do not pass by themselves.
    "first_token_timeout": 60.0,
    "stalled": 60.0,
    "unauthorized": 60.0,
    "key_missing": 60.0,
    "model_not_found": 60.0,
}
"""Kinds that are not here lie in the request, and say nothing about the model."""

_SHORTEST, _LONGEST = 1.0, 300.0
_MOST = 1024


class Cooldowns:
    """Names that failed, each with its fault and the time until which it rests. `clock` gives seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._resting: OrderedDict[str, tuple[float, ModelFault]] = OrderedDict()

    def rest(self, name: str, fault: ModelFault) -> None:
        """Leave `name` alone for a while, for as long as the provider asked if it did."""
        seconds = _SECONDS.get(fault.kind)
        if seconds is None:
            return
        if fault.retry_after_seconds is not None:
            seconds = min(max(fault.retry_after_seconds, _SHORTEST), _LONGEST)
        self._resting[name] = (self._clock() + seconds, fault)
        self._resting.move_to_end(name)
        if len(self._resting) > _MOST:
            self._resting.popitem(last=False)

    def why(self, name: str) -> ModelFault | None:
        """Return the fault for which `name` rests, or None when it does not."""
        found = self._resting.get(name)
        if found is None:
            return None
        if found[0] <= self._clock():
            del self._resting[name]
            return None
        return found[1]

    def sorted(self, names: Sequence[str]) -> list[str]:
        """Return the names in their order, those that rest after all others."""
        return sorted(names, key=lambda name: self.why(name) is not None)
