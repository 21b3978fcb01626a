"""Runs what is asked for on a known machine: threads to launch in, a bound on how many commands at once."""

import asyncio
import contextlib
import os
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from factotum.core.errors import Conflict, NotFound, Unavailable
from factotum.sandbox.local.box import Box, Task
from factotum.sandbox.local.boxes import Boxes, Place
from factotum.sandbox.local.follow import Lost, follow
from factotum.sandbox.local.launch import LaunchFailed
from factotum.sandbox.local.machine import Machine
from factotum.sandbox.local.pipes import own_pipe
from factotum.sandbox.local.project import Project
from factotum.sandbox.local.usage import DiskGuard, Tally
from factotum.sandbox.port import CALL_SECONDS, WORKSPACE, ExecResult, OnOutput, OutputStream

P = ParamSpec("P")
T = TypeVar("T")

_LAUNCHERS = 4
_THREADS = 8
_COPIERS = 2
_COPY_SECONDS = 900.0
_KNOWN_PROJECTS = 1024


class Use(NamedTuple):
    """A sandbox for a command or a session.

    `file_bytes`: how large a file may become. `memory_kills`: how many processes its full memory had ended
    before.
    """

    place: Place
    box: Box
    guard: DiskGuard
    file_bytes: int
    memory_kills: int


class Engine:
    """Gives commands and sessions their sandbox, and does blocking work in threads of its own."""

    def __init__(
        self, machine: Machine, *, concurrent: int, most: int = 64, idle_seconds: float = 900.0
    ) -> None:
        self.machine = machine
        # These threads live as long as the engine: a sandbox dies with the thread that started it.
        self._launchers = ThreadPoolExecutor(_LAUNCHERS, "sandbox-launch", initializer=machine.enter)
        self._threads = ThreadPoolExecutor(_THREADS, "sandbox-files")
        self._copiers = ThreadPoolExecutor(_COPIERS, "sandbox-copies")
        self._slots = asyncio.Semaphore(concurrent)
        self._tallies: OrderedDict[str, Tally] = OrderedDict()
        self.boxes = Boxes(
            machine.order, self._launchers, self._threads, self._leave, most=most, idle_seconds=idle_seconds
        )

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in one of a bounded number of threads.

        Raises Unavailable (`sandbox_timeout`) past the deadline; what was begun then still ends.
        """
        return await _within(CALL_SECONDS, self._threads, lambda: function(*args, **kwargs))

    async def patiently(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do as `call` with what copies whole workspaces: in threads of its own, and with longer to go."""
        return await _within(_COPY_SECONDS, self._copiers, lambda: function(*args, **kwargs))

    def guard(self, project: Project) -> DiskGuard:
        """Return a guard for one command or one write."""
        tally = self._tallies.setdefault(project.id, Tally())
        self._tallies.move_to_end(project.id)
        if len(self._tallies) > _KNOWN_PROJECTS:
            self._tallies.popitem(last=False)
        return DiskGuard((project.workspace, project.home), self.machine.limits, tally)

    @asynccontextmanager
    async def using(self, project: Project) -> AsyncGenerator[Use]:
        """Give the project's running sandbox.

        Raises LaunchFailed when it could not be made; Unavailable when it is gone.
        """
        guard = self.guard(project)
        try:
            room, workspace, kills = await self.call(
                lambda: (guard.begin(), project.workspace.stat().st_ino, self._memory_kills(project))
            )
        except OSError as error:
            raise LaunchFailed(f"folders: {error}") from error
        async with self.boxes.using(project, workspace) as (place, box):
            yield Use(place, box, guard, self.machine.file_bytes(room), kills)

    async def found(self, project: Project) -> Place | None:
        """Return what is known of a project's sandbox, without starting it.

        Another process may have replaced the workspace, or deleted it: what still runs in the old one is
        ended first.
        """
        if self.boxes.place(project.id) is None:
            return None
        return await self.boxes.settled(project.id, await self.call(_inode, project.workspace))

    async def run(
        self,
        project: Project,
        command: str,
        *,
        folder: str,
        environment: Mapping[str, str],
        timeout: float,
        output_limit: int,
        on_output: OnOutput | None,
    ) -> ExecResult:
        """Run one command. Raises as `using`, and Lost."""
        async with self._slots, self.using(project) as use:
            notice, use.place.notice = use.place.notice, ""
            with contextlib.ExitStack() as ours, contextlib.ExitStack() as handed:
                pipes: dict[OutputStream, int] = {}
                ends: list[int] = []
                streams: tuple[OutputStream, ...] = ("stdout", "stderr")
                for stream in streams:
                    pipes[stream], end = own_pipe(project.owner)
                    ends.append(end)
                    ours.callback(os.close, pipes[stream])
                    handed.callback(os.close, end)
                task = Task("command", place_of(folder), use.file_bytes, environment, ends, command)
                job = await use.box.run(task)
                handed.close()
                result = await follow(
                    use.box,
                    job,
                    pipes,
                    timeout=timeout,
                    output_limit=output_limit,
                    on_output=on_output,
                    complaint=use.guard.complaint,
                )
            if result.exit_code and await self.call(self._memory_kills, project) > use.memory_kills:
                result = replace(result, output=result.output + self._memory_full)
                if on_output is not None:
                    await on_output("stderr", self._memory_full)
            return replace(result, notice=notice)

    async def aclose(self) -> None:
        """End all sandboxes and let the threads go. Nothing may be started afterwards."""
        await self.boxes.end_all()
        self.close()

    def close(self) -> None:
        """End all sandboxes without waiting, and let the threads go."""
        self.boxes.let_go()
        self._launchers.shutdown(wait=False)
        for threads in (self._threads, self._copiers):
            threads.shutdown(wait=False)

    @property
    def _memory_full(self) -> bytes:
        megabytes = self.machine.limits.memory_bytes // 1024**2
        return f"\n[sandbox] Its memory of {megabytes} MB was full, and a process was ended.\n".encode()

    def _memory_kills(self, project: Project) -> int:
        return self.machine.cgroups.memory_kills(self.machine.group(project))

    def _leave(self, project: Project) -> None:
        with contextlib.suppress(OSError):
            self.machine.cgroups.leave(self.machine.group(project))


async def _within(seconds: float, threads: Executor, work: Callable[[], T]) -> T:
    doing = asyncio.get_running_loop().run_in_executor(threads, work)
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            return await asyncio.shield(doing)
    except TimeoutError:
        if not deadline.expired():
            raise
        raise Unavailable(
            f"The sandbox's disk did not answer within {seconds:.0f} s.",
            hint="Try again.",
            code="sandbox_timeout",
        ) from None


def _inode(folder: Path) -> int:
    """Return the inode of a folder, 0 when it is not there. Blocks."""
    try:
        return folder.stat().st_ino
    except OSError:
        return 0


def place_of(folder: str) -> str:
    """Return where a clean path lies inside."""
    return WORKSPACE if folder == "." else f"{WORKSPACE}/{folder}"


def explain_loss(error: Lost) -> Unavailable | NotFound | Conflict:
    """Return our error for a command that was lost or could not start."""
    match error.refusal:
        case None:
            return Unavailable(
                "The sandbox ended while the command ran. Files are as it left them; whatever ran is gone.",
                hint="Look at what is there, and try again: the next command starts a new sandbox.",
                code="sandbox_lost",
            )
        case "ENOENT" | "ENOTDIR":
            return NotFound("The folder does not exist in the workspace.", code="folder_not_found")
        case _:
            return Unavailable(
                "The sandbox has no room for one more process.",
                hint="End sessions or servers that are not needed.",
                code="sandbox_full",
            )
