"""Which host user a project's commands run as.

As root every project gets a user id of its own, in a range nobody else uses, so that workspaces are apart
even outside of the sandbox. As anyone else all projects run as ourselves.
"""

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

# Above systemd's container range and below its reserved one: https://systemd.io/UIDS-GIDS/
_WIDE = range(1_900_000_000, 2_100_000_000)
_NARROW = range(40_000, 50_000)  # for containers that map 65,536 ids only
_TRIES = 1000


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
    """Return the project's user, taken for good when it is first asked for. Blocks. Raises OSError.

    `register` holds one file for each user id in use, named after it, with the project's id inside: creating
    it is atomic, so two services over one folder agree.
    """
    start = int.from_bytes(hashlib.sha256(project_id.encode()).digest()[:8], "big")
    for step in range(_TRIES):
        uid = ids[(start + step) % len(ids)]
        if _take(register / str(uid), project_id) and not _is_a_person(uid):
            return Owner(uid)
    raise OSError("No free user id is left for a new project.")


def _take(entry: Path, project_id: str) -> bool:
    draft = entry.with_name(f".{entry.name}-{os.getpid()}-{os.urandom(4).hex()}")
    draft.write_text(project_id)
    try:
        os.link(draft, entry)  # whole or not at all, unlike creating it and then writing
    except FileExistsError:
        return entry.read_text() == project_id
    finally:
        draft.unlink()
    return True


def _is_a_person(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
