"""Rounds of writing: what many runs of a process have to tell goes to Redis together.

A worker with hundreds of live runs has thousands of pieces of text a second to write. A task, a timer and a
round trip for each would cost more than all that came before, so the writers only say when they want to write
and one pump asks those whose time has come.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from factotum.core.errors import Unavailable

_log = logging.getLogger(__name__)

ROUND_SECONDS = 0.01
"""The least time from one round to the next for what may wait: so much later a piece of text can be."""
_MOST_AT_ONCE = 128
_TICK = 0.001  # uvloop's timers are no finer, and may go off as much too early


class Append(NamedTuple):
    """Encoded lines of one run, numbered from `first_seq`; `resume`: some of them may be there already."""

    run_id: str
    attempt: int
    first_seq: int
    lines: Sequence[bytes]
    ended: bool
    resume: bool


Answer = tuple[str, int] | Unavailable
"""What became of an append: the status and the number that `RunLog.append` tells, or why there is none."""


class Appending(Protocol):
    """How a pump reaches the logs: `RunLog.append`."""

    async def __call__(self, appends: Sequence[Append], /) -> Sequence[Answer]:
        """Write them all and answer each, in their order. Raises Unavailable when nobody answers."""
        ...


class Source(Protocol):
    """Who has something to write."""

    def next_append(self) -> Append | None:
        """Say what is to be written now, if anything; `take_answer` follows, and no second one before it."""
        ...

    def take_answer(self, answer: Answer) -> None:
        """Take note of what became of it, and say when to write again. Never raises."""
        ...


class LogPump:
    """Writes for all the runs of a process, one round after the other."""

    def __init__(self, append: Appending) -> None:
        self._append = append
        self._due: dict[Source, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._round_at = -ROUND_SECONDS
        self._closed = False

    def ask(self, source: Source, due: float, *, urgent: bool = False) -> None:
        """Have `source` asked at `due` (the loop's time) or soon after; an earlier wish of it stands.

        Urgent is what somebody waits for: it is not put off to the next common round, and refused at once
        when the pump is closed.
        """
        if self._closed:
            if urgent:
                source.take_answer(_closing())
            return
        if not urgent:
            due = max(due, self._round_at + ROUND_SECONDS)
        known = self._due.get(source)
        if known is not None and known <= due:
            return
        self._due[source] = due
        if self._task is None:
            self._wake_at(due)

    def forget(self, source: Source) -> None:
        """Do not ask `source` any more."""
        self._due.pop(source, None)

    async def aclose(self) -> None:
        """Let the round under way end. Who still wants to write is told that it is too late."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})
        self._fail(_closing())

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            if self._timer_at <= due:
                return
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        if due <= loop.time():
            self._begin()
        else:
            self._timer, self._timer_at = loop.call_at(due, self._begin), due

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._rounds(), name="log-pump")
        self._task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """Set the timer for what is due later. After a fault of ours nobody is left waiting."""
        self._task = None
        if task.cancelled() or self._closed:
            return
        if (fault := task.exception()) is not None:
            _log.error("the pump of the logs failed", exc_info=fault)
            self._fail(_unknown())
        if self._due:
            self._wake_at(min(self._due.values()))

    async def _rounds(self) -> None:
        """Write while something is due."""
        loop = asyncio.get_running_loop()
        while not self._closed:
            now = loop.time()
            asked = [source for source, due in self._due.items() if due <= now + _TICK][:_MOST_AT_ONCE]
            if not asked:
                return
            self._round_at = now
            await self._round(asked)

    async def _round(self, asked: Sequence[Source]) -> None:
        sources: list[Source] = []
        appends: list[Append] = []
        for source in asked:
            del self._due[source]
            if (append := source.next_append()) is not None:
                sources.append(source)
                appends.append(append)
        answers: Iterable[Answer] = [_unknown()] * len(sources)
        try:
            if appends:
                answers = await self._append(appends)
        except Unavailable as fault:
            answers = [fault] * len(sources)
        finally:
            for source, answer in zip(sources, answers, strict=True):
                source.take_answer(answer)

    def _fail(self, fault: Unavailable) -> None:
        sources, self._due = list(self._due), {}
        for source in sources:
            source.take_answer(fault)


def _unknown() -> Unavailable:
    return Unavailable("Whether the log was written is not known.", code="redis_unavailable")


def _closing() -> Unavailable:
    return Unavailable("This process is closing.", code="redis_unavailable")
