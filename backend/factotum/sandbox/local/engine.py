"""Runs commands on a known machine: threads to launch in, a bound on how many at once, and who runs now."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from factotum.sandbox.local.follow import finish, follow, uninterrupted
from factotum.sandbox.local.launch import LaunchFailed, Order, Running, launch
from factotum.sandbox.local.machine import Machine
from factotum.sandbox.local.project import Project
from factotum.sandbox.local.usage import DiskGuard, Tally
from factotum.sandbox.port import ExecResult, OnOutput

P = ParamSpec("P")
T = TypeVar("T")

_LAUNCHERS = 4
_THREADS = 8
_KNOWN_PROJECTS = 1024


class Engine:
    """Starts commands and does blocking work in threads of its own."""

    def __init__(self, machine: Machine, *, concurrent: int) -> None:
        self.machine = machine
        # These threads live as long as the engine: a sandbox dies with the thread that started it.
        self._launchers = ThreadPoolExecutor(_LAUNCHERS, "sandbox-launch", initializer=machine.enter)
        self._threads = ThreadPoolExecutor(_THREADS, "sandbox-files")
        self._slots = asyncio.Semaphore(concurrent)
        self._running: dict[str, set[Running]] = {}
        self._tallies: OrderedDict[str, Tally] = OrderedDict()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking function in one of a bounded number of threads."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: function(*args, **kwargs)
        )

    def guard(self, project: Project) -> DiskGuard:
        """Return a guard for one command or one write."""
        tally = self._tallies.setdefault(project.id, Tally())
        self._tallies.move_to_end(project.id)
        if len(self._tallies) > _KNOWN_PROJECTS:
            self._tallies.popitem(last=False)
        return DiskGuard((project.workspace, project.home), self.machine.limits, tally)

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
        """Run one command. Raises LaunchFailed when the sandbox could not be made or is gone."""
        async with self._slots:
            guard = self.guard(project)

            def prepare() -> Order:
                room = guard.begin()
                return self.machine.order(
                    project, command, folder=folder, environment=environment, file_bytes=room
                )

            try:
                order = await self.call(prepare)
            except OSError as error:
                raise LaunchFailed(f"folders: {error}") from error
            running = await self._start(order)
            held = self._running.setdefault(project.id, set())
            held.add(running)
            try:
                return await follow(
                    running,
                    timeout=timeout,
                    output_limit=output_limit,
                    on_output=on_output,
                    complaint=guard.complaint,
                    threads=self._threads,
                )
            finally:
                held.discard(running)
                if not held:
                    self._running.pop(project.id, None)
                    await uninterrupted(self.call(self._leave, project))

    def end(self, project_id: str) -> None:
        """Kill the project's commands that run in this process; their callers see them end."""
        for running in self._running.get(project_id, ()):
            running.kill()

    def close(self) -> None:
        """End all commands and let the threads go. Nothing may be started afterwards."""
        for project_id in self._running:
            self.end(project_id)
        self._launchers.shutdown(wait=False)
        self._threads.shutdown(wait=False)

    def _leave(self, project: Project) -> None:
        with contextlib.suppress(OSError):
            self.machine.cgroups.leave(self.machine.group(project))

    async def _start(self, order: Order) -> Running:
        starting: Future[Running] = self._launchers.submit(launch, order)
        waiting = asyncio.wrap_future(starting)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await uninterrupted(self._give_up(waiting))
            raise

    async def _give_up(self, starting: asyncio.Future[Running]) -> None:
        """End a start that nobody waits for any more."""
        try:
            running = await starting
        except LaunchFailed:
            return
        await finish(running, self._threads)
