"""Finds and ends what a killed service left running on a data folder.

Postgres and Valkey both make their data folder their working directory; that names them better than a process
id in a file, which may belong to somebody else by now. Where there is no /proc, nothing is found, and the
servers' own lock files decide.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path


def processes_can_be_seen() -> bool:
    """Tell whether `processes_in` can find anything on this machine."""
    return Path("/proc/self/cwd").exists()


def processes_in(folder: Path) -> set[int]:
    """Return the ids of all processes whose working directory is `folder`."""
    try:
        entries = list(Path("/proc").iterdir())
    except OSError:
        return set()
    target = folder.resolve()
    found: set[int] = set()
    for entry in entries:
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == target:
                    found.add(int(entry.name))
    return found


def end_orphans(folder: Path, first: Iterable[int] = (), *, patience: float = 5) -> int:
    """End every process that works in `folder`; return how many there were.

    Politely at first: SIGINT to those in `first` (a postmaster, which ends its own children), SIGTERM to all
    when `first` names none; after `patience` seconds with SIGKILL. Call it only while holding the folder's
    lock.
    """
    orphans = processes_in(folder)
    leaders = set(first) & orphans
    for pid in leaders or orphans:
        _send(pid, signal.SIGINT if leaders else signal.SIGTERM)
    _wait_until_empty(folder, patience)
    for pid in processes_in(folder):
        _send(pid, signal.SIGKILL)
    _wait_until_empty(folder, 2)
    return len(orphans)


def _wait_until_empty(folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while processes_in(folder) and time.monotonic() < deadline:
        time.sleep(0.05)


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
