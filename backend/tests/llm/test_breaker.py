"""The circuit breaker's transitions, with a clock of the test's own."""

import pytest

from factotum.core import breaker as any_breaker
from factotum.llm.breaker import Breaker, Breakers, CircuitOpen
from factotum.llm.faults import FaultKind, ModelFault


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def _fault(kind: FaultKind = "unreachable") -> ModelFault:
    return ModelFault(kind, "it is gone")


def _opened(clock: Clock) -> Breaker:
    breaker = Breaker("openai", threshold=3, rest_seconds=20, clock=clock)
    for _ in range(3):
        breaker.admit().failed(_fault())
    return breaker


def _refusal(breaker: any_breaker.Breaker[ModelFault]) -> CircuitOpen:
    with pytest.raises(CircuitOpen) as raised:
        breaker.admit()
    return raised.value


def test_opens_after_failures_in_a_row() -> None:
    """A success in between starts the count anew; then the refusal says for how long and why."""
    clock = Clock()
    breaker = Breaker("openai", threshold=3, rest_seconds=20, clock=clock)
    breaker.admit().failed(_fault())
    breaker.admit().failed(_fault())
    breaker.admit().succeeded()
    for _ in range(3):
        breaker.admit().failed(_fault())
    clock.seconds += 5
    refusal = _refusal(breaker)
    assert (refusal.kind, refusal.retry_after_seconds) == ("unreachable", 15)
    assert "it is gone" in refusal.message


@pytest.mark.parametrize(
    "kind", ["rate_limited", "unauthorized", "bad_request", "context_overflow", "empty_response"]
)
def test_faults_of_a_healthy_provider_do_not_count(kind: FaultKind) -> None:
    """A bad key or a long prompt of one account must not shut out the others."""
    breaker = Breaker("openai", threshold=1, clock=Clock())
    breaker.admit().failed(_fault(kind))
    breaker.admit()


def test_overload_is_told_as_such() -> None:
    """The kind of the last failure decides the kind of the refusal."""
    breaker = Breaker("openai", threshold=1, clock=Clock())
    breaker.admit().failed(_fault("overloaded"))
    assert _refusal(breaker).kind == "overloaded"


def test_one_trial_after_the_rest() -> None:
    """When the rest is over one call tries, and the others wait for it."""
    clock = Clock()
    breaker = _opened(clock)
    clock.seconds += 20
    trial = breaker.admit()
    _refusal(breaker)
    trial.answered()
    breaker.admit().succeeded()
    breaker.admit()


def test_a_failed_trial_opens_again() -> None:
    """The rest begins anew."""
    clock = Clock()
    breaker = _opened(clock)
    clock.seconds += 20
    breaker.admit().failed(_fault())
    assert _refusal(breaker).retry_after_seconds == 20


def test_answered_and_broken_is_probation() -> None:
    """A trial that starts to answer and breaks has not cured the provider."""
    clock = Clock()
    breaker = _opened(clock)
    clock.seconds += 20
    trial = breaker.admit()
    trial.answered()
    trial.failed(_fault("broken_stream"))
    _refusal(breaker)


def test_an_abandoned_trial_is_given_back() -> None:
    """A person who stops the trial must not keep the provider shut for ever."""
    clock = Clock()
    breaker = _opened(clock)
    clock.seconds += 20
    breaker.admit().abandoned()
    breaker.admit()


def test_breakers_are_kept_apart_and_bounded() -> None:
    """Each provider has its own; made-up names cannot fill the memory."""
    breakers = Breakers(threshold=1, clock=Clock())
    breakers.of("openai").admit().failed(_fault())
    breakers.of("anthropic").admit()
    _refusal(breakers.of("openai"))
    for number in range(300):
        breakers.of(f"made-up-{number}")
    assert breakers.of("made-up-299") is breakers.of("made-up-299")
    breakers.of("openai").admit()
