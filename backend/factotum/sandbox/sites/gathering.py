"""Takes the files of a folder out of a workspace, for publishing: what may be shown to strangers, no more.

The copies are read one by one through the sandbox, which holds every path inside of the workspace.
"""

import asyncio
import fnmatch
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from factotum.core.errors import InvalidInput, TooLarge
from factotum.sandbox.port import FileInfo, Sandbox

MOST_FILES: Final = 20_000
LARGEST_FILE: Final = 25 * 1024 * 1024
MOST_BYTES: Final = 500_000_000
_MOST_LINKS: Final = 5
_SHOWN: Final = frozenset({".well-known"})
"""Hidden, and meant for the public all the same (RFC 8615)."""
_SECRET: Final = ("*.key", "*.pem", "*.p12", "*.pfx", "id_rsa", "id_ed25519", "id_ecdsa", "node_modules")
_NOT_FILES: Final = frozenset({"_worker.js", "_worker.bundle", "_routes.json", "_headers", "_redirects"})
"""At the top they are a program or rules for Cloudflare's servers, and no content."""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file to publish: its path on the site, where its copy lies, its bytes, and their SHA-256."""

    path: str
    copy: Path
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of a folder by path, and the paths in it that were left out."""

    files: tuple[SiteFile, ...]
    left_out: tuple[str, ...]

    @property
    def size(self) -> int:
        """All bytes together."""
        return sum(file.size for file in self.files)


async def gather(sandbox: Sandbox, folder: str, into: Path) -> Gathered:
    """Copy the folder's files into `into`, an empty folder of ours, as `0`, `1` and so on.

    Raises what the sandbox does; InvalidInput (`deploy_links`, `deploy_no_index`), TooLarge
    (`deploy_too_large`). Then what was copied stays, for the caller to remove.
    """
    infos, left_out = await _survey(sandbox, folder)
    if not any(path == "index.html" for path, _ in infos):
        raise InvalidInput(
            f"There is no index.html in {folder!r}, so nothing would be shown.",
            hint="Give the folder that holds the built site, often dist, build or public.",
            code="deploy_no_index",
        )
    room = MOST_BYTES
    files: list[SiteFile] = []
    for number, (path, info) in enumerate(infos):
        file = await _copy(sandbox, info.path, path, into / str(number), room)
        room -= file.size
        files.append(file)
    return Gathered(tuple(files), tuple(sorted(left_out)))


async def _survey(sandbox: Sandbox, folder: str) -> tuple[list[tuple[str, FileInfo]], list[str]]:
    """Return the files to publish by their path on the site, sorted, and what is left out."""
    start = (await sandbox.stat(folder)).path
    prefix = "" if start == "." else f"{start}/"
    waiting, found, links = [start], list[tuple[str, FileInfo]](), list[str]()
    left_out: list[str] = []
    while waiting:
        for info in await sandbox.list(waiting.pop(), limit=MOST_FILES + 1):
            path = info.path.removeprefix(prefix)
            if not _is_public(path) or info.kind == "other":
                left_out.append(path)
            elif info.kind == "link":
                links.append(path)
            elif info.kind == "folder":
                waiting.append(info.path)
            else:
                found.append((path, info))
            if len(found) + len(waiting) + len(links) + len(left_out) > MOST_FILES:
                raise _too_large(f"There are more than {MOST_FILES:,} files in {folder!r}.")
    if links:
        named = ", ".join(links[:_MOST_LINKS]) + (" and more" if len(links) > _MOST_LINKS else "")
        raise InvalidInput(
            f"There are symbolic links in {folder!r}, which are not followed: {named}.",
            hint="Copy what they lead to, for example with `cp -rL FOLDER OTHER`, and deploy that.",
            code="deploy_links",
        )
    return sorted(found, key=lambda each: each[0]), left_out


def _is_public(path: str) -> bool:
    name = path.rpartition("/")[2]
    if name.startswith(".") and name not in _SHOWN:
        return False
    return path not in _NOT_FILES and not any(fnmatch.fnmatchcase(name.lower(), each) for each in _SECRET)


async def _copy(sandbox: Sandbox, source: str, path: str, copy: Path, room: int) -> SiteFile:
    size, digest = 0, hashlib.sha256()
    file = await asyncio.to_thread(copy.open, "xb")
    try:
        async for chunk in sandbox.read(source, limit=LARGEST_FILE + 1):
            size += len(chunk)
            if size > LARGEST_FILE:
                raise _too_large(f"{path} is larger than {LARGEST_FILE // 1024 // 1024} MiB.")
            if size > room:
                raise _too_large(f"All files together are larger than {MOST_BYTES // 1_000_000} MB.")
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)
    return SiteFile(path, copy, size, digest.hexdigest())


def _too_large(message: str) -> TooLarge:
    return TooLarge(message, hint="Publish less, or smaller files.", code="deploy_too_large")
