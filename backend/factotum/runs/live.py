"""The runs that this process carries, and why one of them must end early."""

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from factotum.agent.loop import AgentLoop

CancelReason = Literal["stop", "lost", "drain"]


@dataclass(slots=True)
class LiveRun:
    """One run in this process. `reason` says why its task was cancelled, if it was."""

    run_id: str
    attempt: int
    loop: AgentLoop
    task: "asyncio.Task[Any]"
    reason: CancelReason | None = field(default=None)

    def cancel(self, reason: CancelReason) -> None:
        """End the run's task; the first reason counts, except that a lost lease outranks all.

        The task is cancelled once: another cancellation would cut short the ending of a tool's processes.
        """
        if self.reason is None:
            self.reason = reason
            self.loop.cut_off()
            self.task.cancel()
        elif reason == "lost":
            self.reason = reason


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
