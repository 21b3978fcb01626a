"""Which faults come, in which order: it follows from the seed alone, so that a run can be repeated."""

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

WEIGHTS: Mapping[str, int] = {
    "kill worker": 6,
    "drain worker": 4,
    "freeze worker": 2,
    "kill api": 3,
    "drain api": 2,
    "restart postgres": 2,
    "restart valkey": 2,
    "replace valkey": 1,
    "empty valkey": 1,
    "cut clients": 4,
    "stall clients": 2,
    "deploy": 1,
}
"""How often each kind of fault comes, beside the others."""

_PAUSE_SECONDS = (0.5, 3.0)


class Planned(NamedTuple):
    """One fault to come: `pause` seconds after the one before; `pick` (0 to 1) chooses what it hits."""

    number: int
    kind: str
    pause: float
    pick: float


def plan(seed: int, faults: int, *, each: int = 0, only: Sequence[str] = ()) -> list[Planned]:
    """Return `faults` faults by their weights, or, when `each` is given, every kind that many times.

    `only` leaves the other kinds out.
    """
    chance = random.Random(f"faults {seed}")
    weights = {kind: weight for kind, weight in WEIGHTS.items() if not only or kind in only}
    if each:
        kinds = list(weights) * each
        chance.shuffle(kinds)
    else:
        kinds = chance.choices(list(weights), list(weights.values()), k=faults)
    return [
        Planned(number, kind, chance.uniform(*_PAUSE_SECONDS), chance.random())
        for number, kind in enumerate(kinds, 1)
    ]


def chance_of(seed: int, number: int) -> random.Random:
    """Return the chance of one person, by its number: the same in every run with the seed."""
    return random.Random(f"person {seed} {number}")
