"""A sandbox in memory: a small file system, and commands that were scripted beforehand.

It runs nothing, as its `capabilities` say: a command that was not scripted fails with `Unavailable`, and
sessions and ports do always. The conformance suite's FilesConformance holds for it.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TypeVar

from factotum.core.clock import now
from factotum.core.errors import (
    Conflict,
    FactotumError,
    InvalidInput,
    NotFound,
    SandboxRefused,
    TooLarge,
    Unavailable,
)
from factotum.sandbox.local.paths import check_labels, clean_path, split
from factotum.sandbox.no_snapshots import NoSnapshots
from factotum.sandbox.port import (
    Capabilities,
    Connection,
    ExecResult,
    FileInfo,
    Match,
    OnOutput,
    OutputStream,
    Sandbox,
    SandboxInfo,
)
from factotum.testing.no_sessions import NoSessions

_READ_CHUNK = 65_536
_Held = TypeVar("_Held")


@dataclass(frozen=True, slots=True)
class ScriptedCommand:
    """What one command does: its output in pieces, the files it leaves, and how it ends.

    `command` None answers any command. `seconds` pass after the pieces were given; past the caller's timeout
    the command counts as timed out. `fault` is raised instead of a result.
    """

    command: str | None = None
    pieces: tuple[tuple[OutputStream, bytes], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    exit_code: int = 0
    seconds: float = 0.0
    fault: FactotumError | None = None


@dataclass(slots=True)
class _File:
    content: bytes
    modified_at: datetime
    mode: int = 0o644


class MemorySandbox:
    """The sandbox port over a dictionary. `executed` lists the commands that were run, with their folders."""

    def __init__(
        self,
        project_id: str = "project",
        *,
        files: Mapping[str, bytes] | None = None,
        commands: Iterable[ScriptedCommand] = (),
    ) -> None:
        self._project_id = project_id
        self._files: dict[str, _File] = {}
        self._folders: dict[str, datetime] = {".": now()}
        self._commands = list(commands)
        self._is_gone = False
        self.executed: list[tuple[str, str]] = []
        for path, content in (files or {}).items():
            self._put(clean_path(path), content)

    @property
    def project_id(self) -> str:
        """The project that it belongs to."""
        return self._project_id

    @property
    def capabilities(self) -> Capabilities:
        """Files, and a search in them."""
        return Capabilities(commands=False, sessions=False, terminals=False, ports=False)

    @property
    def snapshots(self) -> NoSnapshots:
        """None: what is in memory is not kept."""
        return NoSnapshots()

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: no command sees any."""
        return {}

    @property
    def sessions(self) -> NoSessions:
        """None: each method says so."""
        return NoSessions()

    def forget(self) -> None:
        """Be gone, as a deleted sandbox is."""
        self._is_gone = True

    def script(self, *commands: ScriptedCommand) -> None:
        """Add commands to those that can still be run."""
        self._commands.extend(commands)

    def content(self, path: str) -> bytes:
        """Return a file's bytes, for assertions. Raises NotFound."""
        return self._file(path).content

    def take_notice(self) -> str:
        """Nothing: its commands are scripted with their notices."""
        return ""

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
        """Play the first scripted command that fits, once. Raises Unavailable when none does."""
        del environment  # A script has no use for it.
        if clean_path(folder) not in self._folders:
            raise NotFound(f"There is no folder {folder!r}.", code="folder_not_found")
        scripted = self._take(command)
        self.executed.append((command, folder))
        started = time.monotonic()
        if scripted.fault is not None:
            raise scripted.fault
        for stream, data in scripted.pieces:
            if on_output is not None:
                await on_output(stream, data)
        await asyncio.sleep(min(scripted.seconds, timeout))
        timed_out = scripted.seconds > timeout
        if not timed_out:
            for path, content in scripted.files.items():
                self._put(clean_path(path), content)
        output = b"".join(data for _, data in scripted.pieces)
        dropped = max(len(output) - output_limit, 0)
        if dropped:
            head = output_limit // 2
            output = output[:head] + output[head + dropped :]
        exit_code = None if timed_out else scripted.exit_code
        return ExecResult(exit_code, output, dropped, timed_out, time.monotonic() - started)

    async def stat(self, path: str) -> FileInfo:
        """Describe one entry. Raises NotFound (`file_not_found`), InvalidInput (`path_outside`)."""
        inside = clean_path(path)
        if inside in self._folders:
            return FileInfo(inside, "folder", 0, self._folders[inside], 0o755)
        file = self._file(path)
        return FileInfo(inside, "file", len(file.content), file.modified_at, file.mode)

    async def list(self, path: str = ".", *, recursive: bool = False, limit: int = 1000) -> list[FileInfo]:
        """List a folder, sorted by path, at most `limit` entries. Raises as `stat`."""
        inside = clean_path(path)
        self._check_there()
        if inside not in self._folders:
            self._file(path)
            raise InvalidInput(f"{path!r} is not a folder.", code="not_a_folder")
        start = "" if inside == "." else f"{inside}/"
        names = [
            name
            for name in (*self._folders, *self._files)
            if name != "." and name.startswith(start) and (recursive or "/" not in name[len(start) :])
        ]
        return [await self.stat(name) for name in sorted(names)[:limit]]

    async def read(self, path: str, *, offset: int = 0, limit: int | None = None) -> AsyncIterator[bytes]:
        """Stream a file. Raises as `stat`; InvalidInput (`not_a_file`) for a folder."""
        if clean_path(path) in self._folders:
            raise InvalidInput(f"{path!r} is a folder, not a file.", code="not_a_file")
        content = self._file(path).content
        end = len(content) if limit is None else min(offset + limit, len(content))
        for start in range(offset, end, _READ_CHUNK):
            yield content[start : min(start + _READ_CHUNK, end)]

    async def write(self, path: str, content: AsyncIterator[bytes], *, limit: int) -> FileInfo:
        """Write a file whole, making its folders. Raises TooLarge past `limit` and changes nothing."""
        inside = clean_path(path)
        if inside in self._folders:
            raise InvalidInput(f"{path!r} is a folder, not a file.", code="not_a_file")
        taken = bytearray()
        async for piece in content:
            taken += piece
            if len(taken) > limit:
                raise TooLarge(f"{path!r} would be over {limit:,} bytes.")
        self._put(inside, bytes(taken))
        return await self.stat(path)

    async def move(self, path: str, target: str) -> FileInfo:
        """Give an entry another path, making folders. Raises as `stat`; Conflict (`file_exists`)."""
        inside, to = clean_path(path), clean_path(target)
        split(to)
        await self.stat(path)
        if to in self._folders or to in self._files:
            raise Conflict(f"{target!r} exists already; nothing was moved.", code="file_exists")
        if f"{to}/".startswith(f"{inside}/"):
            raise InvalidInput(f"{path!r} cannot be moved into itself.", code="path_invalid")
        self._make_folders(to)
        _rename(self._files, inside, to)
        _rename(self._folders, inside, to)
        return await self.stat(to)

    async def chmod(self, path: str, mode: int) -> FileInfo:
        """Set the permissions of a file. Raises as `stat`."""
        if not 0 <= mode <= 0o777:
            raise InvalidInput("Permissions are nine bits.", code="mode_invalid")
        self._file(path).mode = mode
        return await self.stat(path)

    async def search(
        self, pattern: str, path: str = ".", *, names: str = "", limit: int = 200, timeout: float = 30.0
    ) -> Sequence[Match]:
        """Find lines that match a regular expression, of Python's kind."""
        del timeout  # It takes no time.
        try:
            wanted = re.compile(pattern)
        except re.error as error:
            raise InvalidInput(f"The pattern is not valid: {error}", code="pattern_invalid") from None
        start = (await self.stat(path)).path
        found: list[Match] = []
        for name in sorted(self._files):
            is_under = start == "." or f"{name}/".startswith(f"{start}/")
            if is_under and (not names or fnmatchcase(name.rpartition("/")[2], names)):
                lines = self._files[name].content.decode(errors="replace").splitlines()
                found += [
                    Match(name, number, line) for number, line in enumerate(lines, 1) if wanted.search(line)
                ]
        return found[:limit]

    async def ports(self) -> Sequence[int]:
        """None: nothing runs."""
        return []

    async def connect(self, port: int, *, timeout: float = 10.0) -> Connection:
        """Raise NotFound: nothing listens."""
        del timeout  # It takes no time.
        raise NotFound(f"Nothing in the sandbox listens on port {port}.", code="port_not_open")

    async def preview(self, port: int, *, seconds: int) -> str:
        """Raise Unavailable (`not_supported`)."""
        del port, seconds
        raise Unavailable("This sandbox has no previews.", hint="See its capabilities.", code="not_supported")

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder and all in it. Raises as `stat`; InvalidInput for the workspace."""
        inside = clean_path(path)
        split(inside)
        if inside not in self._folders:
            self._file(path)
        for name in [n for n in self._files if n == inside or n.startswith(f"{inside}/")]:
            del self._files[name]
        for name in [n for n in self._folders if n == inside or n.startswith(f"{inside}/")]:
            del self._folders[name]

    def _take(self, command: str) -> ScriptedCommand:
        for index, scripted in enumerate(self._commands):
            if scripted.command in {None, command}:
                return self._commands.pop(index)
        raise Unavailable(
            f"This sandbox only plays a script, and nothing is scripted for {command[:200]!r}.",
            hint=f"Scripted commands left: {len(self._commands)}.",
        )

    def _check_there(self) -> None:
        if self._is_gone:
            raise Unavailable("The sandbox is gone.", hint="Open it again.", code="sandbox_gone")

    def _file(self, path: str) -> _File:
        self._check_there()
        try:
            return self._files[clean_path(path)]
        except KeyError:
            raise NotFound(f"There is no file {path!r}.", code="file_not_found") from None

    def _put(self, inside: str, content: bytes) -> None:
        self._make_folders(inside)
        present = self._files.get(inside)
        self._files[inside] = _File(content, now(), 0o644 if present is None else present.mode)

    def _make_folders(self, inside: str) -> None:
        parents = inside.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            folder = "/".join(parents[:depth])
            if folder in self._files:
                raise InvalidInput(f"{folder!r} is a file, not a folder.", code="not_a_folder")
            self._folders.setdefault(folder, now())


def _rename(held: dict[str, _Held], inside: str, to: str) -> None:
    for name in [name for name in held if name == inside or name.startswith(f"{inside}/")]:
        held[to + name[len(inside) :]] = held.pop(name)


class MemorySandboxProvider:
    """Keeps one MemorySandbox a project. `reason` makes it refuse, as a machine that cannot isolate does."""

    def __init__(self, *, reason: str | None = None, commands: Iterable[ScriptedCommand] = ()) -> None:
        self._reason = reason
        self._commands = tuple(commands)
        self._sandboxes: dict[str, MemorySandbox] = {}
        self._labels: dict[str, dict[str, str]] = {}

    async def refusal(self) -> str | None:
        """Return the reason that was given, or None."""
        return self._reason

    async def open(
        self,
        project_id: str,
        *,
        labels: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Sandbox:
        """Find or create the project's sandbox. Raises SandboxRefused."""
        del environment
        if self._reason is not None:
            raise SandboxRefused(self._reason)
        if labels is not None:
            check_labels(labels)
            self._labels[project_id] = dict(labels)
        made = MemorySandbox(project_id, commands=self._commands)
        return self._sandboxes.setdefault(project_id, made)

    async def find(self, labels: Mapping[str, str] | None = None, *, limit: int = 1000) -> list[SandboxInfo]:
        """Find sandboxes that have all of `labels`, by project, at most `limit`."""
        wanted = (labels or {}).items()
        held = {name: self._labels.get(name, {}) for name in sorted(self._sandboxes)}
        found = [SandboxInfo(name, False, each) for name, each in held.items() if wanted <= each.items()]
        return found[:limit]

    async def stop(self, project_id: str) -> None:
        """Do nothing: nothing runs."""

    async def thin_out(self, older_seconds: float) -> int:
        """Do nothing: there are no snapshots."""
        del older_seconds
        return 0

    async def delete(self, project_id: str) -> None:
        """Forget the project's sandbox."""
        self._labels.pop(project_id, None)
        gone = self._sandboxes.pop(project_id, None)
        if gone is not None:
            gone.forget()
