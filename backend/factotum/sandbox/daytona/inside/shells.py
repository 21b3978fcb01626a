"""Sessions: shells that last, and what they wrote."""

import asyncio
import os
import time
from collections import deque
from typing import Any

from .machine import Job, Machine
from .pipes import Reader, send
from .refusal import Refusal

MOST_ALIVE = 16
_MOST_KEPT = 32
_KEPT_BYTES = 1_000_000
_START_SECONDS = 20.0
_COMMAND_SECONDS = 20.0

Answer = tuple[dict[str, Any], bytes]


class Shell:
    """A running or ended shell. Its output is read whether anyone asks for it or not."""

    def __init__(self, name: str, terminal: bool) -> None:
        self.name = name
        self.terminal = terminal
        self.job: Job | None = None
        self._started_at = time.time()
        self._command = ""
        self._busy = True
        self._code: int | None = None
        self._kept: deque[bytes] = deque()
        self._first = 0
        self._end = 0
        self._status = bytearray()
        self._commands = -1
        self._input = -1
        self._output: Reader | None = None
        self._writing = asyncio.Lock()
        self._news = asyncio.Event()

    async def begin(self, machine: Machine, mode: str, folder: str, environment: dict[str, str]) -> None:
        """Start it and wait until it takes commands."""
        pairs = [os.pipe() for _ in range(4)]
        (commands_in, self._commands), (status, status_out), (input_in, self._input), (output, out) = pairs
        handed = (commands_in, status_out, input_in, out)
        try:
            self.job = machine.run(mode, folder, environment, "", handed)
        finally:
            for descriptor in handed:
                os.close(descriptor)
        self._output = Reader(output, self._take, self._tell)
        Reader(status, self._follow, self._tell)
        self.job.ended.add_done_callback(lambda _: self._lose())
        until = asyncio.get_running_loop().time() + _START_SECONDS
        while self._busy:
            await self._changed(until)
            if self._busy and asyncio.get_running_loop().time() >= until:
                await machine.end(self.job)
        if not self.alive:
            raise Refusal(
                "sandbox_full", "The shell did not start.", "End what is not needed, and try again."
            )

    @property
    def alive(self) -> bool:
        """Whether its shell runs."""
        return self.job is not None and not self.job.ended.done()

    def info(self) -> dict[str, Any]:
        """Describe it."""
        return {
            "name": self.name,
            "alive": self.alive,
            "busy": self._busy,
            "code": self._code,
            "terminal": self.terminal,
            "started_at": self._started_at,
            "command": self._command,
        }

    async def run(self, command: str, machine: Machine) -> int:
        """Give the shell its next command; return where its output begins."""
        self._check()
        if self._busy:
            raise Refusal(
                "session_busy",
                f"A command still runs in the session {self.name!r}.",
                "Wait for it, type into it, or kill the session; or use another one.",
            )
        self._busy, self._code, self._command = True, None, command
        begin, data = self._end, command.encode() + b"\0"
        try:
            sent = await send(self._commands, data, _COMMAND_SECONDS)
        except OSError:
            sent = 0
        if sent < len(data) and self.job is not None:
            await machine.end(self.job)
            self._check()
        return begin

    async def write(self, data: bytes, seconds: float) -> None:
        """Type into it."""
        self._check()
        async with self._writing:
            try:
                sent = await send(self._input, data, seconds)
            except OSError:
                sent = 0
                self._check()
        if sent < len(data):
            raise Refusal(
                "session_not_reading",
                f"Nothing in the session {self.name!r} reads its input: {sent} of {len(data)} bytes went.",
                "Look at its output first.",
            )

    async def poll(self, cursor: int, limit: int, wait: float) -> Answer:
        """Return what is new, waiting for it while a command runs."""
        until = asyncio.get_running_loop().time() + wait
        while self._busy and self._end <= cursor and asyncio.get_running_loop().time() < until:
            await self._changed(until)
        start = min(max(cursor, self._first), self._end)
        found, at = bytearray(), self._first
        for piece in self._kept:
            if at + len(piece) > start and len(found) < limit:
                begin = max(start - at, 0)
                found += piece[begin : begin + limit - len(found)]
            at += len(piece)
        return {
            "cursor": start + len(found),
            "missed": max(start - cursor, 0),
            "info": self.info(),
        }, bytes(found)

    def _check(self) -> None:
        if not self.alive:
            raise Refusal("session_ended", f"The session {self.name!r} has ended.", "Start another.")

    def _take(self, data: bytes) -> None:
        self._kept.append(data)
        self._end += len(data)
        while self._end - self._first - len(self._kept[0]) >= _KEPT_BYTES:
            self._first += len(self._kept.popleft())
        self._tell()

    def _follow(self, data: bytes) -> None:
        """Read the exit codes of its commands."""
        self._status += data
        code, end, _ = bytes(self._status).partition(b"\0")
        if end:
            self._status.clear()
            self._settle(int(code) if code.isdigit() else 1)

    def _settle(self, code: int | None) -> None:
        """Its command has ended, and all that it wrote is in the pipe."""
        if self._output is not None:
            self._output.catch_up()
        self._code = code if self._command or not self.alive else None
        self._busy = False
        self._tell()

    def _lose(self) -> None:
        for descriptor in (self._commands, self._input):
            os.close(descriptor)
        self._settle(None if self.job is None else self.job.code)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _changed(self, until: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), until - asyncio.get_running_loop().time())
        except TimeoutError:
            pass


class Shells:
    """The sessions by name; those that ended are kept for a while."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._shells: dict[str, Shell] = {}

    async def start(
        self, name: str, folder: str, environment: dict[str, str], size: list[int] | None
    ) -> dict[str, Any]:
        """Start a shell; `size` is its terminal's rows and columns."""
        present = self._shells.get(name)
        if present is not None and present.alive:
            raise Refusal(
                "session_exists",
                f"There is a session {name!r} already.",
                "Use it, kill it, or take another name.",
            )
        if sum(shell.alive for shell in self._shells.values()) >= MOST_ALIVE:
            raise Refusal(
                "sessions_full",
                f"{MOST_ALIVE} sessions run, as many as a sandbox may have.",
                "Kill one that is not needed.",
            )
        self._shells.pop(name, None)
        ended = [each for each, shell in self._shells.items() if not shell.alive]
        for each in ended[: max(len(self._shells) + 1 - _MOST_KEPT, 0)]:
            del self._shells[each]
        shell = self._shells[name] = Shell(name, size is not None)
        mode = "shell" if size is None else f"{size[0]}x{size[1]}"
        try:
            await shell.begin(self._machine, mode, folder, environment)
        except BaseException:
            self._shells.pop(name, None)
            raise
        return shell.info()

    async def run(self, name: str, command: str) -> int:
        """Give a shell its next command."""
        return await self.get(name).run(command, self._machine)

    async def resize(self, name: str, rows: int, columns: int) -> None:
        """Give a terminal another size."""
        shell = self.get(name)
        if shell.terminal and shell.alive and shell.job is not None:
            await self._machine.resize(shell.job, rows, columns)

    async def kill(self, name: str) -> dict[str, Any]:
        """End a session and all that runs in it."""
        shell = self.get(name)
        if shell.job is not None and shell.alive:
            await self._machine.end(shell.job)
            await shell.poll(2**62, 0, 5.0)
        return shell.info()

    def list(self) -> list[dict[str, Any]]:
        """Every session, by name."""
        return [self._shells[name].info() for name in sorted(self._shells)]

    def get(self, name: str) -> Shell:
        """Return a session."""
        if name not in self._shells:
            raise Refusal(
                "session_not_found",
                f"There is no session {name!r}.",
                "It may have ended with its sandbox; start it again.",
            )
        return self._shells[name]
