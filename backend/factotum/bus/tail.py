"""The live tail of runs: one pub/sub connection a process for all the runs its clients watch.

Pub/sub is only the fast way; the stream is the truth. Each batch is decoded once and shared. A gap in the
sequence, each new connection and, every few seconds, the ends of the logs are checked against the streams and
repaired. A reader subscribes first and reads the stream then, so nothing falls between the two.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing

from factotum.bus.entries import CursorTooOld, Entry, channel_name, decode_batch
from factotum.bus.feed import Feed, Subscriber, Take, newer_than
from factotum.bus.redis import Command, Link, Redis
from factotum.bus.run_log import RunLog
from factotum.core.errors import Unavailable
from factotum.core.tasks import cancelled
from factotum.protocol.events import TERMINAL

_log = logging.getLogger(__name__)

_PAGE = 500
_CONFIRM_SECONDS = 3.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


class LiveTail:
    """Reads the logs of many runs for many subscribers.

    `queue_limit` is how many entries may wait for one subscriber; `poll_seconds` how often the logs' ends are
    compared with what pub/sub brought.
    """

    def __init__(
        self, redis: Redis, log: RunLog, *, queue_limit: int = 1_000, poll_seconds: float = 5.0
    ) -> None:
        self._redis = redis
        self._log = log
        self._queue_limit = queue_limit
        self._poll_seconds = poll_seconds
        self._feeds: dict[bytes, Feed] = {}
        self._unconfirmed: Counter[bytes] = Counter()  # SUBSCRIBE commands without an answer yet
        self._outgoing: list[Command] = []
        self._outgoing_ready = asyncio.Event()
        # How many were made and confirmed: a reader sees by it that one was lost meanwhile.
        self._connections = 0
        self._repair_due = False
        self._linked = False  # else nothing is posted: each new connection asks for all that is read then
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def subscribe(self, run_id: str, after: int) -> AsyncGenerator[Entry]:
        """Yield each entry after the cursor, in order, once, until the end. Close it when you stop early.

        Raises CursorTooOld, SubscriberTooSlow, Unavailable (Redis cannot be reached to begin, or the tail is
        closed).
        """
        async with aclosing(self.batches(run_id, after)) as batches:
            async for batch in batches:
                for entry in batch:
                    yield entry

    async def batches(
        self, run_id: str, after: int, *, idle_seconds: float | None = None, take: Take | None = None
    ) -> AsyncGenerator[Sequence[Entry]]:
        """As `subscribe`, but yield together what arrived together: one write to a client for each.

        With `idle_seconds`, yield an empty batch whenever nothing came for so long. What `take` takes, when
        the caller waits for more, is not yielded.
        """
        subscriber = Subscriber(self._queue_limit, idle_seconds, take)
        feed = self._join(run_id, subscriber)
        try:
            await _confirmed(feed)
            position = after
            live = False
            while True:
                if live:
                    subscriber.position = position
                    came = await subscriber.next()
                    position = subscriber.position
                    if not came:
                        yield came
                        continue
                    batch = newer_than(position, came)
                    live = batch is not None
                    ended = bool(batch) and batch[-1].type in TERMINAL
                else:
                    connections = self._connections
                    page = await self._log.read(run_id, position, _PAGE)
                    batch, ended = page.entries, page.ended
                    live = page.caught_up and connections == self._connections
                if batch:
                    position = batch[-1].seq
                if live and feed.last is None:
                    feed.last = position
                if batch:
                    yield batch
                if ended:
                    return
        finally:
            subscriber.close()
            self._leave(feed, subscriber)

    async def aclose(self) -> None:
        """End all subscribers with Unavailable (`tail_closed`), then the connection."""
        self._closed = True
        for feed in self._feeds.values():
            feed.fail(_closing())
            feed.ready.set()
        if self._task is not None:
            await cancelled(self._task)

    def _join(self, run_id: str, subscriber: Subscriber) -> Feed:
        if self._closed:
            raise _closing()
        channel = channel_name(run_id).encode()
        feed = self._feeds.get(channel)
        if feed is None:
            feed = self._feeds[channel] = Feed(run_id)
            if self._linked:
                self._unconfirmed[channel] += 1
            self._post("SUBSCRIBE", channel)
        feed.subscribers.add(subscriber)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="live-tail")
            self._task.add_done_callback(self._note_end)
        return feed

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """Should the task die of a fault of ours, no reader is left waiting; the next one starts it anew."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("the live tail failed", exc_info=fault)
            for feed in self._feeds.values():
                feed.fail(_closing())
            self._feeds = {}

    def _leave(self, feed: Feed, subscriber: Subscriber) -> None:
        feed.subscribers.discard(subscriber)
        channel = channel_name(feed.run_id).encode()
        if not feed.subscribers and self._feeds.get(channel) is feed:
            del self._feeds[channel]
            self._post("UNSUBSCRIBE", channel)

    def _post(self, *command: str | bytes) -> None:
        if self._linked:
            self._outgoing.append(command)
            self._outgoing_ready.set()

    async def _run(self) -> None:
        """Keep one connection alive until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            try:
                link = await self._redis.link()
            except Unavailable as error:
                _log.warning("the live tail waits %.2f s: %s", pause, error.message)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            try:
                await self._serve(link)
            except* Unavailable as errors:
                _log.warning("the live tail connects again: %s", errors.exceptions[0])
            finally:
                self._linked = False
                for feed in self._feeds.values():
                    feed.ready.clear()
                await link.close()
            await asyncio.sleep(_FIRST_PAUSE)

    async def _serve(self, link: Link) -> None:
        channels = list(self._feeds)
        self._unconfirmed = Counter(channels)
        self._outgoing = [("SUBSCRIBE", *channels)] if channels else []
        self._outgoing_ready.set()
        self._linked = self._repair_due = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send(link))
            group.create_task(self._watch(link))
            group.create_task(self._receive(link))

    async def _send(self, link: Link) -> None:
        while True:
            await self._outgoing_ready.wait()
            self._outgoing_ready.clear()
            commands, self._outgoing = self._outgoing, []
            if commands:
                await link.send(commands)

    async def _watch(self, link: Link) -> None:
        """The safety net: a connection that went silent is given up, entries that pub/sub lost are read."""
        while True:
            await asyncio.sleep(self._poll_seconds)
            self._post("PING")
            await self._repair(list(self._feeds.values()))
            if asyncio.get_running_loop().time() - link.heard_at > 2.5 * self._poll_seconds:
                raise Unavailable("The pub/sub connection went silent.", code="redis_unavailable")

    async def _receive(self, link: Link) -> None:
        while True:
            match await link.read():
                case [b"message", channel, payload]:
                    await self._take(channel, payload)
                case [b"subscribe", channel, _]:
                    await self._note_confirmed(channel)
                case _:
                    pass

    async def _take(self, channel: bytes, payload: bytes) -> None:
        feed = self._feeds.get(channel)
        if feed is not None and not feed.advance(decode_batch(payload)):
            await self._repair_one(feed)

    async def _note_confirmed(self, channel: bytes) -> None:
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] <= 0:
            del self._unconfirmed[channel]
            feed = self._feeds.get(channel)
            if feed is not None:
                feed.ready.set()
        if self._repair_due and not self._unconfirmed:
            self._repair_due = False
            self._connections += 1
            await self._repair(list(self._feeds.values()))

    async def _repair(self, feeds: Iterable[Feed]) -> None:
        """Read what the streams have beyond what was handed on. Raises Unavailable."""
        live = [feed for feed in feeds if feed.last is not None]
        if not live:
            return
        for feed, last in zip(live, await self._log.last_seqs([feed.run_id for feed in live]), strict=True):
            if feed.last is not None and last > feed.last:
                await self._repair_one(feed)

    async def _repair_one(self, feed: Feed) -> None:
        while feed.last is not None:
            try:
                page = await self._log.read(feed.run_id, feed.last, _PAGE)
            except CursorTooOld as gap:
                # A log that is behind its readers lost its end; its writer either goes on where it was or
                # jumps.
                if gap.resume_after > feed.last:
                    feed.fail(gap)
                return
            if page.entries:
                feed.advance(page.entries)
            if page.caught_up:
                return


async def _confirmed(feed: Feed) -> None:
    try:
        async with asyncio.timeout(_CONFIRM_SECONDS):
            await feed.ready.wait()
    except TimeoutError:
        raise Unavailable(
            "Live events cannot be reached.",
            hint="Read the run instead, and try again.",
            code="redis_unavailable",
        ) from None


def _closing() -> Unavailable:
    return Unavailable("This process is closing.", hint="Connect again.", code="tail_closed")
