"""How long it takes until another attempt carries a run that a worker was hit with. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chaos.history import Done, Note, process_of

AIMS: Mapping[str, float] = {"kill worker": 20.0, "drain worker": 2.0, "deploy": 2.0}
"""Seconds within which 99 of 100 runs go on."""

_CARRIED = {"running", "stopping"}


class Resumed(NamedTuple):
    """A run went on after a fault.

    `seconds` is how long nobody worked on it: from the fault, or from when a draining worker handed it over.
    `since_fault` is always from the fault (a draining worker goes on with its step, so that is no pause).
    """

    kind: str
    number: int
    run_id: str
    seconds: float
    since_fault: float


def resumptions(faults: Sequence[Done], notes: Sequence[Note]) -> list[Resumed]:
    """Return how each run went on that a worker carried when it was hit. One that ended there did not."""
    found: list[Resumed] = []
    by_run: dict[str, list[Note]] = {}
    for note in notes:
        if note.table == "runs":
            by_run.setdefault(note.run_id, []).append(note)
    for fault in faults:
        process = fault.worker.partition(":")[2]
        if not process:
            continue
        for run_id, history in by_run.items():
            went_on = _went_on(fault, process, run_id, history)
            if went_on is not None:
                found.append(went_on)
    return found


def _went_on(fault: Done, process: str, run_id: str, history: Sequence[Note]) -> Resumed | None:
    """Look at one run; None when `process` did not carry it at the time of the fault, or ended it."""
    before = [note for note in history if note.at <= fault.at]
    if not before or before[-1].status not in _CARRIED or process_of(before[-1].owner) != process:
        return None
    attempt, paused_at = before[-1].attempt, fault.at
    for note in history[len(before) :]:
        if note.attempt > attempt:
            return Resumed(fault.kind, fault.number, run_id, note.at - paused_at, note.at - fault.at)
        if note.status not in _CARRIED:
            return None
        if note.change == "released":
            paused_at = note.at
    return None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the values lie, the nearest there is; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] if ordered else 0.0
