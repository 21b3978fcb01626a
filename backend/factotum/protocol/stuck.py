"""Runs that do not go on, as their owner is told of them."""

from typing import Literal

from factotum.core.frozen import Frozen
from factotum.protocol.runs import Run

Why = Literal["no_worker", "no_free_worker", "no_room", "crashing"]
"""`no_worker`: its worker went silent. `no_free_worker`: its job waits. `no_room`: its account has as many at
work as it may. `crashing`: workers died over it, again and again."""


class StuckRun(Frozen):
    """A run that has not gone on for `seconds`, why, and what to do."""

    run: Run
    why: Why
    seconds: float
    hint: str


class StuckRuns(Frozen):
    """At most as many as were asked for, the longest waiting first."""

    items: tuple[StuckRun, ...]
