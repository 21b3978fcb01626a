"""What a laptop needs in place of Supabase and Redis, started together and ended together."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from factotum.core.tasks import whole
from factotum.embedded.data_folder import DataFolder
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.embedded.supervisor import Report, quiet
from factotum.embedded.valkey import EmbeddedValkey


class EmbeddedStack:
    """An async context: inside it, the servers that were asked for run, and the data folder is ours.

    `report` is called with each step that takes time, from other threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        need_postgres: bool = True,
        need_valkey: bool = True,
        report: Report = quiet,
    ) -> None:
        self.folder = DataFolder(folder)
        self.postgres = EmbeddedPostgres(self.folder, report=report) if need_postgres else None
        self.valkey = EmbeddedValkey(self.folder, report=report) if need_valkey else None
        self.local_token = ""
        """The bearer token of the local account; known inside the context. Keep it out of logs."""

    @property
    def database_url(self) -> str | None:
        """Where the service signs in; None when Postgres was not asked for."""
        return self.postgres.service_url() if self.postgres is not None else None

    @property
    def admin_database_url(self) -> str | None:
        """Where migrations sign in; None when Postgres was not asked for."""
        return self.postgres.admin_url() if self.postgres is not None else None

    @property
    def redis_url(self) -> str | None:
        """The address of Valkey; None when it was not asked for."""
        return self.valkey.url if self.valkey is not None else None

    async def __aenter__(self) -> Self:
        """Start. Raises SetupFault when a part cannot start; nothing is left running then."""
        await asyncio.to_thread(self.folder.lock)
        try:
            self.local_token = await asyncio.to_thread(self.folder.local_token)
            # A thread cannot be cancelled: what is starting is waited for before anything is stopped.
            await whole(self._start())
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    def _parts(self) -> list[EmbeddedPostgres | EmbeddedValkey]:
        return [part for part in (self.postgres, self.valkey) if part is not None]

    async def _start(self) -> None:
        starting = [asyncio.create_task(asyncio.to_thread(part.start)) for part in self._parts()]
        if starting:
            await asyncio.wait(starting)
        faults = [fault for task in starting if (fault := task.exception()) is not None]
        if faults:
            raise faults[0]

    async def _stop(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for part in self._parts():
                    group.create_task(asyncio.to_thread(part.stop))
        finally:
            self.folder.unlock()
