"""The product as production runs it: several API and worker processes on one Postgres and one Valkey.

Each is a process of its own that can be killed, frozen and replaced; Postgres and Valkey come back by
themselves, as a managed service would.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.rows import DictRow, dict_row

from chaos.tasks import script
from factotum.embedded.stack import EmbeddedStack
from factotum.store.migrate import migrate
from factotum.testing.provider.server import ScriptedProvider

_GUNICORN = Path(__file__).resolve().parents[2] / "docker" / "gunicorn.conf.py"
_WORKER = "from factotum.cli.main import main; main()"
_START_SECONDS = 120.0


class Part:
    """One process that may be ended in any way and started again. `pid` is 0 while there is none."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the one that was started last."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it; it may take seconds to be of use."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and all its children."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, as a supervisor does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    async def gone(self, timeout: float) -> bool:
        """Wait until it has ended; False when it has not within `timeout` seconds, and was killed."""
        process = self._process
        if process is None:
            return True
        deadline = time.monotonic() + timeout
        while process.poll() is None:
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
                await asyncio.to_thread(process.wait)
                return False
            await asyncio.sleep(0.05)
        return True


class Cluster:
    """An async context: inside it everything runs. `folder` must be short: it holds sockets."""

    def __init__(self, folder: Path, *, apis: int, workers: int, lease_seconds: float) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(32)
        self.lease_seconds = lease_seconds
        self.apis: list[Part] = []
        self.workers: list[Part] = []
        self.addresses: list[str] = []
        self._counts = (apis, workers)
        self._stack = AsyncExitStack()
        self._embedded = EmbeddedStack(folder / "data")

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
        provider = await self._stack.enter_async_context(ScriptedProvider(script()))
        environment = self._environment(service, provider.root)
        apis, workers = self._counts
        for number in range(apis):
            port = _free_port()
            self.addresses.append(f"http://127.0.0.1:{port}")
            self.apis.append(self._part(f"api-{number}", self._api(port), environment))
        for number in range(workers):
            command = [sys.executable, "-c", _WORKER, "worker"]
            self.workers.append(self._part(f"worker-{number}", command, environment))
        self._stack.push_async_callback(self._end)
        for part in (*self.apis, *self.workers):
            part.start()
        await self._listening()

    def _part(self, name: str, command: list[str], environment: dict[str, str]) -> Part:
        return Part(name, command, environment, self.folder / f"{name}.log")

    def _api(self, port: int) -> list[str]:
        bind = f"127.0.0.1:{port}"
        return [sys.executable, "-m", "gunicorn", "-c", str(_GUNICORN), "-b", bind, "factotum.api.main:app"]

    def _environment(self, database_url: str, provider: str) -> dict[str, str]:
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

    async def _listening(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        for address in self.addresses:
            host, port = address.removeprefix("http://").split(":")
            while True:
                try:
                    _, writer = await asyncio.open_connection(host, int(port))
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    break

    async def _end(self) -> None:
        parts = (*self.apis, *self.workers)
        for part in parts:
            part.send(signal.SIGCONT)
            part.tell(signal.SIGTERM)
        for part in parts:
            await part.gone(60)

    async def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Read the database past row-level security; tried again while it is away."""
        deadline = time.monotonic() + 30
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
        found = list((self.folder / "data" / "sandboxes" / project_id).glob(f"**/{name}"))
        return found[0].read_text() if found else ""

    def logs(self) -> dict[str, str]:
        """Return the last words of every process."""
        return {file.stem: file.read_text(errors="replace")[-4000:] for file in self.folder.glob("*.log")}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def as_json(value: object) -> str:
    """Return JSON to keep beside the table."""
    return json.dumps(value, indent=2, default=str)
