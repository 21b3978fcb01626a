"""Events of a run as server-sent events (WHATWG HTML §9.2): one frame an event, one write a batch."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from factotum.api.streaming import Drain, StreamResponse
from factotum.bus.entries import Entry
from factotum.bus.feed import Take
from factotum.core.errors import NotFound, Unavailable
from factotum.protocol.events import Snapshot
from factotum.runs.follow import Step

_log = logging.getLogger(__name__)

_RETRY = b"retry: 1000\n\n"
_PING = b": ping\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamResponse):
    """The events of one run for one client: `steps` makes them, and is given a shorter way to send some."""

    media_type = "text/event-stream"
    farewell = _RETRY

    def __init__(self, steps: Callable[[Take], AsyncGenerator[Step]], drain: Drain) -> None:
        super().__init__(_HEADERS, drain=drain)
        self._steps = steps

    async def parts(self) -> AsyncGenerator[bytes]:
        """Yield frames. What ends the stream early is no error: the client asks again and is told then."""
        yield _RETRY
        try:
            async with aclosing(self._steps(self._take)) as steps:
                async for step in steps:
                    yield encode(step)
        except (NotFound, Unavailable) as end:
            _log.info("a stream ended early: %s", end.stable_code)

    def _take(self, batch: Sequence[Entry]) -> bool:
        return self.send_now(_frames(batch))


def encode(step: Step) -> bytes:
    """Return the frames of one step; an empty one is a comment, which proxies take as a sign of life."""
    if isinstance(step, Snapshot):
        return _frame(step.seq, step.type, step.model_dump_json().encode())
    return _frames(step) if step else _PING


class _Newest:
    """The batch that was encoded last: its other readers come right after the first, for the same bytes."""

    entries: Sequence[Entry] = ()
    frames = b""


def _frames(entries: Sequence[Entry]) -> bytes:
    if entries is not _Newest.entries:
        _Newest.frames = b"".join([_frame(entry.seq, entry.type, entry.data) for entry in entries])
        _Newest.entries = entries
    return _Newest.frames


def _frame(seq: int, kind: str, data: bytes) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (seq, kind.encode(), data)
