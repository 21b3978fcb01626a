"""How a service finds out that one before it ended with sessions: they left no other trace than their files.

A process that has sessions of a project holds a file of its own locked. One that nobody holds was left by a
process that has ended, by itself or not: the system takes its locks back. All of it blocks.
"""

import contextlib
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trace:
    """The file of this process for one project, held by its descriptor."""

    path: Path
    held: int

    def leave(self) -> None:
        """Let go of it: whoever comes next finds it."""
        os.close(self.held)

    def remove(self) -> None:
        """Take it away: nothing of which somebody must be told was lost."""
        self.path.unlink(missing_ok=True)
        os.close(self.held)


def make(folder: Path) -> Trace:
    """Make one in `folder`. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / os.urandom(8).hex()
    draft = path.with_name(f".{path.name}")
    held = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    draft.rename(path)  # locked from the first moment that others see it
    return Trace(path, held)


def take_left(folder: Path) -> bool:
    """Tell whether there are some that nobody holds, and take them away: who asks next is not told again."""
    found = False
    with contextlib.suppress(OSError):  # none was ever made, or the project was deleted
        for path in [path for path in folder.iterdir() if not path.name.startswith(".")]:
            found = _taken(path) or found
    return found


def _taken(path: Path) -> bool:
    try:
        opened = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except OSError:  # it is held, or another was faster
        return False
    finally:
        os.close(opened)
    return True
