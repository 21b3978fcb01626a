"""The running sandboxes of this process: one a project, started when needed, ended when nobody uses it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from factotum.core.errors import Unavailable
from factotum.core.tasks import whole
from factotum.sandbox.local.box import Box
from factotum.sandbox.local.launch import LaunchFailed, Order, Running, launch, settle
from factotum.sandbox.local.project import Project
from factotum.sandbox.local.session import Session
from factotum.sandbox.local.traces import Trace, make, take_left

_log = logging.getLogger(__name__)

_LOST = (
    "[The sandbox had ended unexpectedly and is a new one: files are there, sessions and servers are gone.]"
)
_BEFORE = (
    "[The service was started again, and so was the sandbox: files are there, sessions and servers are gone.]"
)
_IDLE = "[The sandbox was stopped while nobody used it: files are there, sessions and servers are gone.]"

_REPLACED = "[The workspace was put back to an earlier version: what ran in the old one has ended.]"


@dataclass(slots=True, eq=False)
class Place:
    """What is known of one project's running sandbox."""

    box: Box | None = None
    workspace: int = 0
    """The inode of the folder that the sandbox has as its workspace."""
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    notice: str = ""
    """What the caller of the next command must be told."""
    users: int = 0
    used_at: float = 0.0
    stopping: str | None = None
    """Why the sandbox ends, when that is our own doing; what its sessions' users are told."""
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    timer: asyncio.TimerHandle | None = None
    trace: Trace | None = None
    """What others find of its sessions when this process has ended."""

    @property
    def is_running(self) -> bool:
        """Whether its sandbox takes orders."""
        return self.box is not None and self.box.alive

    def has_sessions(self) -> bool:
        """Whether a session lives."""
        return any(session.alive for session in self.sessions.values())


class Boxes:
    """Starts and ends sandboxes. `most` run at a time; one that is not used for `idle_seconds` is ended."""

    def __init__(
        self,
        order: Callable[[Project], Order],
        launchers: Executor,
        threads: Executor,
        leave: Callable[[Project], None],
        *,
        most: int,
        idle_seconds: float,
    ) -> None:
        self._order = order
        self._launchers = launchers
        self._threads = threads
        self._leave = leave
        self._most = most
        self._idle_seconds = idle_seconds
        self._places: dict[str, Place] = {}
        self._ending = False

    @asynccontextmanager
    async def using(self, project: Project, workspace: int) -> AsyncGenerator[tuple[Place, Box]]:
        """Give the project's sandbox, started if need be, which is not idle for so long.

        One whose workspace is not this inode has an old one, replaced by another process: it is ended.
        Raises LaunchFailed; Unavailable (`sandboxes_full`, `sandbox_gone`).
        """
        place = self._places.setdefault(project.id, Place())
        with self.in_use(project.id, place):
            async with place.starting:
                if self._places.get(project.id) is not place:
                    raise gone()
                if place.is_running and place.workspace != workspace:
                    await self._stop(place, _REPLACED)
                box = place.box
                if box is None or not box.alive:
                    place.workspace = workspace
                    box = await self._start(place, project)
            yield place, box

    async def settled(self, project_id: str, workspace: int) -> Place | None:
        """Return what is known of a project's sandbox; one with another workspace ends first."""
        place = self._places.get(project_id)
        if place is not None and place.is_running and place.workspace != workspace:
            async with place.starting:
                if place.is_running and place.workspace != workspace:
                    await self._stop(place, _REPLACED)
        return place

    @contextmanager
    def in_use(self, project_id: str, place: Place) -> Generator[None]:
        """Keep a sandbox that runs from being idle."""
        place.users += 1
        try:
            yield
        finally:
            place.users -= 1
            place.used_at = time.monotonic()
            self._arm(project_id, place)

    def place(self, project_id: str) -> Place | None:
        """Return what is known of a project's sandbox."""
        return self._places.get(project_id)

    def remind(self, project_id: str, notice: str) -> None:
        """Have the caller of the project's next command told something."""
        self._places.setdefault(project_id, Place()).notice = notice

    def take_notice(self, project_id: str) -> str:
        """Return what the caller of the project's next command would be told, who then is not."""
        place = self._places.get(project_id)
        if place is None:
            return ""
        notice, place.notice = place.notice, ""
        return notice

    async def end(self, project_id: str) -> None:
        """End a project's sandbox and forget its sessions."""
        place = self._places.pop(project_id, None)
        if place is None:
            return
        async with place.starting:
            await self._stop(place, "")
        if self._ending:
            self._leave_trace(place)

    async def traced(self, place: Place, project: Project) -> None:
        """See that another process finds out, should this one end, that there were sessions."""
        async with place.starting:
            if place.trace is None:
                await whole(self._trace(place, project))

    async def _trace(self, place: Place, project: Project) -> None:
        with contextlib.suppress(OSError):  # a session is worth more than a word of its loss
            place.trace = await asyncio.get_running_loop().run_in_executor(
                self._threads, make, project.traces
            )

    def session_ended(self, place: Place) -> None:
        """Take the trace away with the last session, unless that ends because the service does."""
        if place.trace is not None and not self._ending and not place.has_sessions():
            trace, place.trace = place.trace, None
            self._threads.submit(trace.remove)

    @staticmethod
    def _leave_trace(place: Place) -> None:
        if place.trace is not None:
            place.trace.leave()
            place.trace = None

    async def end_all(self) -> None:
        """End every sandbox. Sessions that they had leave their trace."""
        self._ending = True
        for project_id in list(self._places):
            await self.end(project_id)

    def let_go(self) -> None:
        """End every sandbox without waiting. Sessions that they had leave their trace."""
        self._ending = True
        for place in self._places.values():
            if place.timer is not None:
                place.timer.cancel()
            if place.box is not None:
                place.stopping = ""
                place.box.let_go()
            self._leave_trace(place)
        self._places.clear()

    async def _start(self, place: Place, project: Project) -> Box:
        if place.box is not None:
            await asyncio.shield(place.box.gone)
        await self._make_room()
        place.stopping = None
        loop = asyncio.get_running_loop()
        order = await loop.run_in_executor(self._threads, self._order, project)
        if await loop.run_in_executor(self._threads, take_left, project.traces):
            place.notice = place.notice or _BEFORE
        box = Box(await self._launch(order), self._threads)
        place.box = box
        box.gone.add_done_callback(lambda gone: self._gone(place, project, gone.result()))
        return box

    async def _launch(self, order: Order) -> Running:
        starting: Future[Running] = self._launchers.submit(launch, order)
        waiting = asyncio.wrap_future(starting)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await whole(self._give_up(waiting))
            raise

    async def _give_up(self, starting: asyncio.Future[Running]) -> None:
        """End a start that nobody waits for any more."""
        with contextlib.suppress(LaunchFailed):
            running = await starting
            running.kill()
            await asyncio.get_running_loop().run_in_executor(self._threads, settle, running)

    async def _make_room(self) -> None:
        """End the sandbox that was not used for longest when too many run."""
        while True:
            running = [place for place in self._places.values() if place.is_running]
            if len(running) < self._most:
                return
            free = [place for place in running if place.users == 0]
            if not free:
                raise Unavailable(
                    f"{self._most} sandboxes are in use on this machine, as many as may run.",
                    hint="Wait until one of them is idle.",
                    code="sandboxes_full",
                )
            oldest = min(free, key=lambda place: (place.has_sessions(), place.used_at))
            await self._stop(oldest, _IDLE)

    async def _stop(self, place: Place, notice: str) -> None:
        if place.timer is not None:
            place.timer.cancel()
            place.timer = None
        if place.box is not None:
            place.stopping = notice
            place.box.kill()
            await asyncio.shield(place.box.gone)

    def _gone(self, place: Place, project: Project, said: str) -> None:
        if place.stopping is None:
            place.notice = _LOST
            _log.warning("sandbox was lost", extra={"project_id": project.id, "said": said[:2000]})
        elif place.stopping and place.sessions:
            place.notice = place.stopping
        place.box = None
        with contextlib.suppress(RuntimeError):  # the threads are gone when the service stops
            self._threads.submit(self._leave, project)

    def _arm(self, project_id: str, place: Place, seconds: float | None = None) -> None:
        if place.timer is None and self._places.get(project_id) is place:
            delay = self._idle_seconds if seconds is None else seconds
            loop = asyncio.get_running_loop()
            place.timer = loop.call_later(delay, self._look, project_id, place)

    def _look(self, project_id: str, place: Place) -> None:
        """End a sandbox that has been idle for long enough, else look again when it may be."""
        place.timer = None
        left = place.used_at + self._idle_seconds - time.monotonic()
        if place.users or left > 0:
            self._arm(project_id, place, self._idle_seconds if place.users else left)
            return
        if place.box is not None and place.box.alive:
            place.stopping = _IDLE
            place.box.kill()
            self._arm(project_id, place)  # what its sessions said can be read for as long again
        else:
            self._places.pop(project_id, None)


def gone() -> Unavailable:
    """Build the error for a sandbox that was deleted."""
    return Unavailable("The sandbox is gone.", hint="Open it again.", code="sandbox_gone")
