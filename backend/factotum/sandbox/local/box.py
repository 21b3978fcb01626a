"""One running sandbox as the service sees it: orders go in, and how each job ended comes out.

What comes out of the sandbox is not believed: a packet is bounded and must answer an order that is open.
Anything else, and silence past a deadline, ends the sandbox. No output comes this way: commands write to
pipes of ours.
"""

import asyncio
import contextlib
import itertools
import os
import re
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from factotum.sandbox.local.launch import Running, settle

_PACKET = 4096
_PACKETS_AT_ONCE = 16
_INLINE_COMMAND = 32_000
_SEND_SECONDS = 5.0
_KILL_SECONDS = 5.0
_CODE = re.compile(rb"\d{1,3}")
_REASON = re.compile(rb"E[A-Z0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class End:
    """How a job ended: its exit code, or the kernel's reason why it could not start, or neither: it was lost
    with its sandbox.
    """

    code: int | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Something that runs inside. `ended` is set once, when nothing of it is left."""

    name: str
    ended: asyncio.Future[End]


@dataclass(frozen=True, slots=True)
class Task:
    """What to run: `mode` is the supervisor's, `descriptors` what it hands on, which stay the caller's."""

    mode: str
    folder: str
    file_bytes: int
    environment: Mapping[str, str]
    descriptors: Sequence[int]
    command: str = ""


@dataclass(eq=False, slots=True)
class Box:
    """A running sandbox. To be used in the event loop that made it."""

    running: Running
    threads: Executor
    gone: asyncio.Future[str] = field(init=False)
    """Set when nothing of it is left, to what it said last, for the log."""
    _jobs: dict[str, Job] = field(init=False, default_factory=dict[str, Job])
    _numbers: "itertools.count[int]" = field(init=False, default_factory=itertools.count)
    _sending: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _is_open: bool = field(init=False, default=True)
    _listens: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.gone = self._loop.create_future()
        self._loop.add_reader(self.running.control.fileno(), self._take)
        self._loop.add_reader(self.running.first, self._lose)

    @property
    def alive(self) -> bool:
        """Whether orders can be given."""
        return self._is_open and self._listens

    async def run(self, task: Task) -> Job:
        """Start `task`. A sandbox that is lost meanwhile ends the job at once."""
        fields = [task.mode, task.folder, str(task.file_bytes), str(len(task.environment))]
        fields += [f"{name}={value}" for name, value in task.environment.items()]
        text = task.command.encode()
        if len(text) <= _INLINE_COMMAND:
            return await self._order("run", [*fields, task.command], task.descriptors)
        file = os.memfd_create("command")
        try:
            await self._loop.run_in_executor(self.threads, _fill, file, text)
            return await self._order("run", [*fields, ""], [*task.descriptors, file])
        finally:
            os.close(file)

    async def connect(self, port: int, stream: int) -> Job:
        """Join the socket `stream` to a port inside; its first byte tells whether the port answered."""
        return await self._order("connect", [str(port)], [stream])

    async def resize(self, job: Job, rows: int, columns: int) -> None:
        """Give a job's terminal another size: what runs in it from now on sees that."""
        done = await self._order("resize", [job.name, str(rows), str(columns)], ())
        await asyncio.wait({done.ended}, timeout=_SEND_SECONDS)

    async def end(self, job: Job) -> End:
        """End a job and all that came of it; a sandbox that does not do that in time is ended itself."""
        if not job.ended.done():
            await self._send(["kill", job.name])
            await asyncio.wait({job.ended}, timeout=_KILL_SECONDS)
            if not job.ended.done():
                self.kill()
        return await asyncio.shield(job.ended)

    def kill(self) -> None:
        """End the sandbox; every job ends as lost, and `gone` tells when nothing is left. Does not wait."""
        if self._is_open:  # else it has ended, and what named it may name something else by now
            self.running.kill()

    def let_go(self) -> None:
        """Kill without an event loop to wait in: a thread closes what is left."""
        self.kill()
        if self._is_open:
            self._close()
            self.threads.submit(settle, self.running)

    async def _order(self, operation: str, fields: Sequence[str], descriptors: Sequence[int]) -> Job:
        job = Job(str(next(self._numbers)), self._loop.create_future())
        if not self.alive:
            job.ended.set_result(End())
            return job
        self._jobs[job.name] = job
        await self._send([operation, job.name, *fields], descriptors)
        return job

    async def _send(self, fields: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        packet = "\0".join(fields).encode()
        async with self._sending:
            try:
                async with asyncio.timeout(_SEND_SECONDS):
                    while self.alive:
                        try:
                            socket.send_fds(self.running.control, [packet], descriptors)
                        except BlockingIOError:
                            await self._writable()
                        else:
                            return
            except (OSError, TimeoutError):
                self._listens = False  # or it is gone
                self.kill()

    async def _writable(self) -> None:
        ready = self._loop.create_future()
        control = self.running.control.fileno()
        self._loop.add_writer(control, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            self._loop.remove_writer(control)

    def _take(self) -> None:
        for _ in range(_PACKETS_AT_ONCE):
            try:
                packet = self.running.control.recv(_PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            end = _read(packet)
            job = None if end is None else self._jobs.pop(end[0], None)
            if end is None or job is None:
                self._loop.remove_reader(self.running.control.fileno())
                self.kill()
                return
            job.ended.set_result(end[1])

    def _lose(self) -> None:
        """Nothing inside runs any more."""
        self._close()
        for job in self._jobs.values():
            job.ended.set_result(End())
        self._jobs.clear()
        settling = self._loop.run_in_executor(self.threads, settle, self.running)
        settling.add_done_callback(lambda done: self.gone.set_result(done.result()))

    def _close(self) -> None:
        self._is_open = False
        with contextlib.suppress(RuntimeError):  # its event loop may be closed
            for descriptor in (self.running.control.fileno(), self.running.first):
                self._loop.remove_reader(descriptor)


def _read(packet: bytes) -> tuple[str, End] | None:
    """Return the job that a packet is about and how it ended, or None for what is no such packet."""
    match packet.split(b"\0"):
        case [b"ended", name, code] if _CODE.fullmatch(code) and int(code) < 256:
            return name.decode(errors="replace"), End(code=int(code))
        case [b"refused", name, reason] if _REASON.fullmatch(reason):
            return name.decode(errors="replace"), End(refusal=reason.decode())
        case _:
            return None


def _fill(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
    os.lseek(file, 0, os.SEEK_SET)
