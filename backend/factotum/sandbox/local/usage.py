"""How much disk a project uses, and the guard that ends a command which takes too much."""

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.openat2 import open_beneath

_BLOCK = 512  # the unit of st_blocks, whatever the file system's own
_NOTABLE = 16  # a new count is due when the disk lost a sixteenth of the project's limit
_RECOUNT_SECONDS = 15.0
_PATH_LIMIT = 3500
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_START_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Usage:
    """Blocks really used, in bytes (a sparse file counts for what it holds), and the number of entries."""

    bytes: int = 0
    entries: int = 0
    is_deep: bool = False
    """Some folders are so deep that the kernel takes no path to them: what they hold was not counted."""


def measure(folders: Iterable[Path], most: Usage) -> Usage:
    """Count what is in `folders`, and stop once that is more than `most`. Follows no link. Blocks."""
    used = entries = 0
    is_deep = False
    for folder in folders:
        top = os.open(folder, _FOLDER)
        try:
            waiting = ["."]
            while waiting:
                path = waiting.pop()
                if len(os.fsencode(path)) > _PATH_LIMIT:
                    is_deep = True
                    continue
                more, found = _count_folder(top, path, waiting)
                used += more
                entries += found
                if used > most.bytes or entries > most.entries:
                    return Usage(used, entries, is_deep)
        finally:
            os.close(top)
    return Usage(used, entries, is_deep)


def _count_folder(top: int, path: str, waiting: list[str]) -> tuple[int, int]:
    """Return (bytes, entries) of one folder; add the folders in it to `waiting`."""
    used = entries = 0
    # By one descriptor at a time: the agent may be moving things about, and may have made very many.
    try:
        folder = open_beneath(top, path, _FOLDER)
    except OSError:
        return 0, 0  # gone meanwhile, or shut by the agent against itself
    try:
        with os.scandir(folder) as children:
            for child in children:
                entries += 1
                with contextlib.suppress(OSError):
                    # Hard links are counted once a name: it errs on the safe side.
                    used += child.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if child.is_dir(follow_symlinks=False):
                        waiting.append(f"{path}/{child.name}")
    finally:
        os.close(folder)
    return used, entries


@dataclass(slots=True)
class Tally:
    """What is known of a project between its commands: the last count, when it was, and what the disk had
    free.
    """

    usage: Usage = Usage()
    counted_at: float = float("-inf")
    free_bytes: int = 0
    free_entries: int = 0


class DiskGuard:
    """Tells when a command has taken more than its project may have. Made for one command; everything blocks.

    The whole disk's figures are cheap to ask for, and say when a count of the project is worth its time.
    """

    def __init__(self, folders: tuple[Path, ...], limits: Limits, tally: Tally) -> None:
        self._folders = folders
        self._limits = limits
        self._tally = tally
        self._most = Usage(limits.disk_bytes, limits.disk_entries)

    def begin(self) -> int:
        """Return how many bytes may still be written; may be negative. Raises OSError when the folders are
        gone.

        What is too much already must still let the agent clean up: then only growth is held against it.
        """
        most = Usage(_START_FACTOR * self._limits.disk_bytes, _START_FACTOR * self._limits.disk_entries)
        free = self._recount(most)
        known = self._tally.usage
        self._most = Usage(
            max(known.bytes, self._most.bytes), max(known.entries, self._most.entries), known.is_deep
        )
        if known.entries >= self._limits.disk_entries:
            return 0
        return min(self._limits.disk_bytes - known.bytes, free - self._limits.free_bytes)

    def complaint(self) -> str | None:
        """Say what is used up, or None. Raises OSError when the project's folders are gone."""
        free_before = self._tally.free_bytes
        free = self._recount(self._most)
        if free < self._limits.free_bytes and free < free_before:
            return "the machine's disk is full"
        if self._tally.usage.bytes > self._most.bytes:
            return f"the project's disk of {self._limits.disk_bytes} bytes is full"
        if self._tally.usage.entries > self._most.entries:
            return f"the project's disk may hold {self._limits.disk_entries} files and folders"
        if self._tally.usage.is_deep and not self._most.is_deep:
            return "folders may be nested no deeper than a path can be long"
        return None

    def _recount(self, most: Usage) -> int:
        """Count again if it may have changed much; return what the disk has free, in bytes."""
        status = os.statvfs(self._folders[0])
        free_bytes, free_entries = status.f_bavail * status.f_frsize, status.f_favail
        tally = self._tally
        is_due = (
            tally.free_bytes - free_bytes > self._limits.disk_bytes // _NOTABLE
            or tally.free_entries - free_entries > self._limits.disk_entries // _NOTABLE
            or time.monotonic() - tally.counted_at > _RECOUNT_SECONDS
        )
        if is_due:
            tally.usage = measure(self._folders, most)
            tally.counted_at = time.monotonic()
            tally.free_bytes, tally.free_entries = free_bytes, free_entries
        return free_bytes
