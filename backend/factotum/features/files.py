"""The files of a thread: those of its project's workspace, under the caller's rights."""

import posixpath
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from factotum.core.errors import Forbidden
from factotum.core.frozen import Frozen
from factotum.sandbox.port import OWN_FOLDER, FileInfo, Sandbox, SandboxProvider
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from factotum.store.records import Caller
from factotum.store.threads import Threads

_LIST_LIMIT = 1_000


class File(Frozen):
    """One entry of the workspace; `path` is relative to it."""

    path: str
    kind: Literal["file", "folder", "link", "other"]
    size_bytes: int
    modified_at: datetime


class FileList(Frozen):
    """A folder's entries by path. `truncated`: there are more than are listed."""

    items: tuple[File, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is being read. `size_bytes` None: its length shows when it has been read."""

    path: str
    size_bytes: int | None
    chunks: AsyncGenerator[bytes]


class FileService:
    """The files of the caller's threads."""

    def __init__(self, database: Database, sandboxes: SandboxProvider, *, upload_limit: int) -> None:
        """`upload_limit` is the largest file that is taken, in bytes."""
        self._database = database
        self._sandboxes = sandboxes
        self._upload_limit = upload_limit

    async def list(self, caller: Caller, thread_id: str, path: str, *, recursive: bool) -> FileList:
        """List a folder. Raises NotFound (`thread_not_found`, `file_not_found`), InvalidInput."""
        sandbox = await self._open(caller, thread_id)
        found = await sandbox.list(path, recursive=recursive, limit=_LIST_LIMIT + 1)
        listed = of_people(path, found[:_LIST_LIMIT])
        return FileList(items=tuple(map(_file, listed)), truncated=len(found) > _LIST_LIMIT)

    async def read(self, caller: Caller, thread_id: str, path: str) -> Download:
        """Open a file. Raises as `list`, and InvalidInput (`not_a_file`).

        What grows while it is read ends where it ended before; one that shrinks comes to an early end.
        """
        sandbox = await self._open(caller, thread_id)
        info = await sandbox.stat(path)
        size = info.size_bytes if info.kind == "file" else None
        chunks = sandbox.read(path, limit=size)
        # What is wrong with the file shows at the first chunk: before anything was answered.
        first = await anext(chunks, b"")
        return Download(info.path, size, _with_first(first, chunks))

    async def folder(self, caller: Caller, thread_id: str, path: str) -> Sandbox:
        """Return the workspace to read a folder of. Raises as `list`."""
        sandbox = await self._open(caller, thread_id)
        await sandbox.stat(path)
        return sandbox

    async def write(self, caller: Caller, thread_id: str, path: str, content: AsyncIterator[bytes]) -> File:
        """Write a file whole, making its folders. Raises TooLarge, Forbidden, Unavailable (`disk_full`)."""
        sandbox = await self._open(caller, thread_id, writes=True)
        return _file(await sandbox.write(path, content, limit=self._upload_limit))

    async def delete(self, caller: Caller, thread_id: str, path: str) -> None:
        """Delete a file, or a folder and all in it. Raises as `list`, and Forbidden."""
        sandbox = await self._open(caller, thread_id, writes=True)
        await sandbox.delete(path)

    async def _open(self, caller: Caller, thread_id: str, *, writes: bool = False) -> Sandbox:
        """Check the caller's rights in the database, then open the workspace, which knows nothing of them."""
        async with self._database.tenant(caller) as tx:
            thread = await Threads(tx).get(thread_id)
            if writes and (await Accounts(tx).get(thread.account_id)).role == "viewer":
                raise Forbidden(
                    "You may read this account, but not change it.",
                    hint="Ask an owner or admin of the account for more rights.",
                )
        return await self._sandboxes.open(thread.project_id)


def of_people(path: str, found: Iterable[FileInfo]) -> list[FileInfo]:
    """Leave out of what is in a folder what the tools keep for themselves, unless that was asked for."""
    if _is_own(posixpath.normpath(path)):
        return [*found]
    return [info for info in found if not _is_own(info.path)]


def _is_own(path: str) -> bool:
    return path.lstrip("/").partition("/")[0] == OWN_FOLDER


async def _with_first(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    if first:
        yield first
    async for chunk in chunks:
        yield chunk


def _file(info: FileInfo) -> File:
    return File(path=info.path, kind=info.kind, size_bytes=info.size_bytes, modified_at=info.modified_at)
