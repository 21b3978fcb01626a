"""Looks at the runs that a process's clients follow: at all of a caller's together, beside their streams.

A look for each client is a transaction each: a thousand idle clients would keep a core busy with them.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from factotum.core.errors import Unavailable
from factotum.core.tasks import cancelled
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.standing import Standing, standing

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 500
_LOOKS_A_PERIOD = 4
_BLIND_PERIODS = 4


class Watched:
    """What was last seen of a run for one caller; all of the caller's clients on the run share it.

    `is_doubtful`: somebody must look now. The run was not there, or nobody has looked for `blind_seconds`.
    Close it in the end.
    """

    __slots__ = ("_blind_seconds", "_timer", "clients", "is_doubtful", "looked_at", "seen")

    def __init__(self, blind_seconds: float) -> None:
        self.clients = 0
        self._blind_seconds = blind_seconds
        self._timer: asyncio.TimerHandle | None = None
        self.note(Standing(ended=False, log_seq=0))

    def note(self, seen: Standing | None) -> None:
        """Take down what a look has found; None: the caller may not see the run."""
        loop = asyncio.get_running_loop()
        self.is_doubtful = seen is None
        self.seen = seen or self.seen
        self.looked_at = loop.time()
        self.close()
        self._timer = loop.call_later(self._blind_seconds, self._doubt)

    def close(self) -> None:
        """End its timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _doubt(self) -> None:
        self.is_doubtful = True


class Watch:
    """Looks at each run that is followed about every `seconds`."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._watched: dict[tuple[Caller, str], Watched] = {}
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def of(self, caller: Caller, run_id: str, seen: Standing) -> AsyncGenerator[Watched]:
        """Watch a run for one more client, who has just seen it so."""
        watched = self._watched.get((caller, run_id))
        if watched is None:
            watched = self._watched[caller, run_id] = Watched(_BLIND_PERIODS * self._seconds)
        watched.clients += 1
        watched.note(seen)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_now_and_then(), name="watch")
        try:
            yield watched
        finally:
            watched.clients -= 1
            if not watched.clients:
                watched.close()
                del self._watched[caller, run_id]
            await self._rest()

    async def _rest(self) -> None:
        """End the looking when nobody is left to look for."""
        task = self._task
        if task is not None and not self._watched:
            self._task = None
            await cancelled(task)

    async def _look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / _LOOKS_A_PERIOD)
            due = asyncio.get_running_loop().time() - self._seconds
            callers: defaultdict[Caller, list[str]] = defaultdict(list)
            for (caller, run_id), watched in self._watched.items():
                if watched.looked_at <= due:
                    callers[caller].append(run_id)
            try:
                for caller, run_ids in callers.items():
                    for first in range(0, len(run_ids), _MOST_AT_ONCE):
                        await self._look(caller, run_ids[first : first + _MOST_AT_ONCE])
            except Unavailable as fault:
                log.warning("followed runs are not looked at: %s", fault.message)

    async def _look(self, caller: Caller, run_ids: list[str]) -> None:
        async with self._database.tenant(caller) as tx:
            found = await standing(tx, run_ids)
        for run_id in run_ids:
            watched = self._watched.get((caller, run_id))
            if watched is not None:
                watched.note(found.get(run_id))
