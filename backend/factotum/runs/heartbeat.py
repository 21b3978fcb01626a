"""The heartbeat: one thread a process renews the leases of all its runs, however busy the event loop is.

It has a loop and a connection of its own. What it learns (a lease is lost, a stop was requested, a message
was sent) it hands to the event loop that carries the runs.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from factotum.core.errors import FactotumError
from factotum.runs.live import LiveRuns
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.records import Wishes

log = logging.getLogger(__name__)

_BEATS_A_LEASE = 3


class Heartbeat:
    """An async context around the work of a process. `connect` makes a Database for the thread alone."""

    def __init__(
        self, connect: Callable[[], Database], live: LiveRuns, *, owner: str, lease_seconds: float
    ) -> None:
        self._connect = connect
        self._live = live
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._home: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()

    async def __aenter__(self) -> Self:
        self._home = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        asyncio.run(self._beat())

    async def _beat(self) -> None:
        database: Database | None = None
        try:
            while not self._stop.is_set():
                held = dict(self._live.pairs())
                if held:
                    try:
                        async with asyncio.timeout(self._lease_seconds):
                            database = database or await self._opened()
                            await self._renew(database, held)
                    except (FactotumError, TimeoutError) as fault:
                        # The fence keeps the runs safe meanwhile; with the database back, they are renewed.
                        log.warning("leases were not renewed: %s", fault)
                await asyncio.to_thread(self._stop.wait, self._lease_seconds / _BEATS_A_LEASE)
        finally:
            if database is not None:
                await database.close()

    async def _opened(self) -> Database:
        """Open a new one: a pool that could not be opened is of no more use."""
        database = self._connect()
        await database.open()
        return database

    async def _renew(self, database: Database, held: Mapping[str, int]) -> None:
        async with database.system() as tx:
            renewed = await Leases(tx).renew(self._owner, held, self._lease_seconds)
        if self._home is not None:
            self._home.call_soon_threadsafe(self._apply, dict(held), renewed)

    def _apply(self, held: Mapping[str, int], renewed: Mapping[str, Wishes]) -> None:
        for run_id, attempt in held.items():
            live = self._live.get(run_id)
            if live is None or live.attempt != attempt:
                continue
            if run_id not in renewed:
                live.cancel("lost")
            elif renewed[run_id].stop:
                live.cancel("stop")
            elif renewed[run_id].unread:
                live.look()
