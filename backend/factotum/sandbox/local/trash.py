"""Remove trees that the agent built, however deep or odd, without ever following a link.

What is to go is first renamed into a trash folder only we can see, so it disappears at once and as a whole.
There every folder in it is renamed up to the trash itself before it is emptied: no recursion, whatever the
depth.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path


def discard(parent: int, name: str, trash: Path) -> None:
    """Move the entry `name` of the folder descriptor `parent` into `trash` and remove it. Blocks. Raises
    OSError.
    """
    _move(parent, name, trash)
    empty(trash)


def empty(trash: Path) -> None:
    """Remove everything in `trash`. Blocks. Two services may do so at once."""
    before: set[str] = set()
    while names := {entry.name for entry in trash.iterdir()}:
        if names == before:
            raise OSError(errno.ENOTEMPTY, "Something in the trash cannot be removed", str(trash))
        before = names
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                _remove(trash / name, trash)


def _remove(entry: Path, trash: Path) -> None:
    if not stat.S_ISDIR(entry.lstat().st_mode):
        entry.unlink()
        return
    entry.chmod(0o700)
    folder = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with os.scandir(folder) as children:
            for child in children:
                # A command that still runs may put one thing in another's place; the next round sees to it.
                with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                    _lift(folder, child, trash)
    finally:
        os.close(folder)
    with contextlib.suppress(OSError):  # something came in meanwhile: the next round sees to it
        entry.rmdir()


def _lift(folder: int, child: os.DirEntry[str], trash: Path) -> None:
    if not child.is_dir(follow_symlinks=False):
        os.unlink(child.name, dir_fd=folder)
        return
    try:
        os.rmdir(child.name, dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        _move(folder, child.name, trash)


def _move(folder: int, name: str, trash: Path) -> None:
    target = trash / os.urandom(12).hex()
    try:
        os.rename(name, target, src_dir_fd=folder)
    except PermissionError:
        # A folder's way up is an entry of its own, that only who may write to the folder can change.
        held = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            Path(f"/proc/self/fd/{held}").chmod(0o700)  # by descriptor: no link of the agent's is followed
        finally:
            os.close(held)
        os.rename(name, target, src_dir_fd=folder)
