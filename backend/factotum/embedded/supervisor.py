"""One child process: started, watched, restarted when it dies, and ended with us.

Each child has one thread that does nothing but read its output: the output tells when it is ready, and its
end tells that the child is gone, so nothing is polled. The thread is the one that forks, because Linux ties a
child's life to the thread that made it.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from factotum.core.errors import FactotumError
from factotum.embedded import launch
from factotum.embedded.account import Account
from factotum.embedded.log import BoundedLog

_BACKOFF_FIRST: Final = 0.1
_BACKOFF_LAST: Final = 10.0
_STABLE_SECONDS: Final = 60.0

Report = Callable[[str], None]


def quiet(_step: str) -> None:
    """Report to nobody."""


class ChildFailed(Exception):
    """The child did not become ready; `tail` holds the last lines it wrote."""

    def __init__(self, name: str, reason: str, tail: str) -> None:
        super().__init__(f"{name} {reason}")
        self.reason = reason
        self.tail = tail


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `command[0]` is an absolute path; its environment holds nothing of ours."""

    name: str
    command: Sequence[str]
    account: Account
    ready_marker: str
    """A part of the line by which the child says that it serves."""
    stop_signals: Sequence[tuple[int, float]]
    """What to send at a stop, in this order, and how many seconds to wait after each; SIGKILL comes last."""


def child_command(command: Sequence[str], account: Account, death_signal: int) -> list[str]:
    """Return `command` wrapped by `launch.py`; call it in the thread and process that will fork."""
    settings = (os.getpid(), death_signal, account.uid, account.gid)
    return [sys.executable, "-I", "-S", launch.__file__, *map(str, settings), *command]


CHILD_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class Child:
    """A supervised child. `before_start` runs in the child's thread before every start and restart."""

    def __init__(
        self, spec: ChildSpec, log: BoundedLog, *, before_start: Callable[[], None] = lambda: None
    ) -> None:
        self._spec = spec
        self._log = log
        self._before_start = before_start
        self._ready = threading.Event()
        self._settled = threading.Event()
        self._stopping = threading.Event()
        self._ever_ready = False
        self._failure = ""
        self._fault: Exception | None = None
        self._process: subprocess.Popen[str] | None = None
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The id of the running process; None when there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self, timeout: float) -> None:
        """Wait until the child serves. Raises ChildFailed after `timeout` seconds, or if it exits."""
        self._thread = threading.Thread(target=self._run, name=f"{self._spec.name} supervisor", daemon=True)
        self._thread.start()
        in_time = self._settled.wait(timeout)
        if self._ready.is_set():
            return
        self.stop()
        if self._fault is not None:
            raise self._fault
        reason = self._failure if in_time else f"was not ready after {timeout:g} seconds"
        raise ChildFailed(self._spec.name, reason, self._log.tail())

    def wait_ready(self, timeout: float) -> bool:
        """Wait until the child serves (again); False when it does not within `timeout` seconds."""
        return self._ready.wait(timeout)

    def stop(self) -> None:
        """End the child and its thread; returns when both are gone. Harmless when there is none."""
        self._stopping.set()
        thread = self._thread
        if thread is None:
            return
        for number, patience in self._spec.stop_signals:
            self._send(number)
            thread.join(patience)
            if not thread.is_alive():
                return
        self._send(9)
        thread.join(5)

    def _send(self, number: int) -> None:
        with self._guard:
            if self._process is not None and self._process.returncode is None:
                self._process.send_signal(number)

    def _run(self) -> None:
        delay = _BACKOFF_FIRST
        while not self._stopping.is_set():
            lived = self._live_once()
            if not self._ever_ready:
                break
            delay = _BACKOFF_FIRST if lived > _STABLE_SECONDS else min(delay * 2, _BACKOFF_LAST)
            if self._stopping.wait(delay):
                break
            self.restarts += 1
        self._settled.set()

    def _live_once(self) -> float:
        """Run the child until it ends; return for how many seconds it lived."""
        started = time.monotonic()
        try:
            self._before_start()
            process = self._spawn()
        except (OSError, FactotumError) as fault:  # for the thread that called start()
            self._fault = fault
            return 0
        if process is None:
            return 0
        self._read(process)
        self._ready.clear()
        code = process.wait()
        self._failure = f"exited with code {code}" if code >= 0 else f"was ended by signal {-code}"
        return time.monotonic() - started

    def _spawn(self) -> "subprocess.Popen[str] | None":
        death_signal = self._spec.stop_signals[0][0]
        with self._guard:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(
                child_command(self._spec.command, self._spec.account, death_signal),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=CHILD_ENVIRONMENT,
                cwd="/",
                encoding="utf-8",
                errors="replace",
                # A Ctrl-C in the terminal is for us alone: we end our children in order.
                start_new_session=True,
            )
            return self._process

    def _read(self, process: "subprocess.Popen[str]") -> None:
        if process.stdout is None:
            return
        with contextlib.closing(process.stdout) as lines:
            for line in lines:
                self._log.write(line)
                if not self._ready.is_set() and self._spec.ready_marker in line:
                    self._ever_ready = True
                    self._ready.set()
                    self._settled.set()


def run_once(command: Sequence[str], account: Account, *, timeout: float) -> tuple[int, str]:
    """Run a short-lived helper as `account`; return its exit code and what it wrote.

    Raises subprocess.TimeoutExpired after `timeout` seconds.
    """
    done = subprocess.run(
        child_command(command, account, 9),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=CHILD_ENVIRONMENT,
        cwd="/",
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout
