"""Ports inside a sandbox: which are open, as the kernel tells it, and streams to them."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from pathlib import Path

from factotum.core.errors import InvalidInput, NotFound
from factotum.sandbox.local.box import Box, Job

_LISTENING = "0A"
_TABLE_LIMIT = 1_000_000
_HIGHEST = 65535
_OURS = frozenset({3128})
"""The forwarder of the egress proxy: no server of the agent's."""
_LOCAL = re.compile(r"(?:[0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})")
_ANSWERED = b"\1"
_CHUNK = 65536


def listening(process: int, proc: Path = Path("/proc")) -> list[int]:
    """Return the TCP ports that anything in the network of `process` listens on. Blocks.

    Read from outside: what is inside has no say in it.
    """
    found: set[int] = set()
    for table in ("tcp", "tcp6"):
        try:
            with (proc / str(process) / "net" / table).open(encoding="ascii") as file:
                text = file.read(_TABLE_LIMIT)
        except OSError:
            continue
        for line in text.splitlines()[1:]:
            columns = line.split()
            local = _LOCAL.fullmatch(columns[1]) if len(columns) > 3 and columns[3] == _LISTENING else None
            if local is not None:
                found.add(int(local[1], 16))
    return sorted(found - _OURS)


class LocalConnection:
    """A stream to a port inside. Implements the port's Connection."""

    def __init__(self, box: Box, job: Job, stream: socket.socket, release: Callable[[], None]) -> None:
        self._box = box
        self._job = job
        self._stream = stream
        self._release = release
        self._is_open = True

    async def read(self, most: int) -> bytes:
        """Return what came, at most `most` bytes; nothing is the end."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._stream, min(most, _CHUNK))
        except ConnectionError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send, and wait until there is room for more. Raises OSError when it was closed."""
        await asyncio.get_running_loop().sock_sendall(self._stream, data)

    async def finish(self) -> None:
        """Say that nothing more will be written."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_WR)

    async def close(self) -> None:
        """Let it go."""
        if self._is_open:
            self._is_open = False
            self._stream.close()
            self._release()
            await self._box.end(self._job)


async def connect_port(box: Box, port: int, timeout: float, release: Callable[[], None]) -> LocalConnection:
    """Open a stream to a port. `release` is called when it is closed, or could not be opened.

    Raises NotFound (`port_not_open`).
    """
    if not 0 < port <= _HIGHEST:
        raise InvalidInput(f"A port is a number from 1 to {_HIGHEST}.", code="port_invalid")
    if port in _OURS:
        release()
        raise not_open(port)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    try:
        with theirs:
            job = await box.connect(port, theirs.fileno())
    except BaseException:
        ours.close()
        raise
    made = LocalConnection(box, job, ours, release)
    answer = b""
    try:
        async with asyncio.timeout(timeout):
            answer = await made.read(1)
    except TimeoutError:
        pass
    finally:
        if answer != _ANSWERED:
            await made.close()
    if answer != _ANSWERED:
        raise not_open(port)
    return made


def not_open(port: int) -> NotFound:
    """Build the error for a port that nobody listens on."""
    return NotFound(
        f"Nothing in the sandbox listens on port {port}.",
        hint="Start the server first, in a session, and see that it runs.",
        code="port_not_open",
    )
