"""The service under load: an API process, a worker, Postgres, Valkey and a model, each one a process."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from factotum.embedded.stack import EmbeddedStack
from factotum.store.migrate import migrate

_BACKEND = Path(__file__).resolve().parents[2]
_GUNICORN = _BACKEND.parent / "docker" / "gunicorn.conf.py"
_WORKER = "from factotum.cli.main import main; main()"
_START_SECONDS = 120
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Service:
    """Where the parts are: the port of the API, and the process ids by name (`api`, `worker`, …)."""

    port: int
    token: str
    database_url: str
    redis_url: str
    pids: Mapping[str, int]

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each part so far, its children included."""
        return {name: sum(_cpu(each) for each in family(pid)) for name, pid in self.pids.items()}

    def rss(self) -> dict[str, float]:
        """Return the memory of the API and of the worker in MB; gunicorn's master is not counted."""
        return {name: max(_rss(each) for each in family(self.pids[name])) for name in ("api", "worker")}


@asynccontextmanager
async def served() -> AsyncGenerator[Service]:
    """Start everything; it is gone with its data when the block is left."""
    folder = Path(tempfile.mkdtemp(prefix="ftl-"))
    folder.chmod(0o711)
    started: list[subprocess.Popen[bytes]] = []
    try:
        async with EmbeddedStack(folder / "data") as embedded:
            admin, database_url = embedded.admin_database_url or "", embedded.database_url or ""
            await asyncio.to_thread(migrate, admin, database_url)
            model = _model()
            started.append(model)
            assert model.stdout is not None
            address = (await asyncio.to_thread(model.stdout.readline)).decode().strip().removesuffix("/v1")
            token, port = secrets.token_urlsafe(32), _free_port()
            environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith("FACTOTUM_")},
                "PYTHONPATH": str(_BACKEND),
                "DATABASE_URL": database_url,
                "REDIS_URL": embedded.redis_url or "",
                "FACTOTUM_API_TOKEN": token,
                "FACTOTUM_DATA_FOLDER": str(folder / "data"),
                "FACTOTUM_SCRIPTED_PROVIDER": address,
                "FACTOTUM_WORKERS": "200",
                "FACTOTUM_ACCOUNT_RUNS": "10000",
                "FACTOTUM_TITLES": "off",
                "WEB_CONCURRENCY": "1",
            }
            bind = f"127.0.0.1:{port}"
            api = ["-m", "gunicorn", "-c", str(_GUNICORN), "-b", bind, "factotum.api.main:app"]
            for command in (api, ["-c", _WORKER, "worker"]):
                started.append(_started(command, environment, folder / f"{len(started)}.log"))
            await _listening(port)
            postgres, valkey = embedded.postgres, embedded.valkey
            yield Service(
                port,
                token,
                database_url,
                embedded.redis_url or "",
                {
                    "api": started[1].pid,
                    "worker": started[2].pid,
                    "postgres": (postgres.pid if postgres is not None else None) or 0,
                    "valkey": (valkey.pid if valkey is not None else None) or 0,
                    "model": model.pid,
                },
            )
            await asyncio.to_thread(_end, started)
    finally:
        _end(started)
        shutil.rmtree(folder, ignore_errors=True)


def _model() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.server"]
    return subprocess.Popen(command, cwd=_BACKEND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _started(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen([sys.executable, *command], env=environment, stdout=output, stderr=output)


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except OSError:  # it ended meanwhile
                continue
    return found


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # With those children that have ended.
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / _TICKS


def _rss(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(started):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            if process.stdin is not None:
                process.stdin.close()
    for process in started:
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    started.clear()


async def _listening(port: int) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
