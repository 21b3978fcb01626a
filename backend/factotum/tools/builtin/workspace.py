"""What the tools that touch files share: paths, whole files within a bound, and saying what changed."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Literal

from factotum.core.errors import NotFound, TooLarge
from factotum.protocol.events import FileChanged, SandboxChanged
from factotum.sandbox.port import WORKSPACE, FileInfo, Sandbox
from factotum.tools.tool import ToolContext, ToolError

LARGEST_TEXT = 10_000_000
"""Bytes of a file that is read whole to be edited, or written from a call's arguments."""


def workspace_path(path: str) -> str:
    """Take off a leading `/workspace`, which is where commands see the files; the sandbox checks the rest."""
    if path in {"", WORKSPACE, f"{WORKSPACE}/"}:
        return "."
    return path.removeprefix(f"{WORKSPACE}/")


async def find(sandbox: Sandbox, path: str) -> FileInfo | None:
    """Describe an entry, or return None when nothing is there. Raises InvalidInput for a path outside."""
    try:
        return await sandbox.stat(workspace_path(path))
    except NotFound:
        return None


async def require_file(sandbox: Sandbox, path: str) -> FileInfo:
    """Describe a regular file. Raises ToolError (`file_not_found`, `not_a_file`) with what to do."""
    info = await find(sandbox, path)
    if info is None:
        raise ToolError(
            f"There is no file {path!r} in the workspace.",
            hint="list_files shows what is there.",
            code="file_not_found",
        )
    if info.kind == "folder":
        raise ToolError(
            f"{path!r} is a folder, not a file.", hint="list_files shows what is in it.", code="not_a_file"
        )
    return info


async def require_all(sandbox: Sandbox, paths: Iterable[str], what: str) -> tuple[str, ...]:
    """Return the paths of files in their one form, each once. Raises ToolError that names all missing."""
    found: dict[str, None] = {}
    wrong: list[str] = []
    for path in paths:
        info = await find(sandbox, path)
        if info is None or info.kind == "folder":
            wrong.append(f"{path!r} ({'is a folder' if info else 'does not exist'})")
        else:
            found[info.path] = None
    if wrong:
        raise ToolError(
            f"These {what} are not files in the workspace: {', '.join(wrong)}.",
            hint="Make them first, or leave them out; list_files shows what is there.",
            code="file_not_found",
        )
    return tuple(found)


@asynccontextmanager
async def opened(
    sandbox: Sandbox, path: str, *, limit: int | None = None
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Read a file, and close it also when the reader stops before its end."""
    stream = sandbox.read(path, limit=limit)
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def read_start(sandbox: Sandbox, path: str, limit: int) -> bytes:
    """Read at most `limit` bytes from the start of a file."""
    content = bytearray()
    async with opened(sandbox, path, limit=limit) as stream:
        async for piece in stream:
            content += piece
    return bytes(content)


async def read_whole(sandbox: Sandbox, info: FileInfo) -> bytes:
    """Read a file whole. Raises TooLarge when it is over LARGEST_TEXT, also when it grew meanwhile."""
    known = info.size_bytes > LARGEST_TEXT
    content = b"" if known else await read_start(sandbox, info.path, LARGEST_TEXT + 1)
    if known or len(content) > LARGEST_TEXT:
        raise TooLarge(
            f"{info.path!r} is over {LARGEST_TEXT:,} bytes, too large for this tool.",
            hint="Use the shell for it, sed or a short Python script for example.",
        )
    return content


async def write_whole(sandbox: Sandbox, path: str, content: bytes) -> FileInfo:
    """Write a file whole. Raises TooLarge when the content is over LARGEST_TEXT, and changes nothing then."""
    return await sandbox.write(workspace_path(path), _once(content), limit=LARGEST_TEXT)


async def told(context: ToolContext, notice: str) -> str:
    """Tell what a command brought of its sandbox itself, and return it as a first line for the model."""
    if not notice:
        return ""
    await context.emit(SandboxChanged(status="recreated", note=notice))
    return f"{notice}\n"


async def tell(
    context: ToolContext, info: FileInfo, action: Literal["created", "changed", "deleted"]
) -> None:
    """Emit the event that a file was created, changed or deleted."""
    size = None if action == "deleted" else info.size_bytes
    await context.emit(FileChanged(path=info.path, action=action, size_bytes=size))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
