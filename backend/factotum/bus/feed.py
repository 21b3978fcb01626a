"""One run's live entries within a process: handed as they are to every subscriber's own bounded queue."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from factotum.bus.entries import Entry, SubscriberTooSlow
from factotum.core.errors import FactotumError
from factotum.protocol.events import TERMINAL

Take = Callable[[Sequence[Entry]], bool]
"""Takes a batch to where it goes at once and returns True, or takes nothing and returns False."""


class Subscriber:
    """A bounded queue of batches for one reader. Batches are shared between subscribers, never copied.

    With `idle_seconds` a reader that waits is told when nothing came for so long. One timer sees to that, and
    not one for each batch: it would cost more than the delivery. Close it in the end.

    With `take`, a batch that comes while the reader waits, and has had all before it, is given to that first:
    no task has to wake up for it. The last batch of a run always goes to the reader.
    """

    __slots__ = (
        "_batches",
        "_came_at",
        "_failure",
        "_idle",
        "_idle_seconds",
        "_limit",
        "_loop",
        "_queued",
        "_take",
        "_timer",
        "_waiter",
        "position",
    )

    def __init__(self, limit: int, idle_seconds: float | None = None, take: Take | None = None) -> None:
        self._limit = limit
        self._take = take
        self.position = 0
        """The last number that the reader has had; it says so before it waits."""
        self._loop = asyncio.get_running_loop()
        self._came_at = self._loop.time()
        self._idle = False
        self._idle_seconds = idle_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._batches: deque[Sequence[Entry]] = deque()
        self._queued = 0
        self._failure: FactotumError | None = None
        self._waiter: asyncio.Future[None] | None = None

    def offer(self, batch: Sequence[Entry], now: float) -> bool:
        """Hand on or queue a batch; a full queue fails the subscriber instead, and False is returned.

        `now` is the loop's time.
        """
        if self._is_taken(batch):
            self._came_at = now
            return True
        if self._queued + len(batch) > self._limit and self._batches:
            self.fail(
                SubscriberTooSlow(
                    "This reader does not keep up.", hint="Resume after the last event you have."
                )
            )
            return False
        self._came_at = now
        self._idle = False
        self._batches.append(batch)
        self._queued += len(batch)
        self._wake()
        return True

    def fail(self, failure: FactotumError) -> None:
        """End the subscriber: what waits is dropped and its reader gets the failure."""
        self._failure = failure
        self._batches.clear()
        self._wake()

    async def next(self) -> Sequence[Entry]:
        """Wait for the next batch; an empty one says that none came. Raises the failure it was ended with."""
        if self._timer is None and self._idle_seconds is not None:
            self._came_at = self._loop.time()
            self._look(self._idle_seconds)
        while not self._batches:
            if self._failure is not None:
                raise self._failure
            if self._idle:
                self._idle = False
                return ()
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        batch = self._batches.popleft()
        self._queued -= len(batch)
        return batch

    def close(self) -> None:
        """End its timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _is_taken(self, batch: Sequence[Entry]) -> bool:
        """Try to do without the reader. It is the only one who waits, so nothing can overtake anything."""
        if self._take is None or self._waiter is None or self._waiter.done():
            return False
        if batch[0].seq != self.position + 1 or batch[-1].type in TERMINAL or not self._take(batch):
            return False
        self.position = batch[-1].seq
        return True

    def _look(self, idle_seconds: float) -> None:
        """Tell the reader when nothing came for so long, and look again when it may be so."""
        left = self._came_at + idle_seconds - self._loop.time()
        if left <= 0:
            self._idle = True
            self._came_at = self._loop.time()
            self._wake()
            left = idle_seconds
        self._timer = self._loop.call_later(left, self._look, idle_seconds)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def newer_than(position: int, batch: Sequence[Entry]) -> Sequence[Entry] | None:
    """Return what a batch has after `position`, perhaps nothing; None if entries before it are missing."""
    first = batch[0].seq
    if first > position + 1:
        return None
    return batch if first == position + 1 else batch[position + 1 - first :]


class Feed:
    """The subscribers of one run, and how far the live entries have come."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.subscribers: set[Subscriber] = set()
        self.last: int | None = None
        """The last entry handed on; None until the first, or until a reader has caught up."""
        self.ready = asyncio.Event()
        """Set while Redis has confirmed the channel."""

    def advance(self, batch: Sequence[Entry]) -> bool:
        """Hand on what is new in a batch; if entries before it are missing, nothing, and return False."""
        fresh = batch if self.last is None else newer_than(self.last, batch)
        if fresh is None:
            return False
        if fresh:
            self.last = fresh[-1].seq
            now = asyncio.get_running_loop().time()
            self.subscribers = {each for each in self.subscribers if each.offer(fresh, now)}
        return True

    def fail(self, failure: FactotumError) -> None:
        """End all subscribers with a failure."""
        self.last = None
        for subscriber in self.subscribers:
            subscriber.fail(failure)
        self.subscribers = set()
