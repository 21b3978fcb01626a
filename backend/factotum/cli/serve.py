"""Runs the service: API and worker in one process for a laptop, or a worker alone for production.

`serve` brings what is missing (Postgres, Valkey, the schema, the local account), gives one address with a
one-time code, and ends cleanly: streams tell their clients to come back, the worker hands its runs over, and
the servers stop.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from factotum.api.codes import CodeBook
from factotum.api.main import create_app, local_context
from factotum.api.serving import SERVER_OPTIONS, ApiServer
from factotum.cli.ending import ended_by_signal
from factotum.core.errors import SetupFault
from factotum.core.tasks import cancelled
from factotum.embedded.account import Account
from factotum.embedded.stack import EmbeddedStack
from factotum.embedded.supervisor import child_command
from factotum.services import Addresses, Services, addresses_of, make_gateway, open_services, serve_previews
from factotum.settings import Settings
from factotum.store.migrate import migrate
from factotum.worker.worker import Worker

_SCRIPT_START_SECONDS = 30.0
_END_SECONDS = 45.0
"""How long the process may take to end beyond the worker's grace."""

Report = Callable[[str], None]
"""Is told each step that takes time."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What to tell the person who started the service. `code` opens `url` once, as `url/#code=…`."""

    url: str
    code: str
    services: Services


async def serve(
    settings: Settings, *, script: Path | None, report: Report, ready: Callable[[Ready], None]
) -> None:
    """Run API and worker until SIGINT or SIGTERM.

    `script` is played in place of a model's provider. `ready` is called once, when the service listens.
    Raises SetupFault when something must be mended first: a port in use, a broken data folder.
    """
    ended = ended_by_signal(settings.worker_grace + _END_SECONDS)
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(_listen(settings.host, settings.port))
        addresses, token, settings = await _state(stack, settings, report)
        if script is not None:
            address = await stack.enter_async_context(_scripted(script))
            settings = settings.model_copy(update={"scripted_provider": address})
        opened = open_services(settings, addresses, "factotum", previews_shown=True)
        services = await stack.enter_async_context(opened)
        await stack.enter_async_context(serve_previews(services))
        codes = CodeBook(token)
        app = create_app(lambda: local_context(services, token, codes))
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        url = f"http://{host}:{listener.getsockname()[1]}"
        stack.enter_context(_announced(settings.data_folder, url))
        server = _Server(app, lambda: ready(Ready(url, codes.issue(), services)))
        await _together(server, listener, services, ended)


async def work(settings: Settings) -> None:
    """Run a worker alone until SIGINT or SIGTERM, on the addresses of the settings."""
    ended = ended_by_signal(settings.worker_grace + _END_SECONDS)
    async with AsyncExitStack() as stack:
        opened = open_services(settings, addresses_of(settings), "factotum-worker")
        services = await stack.enter_async_context(opened)
        await stack.enter_async_context(serve_previews(services, shared=True))
        await _work(services, ended, warm_first=True)


async def _state(
    stack: AsyncExitStack, settings: Settings, report: Report
) -> tuple[Addresses, str, Settings]:
    """Start the embedded parts that are needed; return where state is kept, the local token, and settings.

    With the embedded database these name a key for its secrets, which lies beside it.
    """
    embedded = EmbeddedStack(
        settings.data_folder,
        need_postgres=settings.database_url is None,
        need_valkey=settings.redis_url is None,
        report=report,
    )
    await stack.enter_async_context(embedded)
    database_url = embedded.database_url or _secret(settings.database_url)
    if embedded.admin_database_url is not None:
        report("bringing the database up to date")
        await asyncio.to_thread(migrate, embedded.admin_database_url, database_url)
    token = settings.api_token.get_secret_value() if settings.api_token else None
    addresses = Addresses(database_url, embedded.redis_url or _secret(settings.redis_url))
    if settings.secrets_key is None and embedded.database_url is not None:
        key = await asyncio.to_thread(embedded.folder.secret, "secrets-key")
        settings = settings.model_copy(update={"secrets_key": SecretStr(key)})
    return addresses, token or await asyncio.to_thread(embedded.folder.local_token), settings


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""


async def _together(
    server: "_Server", listener: socket.socket, services: Services, ended: asyncio.Event
) -> None:
    """Run the API and the worker; when one of them ends, or a signal comes, end the other."""
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="api")
    working = asyncio.create_task(_work(services, ended), name="worker")
    over = asyncio.create_task(ended.wait(), name="ended")
    await asyncio.wait({serving, working, over}, return_when=asyncio.FIRST_COMPLETED)
    ended.set()
    server.should_exit = True
    await asyncio.wait({serving, working, over})
    for task in (serving, working):
        task.result()


class _Server(ApiServer):
    """The API's server with signals left to us, telling when it listens."""

    def __init__(self, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, **SERVER_OPTIONS))
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


async def _work(services: Services, ended: asyncio.Event, *, warm_first: bool = False) -> None:
    """Carry runs until `ended`. `warm_first`: take none before the way to the models is ready.

    Where there are several workers, a run is better off with one that has begun than with one that imports.
    """
    gateway = make_gateway(services)
    worker = Worker(services, gateway)
    warming = asyncio.create_task(gateway.warm(), name="warm")
    over = asyncio.create_task(ended.wait(), name="worker-ended")
    try:
        if warm_first:
            await asyncio.wait({warming, over}, return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            await _work_until(over, worker)
    finally:
        ended.set()
        await cancelled(warming, over)
        await gateway.close()


async def _work_until(over: "asyncio.Task[bool]", worker: Worker) -> None:
    working = asyncio.create_task(worker.run(), name="worker-run")
    await asyncio.wait({working, over}, return_when=asyncio.FIRST_COMPLETED)
    worker.drain()
    await asyncio.wait({working})
    working.result()


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow is started. Raises SetupFault (`port_in_use`)."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise SetupFault(
            f"Cannot listen on {host}:{port}: {error.strerror}.",
            hint="Stop what uses the port, or choose another one: FACTOTUM_PORT=8788 or --port 8788.",
            code="port_in_use",
        ) from error
    return listener


@contextmanager
def _announced(folder: Path, url: str) -> Generator[None]:
    """Leave a note of the running service for the command line's other commands."""
    note = folder / "server.json"
    note.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    note.chmod(0o600)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


@asynccontextmanager
async def _scripted(script: Path) -> AsyncGenerator[str]:
    """Play a script in a process of its own, and yield its address; it ends with us, however we end.

    Raises SetupFault (`script_broken`).
    """
    command = [sys.executable, "-m", "factotum.testing.provider", str(script), "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *child_command(command, Account(-1, -1), signal.SIGTERM), stdout=PIPE, stderr=PIPE
    )
    try:
        yield await _first_address(process, script)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _first_address(process: asyncio.subprocess.Process, script: Path) -> str:
    out, err = process.stdout, process.stderr
    if out is None or err is None:
        raise AssertionError("both were asked for")
    async with asyncio.timeout(_SCRIPT_START_SECONDS):
        line = await out.readline()
        if line:
            return f"http://127.0.0.1:{json.loads(line)['port']}"
        said = (await err.read(4000)).decode(errors="replace").strip()
    raise SetupFault(f"The script {script} cannot be played: {said}", code="script_broken")
