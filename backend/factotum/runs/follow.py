"""Follows a run for one client: the log from its cursor on, and a snapshot where the log cannot go on."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from factotum.bus.entries import CursorTooOld, Entry
from factotum.bus.feed import Take
from factotum.bus.run_log import RunLog
from factotum.bus.tail import LiveTail
from factotum.core.errors import Unavailable
from factotum.protocol.events import Snapshot
from factotum.protocol.runs import ENDED, Run
from factotum.runs.watching import Watch
from factotum.store.approvals import Approvals
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.standing import Standing

_LONGEST_WAIT_AFTER_END = 1.0

Step = Sequence[Entry] | Snapshot
"""What a client is told at once; an empty sequence is a sign of life and nothing else."""


class Follower:
    """Serves the events of runs to clients.

    `idle_seconds`: how often an idle client gets a sign of life, and how often a client's access is checked.
    """

    def __init__(
        self, database: Database, log: RunLog, tail: LiveTail, *, idle_seconds: float = 15.0
    ) -> None:
        self._database = database
        self._log = log
        self._tail = tail
        self._idle_seconds = idle_seconds
        self._watch = Watch(database, idle_seconds)

    async def has_more(self, caller: Caller, run_id: str, after: int) -> bool:
        """Tell whether there is or will be anything after the cursor. Raises NotFound (`run_not_found`)."""
        run, known = await self._look(caller, run_id)
        if run.status not in ENDED:
            return True
        try:
            (last,) = await self._log.last_seqs([run_id])
        except Unavailable:
            last = 0
        # A run that ended while Redis was away may know of no number at all: its end is told once, from 0.
        return after < max(last, known, 1)

    async def follow(
        self, caller: Caller, run_id: str, after: int, take: Take | None = None
    ) -> AsyncGenerator[Step]:
        """Yield what comes after the cursor until the run has ended.

        Every step from the log is dense after the one before; a Snapshot replaces all that came before it.
        What `take` takes, while the client waits for more, is not yielded.
        When Redis is away the client gets a snapshot and the stream ends, to be asked for again.
        Raises NotFound when the caller may not see the run (any more), SubscriberTooSlow.
        """
        told = 0
        while True:
            try:
                async with aclosing(self._from_log(caller, run_id, after, told, take)) as steps:
                    async for step in steps:
                        yield step
                return
            except CursorTooOld as gone:
                after = gone.resume_after
            except Unavailable as fault:
                if fault.stable_code == "subscriber_too_slow":
                    raise
                yield await self.snapshot(caller, run_id, after)
                return
            async with self._database.tenant(caller) as tx:
                told = await Runs(tx).log_seq(run_id)
            snapshot = await self.snapshot(caller, run_id, after)
            yield snapshot
            if snapshot.run.status in ENDED:
                return

    async def snapshot(self, caller: Caller, run_id: str, seq: int) -> Snapshot:
        """Read the whole state of a run. `seq`: the last event that it is known to include.

        Of a run that has ended it includes all.
        """
        async with self._database.tenant(caller) as tx:
            run = await Runs(tx).get(run_id)
            if run.status in ENDED:
                seq = max(seq, await Runs(tx).log_seq(run_id), 1)
            messages = await Messages(tx).all_of_run(run_id)
            pending = await Approvals(tx).of_run(run_id, pending=True)
        return Snapshot(seq=seq, run=run, messages=tuple(messages), approvals=tuple(pending))

    async def _from_log(
        self, caller: Caller, run_id: str, after: int, told: int, take: Take | None
    ) -> AsyncGenerator[Sequence[Entry]]:
        """Yield the log. Raises CursorTooOld when Postgres knows more than the log, and more than `told`.

        That is so when a worker died before it had shown what it stored, or Redis was away then.
        """
        run, known = await self._look(caller, run_id)
        opened = Standing(run.status in ENDED, known)
        idle = _LONGEST_WAIT_AFTER_END if opened.ended else self._idle_seconds

        def taken(batch: Sequence[Entry]) -> bool:
            nonlocal after
            if take is None or watched.is_doubtful or not take(batch):
                return False
            after = batch[-1].seq
            return True

        async with (
            self._watch.of(caller, run_id, opened) as watched,
            aclosing(self._tail.batches(run_id, after, idle_seconds=idle, take=taken)) as batches,
        ):
            async for batch in batches:
                if batch:
                    after = batch[-1].seq
                if watched.is_doubtful:
                    run, known = await self._look(caller, run_id)
                    watched.note(Standing(run.status in ENDED, known))
                if not batch and (watched.seen.ended or watched.seen.log_seq > max(after, told)):
                    raise CursorTooOld(after)
                yield batch

    async def _look(self, caller: Caller, run_id: str) -> tuple[Run, int]:
        """Return the run and the last number of its log that its row knows of. Raises NotFound."""
        async with self._database.tenant(caller) as tx:
            runs = Runs(tx)
            return await runs.get(run_id), await runs.log_seq(run_id)
