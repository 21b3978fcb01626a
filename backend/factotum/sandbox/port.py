"""The sandbox port. Paths are relative to /workspace, with `/`; times are seconds, sizes are bytes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

OutputStream = Literal["stdout", "stderr"]
OnOutput = Callable[[OutputStream, bytes], Awaitable[None]]

WORKSPACE = "/workspace"


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a command ended.

    `output` holds stdout and stderr as they came, bounded; `truncated_bytes` were dropped from its middle.
    `exit_code` is None when the deadline ended it (`timed_out`).
    """

    exit_code: int | None
    output: bytes
    truncated_bytes: int
    timed_out: bool
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One entry of the workspace."""

    path: str
    kind: Literal["file", "folder", "link", "other"]
    size_bytes: int
    modified_at: datetime


class Sandbox(Protocol):
    """A project's own machine: commands, and a workspace that outlives them."""

    @property
    def project_id(self) -> str:
        """The project that it belongs to."""
        ...

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
        """Run `command` with bash. When this returns or is cancelled, every process it started has ended.

        Raises NotFound for a folder that does not exist, Unavailable when the sandbox is gone.
        """
        ...

    async def stat(self, path: str) -> FileInfo:
        """Describe one entry. Raises NotFound (`file_not_found`), InvalidInput (`path_outside`)."""
        ...

    async def list(self, path: str = ".", *, recursive: bool = False, limit: int = 1000) -> list[FileInfo]:
        """List a folder, sorted by path, at most `limit` entries. Raises as `stat`."""
        ...

    def read(self, path: str, *, offset: int = 0, limit: int | None = None) -> AsyncIterator[bytes]:
        """Stream a regular file. Raises as `stat`; InvalidInput (`not_a_file`) for a folder or a device."""
        ...

    async def write(self, path: str, content: AsyncIterator[bytes], *, limit: int) -> FileInfo:
        """Write a file whole, atomically, making its folders.

        Raises TooLarge past `limit` and changes nothing; Unavailable (`disk_full`) when there is no room.
        """
        ...

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder and all in it. InvalidInput for the workspace itself."""
        ...


class SandboxProvider(Protocol):
    """Makes and finds sandboxes."""

    async def refusal(self) -> str | None:
        """Say why this machine cannot isolate commands and what to do, or None when it can."""
        ...

    async def open(self, project_id: str) -> Sandbox:
        """Find or create the project's sandbox. Raises SandboxRefused."""
        ...

    async def delete(self, project_id: str) -> None:
        """End it and delete its workspace. Deleting one that does not exist does nothing."""
        ...

    async def projects(self) -> list[str]:
        """Return the ids of the projects that something is kept of here."""
        ...
