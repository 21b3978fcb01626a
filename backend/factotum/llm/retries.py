"""How one model is tried again before its first token: over its deployments, with waits in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenacity import RetryCallState
from tenacity.wait import wait_exponential_jitter

from factotum.llm.breaker import CircuitOpen
from factotum.llm.cooldowns import Cooldowns
from factotum.llm.deployments import Deployment
from factotum.llm.faults import FaultKind, ModelFault

_OF_A_DEPLOYMENT: Final[frozenset[FaultKind]] = frozenset({"unauthorized", "key_missing", "model_not_found"})
"""Faults that another key or address of the same model need not have."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a call is tried again before its first token. Seconds; `attempts` counts the first one too."""

    attempts: int = 3
    initial_wait: float = 0.5
    longest_wait: float = 8.0
    longest_retry_after: float = 20.0
    """A provider that asks for more patience is not waited for: the fault says how long it asked."""
    patience: float = 2.0
    """The same, where there is another model to fall back on."""


class Tries:
    """The tries of one model, for tenacity. `alone`: there is no other model to fall back on.

    A fault leads to the next deployment at once, as long as there is one that was not tried; to a wait after
    that, if the same may help at all.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        deployments: Sequence[Deployment],
        cooldowns: Cooldowns,
        *,
        alone: bool,
    ) -> None:
        self._policy = policy
        self._cooldowns = cooldowns
        self._patience = policy.longest_retry_after if alone else policy.patience
        by_name = {deployment.name: deployment for deployment in deployments}
        names = cooldowns.sorted(list(by_name)) if len(by_name) > 1 else list(by_name)
        self._order = [by_name[name] for name in names]
        self._taken = 0

    @property
    def most(self) -> int:
        """How many tries there are at the most."""
        return max(self._policy.attempts, len(self._order))

    def take(self) -> Deployment:
        """Return the deployment of the next try."""
        self._taken += 1
        return self._current

    def go_on(self, error: BaseException) -> bool:
        """Tell whether to try again; after a first-token deadline that is the caller's to decide."""
        if not isinstance(error, ModelFault) or error.partial or error.kind == "first_token_timeout":
            return False
        if len(self._order) > 1:
            self._cooldowns.rest(self._current.name, error)
        if self._has_fresh:
            return error.may_retry or error.kind in _OF_A_DEPLOYMENT
        return (
            error.may_retry
            and not isinstance(error, CircuitOpen)
            and (error.retry_after_seconds or 0.0) <= self._patience
        )

    def wait(self, state: RetryCallState) -> float:
        """Return the seconds to wait: what the provider asked for, else exponential with jitter."""
        if self._has_fresh:
            return 0.0
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, ModelFault) and error.retry_after_seconds is not None:
            return error.retry_after_seconds
        first, longest = self._policy.initial_wait, min(self._policy.longest_wait, self._patience)
        return wait_exponential_jitter(multiplier=first, max=longest, jitter=first)(state)

    @property
    def _current(self) -> Deployment:
        return self._order[(self._taken - 1) % len(self._order)]

    @property
    def _has_fresh(self) -> bool:
        return self._taken < len(self._order)
