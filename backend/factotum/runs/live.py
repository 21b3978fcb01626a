"""The runs that this process carries, and why one of them must end early."""

import asyncio
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from factotum.agent.loop import AgentLoop
from factotum.bus.signals import SignalKind

CancelReason = Literal["stop", "lost", "drain", "interrupt"]


@dataclass(slots=True)
class LiveRun:
    """One run in this process. `reason` says why its task was cancelled, if it was.

    `look` has what was sent into the run looked for. `lease_ends` is when, by this machine's `since_boot`,
    another worker may take the run at the earliest.
    """

    run_id: str
    attempt: int
    loop: AgentLoop
    task: "asyncio.Task[Any]"
    lease_ends: float = math.inf
    reason: CancelReason | None = field(default=None)
    look: Callable[[], None] = field(default=lambda: None)

    def cancel(self, reason: CancelReason) -> None:
        """End the run's task; the first reason counts, except that all outrank an interruption, and a lost
        lease all.

        The task is cancelled once: another cancellation would cut short the ending of a tool's processes.
        """
        first, interrupted = self.reason is None, self.reason == "interrupt"
        if first or interrupted or reason == "lost":
            self.reason = reason
        if first or interrupted:
            self.loop.cut_off()
        if first:
            self.task.cancel()

    def interrupt(self) -> None:
        """End what the run does at present, for it to go on with a new message."""
        if self.reason is None:
            self.reason = "interrupt"
            self.task.cancel()

    def go_on(self) -> None:
        """Begin the run's task again, after what it was interrupted for stands in the log."""
        if self.reason == "interrupt":
            self.reason = None
        self.task = asyncio.create_task(self.loop.run(), name=f"run:{self.run_id}")


class LiveRuns:
    """All runs of this process, by id."""

    def __init__(self) -> None:
        self._runs: dict[str, LiveRun] = {}
        self._draining = False

    def __iter__(self) -> Iterator[LiveRun]:
        return iter(tuple(self._runs.values()))

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, run_id: str) -> LiveRun | None:
        """The run, if it is here."""
        return self._runs.get(run_id)

    def drain(self) -> None:
        """Hand every run over at its next step, also those that still come."""
        self._draining = True
        for run in self:
            run.loop.hand_over()

    @contextmanager
    def carrying(self, run: LiveRun) -> Generator[None]:
        """Hold `run` in the list while the block lasts; an older attempt that is still here is ended."""
        older = self._runs.get(run.run_id)
        if older is not None:
            older.cancel("lost")
        self._runs[run.run_id] = run
        if self._draining:
            run.loop.hand_over()
        try:
            yield
        finally:
            if self._runs.get(run.run_id) is run:
                del self._runs[run.run_id]

    def pairs(self) -> tuple[tuple[str, int], ...]:
        """(run id, attempt) of every run, for the heartbeat."""
        return tuple((run.run_id, run.attempt) for run in self)


def heed(live: LiveRun | None, kind: SignalKind) -> None:
    """Do what a hint asks of a run, if it is here."""
    if live is not None and kind == "stop":
        live.cancel("stop")
    elif live is not None and kind == "steer":
        live.look()
