"""The sandbox port: commands, sessions, files and ports of a project's own machine.

Paths are relative to /workspace, with `/`; times are seconds, sizes are bytes. Every method ends within a
deadline: the one it takes, else CALL_SECONDS (a stream: each piece), and then raises Unavailable
(`sandbox_timeout`). Any method may raise Unavailable: `sandbox_gone` when the project was deleted,
`sandbox_lost` when the sandbox ended meanwhile (the next call works, in a new one), `not_supported` when
`capabilities` says so.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

OutputStream = Literal["stdout", "stderr"]
OnOutput = Callable[[OutputStream, bytes], Awaitable[None]]

WORKSPACE = "/workspace"
OWN_FOLDER = ".factotum"
"""In the workspace: what our tools keep there for themselves, such as long outputs and what is half done."""
CALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider's sandboxes can do beside files."""

    commands: bool = True
    """Runs any command; else only what was prepared."""
    sessions: bool = True
    terminals: bool = True
    """A session can have a terminal."""
    search: bool = True
    ports: bool = True
    """Lists listening ports and opens connections to them."""
    snapshots: bool = False
    """Keeps copies of the workspace."""
    previews: bool = False
    """Gives addresses under which a person sees what listens on a port."""


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a command ended.

    `output` holds stdout and stderr as they came, bounded; `truncated_bytes` were dropped from its middle.
    `exit_code` is None when the deadline ended it (`timed_out`). `notice` is what else the caller should
    know: that the sandbox had been lost and is a new one, for instance.
    """

    exit_code: int | None
    output: bytes
    truncated_bytes: int
    timed_out: bool
    duration_seconds: float
    notice: str = ""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One entry of the workspace. `mode` holds its permissions, the lowest nine bits."""

    path: str
    kind: Literal["file", "folder", "link", "other"]
    size_bytes: int
    modified_at: datetime
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Match:
    """A line that a search found, counted from 1; a long line is cut."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class TerminalSize:
    """The size of a session's terminal, in characters."""

    rows: int = 30
    columns: int = 120


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session: whether its shell lives, whether a command runs in it, and the newest exit code."""

    name: str
    alive: bool
    busy: bool
    exit_code: int | None
    terminal: bool
    started_at: datetime
    command: str = ""
    """The newest command."""


@dataclass(frozen=True, slots=True)
class SessionOutput:
    """What a session has written since a cursor.

    `cursor` counts the bytes of all its output up to the end of `data`: give it to the next poll.
    `missed_bytes` were dropped before they were asked for. `waits`: more may come.
    """

    data: bytes
    cursor: int
    missed_bytes: int
    info: SessionInfo


class Sessions(Protocol):
    """Named shells that last: variables, folder and what runs in the background stay from command to command.

    They end when they are killed, with their sandbox, or when their shell does (`exit`). A session that has
    ended can be polled for a while. Methods raise NotFound (`session_not_found`) for a name that is not
    there.
    """

    async def start(
        self,
        name: str,
        *,
        folder: str = ".",
        environment: Mapping[str, str] | None = None,
        terminal: TerminalSize | None = None,
    ) -> SessionInfo:
        """Start a shell. stdout and stderr are one stream; with a terminal its programs see one.

        Raises Conflict (`session_exists`, `sessions_full`), InvalidInput (`session_name_invalid`).
        """
        ...

    async def run(self, name: str, command: str) -> int:
        """Give the shell its next command, and return the cursor at which its output begins.

        Raises Conflict: `session_busy` while one runs, `session_ended`.
        """
        ...

    async def write(self, name: str, data: bytes, *, timeout: float = CALL_SECONDS) -> None:
        """Type `data` into what runs there. Raises Conflict: `session_ended`, `session_not_reading`."""
        ...

    async def poll(
        self, name: str, *, cursor: int = 0, limit: int = 100_000, wait: float = 0.0
    ) -> SessionOutput:
        """Return at most `limit` bytes of output after `cursor`.

        When there is none and a command runs, wait for some, or for its end, at most `wait` seconds.
        """
        ...

    async def resize(self, name: str, size: TerminalSize) -> None:
        """Give its terminal another size; does nothing without one."""
        ...

    async def kill(self, name: str) -> SessionInfo:
        """End a session and all that runs in it. Killing one that has ended does nothing."""
        ...

    async def list(self) -> list[SessionInfo]:
        """Every session that can be polled, by name."""
        ...


class Connection(Protocol):
    """A stream of bytes to a port inside."""

    async def read(self, most: int) -> bytes:
        """Return what came, at most `most` bytes; nothing is the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send, and wait until there is room for more. Raises OSError when it was closed."""
        ...

    async def finish(self) -> None:
        """Say that nothing more will be written."""
        ...

    async def close(self) -> None:
        """Let it go. Does nothing the second time."""
        ...


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A copy of the workspace as it once was. Ids of later ones sort later."""

    id: str
    made_at: datetime
    size_bytes: int
    note: str = ""
    automatic: bool = False
    """Taken by itself: these are counted apart from those that somebody asked for."""


class Snapshots(Protocol):
    """Copies of a workspace that its commands cannot reach. The newest few are kept, as long as the project.

    A workspace that is lost is recreated from the newest, and the next command's `notice` says so.
    """

    async def take(self, note: str = "") -> SnapshotInfo:
        """Copy the workspace as it is.

        Raises TooLarge (`snapshot_too_large`), InvalidInput (`note_invalid`), Unavailable (`disk_full`).
        """
        ...

    async def keep(self, note: str = "") -> SnapshotInfo | None:
        """Take one by itself, if the workspace may differ from the newest. Raises as `take`.

        It may take minutes, and ends with the call: give it a deadline of your own.
        """
        ...

    async def list(self) -> Sequence[SnapshotInfo]:
        """Those that are kept, the newest first."""
        ...

    async def restore(self, snapshot_id: str, note: str = "") -> None:
        """End what runs, `keep` what is there, with this note, and put the workspace back as it was.

        Raises NotFound (`snapshot_not_found`), and as `take`; then nothing was put back.
        """
        ...

    async def delete(self, snapshot_id: str) -> None:
        """Delete one. Does nothing when it is not there."""
        ...


class Sandbox(Protocol):
    """A project's own machine: commands, and a workspace that outlives them."""

    @property
    def project_id(self) -> str:
        """The project that it belongs to."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What its commands and sessions are started with, as it was opened."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Its shells that last."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """Copies of its workspace."""
        ...

    def take_notice(self) -> str:
        """Return what the caller must be told of the sandbox itself, such as that it is a new one; once.

        For who starts a session: the result of a command brings it by itself.
        """
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

        Raises NotFound for a folder that does not exist, Unavailable when the sandbox is gone or was lost.
        """
        ...

    async def stat(self, path: str) -> FileInfo:
        """Describe one entry. Raises NotFound (`file_not_found`), InvalidInput (`path_outside`)."""
        ...

    async def list(self, path: str = ".", *, recursive: bool = False, limit: int = 1000) -> list[FileInfo]:
        """List a folder, sorted by path, at most `limit` entries. Raises as `stat`."""
        ...

    async def search(
        self, pattern: str, path: str = ".", *, names: str = "", limit: int = 200, timeout: float = 30.0
    ) -> Sequence[Match]:
        """Find lines that match an extended regular expression, by path and line.

        Looks in text files under `path`, hidden ones too; `names` is a glob for the names of files. Raises as
        `stat`; InvalidInput (`pattern_invalid`); Unavailable (`search_timeout`).
        """
        ...

    def read(self, path: str, *, offset: int = 0, limit: int | None = None) -> AsyncIterator[bytes]:
        """Stream a regular file. Raises as `stat`; InvalidInput (`not_a_file`) for a folder or a device."""
        ...

    async def write(self, path: str, content: AsyncIterator[bytes], *, limit: int) -> FileInfo:
        """Write a file whole, atomically, making its folders.

        Raises TooLarge past `limit` and changes nothing; Unavailable (`disk_full`) when there is no room.
        """
        ...

    async def move(self, path: str, target: str) -> FileInfo:
        """Give an entry another path, making folders. Raises as `stat`; Conflict (`file_exists`)."""
        ...

    async def chmod(self, path: str, mode: int) -> FileInfo:
        """Set the permissions of a file or a folder, nine bits. Raises as `stat`."""
        ...

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder and all in it. InvalidInput for the workspace itself."""
        ...

    async def ports(self) -> Sequence[int]:
        """The TCP ports that programs inside listen on, sorted."""
        ...

    async def connect(self, port: int, *, timeout: float = 10.0) -> Connection:
        """Open a connection to a port inside. Raises NotFound (`port_not_open`)."""
        ...

    async def preview(self, port: int, *, seconds: int) -> str:
        """Return an address that shows what listens on `port`, to whoever has it, for `seconds`.

        Raises NotFound (`port_not_open`), Unavailable (`not_supported`).
        """
        ...


@dataclass(frozen=True, slots=True)
class SandboxInfo:
    """A sandbox that there is. `running`: it holds memory now; else it starts with its next command."""

    project_id: str
    running: bool
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


class SandboxProvider(Protocol):
    """Makes and finds sandboxes."""

    async def refusal(self) -> str | None:
        """Say why this machine cannot isolate commands and what to do, or None when it can."""
        ...

    async def open(
        self,
        project_id: str,
        *,
        labels: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Sandbox:
        """Find or create the project's sandbox; `labels` take the place of those it has.

        `environment` is for every command and session that is started through what is returned.

        Raises SandboxRefused, InvalidInput (`labels_invalid`).
        """
        ...

    async def find(self, labels: Mapping[str, str] | None = None, *, limit: int = 1000) -> list[SandboxInfo]:
        """Find sandboxes that have all of `labels`, by project, at most `limit`."""
        ...

    async def stop(self, project_id: str) -> None:
        """End all that runs in it. Its files stay, and the next command starts it again."""
        ...

    async def delete(self, project_id: str) -> None:
        """End it and delete its workspace. Deleting one that does not exist does nothing."""
        ...

    async def thin_out(self, older_seconds: float) -> int:
        """Remove the snapshots that are older, but each project's newest; return how many went."""
        ...
