"""The sessions of one project: found by name, bounded in number, kept for a while when they have ended."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from factotum.core.errors import Conflict, InvalidInput, NotFound
from factotum.sandbox.local import files
from factotum.sandbox.local.box import Task
from factotum.sandbox.local.boxes import Place
from factotum.sandbox.local.checks import explained
from factotum.sandbox.local.engine import Engine, place_of
from factotum.sandbox.local.paths import clean_path
from factotum.sandbox.local.project import Project
from factotum.sandbox.local.session import Session
from factotum.sandbox.port import CALL_SECONDS, SessionInfo, SessionOutput, TerminalSize
from factotum.sandbox.rules import check_command, check_session_name, check_terminal, session_environment

MOST_ALIVE = 16
MOST_KEPT = 32


class LocalSessions:
    """Implements the port's Sessions."""

    def __init__(
        self, project: Project, engine: Engine, environment: Mapping[str, str] | None = None
    ) -> None:
        self._project = project
        self._engine = engine
        self._environment = environment or {}

    async def start(
        self,
        name: str,
        *,
        folder: str = ".",
        environment: Mapping[str, str] | None = None,
        terminal: TerminalSize | None = None,
    ) -> SessionInfo:
        """Start a shell."""
        check_session_name(name)
        check_terminal(terminal)
        given = session_environment(self._environment, environment, terminal)
        clean = clean_path(folder)
        await self._engine.call(files.check_folder, self._project, clean)
        async with explained(self._project), self._engine.using(self._project) as use:
            self._make_room(use.place, name)
            session = Session(name, use.box, terminal, self._project.owner)
            use.place.sessions[name] = session

            def task(mode: str, descriptors: tuple[int, ...]) -> Task:
                return Task(mode, place_of(clean), use.file_bytes, given, descriptors)

            try:
                await session.begin(task, use.guard.complaint)
            except BaseException:
                use.place.sessions.pop(name, None)
                raise
            boxes = self._engine.boxes
            try:
                await boxes.traced(use.place, self._project)
            finally:
                session.when_ended(lambda: boxes.session_ended(use.place))
            return session.info()

    async def run(self, name: str, command: str) -> int:
        """Give the shell its next command."""
        check_command(command)
        async with self._found(name) as session:
            return await session.run(command)

    async def write(self, name: str, data: bytes, *, timeout: float = CALL_SECONDS) -> None:
        """Type into it."""
        async with self._found(name) as session:
            await session.write(data, timeout)

    async def poll(
        self, name: str, *, cursor: int = 0, limit: int = 100_000, wait: float = 0.0
    ) -> SessionOutput:
        """Return what it wrote after `cursor`."""
        if cursor < 0 or limit < 0 or wait < 0:
            raise InvalidInput("cursor, limit and wait cannot be negative.")
        async with self._found(name) as session:
            return await session.poll(cursor, limit, wait)

    async def resize(self, name: str, size: TerminalSize) -> None:
        """Give its terminal another size."""
        check_terminal(size)
        async with self._found(name) as session:
            await session.resize(size)

    async def kill(self, name: str) -> SessionInfo:
        """End a session and all that runs in it."""
        async with self._found(name) as session:
            await session.kill()
            return session.info()

    async def list(self) -> list[SessionInfo]:
        """Every session that can be polled, by name."""
        place = await self._engine.found(self._project)
        return [] if place is None else [place.sessions[name].info() for name in sorted(place.sessions)]

    @asynccontextmanager
    async def _found(self, name: str) -> AsyncGenerator[Session]:
        """Give a session, and keep its sandbox from being idle. Raises NotFound."""
        place = await self._engine.found(self._project)
        session = None if place is None else place.sessions.get(name)
        if place is None or session is None:
            raise NotFound(
                f"There is no session {name!r}.",
                hint="It may have ended with its sandbox; start it again.",
                code="session_not_found",
            )
        with self._engine.boxes.in_use(self._project.id, place):
            yield session

    def _make_room(self, place: Place, name: str) -> None:
        present = place.sessions.get(name)
        if present is not None and present.alive:
            raise Conflict(
                f"There is a session {name!r} already.",
                hint="Use it, kill it, or take another name.",
                code="session_exists",
            )
        if sum(session.alive for session in place.sessions.values()) >= MOST_ALIVE:
            raise Conflict(
                f"{MOST_ALIVE} sessions run, as many as a sandbox may have.",
                hint="Kill one that is not needed.",
                code="sessions_full",
            )
        place.sessions.pop(name, None)
        ended = [each for each, session in place.sessions.items() if not session.alive]
        for each in ended[: max(len(place.sessions) + 1 - MOST_KEPT, 0)]:
            del place.sessions[each]
