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
        """End the run's task; the first reason counts, except that a lost lease outranks all."""
        if self.reason is None or reason == "lost":
            self.reason = reason
        self.task.cancel()


class LiveRuns:
    """All runs of this process, by id."""

    def __init__(self) -> None:
        self._runs: dict[str, LiveRun] = {}

    def __iter__(self) -> Iterator[LiveRun]:
        return iter(tuple(self._runs.values()))

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, run_id: str) -> LiveRun | None:
        """The run, if it is here."""
        return self._runs.get(run_id)

    @contextmanager
    def carrying(self, run: LiveRun) -> Generator[None]:
        """Hold `run` in the list for as long as the block lasts."""
        self._runs[run.run_id] = run
        try:
            yield
        finally:
            if self._runs.get(run.run_id) is run:
                del self._runs[run.run_id]

    def pairs(self) -> tuple[tuple[str, int], ...]:
        """(run id, attempt) of every run, for the heartbeat."""
        return tuple((run.run_id, run.attempt) for run in self)
