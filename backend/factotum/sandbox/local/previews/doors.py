"""How a request for a preview gets to the process in which the sandbox runs.

Each process of the service that runs local sandboxes keeps a door: a Unix socket in a folder of the data
folder that the service's user alone may enter. Whoever was asked for a preview and has no such sandbox knocks
at all doors at once, with a project and a port; the one behind which the port is open says yes, and carries
bytes from then on. There is no register that a dead process could leave wrong: its door does not answer.
"""

import asyncio
import contextlib
import os
import socket
import struct
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from factotum.core.errors import FactotumError
from factotum.core.tasks import cancelled
from factotum.sandbox.local.previews.passes import Pass
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.port import Connection

_FORM: Final = struct.Struct(">16sH")
_YES: Final = b"\1"
_CHUNK: Final = 65536
_KNOCK_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 12.0
"""Longer than a sandbox takes at most to say whether a port is open."""
_IDLE_SECONDS: Final = 600.0
_MOST: Final = 256
_MOST_DOORS: Final = 256
_BACKLOG: Final = 128
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CREDENTIALS: Final = struct.Struct("3i")


async def reach(provider: LocalSandboxProvider, allowed: Pass) -> Connection | None:
    """Open a connection to a port of a sandbox that runs in this process; None when none listens there."""
    sandbox = await provider.running(allowed.project_id)
    if sandbox is None:
        return None
    try:
        return await sandbox.connect(allowed.port)
    except FactotumError:
        return None


class Doors:
    """The doors of all processes over one folder; `serving` opens this process's own."""

    def __init__(self, folder: Path) -> None:
        """`folder` must exist, and be the service's alone."""
        self._folder = folder
        self._own = ""
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self, provider: LocalSandboxProvider) -> AsyncGenerator[None]:
        """Let other processes reach the sandboxes of `provider` until the block is left. Raises OSError."""
        name = f"{os.getpid()}-{os.urandom(6).hex()}"
        listener = await asyncio.to_thread(_listen, self._folder, name)

        def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._open) >= _MOST or not _is_ours(writer):
                writer.transport.abort()
                return
            task = asyncio.create_task(_let_in(provider, Stream(reader, writer)), name="preview-door")
            self._open.add(task)
            task.add_done_callback(self._open.discard)

        server = await asyncio.start_unix_server(greet, sock=listener)
        self._own = name
        try:
            yield
        finally:
            server.close()
            await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)
            await cancelled(*self._open)

    async def connect(self, allowed: Pass) -> Connection | None:
        """Return a connection through the first other process's door that has the port, or None."""
        names = await asyncio.to_thread(self._others)
        knocks = [asyncio.create_task(self._knock(name, allowed), name="preview-knock") for name in names]
        found: Connection | None = None
        try:
            for first in asyncio.as_completed(knocks):
                if (found := await first) is not None:
                    return found
        finally:
            await cancelled(*knocks)
            for knock in knocks:
                late = None if knock.cancelled() or knock.exception() else knock.result()
                if late is not None and late is not found:
                    await late.close()
        return None

    def _others(self) -> list[str]:
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            return [
                entry.name for entry in entries if entry.name != self._own and not entry.name.startswith(".")
            ][:_MOST_DOORS]
        return []

    async def _knock(self, name: str, allowed: Pass) -> Connection | None:
        folder = os.open(self._folder, _FOLDER)
        try:
            async with asyncio.timeout(_KNOCK_SECONDS):
                # A socket's whole path may have 107 bytes at most; this one is short whatever the folder is.
                way = f"/proc/self/fd/{folder}/{name}"
                stream = Stream(*await asyncio.open_unix_connection(way, limit=_CHUNK))
        except (OSError, TimeoutError):
            return None
        finally:
            os.close(folder)
        answer = b""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await stream.write(_FORM.pack(uuid.UUID(allowed.project_id).bytes, allowed.port))
                answer = await stream.read(1)
        except (OSError, TimeoutError):
            pass
        finally:
            if answer != _YES:
                await stream.close()
        return stream if answer == _YES else None


class Stream:
    """A connection over a socket. Implements the port's Connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def read(self, most: int) -> bytes:
        """Return what came, at most `most` bytes; nothing is the end."""
        try:
            return await self.reader.read(most)
        except ConnectionError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send, and wait until there is room for more. Raises OSError when it was closed."""
        self.writer.write(data)
        await self.writer.drain()

    async def finish(self) -> None:
        """Say that nothing more will be written."""
        with contextlib.suppress(OSError):
            self.writer.write_eof()

    async def close(self) -> None:
        """Let it go."""
        self.writer.close()


async def _let_in(provider: LocalSandboxProvider, outer: Stream) -> None:
    connection: Connection | None = None
    try:
        async with asyncio.timeout(_KNOCK_SECONDS):
            project, port = _FORM.unpack(await outer.reader.readexactly(_FORM.size))
        connection = await reach(provider, Pass(str(uuid.UUID(bytes=project)), port))
        if connection is not None:
            await outer.write(_YES)
            await _carry(outer, connection)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return  # whoever asked is gone, or was silent for too long
    finally:
        if connection is not None:
            await connection.close()
        await outer.close()


async def _carry(outer: Stream, inner: Connection) -> None:
    """Carry bytes both ways until what is inside has said everything."""
    inward = asyncio.create_task(_pour(outer, inner), name="preview-door-in")
    try:
        while True:
            async with asyncio.timeout(_IDLE_SECONDS):
                data = await inner.read(_CHUNK)
                if not data:
                    return
                await outer.write(data)
    finally:
        await cancelled(inward)


async def _pour(outer: Stream, inner: Connection) -> None:
    with contextlib.suppress(OSError):
        while data := await outer.read(_CHUNK):
            await inner.write(data)
        await inner.finish()


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the other side is a process of our own user: the folder's mode says so too."""
    held = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
    )
    return _CREDENTIALS.unpack(held)[1] == os.geteuid()


def _listen(folder: Path, name: str) -> socket.socket:
    """Make a door, and remove those of processes that are gone. Blocks."""
    for entry in folder.iterdir():
        if not _answers(folder, entry.name):
            with contextlib.suppress(OSError):
                entry.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    held = os.open(folder, _FOLDER)
    draft = f".{name}"
    try:
        listener.bind(f"/proc/self/fd/{held}/{draft}")
        (folder / draft).chmod(0o600)
        listener.listen(_BACKLOG)
        (folder / draft).rename(folder / name)  # so that a door which is there answers
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(held)
    listener.setblocking(False)
    return listener


def _answers(folder: Path, name: str) -> bool:
    if name.startswith("."):
        return True  # one that is being made
    held = os.open(folder, _FOLDER)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(f"/proc/self/fd/{held}/{name}")
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # busy, or stopped: no proof that it is gone
        finally:
            os.close(held)
    return True
