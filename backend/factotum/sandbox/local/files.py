"""Files of a workspace, handled from the host while its owner may be hostile. All of it blocks: use a thread.

Every look-up goes through openat2 from the workspace's own descriptor, so neither links nor renames lead
outside. New content is written where the agent cannot reach it and renamed into place.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from factotum.core.errors import Conflict, FactotumError, InvalidInput, NotFound, Unavailable
from factotum.sandbox.local import trash
from factotum.sandbox.local.openat2 import open_beneath, rename_new
from factotum.sandbox.local.paths import outside, split
from factotum.sandbox.local.project import Project
from factotum.sandbox.port import FileInfo

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Incoming:
    """A file on its way into the workspace."""

    def __init__(self, project: Project) -> None:
        self._path = project.incoming / os.urandom(12).hex()
        self._descriptor = os.open(self._path, _NEW_FILE, 0o600)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add bytes. Raises OSError."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self.size += len(data)

    def place(self, project: Project, path: str) -> FileInfo:
        """Move it to the clean path `path`, making folders; a file in its place leaves its permissions."""
        folder, name = split(path)
        with _explained(path), _root(project) as root:
            parent = _make_folders(root, folder, project)
            try:
                os.fchmod(self._descriptor, _mode_of(parent, name))
                if project.owner is not None:
                    os.fchown(self._descriptor, project.owner.uid, project.owner.uid)
                os.rename(self._path, name, dst_dir_fd=parent)
            finally:
                os.close(parent)
            return _describe(path, os.fstat(self._descriptor))

    def close(self) -> None:
        """Let go; the file is removed unless it was placed."""
        os.close(self._descriptor)
        self._path.unlink(missing_ok=True)


def stat_path(project: Project, path: str) -> FileInfo:
    """Describe one entry; a link is described itself."""
    with _explained(path), _root(project) as root:
        descriptor = open_beneath(root, path, os.O_PATH | os.O_NOFOLLOW)
        try:
            return _describe(path, os.fstat(descriptor))
        finally:
            os.close(descriptor)


def check_folder(project: Project, path: str) -> None:
    """Raise NotFound (`folder_not_found`) unless `path` is a folder of the workspace."""
    with _explained(path, missing="folder_not_found"), _root(project) as root:
        os.close(open_beneath(root, path, os.O_PATH | os.O_DIRECTORY))


def open_regular(project: Project, path: str) -> tuple[int, int]:
    """Open a regular file for reading; return its descriptor and its size in bytes."""
    with _explained(path), _root(project) as root:
        # Looked at before it is opened: opening a FIFO waits, and opening a device acts.
        held = open_beneath(root, path, os.O_PATH)
        try:
            status = os.fstat(held)
            if not stat.S_ISREG(status.st_mode):
                raise InvalidInput(f"{path!r} is not a regular file.", code="not_a_file")
            return os.open(
                f"/proc/self/fd/{held}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
            ), status.st_size
        finally:
            os.close(held)


def list_folder(project: Project, path: str, *, recursive: bool, limit: int) -> list[FileInfo]:
    """List a folder by path, at most `limit` entries; a folder too deep to have a path is left out."""
    with _explained(path), _root(project) as root:
        os.close(open_beneath(root, path, os.O_PATH | os.O_DIRECTORY))
        prefix = "" if path == "." else f"{path}/"
        return _collect(root, prefix, recursive=recursive, limit=limit)


def delete_path(project: Project, path: str) -> None:
    """Delete a file, a link, or a folder and all in it."""
    folder, name = split(path)
    with _explained(path), _root(project) as root:
        parent = open_beneath(root, folder, _FOLDER)
        try:
            trash.discard(parent, name, project.trash)
        finally:
            os.close(parent)


def move_path(project: Project, path: str, target: str) -> FileInfo:
    """Give an entry another path, making folders. Raises Conflict (`file_exists`)."""
    folder, name = split(path)
    target_folder, target_name = split(target)
    with _explained(path), _root(project) as root, contextlib.ExitStack() as held:
        parent = open_beneath(root, folder, _FOLDER)
        held.callback(os.close, parent)
        os.close(open_beneath(parent, name, os.O_PATH | os.O_NOFOLLOW))
        with _explained(target):
            target_parent = _make_folders(root, target_folder, project)
            held.callback(os.close, target_parent)
            try:
                rename_new(parent, name, target_parent, target_name)
            except FileExistsError:
                raise Conflict(
                    f"{target!r} exists already; nothing was moved.",
                    hint="Delete it first, or choose another name.",
                    code="file_exists",
                ) from None
    return stat_path(project, target)


def change_mode(project: Project, path: str, mode: int) -> FileInfo:
    """Set the permissions of a file or a folder."""
    with _explained(path), _root(project) as root:
        held = open_beneath(root, path, os.O_PATH)
        try:
            Path(f"/proc/self/fd/{held}").chmod(mode)  # by descriptor: no link of the agent's is followed
            return _describe(path, os.fstat(held))
        finally:
            os.close(held)


@contextmanager
def _root(project: Project) -> Generator[int]:
    try:
        root = os.open(project.workspace, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unavailable("The sandbox is gone.", hint="Open it again.", code="sandbox_gone") from None
    try:
        yield root
    finally:
        os.close(root)


def _make_folders(root: int, folder: str, project: Project) -> int:
    """Open the clean path `folder`, making what is missing of it."""
    try:
        return open_beneath(root, folder, _FOLDER)
    except FileNotFoundError:
        pass
    done = "."
    for name in folder.split("/"):
        parent = open_beneath(root, done, _FOLDER)
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=parent)
                if project.owner is not None:
                    os.chown(name, project.owner.uid, project.owner.uid, dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(parent)
        done = f"{done}/{name}"
    return open_beneath(root, folder, _FOLDER)


def _mode_of(parent: int, name: str) -> int:
    with contextlib.suppress(FileNotFoundError):
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            return stat.S_IMODE(status.st_mode) & 0o777
    return 0o644


def _collect(root: int, prefix: str, *, recursive: bool, limit: int) -> list[FileInfo]:
    """Walk in the order of the text of paths: `a`, `a-b`, `a/b`; a folder comes itself, then its content."""
    found: list[FileInfo] = []
    waiting = _steps(root, prefix, recursive=recursive)
    while waiting and len(found) < limit:
        step, info = waiting.pop()
        if info is not None:
            found.append(info)
        else:
            waiting += _steps(root, step, recursive=True)
    return found


def _steps(root: int, prefix: str, *, recursive: bool) -> list[tuple[str, FileInfo | None]]:
    """Return a folder's entries, last first; a folder has a second step, with `/` and no description."""
    steps: list[tuple[str, FileInfo | None]] = []
    try:
        folder = open_beneath(root, prefix or ".", _FOLDER)
    except OSError:
        return steps  # gone meanwhile, or too deep
    try:
        with os.scandir(folder) as children:
            for child in children:
                with contextlib.suppress(OSError):
                    path = prefix + child.name
                    steps.append((path, _describe(path, child.stat(follow_symlinks=False))))
                    if recursive and child.is_dir(follow_symlinks=False):
                        steps.append((f"{path}/", None))
    finally:
        os.close(folder)
    steps.sort(key=lambda step: step[0], reverse=True)
    return steps


def _describe(path: str, status: os.stat_result) -> FileInfo:
    return FileInfo(
        # Names on Linux are bytes; what is not UTF-8 is shown escaped, since it cannot be sent as text.
        path=os.fsencode(path).decode(errors="backslashreplace"),
        kind=_kind(status.st_mode),
        size_bytes=status.st_size,
        modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
        mode=stat.S_IMODE(status.st_mode) & 0o777,
    )


def _kind(mode: int) -> Literal["file", "folder", "link", "other"]:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


@contextmanager
def _explained(path: str, missing: str = "file_not_found") -> Generator[None]:
    """Turn what the kernel says about `path` into our errors."""
    try:
        yield
    except OSError as error:
        raise explain(error, path, missing) from error


def explain(error: OSError, path: str, missing: str = "file_not_found") -> FactotumError:
    """Return our error for the kernel's."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR if missing == "folder_not_found" or error.errno == errno.ENOENT:
            return NotFound(f"{path!r} does not exist in the workspace.", code=missing)
        case errno.EXDEV | errno.ELOOP:
            return outside(path)
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return Unavailable(
                "There is no room left on the disk.", hint="Delete files first.", code="disk_full"
            )
        case errno.ENOTDIR:
            return InvalidInput(f"A part of {path!r} is not a folder.", code="not_a_folder")
        case errno.EISDIR | errno.EEXIST | errno.ENOTEMPTY:
            return InvalidInput(f"{path!r} is a folder.", code="not_a_file")
        case errno.EACCES | errno.EPERM:
            return InvalidInput(f"The agent has shut {path!r} with its permissions.", code="not_permitted")
        case errno.ENAMETOOLONG | errno.EINVAL:
            return InvalidInput(f"{path!r} cannot be a path here.", code="path_invalid")
        case _:
            return Conflict(
                f"{path!r} could not be used: {error.strerror}.", hint="Try again.", code="file_busy"
            )
