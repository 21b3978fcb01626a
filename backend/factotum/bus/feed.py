"""One run's live entries within a process: handed as they are to every subscriber's own bounded queue."""

import asyncio
from collections import deque
from collections.abc import Sequence

from factotum.bus.entries import Entry, SubscriberTooSlow
from factotum.core.errors import FactotumError


class Subscriber:
    """A bounded queue of batches for one reader. Batches are shared between subscribers, never copied."""

    __slots__ = ("_batches", "_failure", "_limit", "_queued", "_waiter")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._batches: deque[Sequence[Entry]] = deque()
        self._queued = 0
        self._failure: FactotumError | None = None
        self._waiter: asyncio.Future[None] | None = None

    def offer(self, batch: Sequence[Entry]) -> bool:
        """Queue a batch; a full queue fails the subscriber instead, and False is returned."""
        if self._queued + len(batch) > self._limit and self._batches:
            self.fail(
                SubscriberTooSlow(
                    "This reader does not keep up.", hint="Resume after the last event you have."
                )
            )
            return False
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
        """Wait for the next batch. Raises the failure it was ended with."""
        while not self._batches:
            if self._failure is not None:
                raise self._failure
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        batch = self._batches.popleft()
        self._queued -= len(batch)
        return batch

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
            self.subscribers = {subscriber for subscriber in self.subscribers if subscriber.offer(fresh)}
        return True

    def fail(self, failure: FactotumError) -> None:
        """End all subscribers with a failure."""
        self.last = None
        for subscriber in self.subscribers:
            subscriber.fail(failure)
        self.subscribers = set()
