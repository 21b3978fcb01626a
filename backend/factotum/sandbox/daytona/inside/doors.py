"""Ports: which are listened on, and connections to them."""

import asyncio
import os
import re
import socket
from collections import deque
from typing import Any

from .machine import Job, Machine
from .pipes import Reader, send
from .refusal import Refusal

OWN_PORTS = frozenset({2280, 22220, 22222, 33333})
"""What Daytona's own services listen on inside: not the agent's, and reached by nobody through us."""
_LOCAL = re.compile(r"[0-9A-F]+:([0-9A-F]{4})")
_LISTENING = "0A"
_WINDOW = 256 * 1024
_MOST = 128
_WRITE_SECONDS = 50.0


def listening() -> list[int]:
    """Return the TCP ports that anything in this network listens on, but Daytona's own."""
    found: set[int] = set()
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/self/net/{table}", encoding="ascii") as file:
                lines = file.read(1_000_000).splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            local = _LOCAL.fullmatch(columns[1]) if len(columns) > 3 and columns[3] == _LISTENING else None
            if local is not None:
                found.add(int(local[1], 16))
    return sorted(found - OWN_PORTS)


class Door:
    """One connection: what came and was not yet asked for, and the way in."""

    def __init__(self, job: Job, stream: socket.socket) -> None:
        self.job = job
        self.stream = stream
        self._held: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._news = asyncio.Event()
        self._reader = Reader(os.dup(stream.fileno()), self._take, self._closed)

    async def read(self, most: int, wait: float) -> tuple[bytes, bool]:
        """Return at most `most` bytes, and whether that was the end."""
        if not self._held and not self._ended:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), wait)
            except TimeoutError:
                return b"", False
        data = b"".join(self._held)
        self._held.clear()
        if len(data) > most:
            self._held.append(data[most:])
        self._size = max(len(data) - most, 0)
        if self._size < _WINDOW:
            self._reader.go_on()
        return data[:most], self._ended and not data

    def close(self) -> None:
        """Let it go."""
        self._reader.close()
        self.stream.close()

    def _take(self, data: bytes) -> None:
        self._held.append(data)
        self._size += len(data)
        if self._size >= _WINDOW:
            self._reader.hold()
        self._news.set()

    def _closed(self) -> None:
        self._ended = True
        self._news.set()


class Doors:
    """The connections that are open."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._doors: dict[str, Door] = {}
        self._number = 0

    async def open(self, port: int, seconds: float) -> str:
        """Open a connection to a port."""
        if port in OWN_PORTS:
            raise Refusal("port_not_open", f"Port {port} belongs to the sandbox itself.", "Use another port.")
        if len(self._doors) >= _MOST:
            raise Refusal("sandbox_full", f"{_MOST} connections are open.", "Close one.")
        ours, theirs = socket.socketpair()
        with theirs:
            job = self._machine.connect(port, theirs.fileno())
        door = Door(job, ours)
        answer, _ = await door.read(1, seconds)
        if answer != b"\1":
            door.close()
            await self._machine.end(job)
            raise Refusal(
                "port_not_open",
                f"Nothing in the sandbox listens on port {port}.",
                "Start the server first, in a session, and see that it runs.",
            )
        self._number += 1
        name = str(self._number)
        self._doors[name] = door
        return name

    async def read(self, name: str, most: int, wait: float) -> tuple[dict[str, Any], bytes]:
        """Return what came over a connection."""
        data, end = await self._door(name).read(most, wait)
        return {"end": end}, data

    async def write(self, name: str, data: bytes) -> None:
        """Send over a connection."""
        try:
            sent = await send(self._door(name).stream.fileno(), data, _WRITE_SECONDS)
        except OSError:
            sent = 0
        if sent < len(data):
            raise Refusal("connection_closed", "The other side takes nothing more.")

    def finish(self, name: str) -> None:
        """Say that nothing more will be written."""
        try:
            self._door(name).stream.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    async def close(self, name: str) -> None:
        """Let a connection go."""
        door = self._doors.pop(name, None)
        if door is not None:
            door.close()
            await self._machine.end(door.job)

    def _door(self, name: str) -> Door:
        if name not in self._doors:
            raise Refusal("connection_closed", "There is no such connection.")
        return self._doors[name]
