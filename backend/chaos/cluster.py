"""The product as production runs it: several API and worker processes on one Postgres and one Valkey.

Each is a process of its own that can be killed, frozen and replaced; Postgres and Valkey come back by
themselves, as a managed service would.
"""

import asyncio
import os
import secrets
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.rows import DictRow, dict_row

from chaos.part import Part, free_port
from chaos.tasks import script
from factotum.core.tasks import cancelled
from factotum.embedded.stack import EmbeddedStack
from factotum.store.migrate import migrate
from factotum.testing.provider.server import ScriptedProvider

_GUNICORN = Path(__file__).resolve().parents[2] / "docker" / "gunicorn.conf.py"
_AUDIT = Path(__file__).with_name("audit.sql")
_WORKER = "from factotum.cli.main import main; main()"
_DATABASE_SECONDS = 60.0
_RESTART_SECONDS = 1.0


class Cluster:
    """An async context: inside it everything runs. `folder` must be short: it holds sockets."""

    def __init__(self, folder: Path, *, apis: int, workers: int, lease_seconds: float) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(32)
        self.lease_seconds = lease_seconds
        self.apis: list[Part] = []
        self.workers: list[Part] = []
        self._counts = (apis, workers)
        self._made = 0
        self.restarts = 0
        self._environment: dict[str, str] = {}
        self._stack = AsyncExitStack()
        self._embedded = EmbeddedStack(folder / "data")

    @property
    def addresses(self) -> list[str]:
        """Where the API processes answer."""
        return [part.address for part in self.apis]

    @property
    def postgres_pid(self) -> int:
        """The postmaster's process id; 0 while there is none."""
        postgres = self._embedded.postgres
        return (postgres.pid if postgres is not None else None) or 0

    @property
    def valkey_pid(self) -> int:
        """Valkey's process id; 0 while there is none."""
        valkey = self._embedded.valkey
        return (valkey.pid if valkey is not None else None) or 0

    @property
    def valkey_data(self) -> Path:
        """The folder with what Valkey has on its disk."""
        return self.folder / "data" / "valkey" / "data"

    @property
    def redis_url(self) -> str:
        """Where Valkey listens."""
        return self._embedded.redis_url or ""

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        embedded = await self._stack.enter_async_context(self._embedded)
        admin, service = embedded.admin_database_url or "", embedded.database_url or ""
        await asyncio.to_thread(migrate, admin, service)
        await asyncio.to_thread(_install_audit, admin)
        provider = await self._stack.enter_async_context(ScriptedProvider(script()))
        self._environment = self._variables(service, provider.root)
        apis, workers = self._counts
        self.apis = [self.new_api() for _ in range(apis)]
        self.workers = [self.new_worker() for _ in range(workers)]
        self._stack.push_async_callback(self._end)
        for part in (*self.apis, *self.workers):
            part.start()
        supervising = asyncio.create_task(self._supervise(), name="supervisor")
        self._stack.push_async_callback(cancelled, supervising)
        for part in self.apis:
            await part.listening()

    async def _supervise(self) -> None:
        """Start again what has ended by itself, as the platform does: one that found no database, say."""
        while True:
            await asyncio.sleep(_RESTART_SECONDS)
            for part in (*self.apis, *self.workers):
                if part.wanted and part.has_ended:
                    self.restarts += 1
                    part.start()

    def new_api(self) -> Part:
        """Make one more API process, on a port of its own; its caller starts it."""
        port = free_port()
        bind = f"127.0.0.1:{port}"
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            str(_GUNICORN),
            "-b",
            bind,
            "factotum.api.main:app",
        ]
        return self._part("api", command, port)

    def new_worker(self) -> Part:
        """Make one more worker process; its caller starts it."""
        return self._part("worker", [sys.executable, "-c", _WORKER, "worker"])

    def _part(self, kind: str, command: list[str], port: int = 0) -> Part:
        self._made += 1
        name = f"{kind}-{self._made}"
        return Part(name, command, self._environment, self.folder / f"{name}.log", port=port)

    def _variables(self, database_url: str, provider: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FACTOTUM_")}
        return {
            **kept,
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis_url,
            "FACTOTUM_API_TOKEN": self.token,
            "FACTOTUM_DATA_FOLDER": str(self.folder / "data"),
            "FACTOTUM_LEASE_SECONDS": str(self.lease_seconds),
            "FACTOTUM_SANDBOX_PYTHON": "",
            "FACTOTUM_SCRIPTED_PROVIDER": provider,
            "WEB_CONCURRENCY": "1",
        }

    async def _end(self) -> None:
        parts = (*self.apis, *self.workers)
        for part in parts:
            part.send(signal.SIGCONT)
            part.tell(signal.SIGTERM)
        for part in parts:
            await part.gone(60)

    async def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Read the database past row-level security; tried again while it is away."""
        deadline = time.monotonic() + _DATABASE_SECONDS
        while True:
            try:
                address = self._embedded.admin_database_url or ""
                async with await psycopg.AsyncConnection[DictRow].connect(
                    address, row_factory=dict_row
                ) as connection:
                    found = await connection.execute(query.encode(), parameters)
                    return await found.fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)

    def workspace_file(self, project_id: str, name: str) -> str:
        """Return what a file of a project's workspace holds; empty when there is none."""
        file = self.folder / "data" / "sandboxes" / project_id / "workspace" / name
        return file.read_text() if file.exists() else ""


def _install_audit(admin_url: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(_AUDIT.read_bytes())
