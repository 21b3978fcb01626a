"""The service of `killable.py` as a process, and what tests ask about processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Protocol, Self, cast

import redis

BACKEND = Path(__file__).parents[2]


def become(user: int | None) -> list[str]:
    """Return the head of a command that runs as `user`; nothing when that is None."""
    if user is None:
        return []
    read_all = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *read_all]


class Service:
    """A running `killable.py`; `facts` is the line it printed.

    As another user it may still read everything (our Python may lie in root's home), but write nothing.
    """

    def __init__(self, folder: Path, *, user: int | None = None) -> None:
        command = [sys.executable, "-m", "tests.embedded.killable", str(folder)]
        self.process = subprocess.Popen(
            become(user) + command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=BACKEND,
            text=True,
        )
        assert self.process.stdout is not None
        self.facts = cast("dict[str, str]", json.loads(self.process.stdout.readline() or "{}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: int = 0) -> None:
        """Send the signal `number`; 0 closes its standard input, at which it ends by itself."""
        if number:
            self.process.send_signal(number)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(30)


class StartService(Protocol):
    """Starts a service on the test's folder, as `user` (an id; None: as we are)."""

    def __call__(self, user: int | None = None) -> Service: ...


def gone(pid: int | str, seconds: float = 10) -> bool:
    """Tell whether the process ends within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists() or _is_zombie(int(pid)):
            return True
        time.sleep(0.05)
    return False


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def kill(pid: int | None) -> None:
    """Kill -9."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


class Restartable(Protocol):
    """The part of an embedded server that tells about restarts."""

    @property
    def restarts(self) -> int: ...

    def wait_ready(self, timeout: float) -> bool: ...


def restarted(server: Restartable, seconds: float = 20) -> bool:
    """Tell whether `server` is started again, and serves, within `seconds`."""
    deadline = time.monotonic() + seconds
    while not server.restarts and time.monotonic() < deadline:
        time.sleep(0.01)
    return server.restarts == 1 and server.wait_ready(seconds)


def client(url: str) -> Any:
    """Return a Redis client (untyped: its stubs leave out too much)."""
    return redis.Redis.from_url(url, decode_responses=True)  # pyright: ignore[reportUnknownMemberType] - its stubs
