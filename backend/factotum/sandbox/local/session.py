"""One session: a shell in the sandbox that takes command after command, and what it has written."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from factotum.core.clock import now
from factotum.core.errors import Conflict
from factotum.core.tasks import cancelled, side_by_side, whole
from factotum.sandbox.local.backlog import Backlog
from factotum.sandbox.local.box import Box, Job, Task
from factotum.sandbox.local.follow import Complaint, Lost, asked
from factotum.sandbox.local.owners import Owner
from factotum.sandbox.local.pipes import drain, own_pipe, send, waiting_bytes
from factotum.sandbox.port import SessionInfo, SessionOutput, TerminalSize

KEPT_BYTES = 1_000_000
_START_SECONDS = 20.0
_COMMAND_SECONDS = 20.0
_WATCH_SECONDS = 2.0
_PACE_BYTES = 256 * 1024
_PACE_SECONDS = 0.05
_STATUS_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Ends:
    """Our ends of a session's pipes."""

    commands: int
    status: int
    input: int
    output: int

    def close(self) -> None:
        """Let all of them go."""
        for descriptor in (self.commands, self.status, self.input, self.output):
            os.close(descriptor)


class Session:
    """A running or ended shell. Its output is read whether anyone asks for it or not, at a bounded pace."""

    def __init__(self, name: str, box: Box, terminal: TerminalSize | None, owner: Owner | None) -> None:
        self.name = name
        self._box = box
        self._terminal = terminal
        self._owner = owner
        self._started_at = now()
        self._backlog = Backlog(KEPT_BYTES)
        self._command = ""
        self._busy = True  # until the shell tells that it is there
        self._exit_code: int | None = None
        self._writing = asyncio.Lock()
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._job: Job | None = None
        self._ends: Ends | None = None
        self._life: asyncio.Task[None] | None = None

    async def begin(self, task: Callable[[str, tuple[int, ...]], Task], complaint: Complaint) -> None:
        """Start the shell and wait for it; `task` makes the order of its mode and what it inherits.

        Raises Lost.
        """
        size = self._terminal
        mode = "shell" if size is None else f"{size.rows}x{size.columns}"
        # The first two stay ours: nobody but the shell has them.
        pairs = [os.pipe(), os.pipe(), own_pipe(self._owner), own_pipe(self._owner)]
        (commands_in, commands), (status, status_out), (input_in, input_), (output, output_out) = pairs
        self._ends = Ends(commands, status, input_, output)
        handed = (commands_in, status_out, input_in, output_out)
        try:
            self._job = await self._box.run(task(mode, handed))
        except BaseException:
            self._ends.close()
            raise
        finally:
            for descriptor in handed:
                os.close(descriptor)
        self._life = asyncio.create_task(
            self._live(self._job, self._ends, complaint), name=f"session-{self.name}"
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                while self._busy:
                    await asyncio.shield(self._news)
        except TimeoutError:
            await self.kill()
            raise Lost from None
        except BaseException:
            await self.kill()
            raise
        if self._job.ended.done():
            raise Lost(self._job.ended.result().refusal)

    @property
    def alive(self) -> bool:
        """Whether its shell runs."""
        return self._life is not None and not self._life.done()

    def when_ended(self, call: Callable[[], None]) -> None:
        """Have something done once its shell, and all that came of it, has ended."""
        if self._life is not None:
            self._life.add_done_callback(lambda _: call())

    def info(self) -> SessionInfo:
        """Describe it."""
        return SessionInfo(
            name=self.name,
            alive=self.alive,
            busy=self._busy,
            exit_code=self._exit_code,
            terminal=self._terminal is not None,
            started_at=self._started_at,
            command=self._command,
        )

    async def run(self, command: str) -> int:
        """Give the shell its next command; return where its output begins."""
        ends = self._open()
        if self._busy:
            raise Conflict(
                f"A command still runs in the session {self.name!r}.",
                hint="Wait for it, type into it, or kill the session; or use another one.",
                code="session_busy",
            )
        self._busy, self._exit_code, self._command = True, None, command
        begin = self._backlog.end
        data = command.encode() + b"\0"
        try:
            taken = await send(ends.commands, data, _COMMAND_SECONDS)
        except OSError:
            taken = 0
        if taken < len(data):  # a shell that got half of a command is of no use
            await self.kill()
            raise _ended(self.name)
        return begin

    async def write(self, data: bytes, timeout: float) -> None:
        """Type into it."""
        ends = self._open()
        async with self._writing:
            try:
                taken = await send(ends.input, data, timeout)
            except OSError as error:
                raise _ended(self.name) from error
        if taken < len(data):
            raise Conflict(
                f"Nothing in the session {self.name!r} reads its input: {taken} of {len(data)} bytes went.",
                hint="Look at its output first.",
                code="session_not_reading",
            )

    async def poll(self, cursor: int, limit: int, wait: float) -> SessionOutput:
        """Return what is new, waiting for it while a command runs."""
        deadline = asyncio.timeout(wait)
        with contextlib.suppress(TimeoutError):
            async with deadline:
                while self._busy and self._backlog.end <= cursor:
                    await asyncio.shield(self._news)
        data, end, missed = self._backlog.since(cursor, limit)
        return SessionOutput(data, end, missed, self.info())

    async def resize(self, size: TerminalSize) -> None:
        """Give its terminal another size."""
        if self._job is not None and self._terminal is not None and self.alive:
            await self._box.resize(self._job, size.rows, size.columns)
            self._terminal = size

    async def kill(self) -> None:
        """End it and all that runs in it."""
        if self._job is not None and self._life is not None:
            await whole(self._box.end(self._job))
            await asyncio.wait({self._life})

    def _open(self) -> Ends:
        if self._ends is None or not self.alive:
            raise _ended(self.name)
        return self._ends

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.get_running_loop().create_future()
        if not news.done():
            news.set_result(None)

    async def _live(self, job: Job, ends: Ends, complaint: Complaint) -> None:
        """Read until the shell and all that came of it have ended."""
        try:
            async with side_by_side() as group:
                group.create_task(drain(ends.output, self._take, job.ended))
                statuses = group.create_task(self._follow(ends, job))
                watch = group.create_task(self._watch(job, complaint))
                await asyncio.wait({job.ended})
                await cancelled(statuses, watch)
        finally:
            ends.close()
            self._busy = False
            if job.ended.done():
                self._exit_code = job.ended.result().code
            self._tell()

    async def _take(self, data: bytes) -> None:
        before = self._backlog.end // _PACE_BYTES
        self._backlog.add(data)
        self._tell()
        if self._backlog.end // _PACE_BYTES > before:
            await asyncio.sleep(_PACE_SECONDS)

    async def _follow(self, ends: Ends, job: Job) -> None:
        """Read the exit codes of its commands; what is none comes from no shell of ours, and ends it."""
        line = bytearray()

        async def take(data: bytes) -> None:
            line.extend(data)
            code, end, rest = bytes(line).partition(b"\0")
            if not end and len(line) <= _STATUS_LIMIT:
                return
            if rest or not self._busy or not code.isdigit() or int(code) > 255:
                await self._box.end(job)
                return
            line.clear()
            if self._command:
                await self._caught_up(ends.output)
                self._exit_code = int(code)
            self._busy = False
            self._tell()

        await drain(ends.status, take, job.ended)

    async def _caught_up(self, output: int) -> None:
        """Wait until all that its command wrote is here: it was in the pipe before the exit code came."""
        end = self._backlog.end + waiting_bytes(output)
        while self._backlog.end < end:
            await asyncio.shield(self._news)

    async def _watch(self, job: Job, complaint: Complaint) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            reason = await asked(complaint, self._box.threads)
            if reason is not None:
                self._backlog.add(f"\n[sandbox] The session was ended: {reason}.\n".encode())
                await self._box.end(job)
                return


def _ended(name: str) -> Conflict:
    return Conflict(f"The session {name!r} has ended.", hint="Start another.", code="session_ended")
