"""Files of the workspace, opened so that neither links nor renames lead out of it."""

import errno
import os
import shutil
import stat
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from factotum.sandbox.local.openat2 import open_beneath, rename_new

from .refusal import Refusal

WORKSPACE = "/workspace"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_READ_LIMIT = 1_000_000


def stat_path(path: str) -> dict[str, Any]:
    """Describe one entry; a link is described itself."""
    with _opened(path, os.O_PATH | os.O_NOFOLLOW) as held:
        return _describe(path, os.fstat(held))


def check_folder(path: str) -> None:
    """Refuse what is no folder of the workspace."""
    with _explained(path, "folder_not_found"), _root() as root:
        os.close(open_beneath(root, path, os.O_PATH | os.O_DIRECTORY))


def list_folder(path: str, recursive: bool, limit: int) -> list[dict[str, Any]]:
    """List a folder in the order of the text of paths, at most `limit` entries."""
    with _explained(path), _root() as root:
        os.close(open_beneath(root, path, os.O_PATH | os.O_DIRECTORY))
        found: list[dict[str, Any]] = []
        waiting = _steps(root, "" if path == "." else path + "/", recursive)
        while waiting and len(found) < limit:
            step, info = waiting.pop()
            if info is not None:
                found.append(info)
            else:
                waiting += _steps(root, step, True)
        return found


def check_regular(path: str) -> dict[str, Any]:
    """Describe a regular file, links followed; refuse anything else."""
    with _opened(path, os.O_PATH) as held:
        status = os.fstat(held)
        if not stat.S_ISREG(status.st_mode):
            raise Refusal("not_a_file", f"{path!r} is not a regular file.")
        return _describe(path, status)


def read_part(path: str, offset: int, limit: int) -> bytes:
    """Return a part of a regular file."""
    check_regular(path)
    with _opened(path, os.O_RDONLY | os.O_NONBLOCK) as held:
        return os.pread(held, min(limit, _READ_LIMIT), offset)


def place(stage: str, path: str) -> dict[str, Any]:
    """Move a file that was uploaded to `stage` into the workspace, making folders."""
    folder, _, name = path.rpartition("/")
    with _explained(path), _root() as root:
        parent = _make_folders(root, folder or ".")
        try:
            mode = _mode_of(parent, name)
            os.chmod(stage, mode)
            try:
                os.rename(stage, name, dst_dir_fd=parent)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _copy_in(stage, name, parent, mode)
            return _describe(path, os.stat(name, dir_fd=parent, follow_symlinks=False))
        finally:
            os.close(parent)


def move(path: str, target: str) -> dict[str, Any]:
    """Give an entry another path, making folders; nothing is replaced."""
    folder, _, name = path.rpartition("/")
    target_folder, _, target_name = target.rpartition("/")
    with _opened(folder or ".", _FOLDER) as parent, _explained(path):
        os.close(open_beneath(parent, name, os.O_PATH | os.O_NOFOLLOW))
        with _explained(target), _root() as root:
            target_parent = _make_folders(root, target_folder or ".")
            try:
                rename_new(parent, name, target_parent, target_name)
            except FileExistsError:
                raise Refusal(
                    "file_exists",
                    f"{target!r} exists already; nothing was moved.",
                    "Delete it first, or choose another name.",
                ) from None
            finally:
                os.close(target_parent)
    return stat_path(target)


def change_mode(path: str, mode: int) -> dict[str, Any]:
    """Set the permissions of a file or a folder."""
    with _opened(path, os.O_PATH) as held, _explained(path):
        os.chmod(f"/proc/self/fd/{held}", mode)
        return _describe(path, os.fstat(held))


def delete(path: str) -> None:
    """Delete a file, a link, or a folder and all in it, also when its permissions shut it."""
    folder, _, name = path.rpartition("/")
    with _opened(folder or ".", _FOLDER) as parent, _explained(path):
        try:
            os.unlink(name, dir_fd=parent)
        except IsADirectoryError:
            _delete_folder(name, parent)


def _delete_folder(name: str, parent: int) -> None:
    os.chmod(name, 0o700, dir_fd=parent)
    folder = os.open(name, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        for child in os.listdir(folder):
            if stat.S_ISDIR(os.stat(child, dir_fd=folder, follow_symlinks=False).st_mode):
                _delete_folder(child, folder)
            else:
                os.unlink(child, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=parent)


def _copy_in(stage: str, name: str, parent: int, mode: int) -> None:
    """Copy from another file system beside the target, then rename: nobody sees half a file."""
    beside = f".{os.urandom(8).hex()}.part"
    target = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=parent)
    try:
        with open(stage, "rb") as source, os.fdopen(target, "wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            os.fchmod(copy.fileno(), mode)
        os.rename(beside, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        os.unlink(beside, dir_fd=parent)
        raise
    os.unlink(stage)


def _mode_of(parent: int, name: str) -> int:
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return 0o644
    return stat.S_IMODE(status.st_mode) & 0o777 if stat.S_ISREG(status.st_mode) else 0o644


def _make_folders(root: int, folder: str) -> int:
    done = "."
    for name in [] if folder == "." else folder.split("/"):
        parent = open_beneath(root, done, _FOLDER)
        try:
            os.mkdir(name, 0o755, dir_fd=parent)
        except FileExistsError:
            pass
        finally:
            os.close(parent)
        done = f"{done}/{name}"
    return open_beneath(root, folder, _FOLDER)


def _steps(root: int, prefix: str, recursive: bool) -> list[tuple[str, dict[str, Any] | None]]:
    """Return a folder's entries, last first; a folder has a second step, with `/` and no description."""
    steps: list[tuple[str, dict[str, Any] | None]] = []
    try:
        folder = open_beneath(root, prefix or ".", _FOLDER)
    except OSError:
        return steps  # gone meanwhile, shut, or too deep
    try:
        with os.scandir(folder) as children:
            for child in children:
                try:
                    status = child.stat(follow_symlinks=False)
                except OSError:
                    continue
                path = prefix + child.name
                steps.append((path, _describe(path, status)))
                if recursive and stat.S_ISDIR(status.st_mode):
                    steps.append((path + "/", None))
    finally:
        os.close(folder)
    steps.sort(key=lambda step: step[0], reverse=True)
    return steps


def _describe(path: str, status: os.stat_result) -> dict[str, Any]:
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    return {
        "path": os.fsencode(path).decode(errors="backslashreplace"),
        "kind": kinds.get(stat.S_IFMT(status.st_mode), "other"),
        "size": status.st_size,
        "modified_at": status.st_mtime,
        "mode": stat.S_IMODE(status.st_mode) & 0o777,
    }


@contextmanager
def _root() -> Generator[int]:
    root = os.open(WORKSPACE, _FOLDER | os.O_CLOEXEC)
    try:
        yield root
    finally:
        os.close(root)


@contextmanager
def _opened(path: str, flags: int) -> Generator[int]:
    with _explained(path), _root() as root:
        held = open_beneath(root, path, flags)
        try:
            yield held
        finally:
            os.close(held)


@contextmanager
def _explained(path: str, missing: str = "file_not_found") -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise _explain(error, path, missing) from error


def _explain(error: OSError, path: str, missing: str) -> Refusal:
    number = error.errno
    if number == errno.ENOENT or (number == errno.ENOTDIR and missing == "folder_not_found"):
        return Refusal(missing, f"{path!r} does not exist in the workspace.")
    known = {
        errno.ENOTDIR: ("not_a_folder", f"A part of {path!r} is not a folder."),
        errno.EISDIR: ("not_a_file", f"{path!r} is a folder."),
        errno.EEXIST: ("not_a_file", f"{path!r} is a folder."),
        errno.ENOTEMPTY: ("not_a_file", f"{path!r} is a folder."),
        errno.EACCES: ("not_permitted", f"The agent has shut {path!r} with its permissions."),
        errno.EPERM: ("not_permitted", f"The agent has shut {path!r} with its permissions."),
        errno.ENAMETOOLONG: ("path_invalid", f"{path!r} cannot be a path here."),
        errno.EINVAL: ("path_invalid", f"{path!r} cannot be a path here."),
        errno.EXDEV: ("path_outside", f"The path {path!r} leads out of the workspace."),
        errno.ELOOP: ("path_outside", f"The path {path!r} leads out of the workspace."),
        errno.ENOSPC: ("disk_full", "There is no room left on the disk."),
        errno.EDQUOT: ("disk_full", "There is no room left on the disk."),
        errno.EFBIG: ("disk_full", "There is no room left on the disk."),
    }
    code, message = known.get(number or 0, ("file_busy", f"{path!r} could not be used: {error.strerror}."))
    return Refusal(code, message)
