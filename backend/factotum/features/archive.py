"""A folder of a workspace as one zip, made while it is sent: nothing of it is held whole, anywhere.

Law: links are neither followed nor packed, so nothing but the folder's own files goes in.
"""

import io
import posixpath
import stat
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

from factotum.core.errors import NotFound, TooLarge
from factotum.features.files import Download, of_people
from factotum.sandbox.port import FileInfo, Sandbox

MOST_ENTRIES = 10_000
MOST_BYTES = 1_000_000_000
_OLDEST_YEAR = 1980
_EFFORT = 1
"""Of compression: the network is slower than this, and the event loop waits for it."""


async def archive_of(sandbox: Sandbox, path: str) -> Download:
    """Pack a folder with all that is in it, but for what the tools keep for themselves.

    Raises NotFound (`file_not_found`), InvalidInput, TooLarge (`archive_too_large`). A file that goes
    meanwhile is left out; one that grows goes in as far as it was long.
    """
    listed = await sandbox.list(path, recursive=True, limit=MOST_ENTRIES + 1)
    found = of_people(path, listed)
    size = sum(info.size_bytes for info in found if info.kind == "file")
    if len(listed) > MOST_ENTRIES or size > MOST_BYTES:
        raise TooLarge(
            f"An archive holds at most {MOST_ENTRIES} files and {MOST_BYTES // 1_000_000} MB.",
            hint="Download a folder of it, or its files one by one.",
            code="archive_too_large",
        )
    folder = posixpath.normpath(path).strip("/")
    name = "workspace" if folder in {"", "."} else posixpath.basename(folder)
    return Download(f"{name}.zip", None, _packed(sandbox, folder, found))


async def _packed(sandbox: Sandbox, folder: str, found: Sequence[FileInfo]) -> AsyncGenerator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_EFFORT) as archive:
        for info in found:
            if info.kind == "folder":
                archive.writestr(_entry(folder, info), b"")
            elif info.kind == "file":
                async with aclosing(_content(sandbox, info)) as chunks:
                    first = await _first(chunks)
                    if first is None:
                        continue
                    with archive.open(_entry(folder, info), "w") as entry:
                        entry.write(first)
                        async for chunk in chunks:
                            entry.write(chunk)
                            if sent := sink.take():
                                yield sent
            if sent := sink.take():
                yield sent
    yield sink.take()


async def _content(sandbox: Sandbox, info: FileInfo) -> AsyncGenerator[bytes]:
    async for chunk in sandbox.read(info.path, limit=info.size_bytes):
        yield chunk


async def _first(chunks: AsyncIterator[bytes]) -> bytes | None:
    """Return the beginning of a file, None where it is gone."""
    try:
        return await anext(chunks, b"")
    except NotFound:
        return None


def _entry(folder: str, info: FileInfo) -> zipfile.ZipInfo:
    name = info.path if folder in {"", "."} else info.path.removeprefix(f"{folder}/")
    at = info.modified_at
    made = (max(at.year, _OLDEST_YEAR), at.month, at.day, at.hour, at.minute, at.second)
    entry = zipfile.ZipInfo(f"{name}/" if info.kind == "folder" else name, made)
    entry.compress_type = zipfile.ZIP_DEFLATED
    kind = stat.S_IFDIR if info.kind == "folder" else stat.S_IFREG
    entry.external_attr = (kind | info.mode & 0o777) << 16
    return entry


class _Sink(io.RawIOBase):
    """Takes what is written until it is fetched; it cannot seek, so that each file's size follows it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        part = bytes(cast("bytes", data))
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
