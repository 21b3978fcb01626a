"""Copies a tree that the agent may be changing, without ever following a link. All of it blocks.

What is no file, folder or link is left out, and so is what vanishes meanwhile or is too deep to have a path.
Content goes by copy_file_range(2): where the file system can, the copy shares its blocks until they change.
A file that an earlier copy surely has is a second name of that one's: copies are never written to.
"""

import contextlib
import errno
import os
import stat
from dataclasses import dataclass, field

from factotum.core.errors import TooLarge
from factotum.sandbox.local.marks import Marks
from factotum.sandbox.local.openat2 import open_beneath
from factotum.sandbox.local.owners import Owner

_PIECE = 64 * 1024 * 1024
_READ = 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_SOURCE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TARGET = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CANNOT = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


@dataclass(slots=True)
class Room:
    """What a copy may still take. Raises TooLarge (`snapshot_too_large`) when it is used up."""

    bytes: int
    entries: int

    def take(self, size: int, entries: int = 0) -> None:
        """Use some of it."""
        self.bytes -= size
        self.entries -= entries
        if self.bytes < 0 or self.entries < 0:
            raise TooLarge(
                "The workspace is too large for a snapshot, or there is no room for one.",
                hint="Delete files, or older snapshots.",
                code="snapshot_too_large",
            )


@dataclass(slots=True)
class Ledger:
    """What a copy found, and what it need not copy: files that `earlier`, a descriptor of a copy that is
    like `known`, has. `size_bytes` is that of all files, shared ones too."""

    known: Marks | None = None
    earlier: int | None = None
    found: Marks = field(default_factory=Marks)
    size_bytes: int = 0

    def shares(self, path: str, name: str, status: os.stat_result, target: int) -> bool:
        """Give the earlier copy's file another name in `target`, if it is surely the same."""
        if self.known is None or self.earlier is None or not self.known.is_settled(path, status):
            return False
        try:
            folder = open_beneath(self.earlier, path.rpartition("/")[0], _FOLDER)
        except OSError:
            return False
        try:
            os.link(name, name, src_dir_fd=folder, dst_dir_fd=target, follow_symlinks=False)
        except OSError:
            return False
        finally:
            os.close(folder)
        return True


def copy_tree(
    source: int, target: int, room: Room, owner: Owner | None, ledger: Ledger | None = None
) -> None:
    """Copy all that is in one folder descriptor into another, empty one; for `owner`, if there is one.

    Raises OSError, TooLarge; then what was copied stays, for the caller to remove.
    """
    ledger = ledger or Ledger()
    waiting = ["."]
    while waiting:
        path = waiting.pop()
        try:
            folder = open_beneath(source, path, _FOLDER)
        except OSError:
            continue  # gone meanwhile, shut, or too deep
        try:
            made = open_beneath(target, path, _FOLDER)
            try:
                waiting += _copy_folder(path, folder, made, room, owner, ledger)
            finally:
                os.close(made)
        finally:
            os.close(folder)


def _copy_folder(
    path: str, source: int, target: int, room: Room, owner: Owner | None, ledger: Ledger
) -> list[str]:
    """Copy one folder's own entries; return the paths of the folders among them, which are made empty."""
    folders: list[str] = []
    with os.scandir(source) as children:
        for child in children:
            room.take(0, 1)
            below = f"{path}/{child.name}"
            with contextlib.suppress(FileNotFoundError, PermissionError, FileExistsError):
                status = child.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    os.mkdir(child.name, 0o700, dir_fd=target)
                    _own(child.name, target, owner)
                    os.chmod(child.name, 0o700 | stat.S_IMODE(status.st_mode) & 0o777, dir_fd=target)
                    folders.append(below)
                elif stat.S_ISLNK(status.st_mode):
                    _copy_link(child.name, source, target, owner)
                elif stat.S_ISREG(status.st_mode):
                    if not ledger.shares(below, child.name, status, target):
                        _copy_file(child.name, source, target, room, owner)
                    ledger.size_bytes += status.st_size
                else:
                    continue
                ledger.found.note(below, status)
    return folders


def _own(name: str, folder: int, owner: Owner | None) -> None:
    if owner is not None:
        os.chown(name, owner.uid, owner.uid, dir_fd=folder, follow_symlinks=False)


def _copy_link(name: str, source: int, target: int, owner: Owner | None) -> None:
    try:
        leads_to = os.readlink(name, dir_fd=source)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return  # something else was put in its place
        raise
    os.symlink(leads_to, name, dir_fd=target)
    _own(name, target, owner)


def _copy_file(name: str, source: int, target: int, room: Room, owner: Owner | None) -> None:
    try:
        held = os.open(name, _SOURCE, dir_fd=source)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return  # a link or a socket was put in its place
        raise
    try:
        status = os.fstat(held)
        if not stat.S_ISREG(status.st_mode):
            return
        made = os.open(name, _TARGET, 0o600, dir_fd=target)
        try:
            _copy_content(held, made, room)
            if owner is not None:
                os.fchown(made, owner.uid, owner.uid)
            os.fchmod(made, stat.S_IMODE(status.st_mode) & 0o777)
            os.utime(made, ns=(status.st_atime_ns, status.st_mtime_ns))
        finally:
            os.close(made)
    finally:
        os.close(held)


def _copy_content(source: int, target: int, room: Room) -> None:
    while True:
        try:
            count = os.copy_file_range(source, target, _PIECE)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            count = _write(target, os.read(source, _READ))
        if not count:
            return
        room.take(count)


def _write(target: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
    return len(data)
