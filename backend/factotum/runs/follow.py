"""Follows a run for one client: the log from its cursor on, and a snapshot whenever the log cannot go on from there."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from factotum.bus.entries import CursorTooOld, Entry
from factotum.bus.run_log import RunLog
from factotum.bus.tail import LiveTail
from factotum.core.errors import Unavailable
from factotum.protocol.events import Snapshot
from factotum.protocol.runs import ENDED, Run
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.records import Caller
from factotum.store.runs import Runs

_LONGEST_WAIT_AFTER_END = 1.0

Step = Sequence[Entry] | Snapshot
"""What a client is told at once; an empty sequence is a sign of life and nothing else."""


class Follower:
    """Serves the events of runs to clients. `idle_seconds`: how often an idle client gets a sign of life."""

    def __init__(
        self, database: Database, log: RunLog, tail: LiveTail, *, idle_seconds: float = 15.0
    ) -> None:
        self._database = database
        self._log = log
        self._tail = tail
        self._idle_seconds = idle_seconds

    async def has_more(self, caller: Caller, run_id: str, after: int) -> bool:
        """Tell whether there is or will be anything after the cursor. Raises NotFound (`run_not_found`)."""
        run = await self._run(caller, run_id)
        if run.status not in ENDED:
            return True
        try:
            (last,) = await self._log.last_seqs([run_id])
        except Unavailable:
            return True
        return after < last if last else after == 0

    async def follow(self, caller: Caller, run_id: str, after: int) -> AsyncGenerator[Step]:
        """Yield what comes after the cursor until the run has ended.

        Every step from the log is dense after the one before; a Snapshot replaces all that came before it. When Redis
        is away the client gets a snapshot and the stream ends, to be asked for again.
        Raises NotFound when the caller may not see the run (any more), SubscriberTooSlow when it does not keep up.
        """
        while True:
            try:
                async for step in self._from_log(caller, run_id, after):
                    yield step
                return
            except CursorTooOld as gone:
                after = gone.resume_after
            except Unavailable as fault:
                if fault.stable_code == "subscriber_too_slow":
                    raise
                yield await self.snapshot(caller, run_id, after)
                return
            snapshot = await self.snapshot(caller, run_id, after)
            yield snapshot
            if snapshot.run.status in ENDED:
                return

    async def snapshot(self, caller: Caller, run_id: str, seq: int) -> Snapshot:
        """Read the whole state of a run. `seq`: the last event that it is known to include."""
        async with self._database.tenant(caller) as tx:
            run = await Runs(tx).get(run_id)
            messages = await Messages(tx).of_run(run.id)
        return Snapshot(seq=seq, run=run, messages=tuple(messages))

    async def _from_log(self, caller: Caller, run_id: str, after: int) -> AsyncGenerator[Step]:
        ended = (await self._run(caller, run_id)).status in ENDED
        async with aclosing(self._tail.batches(run_id, after)) as batches:
            idle = _LONGEST_WAIT_AFTER_END if ended else self._idle_seconds
            async for batch in _with_idle(batches, idle):
                if batch:
                    after = batch[-1].seq
                elif (await self._run(caller, run_id)).status in ENDED:
                    # The run ended but its log did not: its worker died in between, or Redis was away.
                    raise CursorTooOld(after)
                yield batch

    async def _run(self, caller: Caller, run_id: str) -> Run:
        async with self._database.tenant(caller) as tx:
            return await Runs(tx).get(run_id)


async def _with_idle(
    batches: AsyncIterator[Sequence[Entry]], idle_seconds: float
) -> AsyncGenerator[Sequence[Entry]]:
    """Pass batches on, and an empty one whenever none came for `idle_seconds`."""
    pending: asyncio.Task[Sequence[Entry] | None] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(_next(batches))
            done, _ = await asyncio.wait({pending}, timeout=idle_seconds)
            if not done:
                yield ()
                continue
            batch, pending = pending.result(), None
            if batch is None:
                return
            yield batch
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.wait({pending})


async def _next(batches: AsyncIterator[Sequence[Entry]]) -> Sequence[Entry] | None:
    return await anext(batches, None)
