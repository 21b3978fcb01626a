"""What the bridge says, checked: it runs where the agent does, so nothing of it is taken on trust."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from factotum.core.errors import Conflict, FactotumError, InvalidInput, NotFound, Unavailable
from factotum.sandbox.port import FileInfo, OutputStream, SessionInfo

Count = Annotated[int, Field(ge=0, le=2**62)]
Text = Annotated[str, Field(max_length=5000)]


class Answer(BaseModel):
    """An answer of a known shape."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Polled(Answer):
    """A command's output, and how it ended."""

    chunks: Annotated[list[Annotated[tuple[OutputStream, Count], Strict(False)]], Field(max_length=100_000)]
    first: Count
    over: bool
    code: Annotated[int, Field(ge=0, le=255)] | None = None
    timed_out: bool = False
    refused: Text = ""


class Shell(Answer):
    """A session."""

    name: Text
    alive: bool
    busy: bool
    code: Annotated[int, Field(ge=0, le=255)] | None
    terminal: bool
    started_at: float
    command: Annotated[str, Field(max_length=1_100_000)]

    def info(self) -> SessionInfo:
        """Return it as the port has it."""
        started = datetime.fromtimestamp(min(max(self.started_at, 0), 2**33), UTC)
        return SessionInfo(self.name, self.alive, self.busy, self.code, self.terminal, started, self.command)


class ShellAnswer(Answer):
    """One session."""

    info: Shell


class ShellList(Answer):
    """Every session."""

    sessions: Annotated[list[Shell], Field(max_length=100)]


class ShellPolled(Answer):
    """What a session wrote."""

    cursor: Count
    missed: Count
    info: Shell


class Cursor(Answer):
    """Where output begins."""

    cursor: Count


class Entry(Answer):
    """One entry of the workspace."""

    path: Text
    kind: Literal["file", "folder", "link", "other"]
    size: Count
    modified_at: float
    mode: Annotated[int, Field(ge=0, le=0o777)]

    def info(self) -> FileInfo:
        """Return it as the port has it."""
        modified = datetime.fromtimestamp(min(max(self.modified_at, 0), 2**33), UTC)
        return FileInfo(self.path, self.kind, self.size, modified, self.mode)


class One(Answer):
    """One entry."""

    done: Entry


class Many(Answer):
    """A folder's entries."""

    done: Annotated[list[Entry], Field(max_length=200_000)]


class Ports(Answer):
    """What is listened on."""

    ports: Annotated[list[Annotated[int, Field(ge=1, le=65535)]], Field(max_length=65535)]


class Opened(Answer):
    """A connection."""

    name: Text


class Arrived(Answer):
    """What came over a connection."""

    end: bool


_A = TypeVar("_A", bound=Answer)

_KINDS: dict[str, type[FactotumError]] = {
    "file_not_found": NotFound,
    "folder_not_found": NotFound,
    "session_not_found": NotFound,
    "port_not_open": NotFound,
    "path_outside": InvalidInput,
    "path_invalid": InvalidInput,
    "not_a_file": InvalidInput,
    "not_a_folder": InvalidInput,
    "not_permitted": InvalidInput,
    "file_exists": Conflict,
    "file_busy": Conflict,
    "session_exists": Conflict,
    "sessions_full": Conflict,
    "session_busy": Conflict,
    "session_ended": Conflict,
    "session_not_reading": Conflict,
    "disk_full": Unavailable,
    "sandbox_full": Unavailable,
    "run_unknown": Unavailable,
    "connection_closed": Unavailable,
}


def read(shape: type[_A], head: dict[str, Any]) -> _A:
    """Check an answer. Raises Unavailable (`sandbox_lost`) for what is none."""
    try:
        return shape.model_validate(head)
    except ValidationError as error:
        raise nonsense() from error


def nonsense() -> Unavailable:
    """Build the error for answers that cannot be."""
    return Unavailable(
        "The sandbox answers what cannot be: something in it took the place of our own program.",
        hint="Stop the sandbox; the next command starts it again.",
        code="sandbox_lost",
    )


def refusal(head: dict[str, Any]) -> FactotumError | None:
    """Return the error that an answer stands for, if it does."""
    code = head.get("refused")
    if not isinstance(code, str) or not code or "over" in head:
        return None
    kind = _KINDS.get(code)
    if kind is None:
        return Unavailable(
            f"The sandbox could not do that: {str(head.get('message'))[:200]}", hint="Try again."
        )
    return kind(str(head.get("message"))[:2000], hint=str(head.get("hint", ""))[:500], code=code)
