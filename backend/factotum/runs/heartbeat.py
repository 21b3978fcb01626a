"""The heartbeat: one thread a process renews the leases of all its runs, however busy the event loop is.

It has a loop and a connection of its own. What it learns (a lease is lost, a stop was requested, a message
was sent) it hands to the event loop that carries the runs.

A run whose lease could not be renewed is given up before the lease ends, by this machine's own clock: its
tools have ended then when another worker takes it. So it is for a process that was stopped and wakes up.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from factotum.core.clock import since_boot
from factotum.core.errors import FactotumError
from factotum.core.tasks import side_by_side, started_thread
from factotum.runs.live import LiveRuns
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.records import Wishes

log = logging.getLogger(__name__)

_BEATS_A_LEASE = 3
_LOOKS_A_LEASE = 15
_PAUSES = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each look for rows that are free to be renewed; then they wait for the next beat."""
_FENCED_BEFORE = 0.2
"""How much of a lease is left, as a part of it, when a run that was not renewed is given up."""


class Heartbeat:
    """An async context around the work of a process. `connect` makes a Database for the thread alone."""

    def __init__(
        self, connect: Callable[[], Database], live: LiveRuns, *, owner: str, lease_seconds: float
    ) -> None:
        self._connect = connect
        self._live = live
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._home: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._ended: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._home = asyncio.get_running_loop()
        self._ended = started_thread(lambda: asyncio.run(self._live_on()), name="heartbeat")
        return self

    async def ended(self) -> None:
        """Wait for its end. Raises what ended it, a fault of ours: no lease is renewed from then on."""
        assert self._ended is not None
        await asyncio.shield(self._ended)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._ended is not None:
            await asyncio.wait({self._ended})

    def _at_home(self, call: Callable[..., None], *arguments: object) -> None:
        if self._home is not None:
            self._home.call_soon_threadsafe(call, *arguments)

    async def _live_on(self) -> None:
        async with side_by_side() as group:
            watching = group.create_task(self._watch())
            await self._beat()
            watching.cancel()

    async def _watch(self) -> None:
        """Give up the runs whose lease was not renewed in time, whatever keeps the renewal."""
        while True:
            await asyncio.sleep(self._lease_seconds / _LOOKS_A_LEASE)
            late = since_boot() + _FENCED_BEFORE * self._lease_seconds
            for live in self._live:
                if live.lease_ends < late and live.reason != "lost":
                    log.warning("run %s is given up: its lease could not be renewed", live.run_id)
                    self._at_home(live.cancel, "lost")

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
                        # With the database back in time, they are renewed; else they are given up.
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
        """Renew all of `held`. Rows that are being written to, mostly by the runs' own steps, come again."""
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            lease_ends = since_boot() + self._lease_seconds
            async with database.system() as tx:
                found = await Leases(tx).renew(self._owner, held, self._lease_seconds)
            renewed = {run_id: wishes for run_id, wishes in found.items() if wishes is not None}
            for live in self._live:
                if live.run_id in renewed and held[live.run_id] == live.attempt:
                    live.lease_ends = lease_ends
            busy = {run_id: held[run_id] for run_id in found.keys() - renewed.keys()}
            settled = {run_id: attempt for run_id, attempt in held.items() if run_id not in busy}
            self._at_home(self._apply, settled, renewed)
            if not busy:
                return
            held = busy

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
