"""Start bwrap and hold the command back until its limits are in force.

bwrap reports the first process of the new namespaces and waits at a gate; we put that process into its
control group, take a pidfd of it and open the gate. Killing that process kills all others of the
sandbox, and its pidfd tells when the last of them is gone.

Runs in a thread that outlives the sandbox: `--die-with-parent` is about the thread that started it.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from factotum.sandbox.local.owners import Owner
from factotum.sandbox.local.profile import COMMAND_FILE

_SHELL = "/bin/bash"
_ARGUMENT_LIMIT = 100_000  # bytes; the kernel takes 131,072 in one argument
_START_SECONDS = 20.0


class LaunchFailed(Exception):
    """bwrap ended before the command began; the message is what it said, for the log and the probe only."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Descriptors that bwrap inherits."""

    seccomp: int
    status: int
    gate: int
    command_file: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """All that one start needs.

    `confine` is called with the first process's id before the gate opens; `ceilings` is a line of shell that
    runs inside before the command does.
    """

    program: Path
    command: str
    options: Callable[[Descriptors], list[str]]
    ceilings: str
    seccomp: bytes
    owner: Owner | None
    confine: Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """A started sandbox. `first` is a pidfd of its first process, `outer` one of bwrap itself."""

    process: subprocess.Popen[bytes]
    first: int
    outer: int
    status: int

    @property
    def stdout(self) -> IO[bytes]:
        """The command's standard output."""
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def stderr(self) -> IO[bytes]:
        """The command's standard error."""
        assert self.process.stderr is not None
        return self.process.stderr

    def kill(self) -> None:
        """Kill everything in the sandbox; harmless when it has ended. Does not wait."""
        for pidfd in (self.first, self.outer):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def launch(order: Order) -> Running:
    """Start `order` and open its gate. Blocks until the sandbox stands. Raises LaunchFailed."""
    with contextlib.ExitStack() as held:
        process, status, gate = _start(order, held)
        with contextlib.ExitStack() as undo:
            undo.callback(_abandon, process)
            undo.callback(os.close, status)
            first_id = _first_process(status, process)
            # It waits at the gate, so its id cannot have been given to another process.
            first = os.pidfd_open(first_id)
            undo.callback(os.close, first)
            outer = os.pidfd_open(process.pid)
            undo.callback(os.close, outer)
            try:
                order.confine(first_id)
            except OSError as error:
                raise LaunchFailed(f"limits: {error}") from error
            os.write(gate, b"\n")
            undo.pop_all()
        return Running(process, first, outer, status)


def settle(running: Running) -> int | None:
    """Reap bwrap after its end, close what is left, and return the command's exit code. Blocks hardly.

    128 + N stands for signal N. None: bwrap failed before the command began.
    """
    code = running.process.wait()
    report = b""
    while chunk := os.read(running.status, 65536):
        report += chunk
    for descriptor in (running.status, running.first, running.outer):
        os.close(descriptor)
    for line in report.splitlines():
        exit_code: object = json.loads(line).get("exit-code")
        if isinstance(exit_code, int):
            return exit_code
    if code == 1:
        return None
    return code if code >= 0 else 128 - code


def _start(order: Order, held: contextlib.ExitStack) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start bwrap; return it, our end of the report pipe, and our end of the gate, which `held` closes."""
    status, status_end = os.pipe()
    gate_end, gate = os.pipe()
    held.callback(os.close, gate)
    try:
        with contextlib.ExitStack() as handed:
            for end in (status_end, gate_end):
                handed.callback(os.close, end)
            text = order.command.encode()
            is_long = len(text) > _ARGUMENT_LIMIT
            given = Descriptors(
                seccomp=_memory_file(order.seccomp, handed),
                status=status_end,
                gate=gate_end,
                command_file=_memory_file(text, handed) if is_long else None,
            )
            options = b"".join(os.fsencode(option) + b"\0" for option in order.options(given))
            listed = _memory_file(options, handed)
            inherited = [listed, given.seccomp, given.status, given.gate]
            if given.command_file is not None:
                inherited.append(given.command_file)
            shell = [COMMAND_FILE] if is_long else ["-c", order.command]
            # -p: the first shell takes nothing from the environment that could come before the limits.
            first = [_SHELL, "-p", "-c", f'{order.ceilings}; exec {_SHELL} "$@"', "sandbox", *shell]
            return (
                _spawn(order, [str(order.program), "--args", str(listed), "--", *first], inherited),
                status,
                gate,
            )
    except BaseException:
        os.close(status)
        raise


def _spawn(order: Order, arguments: list[str], inherited: list[int]) -> subprocess.Popen[bytes]:
    uid = None if order.owner is None else order.owner.uid
    try:
        # An empty environment: bwrap stays the first process inside, where /proc/1/environ shows its own.
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env={},
            pass_fds=inherited,
            start_new_session=True,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            umask=0o022,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise LaunchFailed(str(error)) from error


def _memory_file(content: bytes, held: contextlib.ExitStack) -> int:
    descriptor = os.memfd_create("factotum")
    held.callback(os.close, descriptor)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _first_process(status: int, process: subprocess.Popen[bytes]) -> int:
    report = b""
    poll = select.poll()
    poll.register(status, select.POLLIN)
    while b"\n" not in report:
        if not poll.poll(_START_SECONDS * 1000):
            raise LaunchFailed(f"bwrap did not report within {_START_SECONDS:.0f} s")
        chunk = os.read(status, 4096)
        if not chunk:
            assert process.stderr is not None
            raise LaunchFailed(process.stderr.read(10_000).decode(errors="replace").strip())
        report += chunk
    return int(json.loads(report.split(b"\n", 1)[0])["child-pid"])


def _abandon(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
