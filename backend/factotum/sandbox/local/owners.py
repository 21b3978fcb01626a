"""Which host user a project's commands run as.

As root every project gets a user id of its own, in a range nobody else uses, so that workspaces are apart
even outside of the sandbox. As anyone else all projects run as ourselves.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Above systemd's container range and below its reserved one: https://systemd.io/UIDS-GIDS/
_WIDE = range(1_900_000_000, 2_100_000_000)
_NARROW = range(40_000, 50_000)  # for containers that map 65,536 ids only
_TRIES = 1000
_NOBODY = ""
PROBE = "probe"
"""Who tries what a machine can do: a project in name only, whose user stays."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A host user and group; both have the same number."""

    uid: int


def usable_ids(uid_map: Path = Path("/proc/self/uid_map")) -> range | None:
    """Return the range of user ids that projects get, or None when none is mapped into our user namespace."""
    spans = [tuple(int(number) for number in line.split()) for line in uid_map.read_text().splitlines()]
    for wanted in (_WIDE, _NARROW):
        if any(first <= wanted.start and wanted.stop <= first + count for first, _, count in spans):
            return wanted
    return None


def owner_of(project_id: str, register: Path, ids: range) -> Owner:
    """Return the project's user, taken when it is first asked for. Blocks. Raises OSError.

    `register` holds one file for each user id that was ever in use, named after it, with the project's id
    inside, or nothing since it was given back; its time is when the project was last seen. Such a file
    stays: ids are looked for from a project's own place on, up to the first that has none.
    """
    start = int.from_bytes(hashlib.sha256(project_id.encode()).digest()[:8], "big")
    free: int | None = None
    with _alone(register):
        for step in range(_TRIES):
            uid = ids[(start + step) % len(ids)]
            holder = _holder(register / str(uid))
            if holder not in (project_id, _NOBODY, None) or _is_a_person(uid):
                continue
            if holder == project_id:
                os.utime(register / str(uid))  # seen just now: its folder may be about to be made
                return Owner(uid)
            free = uid if free is None else free
            if holder is None:
                break
        if free is None:
            raise OSError("No free user id is left for a new project.")
        _write(register / str(free), project_id)
    return Owner(free)


def give_back(register: Path, folders: Path, *, unseen_seconds: float) -> int:
    """Give back the user ids of projects that are gone; return how many. Blocks. Raises OSError.

    A project is gone when its folder in `folders`, and so all that its user owns, is not there, has not been
    for so long (a service in another container may have had a sandbox of it still, which ends when idle), and
    no process runs as its user.
    """
    late = time.time() - unseen_seconds
    unseen: list[Path] = []
    for entry in register.iterdir():
        if entry.name.isdigit() and (holder := _holder(entry)):
            if holder == PROBE or (folders / holder).exists():
                os.utime(entry)
            elif entry.stat().st_mtime < late:
                unseen.append(entry)
    if not unseen:
        return 0
    with _alone(register):
        busy = _running()
        going = [
            entry
            for entry in unseen
            if entry.stat().st_mtime < late
            and int(entry.name) not in busy
            and not (folders / entry.read_text()).exists()
        ]
        for entry in going:
            _write(entry, _NOBODY)
    return len(going)


@contextmanager
def _alone(register: Path) -> Generator[None]:
    """Keep every other service on this folder from the register."""
    folder = os.open(register, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _holder(entry: Path) -> str | None:
    try:
        return entry.read_text()
    except FileNotFoundError:
        return None


def _write(entry: Path, holder: str) -> None:
    """Write it whole or not at all, also when we are killed."""
    draft = entry.with_name(f".{entry.name}-{os.getpid()}-{os.urandom(4).hex()}")
    draft.write_text(holder)
    draft.replace(entry)


def _running() -> set[int]:
    """Return the user ids that processes run as, by any of a process's four.

    One that has ended counts no more, though nobody may ever collect it, as in a container.
    """
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):  # it has ended
            told = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if not told["State"].strip().startswith(("Z", "X")):
                found.update(map(int, told["Uid"].split()))
    return found


def _is_a_person(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
