"""Keeps versions of workspaces as runs go: one when a run first asks for its sandbox, one when it lets go.

Both are taken only if something changed since the newest, so the first of them mostly costs a look at the
workspace: it is for what a person uploaded, or a dead worker left. A run waits for it at most BEFORE_SECONDS,
and never for the other. What fails here is told to the log, and no run fails for it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from factotum.core.errors import FactotumError, StaleAttempt
from factotum.core.tasks import cancelled
from factotum.sandbox.port import Sandbox

_log = logging.getLogger(__name__)

BEFORE_SECONDS = 2.0
BEFORE_RUN = "before-run"
AFTER_RUN = "after-run"
_CLOSE_SECONDS = 5.0
_MOST_WAITING = 256


class Keeper:
    """Takes the snapshots of one process's runs, one of a project at a time."""

    def __init__(self) -> None:
        self._open: dict[str, Sandbox] = {}
        self._work: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def around(self, run_id: str) -> AsyncGenerator[None]:
        """Surround a run's attempt: what it worked in is kept as it left it, after it has gone on."""
        try:
            yield
        except StaleAttempt:
            self.leave(run_id)
            raise
        finally:
            sandbox = self._open.pop(run_id, None)
            if sandbox is not None:
                self._begin(sandbox, f"{AFTER_RUN} {run_id}")

    def leave(self, run_id: str) -> None:
        """Keep nothing of the present attempt: another one works there now."""
        self._open.pop(run_id, None)

    async def before(self, run_id: str, sandbox: Sandbox) -> None:
        """Keep what is there as a run comes to it, or as much as there is time for."""
        if sandbox.capabilities.snapshots:
            self._open[run_id] = sandbox
            work = self._begin(sandbox, f"{BEFORE_RUN} {run_id}")
            if work is not None:
                await asyncio.wait({work}, timeout=BEFORE_SECONDS)

    async def aclose(self) -> None:
        """Let what was begun end, for a few seconds."""
        if self._work:
            await asyncio.wait(self._work, timeout=_CLOSE_SECONDS)
        await cancelled(*self._work)

    def _begin(self, sandbox: Sandbox, note: str) -> "asyncio.Task[None] | None":
        if len(self._work) >= _MOST_WAITING:
            _log.warning("no snapshot is taken: too many are waited for")
            return None
        work = asyncio.create_task(self._keep(sandbox, note), name="snapshot")
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        return work

    async def _keep(self, sandbox: Sandbox, note: str) -> None:
        turn = self._turns.setdefault(sandbox.project_id, asyncio.Lock())
        async with turn:
            try:
                await sandbox.snapshots.keep(note)
            except (FactotumError, OSError) as fault:
                _log.warning("no snapshot of project %s was taken: %s", sandbox.project_id, fault)
