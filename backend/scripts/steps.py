"""What the steps of setting up share: where things lie, and commands whose output goes into a log.

Two lanes of steps may go side by side: then a step's line is printed whole when it has ended.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
BACKEND = SCRIPTS.parent
TOOLS = BACKEND.parent / ".tools"
LOG = TOOLS / "bootstrap.log"

# What a line of the log means, and what to do about it.
REMEDIES = (
    ("No space left on device", "The disk is full. Free at least 2 GB and run this again."),
    (
        r"name resolution|Max retries|ConnectionError|ConnectTimeout|refused|ProxyError|versions: none",
        "The package index cannot be reached or lacks a package: check the network and `pip config list`.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The index's certificate is not trusted. Name your CA bundle: `pip config set global.cert FILE`.",
    ),
    (
        r"ensurepip|No module named pip",
        "This Python has no pip. On Debian and Ubuntu: `apt-get install python3-venv`.",
    ),
    (r"[Hh]ash.* mismatch|DO NOT MATCH", "A package is not the one that was locked. Do not use it."),
    (
        r"pyproject.toml changed significantly",
        "poetry.lock is older than pyproject.toml: run `make lock`.",
    ),
    ("Permission denied", "This user may not write here. After a run as root: `sudo make clean`."),
)


class SetupStopped(Exception):
    """A step failed; the text says what to do."""


def digest(*contents: bytes) -> str:
    """Return one hash of all `contents`."""
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


class _Lane(threading.local):
    """Where the steps of this thread write their output, and whether others go on beside them."""

    log = LOG
    alone = True


_LANE = _Lane()


def side_by_side(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Call both at once, the second in a thread with a log of its own.

    When both have ended, raises what the first raised, else what the second did.
    """
    _LANE.alone = False
    try:
        with ThreadPoolExecutor(1, initializer=_step_aside) as beside:
            other = beside.submit(second)
            first()
        other.result()
    finally:
        _LANE.alone = True


def _step_aside() -> None:
    _LANE.log, _LANE.alone = LOG.with_name("bootstrap-beside.log"), False
    _LANE.log.write_text("", encoding="utf-8")


def run(
    title: str, command: list[str], environment: dict[str, str] | None = None, folder: Path | None = None
) -> None:
    """Run one step, its output in the log; raise SetupStopped with the log's last lines when it fails."""
    started = time.monotonic()
    alone = _LANE.alone
    live = alone and sys.stdout.isatty()
    with _LANE.log.open("a", encoding="utf-8") as log:
        log.write(f"\n== {title}\n")
        log.flush()
        begin = log.tell()
        if alone:
            sys.stdout.write(f"  {title} ... ")
            sys.stdout.flush()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
        )
        try:
            code = wait(process, title, started, live)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    seconds = time.monotonic() - started
    ended = f"{seconds:.1f} s" if code == 0 else "failed"
    if live and code == 0:
        say(f"\r  {title} ... {ended}")
    else:
        say(ended if alone else f"  {title} ... {ended}")
    if code != 0:
        raise SetupStopped(explanation(begin))


def wait(process: subprocess.Popen[bytes], title: str, started: float, live: bool) -> int:
    """Wait for the end of `process`; on a terminal, show the seconds go by."""
    while True:
        try:
            return process.wait(1 if live else None)
        except subprocess.TimeoutExpired:
            sys.stdout.write(f"\r  {title} ... {time.monotonic() - started:.0f} s")
            sys.stdout.flush()


def explanation(begin: int) -> str:
    """Return the log's last lines since `begin`, without credentials, and what to do."""
    with _LANE.log.open("rb") as log:
        log.seek(begin)
        text = log.read().decode("utf-8", "replace")
    text = re.sub(r"://[^/@\s]+@", "://***@", text)
    otherwise = "Mend what its last lines name, then run it again."
    remedy = next((advice for pattern, advice in REMEDIES if re.search(pattern, text)), otherwise)
    last = "\n".join("    " + line for line in text.strip().splitlines()[-15:])
    return f"{remedy}\n{last}\n  The whole log: {_LANE.log}"


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
