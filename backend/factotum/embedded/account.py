"""The user a child runs as: ourselves, or, when we are root, an account that may do nothing.

Postgres refuses to run as root. `initdb` asks for an account that exists, so a bare user id is not enough.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from factotum.core.errors import SetupFault

_CANDIDATES = ("factotum", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user and group to switch to; ids of -1 mean that the child stays who we are."""

    uid: int
    gid: int

    @property
    def switches(self) -> bool:
        """True when the child runs as somebody else."""
        return self.uid >= 0

    def own(self, path: Path) -> None:
        """Hand `path` over to this account."""
        if self.switches:
            os.chown(path, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Tell whether this account may pass through the folders above `path` and read or enter `path`."""
        if not self.switches:
            return True
        path = path.resolve()
        return all(self._has(each, stat.S_IXOTH) for each in path.parents) and self._has(path, stat.S_IROTH)

    def _has(self, path: Path, bit: int) -> bool:
        """Tell whether the mode of `path` grants `bit` (an S_I*OTH) to this account."""
        status = path.stat()
        if status.st_uid == self.uid:
            bit <<= 6
        elif status.st_gid == self.gid:
            bit <<= 3
        return bool(status.st_mode & bit)


def service_account(owner_of: Path) -> Account:
    """Return the account for our children.

    Not as root: ourselves. As root: whoever owns the existing folder `owner_of`, so that data once made stays
    readable, else the first of factotum, postgres and nobody that exists. Raises SetupFault when none does.
    """
    if os.geteuid() != 0:
        return Account(-1, -1)
    if owner_of.exists() and owner_of.stat().st_uid != 0:
        status = owner_of.stat()
        return Account(status.st_uid, status.st_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    known = ", ".join(_CANDIDATES)
    raise SetupFault(
        f"Postgres cannot run as root, and this machine has none of the accounts {known}.",
        hint="Create one (`useradd --system factotum`), or start the service as an ordinary user.",
        code="no_service_account",
    )


def user_name(uid: int) -> str:
    """Return the name of the user, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
