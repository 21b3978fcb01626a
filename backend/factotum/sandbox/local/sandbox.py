"""One project's sandbox: commands through the engine, files through files.py, rules for what callers may
ask.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from factotum.core.errors import InvalidInput, TooLarge, Unavailable
from factotum.core.tasks import whole
from factotum.sandbox import search as searching
from factotum.sandbox.local import files
from factotum.sandbox.local.boxes import gone
from factotum.sandbox.local.checks import explained
from factotum.sandbox.local.engine import Engine
from factotum.sandbox.local.paths import clean_path, split
from factotum.sandbox.local.ports import LocalConnection, connect_port, listening, not_open
from factotum.sandbox.local.project import Project
from factotum.sandbox.local.sessions import LocalSessions
from factotum.sandbox.local.snapshots import LocalSnapshots
from factotum.sandbox.port import Capabilities, ExecResult, FileInfo, Match, OnOutput
from factotum.sandbox.rules import check_command, check_environment

Sign = Callable[[str, int, int], str]
"""Makes the address of a preview, from project, port and seconds."""

_READ_CHUNK = 256 * 1024


class LocalSandbox:
    """A project's folders, and commands over them. Implements the port's Sandbox."""

    def __init__(
        self,
        project: Project,
        engine: Engine,
        environment: Mapping[str, str] | None = None,
        sign: Sign | None = None,
    ) -> None:
        """`environment` is for every command and session that is started through this object."""
        self._project = project
        self._engine = engine
        self._environment = environment or {}
        self._sign = sign
        self._sessions = LocalSessions(project, engine, self._environment)

    @property
    def capabilities(self) -> Capabilities:
        """Everything."""
        return Capabilities(snapshots=True, previews=self._sign is not None)

    @property
    def environment(self) -> Mapping[str, str]:
        """What its commands and sessions are started with."""
        return self._environment

    @property
    def sessions(self) -> LocalSessions:
        """Its shells that last."""
        return self._sessions

    @property
    def snapshots(self) -> LocalSnapshots:
        """Copies of its workspace."""
        return LocalSnapshots(self._project, self._engine)

    @property
    def project_id(self) -> str:
        """The project that it belongs to."""
        return self._project.id

    def take_notice(self) -> str:
        """Return what the caller must be told of the sandbox itself, once."""
        return self._engine.boxes.take_notice(self.project_id)

    async def exec(
        self,
        command: str,
        *,
        folder: str = ".",
        timeout: float = 60.0,
        environment: Mapping[str, str] | None = None,
        output_limit: int = 100_000,
        on_output: OnOutput | None = None,
    ) -> ExecResult:
        """Run `command` with bash, as the port says."""
        check_command(command)
        if timeout <= 0 or output_limit < 0:
            raise InvalidInput("timeout must be positive, and output_limit not negative.")
        given = {**self._environment, **check_environment(environment)}
        clean = clean_path(folder)
        await self._engine.call(files.check_folder, self._project, clean)
        async with explained(self._project):
            return await self._engine.run(
                self._project,
                command,
                folder=clean,
                environment=given,
                timeout=timeout,
                output_limit=output_limit,
                on_output=on_output,
            )

    async def stat(self, path: str) -> FileInfo:
        """Describe one entry; a link is described itself."""
        return await self._engine.call(files.stat_path, self._project, clean_path(path))

    async def list(self, path: str = ".", *, recursive: bool = False, limit: int = 1000) -> list[FileInfo]:
        """List a folder, sorted by path, at most `limit` entries."""
        clean = clean_path(path)
        return await self._engine.call(
            files.list_folder, self._project, clean, recursive=recursive, limit=limit
        )

    async def read(self, path: str, *, offset: int = 0, limit: int | None = None) -> AsyncIterator[bytes]:
        """Stream a regular file, as long as it is when it is opened."""
        if offset < 0 or (limit is not None and limit < 0):
            raise InvalidInput("offset and limit cannot be negative.")
        descriptor, size = await self._engine.call(files.open_regular, self._project, clean_path(path))
        try:
            end = size if limit is None else min(size, offset + limit)
            while offset < end:
                chunk = await self._engine.call(os.pread, descriptor, min(_READ_CHUNK, end - offset), offset)
                if not chunk:
                    return
                offset += len(chunk)
                yield chunk
        finally:
            os.close(descriptor)

    async def write(self, path: str, content: AsyncIterator[bytes], *, limit: int) -> FileInfo:
        """Write a file whole, atomically, making its folders."""
        clean = clean_path(path)
        split(clean)
        incoming, room = await self._engine.call(self._receive, clean)
        try:
            async for chunk in content:
                if incoming.size + len(chunk) > limit:
                    raise TooLarge(f"The file is larger than {limit} bytes.", hint="Send a smaller one.")
                if incoming.size + len(chunk) > room:
                    raise Unavailable(
                        "There is no room left on the project's disk.",
                        hint="Delete files first.",
                        code="disk_full",
                    )
                await self._engine.call(_explained_write, incoming, chunk, clean)
            return await self._engine.call(incoming.place, self._project, clean)
        finally:
            await whole(self._engine.call(incoming.close))

    async def move(self, path: str, target: str) -> FileInfo:
        """Give an entry another path, making folders."""
        return await self._engine.call(files.move_path, self._project, clean_path(path), clean_path(target))

    async def chmod(self, path: str, mode: int) -> FileInfo:
        """Set the permissions of a file or a folder."""
        if not 0 <= mode <= 0o777:
            raise InvalidInput("Permissions are nine bits.", code="mode_invalid")
        clean = clean_path(path)
        split(clean)
        return await self._engine.call(files.change_mode, self._project, clean, mode)

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder and all in it."""
        await self._engine.call(files.delete_path, self._project, clean_path(path))

    async def search(
        self, pattern: str, path: str = ".", *, names: str = "", limit: int = 200, timeout: float = 30.0
    ) -> Sequence[Match]:
        """Find lines that match an extended regular expression."""
        clean = clean_path(path)
        await self._engine.call(files.stat_path, self._project, clean)

        async def run(command: str, seconds: float, most: int) -> ExecResult:
            result = await self.exec(command, timeout=seconds, output_limit=most)
            if result.notice:
                self._engine.boxes.remind(self.project_id, result.notice)
            return result

        return await searching.search(run, pattern, clean, names, limit, timeout)

    async def ports(self) -> Sequence[int]:
        """The TCP ports that programs inside listen on."""
        place = await self._engine.found(self._project)
        if place is None or place.box is None or not place.box.alive:
            return []
        return await self._engine.call(listening, place.box.running.first_id)

    async def connect(self, port: int, *, timeout: float = 10.0) -> LocalConnection:
        """Open a connection to a port inside."""
        place = await self._engine.found(self._project)
        if place is None or place.box is None or not place.box.alive:
            raise not_open(port)
        use = contextlib.ExitStack()
        use.enter_context(self._engine.boxes.in_use(self.project_id, place))
        try:
            return await connect_port(place.box, port, timeout, use.close)
        except BaseException:
            use.close()
            raise

    async def preview(self, port: int, *, seconds: int) -> str:
        """Return an address that shows what listens on `port`."""
        if self._sign is None:
            raise Unavailable(
                "No previews are served here.",
                hint="The operator must set FACTOTUM_PREVIEW_PORT, the same for API and workers "
                "(docs/deploy.md).",
                code="not_supported",
            )
        if port not in await self.ports():
            raise not_open(port)
        return self._sign(self.project_id, port, seconds)

    def _receive(self, path: str) -> tuple[files.Incoming, int]:
        try:
            room = self._engine.guard(self._project).begin()
            return files.Incoming(self._project), room
        except FileNotFoundError:
            raise gone() from None
        except OSError as error:
            raise files.explain(error, path) from error


def _explained_write(incoming: files.Incoming, chunk: bytes, path: str) -> None:
    try:
        incoming.write(chunk)
    except OSError as error:
        raise files.explain(error, path) from error
