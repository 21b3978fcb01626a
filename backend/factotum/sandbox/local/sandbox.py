"""One project's sandbox: commands through the engine, files through files.py, rules for what callers may
ask.
"""

import logging
import os
from collections.abc import AsyncIterator, Mapping

from factotum.core.errors import InvalidInput, TooLarge, Unavailable
from factotum.sandbox.local import files
from factotum.sandbox.local.engine import Engine
from factotum.sandbox.local.follow import uninterrupted
from factotum.sandbox.local.launch import LaunchFailed
from factotum.sandbox.local.paths import check_variable, clean_path, split
from factotum.sandbox.local.project import Project
from factotum.sandbox.port import ExecResult, FileInfo, OnOutput

_log = logging.getLogger(__name__)

_COMMAND_LIMIT = 1_000_000
_READ_CHUNK = 256 * 1024


class LocalSandbox:
    """A project's folders, and commands over them. Implements the port's Sandbox."""

    def __init__(self, project: Project, engine: Engine) -> None:
        self._project = project
        self._engine = engine

    @property
    def project_id(self) -> str:
        """The project that it belongs to."""
        return self._project.id

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
        _check_command(command, timeout, output_limit)
        given = dict(environment or {})
        for name, value in given.items():
            check_variable(name, value)
        clean = clean_path(folder)
        await self._engine.call(files.check_folder, self._project, clean)
        try:
            return await self._engine.run(
                self._project,
                command,
                folder=clean,
                environment=given,
                timeout=timeout,
                output_limit=output_limit,
                on_output=on_output,
            )
        except LaunchFailed as error:
            _log.error("sandbox did not start", extra={"project_id": self.project_id, "said": str(error)})
            raise Unavailable(
                "The sandbox did not start.", hint="Try again; `factotum doctor` tells what is wrong."
            ) from error

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
            await uninterrupted(self._engine.call(incoming.close))

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder and all in it."""
        await self._engine.call(files.delete_path, self._project, clean_path(path))

    def _receive(self, path: str) -> tuple[files.Incoming, int]:
        try:
            room = self._engine.guard(self._project).begin()
            return files.Incoming(self._project), room
        except FileNotFoundError:
            raise Unavailable("The sandbox is gone.", hint="Open it again.", code="sandbox_gone") from None
        except OSError as error:
            raise files.explain(error, path) from error


def _explained_write(incoming: files.Incoming, chunk: bytes, path: str) -> None:
    try:
        incoming.write(chunk)
    except OSError as error:
        raise files.explain(error, path) from error


def _check_command(command: str, timeout: float, output_limit: int) -> None:
    if "\0" in command:
        raise InvalidInput("A command cannot hold a NUL character.", code="command_invalid")
    try:
        size = len(command.encode())
    except UnicodeEncodeError:
        raise InvalidInput("The command is not valid Unicode text.", code="command_invalid") from None
    if size > _COMMAND_LIMIT:
        raise TooLarge(
            f"The command is longer than {_COMMAND_LIMIT} bytes.", hint="Write it to a file and run that."
        )
    if timeout <= 0 or output_limit < 0:
        raise InvalidInput("timeout must be positive, and output_limit not negative.")
