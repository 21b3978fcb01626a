"""The data folder of a laptop: its layout, its permissions, its lock, and the secrets in it.

    lock           held (flock) by the one service that uses the folder; names its process
    token          the bearer token of the local account, made once, for the owner's eyes only
    secrets-key    what secrets of accounts are kept under, made once: with another key they cannot be read
    postgres/      data/, socket/, password files
    valkey/        data/, socket/
    logs/          what the two servers said, bounded
    programs/      copies of the servers, where the account they run as cannot reach the originals

Nothing here is ever deleted by us. As root the folder itself can be passed through by others (0711), because
Postgres runs as somebody else; what is in it stays closed.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from factotum.core.errors import SetupFault
from factotum.embedded.account import Account, user_name

# A path of a Unix socket holds 107 bytes on Linux and 103 on macOS.
_SOCKET_PATH_LIMIT: Final = 103
_LONGEST_SOCKET_NAME: Final = len("/.s.PGSQL.5432.lock")
_SPACE_TO_START: Final = 150_000_000


class DataFolder:
    """A data folder. Making the object touches nothing; `lock` (or `with`) prepares and takes the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.lock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unlock()

    def lock(self) -> None:
        """Make the folder if need be, and take it for this process.

        Raises SetupFault: `data_folder_in_use` when another service has it, `data_folder_broken` when it
        cannot be used, `disk_full` when there is no room.
        """
        if self._lock is not None:
            return
        with _faults_named(self.path):
            self._prepare()
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise SetupFault(
                f"The data folder {self.path} is in use by another service, process {holder}.",
                hint=f"Stop it (`kill {holder}`), or set FACTOTUM_DATA_FOLDER to a folder for this one.",
                code="data_folder_in_use",
            ) from None
        with _faults_named(self.path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._lock = handle

    def unlock(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = os.geteuid() == 0
        if self.path.stat().st_uid == os.geteuid():
            self.path.chmod(0o711 if root else 0o700)
        for name, mode in (("logs", 0o700), ("programs", 0o711)):
            (self.path / name).mkdir(mode=mode, exist_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < _SPACE_TO_START:
            raise disk_full(self.path, free)

    def local_token(self) -> str:
        """Return the bearer token of the local account (256 bits), making it the first time."""
        return self.secret("token")

    def secret(self, name: str) -> str:
        """Return the random text (256 bits, URL-safe) kept in the file `name`, making it the first time."""
        file = self.path / name
        with _faults_named(file):
            with contextlib.suppress(FileNotFoundError):
                return _checked_secret(file)
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = file.with_name(f".{file.name}.{os.getpid()}")
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
                handle.write(secrets.token_urlsafe(32))
                handle.flush()
                os.fsync(handle.fileno())
            # A link, not a rename: of two processes that make it at once, the second takes the first one's.
            with contextlib.suppress(FileExistsError):
                os.link(fresh, file)
            fresh.unlink()
            return _checked_secret(file)

    def room(self, name: str, account: Account) -> Path:
        """Return the folder `name`, closed to all but `account`, making it the first time."""
        folder = self.path / name
        with _faults_named(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if account.switches and folder.stat().st_uid != account.uid:
                account.own(folder)
        if not account.can_reach(folder):
            raise SetupFault(
                f"The user {user_name(account.uid)}, as whom Postgres runs for root, cannot reach {folder}.",
                hint="Choose a data folder outside a private home: FACTOTUM_DATA_FOLDER=/var/lib/factotum.",
                code="data_folder_unreachable",
            )
        return folder

    def socket_room(self, name: str, account: Account) -> Path:
        """Return a private folder for sockets: `name` in here or, where that path is too long, under /tmp."""
        if len(os.fsencode(self.path / name)) + _LONGEST_SOCKET_NAME <= _SOCKET_PATH_LIMIT:
            return self.room(name, account)
        digest = hashlib.sha256(os.fsencode(self.path / name)).hexdigest()[:16]
        for parent in (tempfile.gettempdir(), "/tmp"):
            folder = Path(parent) / f"factotum-{digest}"
            if len(os.fsencode(folder)) + _LONGEST_SOCKET_NAME <= _SOCKET_PATH_LIMIT:
                return _private_folder(folder, account)
        raise broken(self.path, "its path is too long for a socket, and so is the one for temporary files")


def _private_folder(folder: Path, account: Account) -> Path:
    """Make or take `folder` for `account`, refusing one that somebody else has put there."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.own(folder)
    status = folder.lstat()
    owner = account.uid if account.switches else os.geteuid()
    if folder.is_symlink() or status.st_uid != owner or status.st_mode & 0o077:
        raise SetupFault(
            f"The folder {folder} belongs to somebody else or is open to others.",
            hint="Remove it, or choose a data folder with a shorter path: FACTOTUM_DATA_FOLDER=...",
            code="data_folder_broken",
        )
    return folder


def _checked_secret(file: Path) -> str:
    text = file.read_text(encoding="ascii").strip()
    if len(text) < 32:
        raise broken(file, "it is empty or cut short")
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return text


def broken(path: Path, reason: str) -> SetupFault:
    """Return the fault for a data folder that cannot be used as it is."""
    return SetupFault(
        f"The data in {path} cannot be used: {reason}.",
        hint="Nothing was changed. Put a backup in its place, or start afresh by moving it away: "
        f"`mv {path} {path}.old`.",
        code="data_folder_broken",
    )


def disk_full(path: Path, free: int | None = None) -> SetupFault:
    """Return the fault for a disk without room; `free` is what is left, in bytes."""
    left = f": {free // 1_000_000} MB are left" if free is not None else ""
    return SetupFault(
        f"The disk that holds {path} is full{left}.",
        hint=f"Free at least {_SPACE_TO_START // 1_000_000} MB, or choose another FACTOTUM_DATA_FOLDER. "
        "Nothing was lost.",
        code="disk_full",
    )


@contextlib.contextmanager
def _faults_named(path: Path) -> Generator[None]:
    """Turn the operating system's refusals about `path` into faults that say what to do."""
    try:
        yield
    except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        raise broken(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise broken(path, str(error)) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full(path) from error
        if error.errno == errno.EROFS:
            raise broken(path, "the disk is read-only") from error
        raise
