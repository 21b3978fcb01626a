"""Which entries of a workspace are as a snapshot has them, told without reading any content. All blocks.

An entry's mark is its inode, size and time of change, which nobody inside can set back. What was changed
shortly before it was looked at gets no such mark: it could change again without the clock's telling.
"""

import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from factotum.sandbox.local.openat2 import open_beneath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_TICK = 50_000_000
_SETTLED = 60_000_000_000
"""A mapped page that is written to again shows no new time until it has been written out."""

Mark = tuple[int, int, int]
_UNSURE = -1


@dataclass(slots=True)
class Marks:
    """The marks of a tree, by path; which snapshot it is like; and when they were made, in nanoseconds."""

    snapshot_id: str = ""
    at: int = field(default_factory=time.time_ns)
    entries: dict[str, Mark] = field(default_factory=dict[str, Mark])

    def note(self, path: str, status: os.stat_result) -> None:
        """Mark an entry as it was found."""
        self.entries[path] = _mark(status, self.at)

    def is_settled(self, path: str, status: os.stat_result) -> bool:
        """Tell whether a file's content is surely what the snapshot has."""
        known = self.entries.get(path)
        settled = status.st_ctime_ns < self.at - _SETTLED
        return settled and known == (status.st_ino, status.st_size, status.st_ctime_ns)

    def save(self, file: Path) -> None:
        """Write them in place of those that are there. Raises OSError."""
        lines = [f"{self.snapshot_id} {self.at}"]
        lines += [f"{ino} {size} {at} {path}" for path, (ino, size, at) in self.entries.items()]
        draft = file.with_name(f".{file.name}-{os.urandom(6).hex()}")
        draft.write_bytes(os.fsencode("\0".join(lines)))
        draft.rename(file)


def load(file: Path) -> Marks | None:
    """Return what was saved, or None where nothing usable is."""
    try:
        first, *lines = os.fsdecode(file.read_bytes()).split("\0")
        snapshot_id, at = first.split(" ")
        entries = dict(map(_read, lines))
        return Marks(snapshot_id, int(at), entries)
    except (OSError, ValueError):
        return None


def survey(top: int, most: int) -> Marks:
    """Mark all below a folder descriptor, at most `most` entries, what changed just now too.

    To be compared with marks that were saved, or to be saved of a tree that nothing changes.
    """
    marks = Marks(at=time.time_ns() + 2 * _TICK)
    waiting = ["."]
    while waiting and len(marks.entries) <= most:
        path = waiting.pop()
        for name, status in _children(top, path):
            below = f"{path}/{name}"
            marks.note(below, status)
            if stat.S_ISDIR(status.st_mode):
                waiting.append(below)
    return marks


def same(before: Mapping[str, Mark], found: Mapping[str, Mark]) -> bool:
    """Tell whether two trees are surely the same."""
    return before == found and all(at != _UNSURE for _, _, at in found.values())


def _children(top: int, path: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        folder = open_beneath(top, path, _FOLDER)
    except OSError:
        return  # gone meanwhile, shut, or too deep
    try:
        with os.scandir(folder) as children:
            for child in children:
                try:
                    status = child.stat(follow_symlinks=False)
                except OSError:
                    continue
                if (
                    stat.S_ISREG(status.st_mode)
                    or stat.S_ISDIR(status.st_mode)
                    or stat.S_ISLNK(status.st_mode)
                ):
                    yield child.name, status
    finally:
        os.close(folder)


def _mark(status: os.stat_result, seen_at: int) -> Mark:
    if stat.S_ISDIR(status.st_mode):
        return (status.st_ino, stat.S_IMODE(status.st_mode), 0)  # what is in it has marks of its own
    changed = status.st_ctime_ns
    return (status.st_ino, status.st_size, changed if changed < seen_at - _TICK else _UNSURE)


def _read(line: str) -> tuple[str, Mark]:
    ino, size, at, path = line.split(" ", 3)
    return path, (int(ino), int(size), int(at))
