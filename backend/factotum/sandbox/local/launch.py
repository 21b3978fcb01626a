"""Start bwrap with a supervisor in it, which starts nothing until the sandbox's limits are in force.

bwrap reports the first process of the new namespaces and waits at a gate; we take a pidfd of it, open the
gate, and put it into its control group while it becomes the supervisor, which takes about as long: only when
that is done is it told to go on. Killing it kills all others of the sandbox, and its pidfd tells when the
last of them is gone.

Runs in a thread that outlives the sandbox: `--die-with-parent` is about the thread that started it.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factotum.sandbox.local.owners import Owner
from factotum.sandbox.local.profile import SUPERVISOR

_START_SECONDS = 20.0
_SAID_LIMIT = 10_000
_SETPRIV = "/usr/bin/setpriv"


class LaunchFailed(Exception):
    """bwrap ended before the command began; the message is what it said, for the log and the probe only."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Descriptors that bwrap inherits: the filter, where it reports, and what it waits for."""

    seccomp: int
    status: int
    gate: int


@dataclass(frozen=True, slots=True)
class Order:
    """All that one start needs.

    `python` runs the supervisor, with `ceilings`, limits by their names in the module `resource`. `confine`
    is called with the first process's id before that starts anything. `forwards`: the egress proxy's
    socket is bound in, and connections are carried to it.
    """

    program: Path
    python: str
    options: Callable[[Descriptors], list[str]]
    ceilings: dict[str, int]
    seccomp: bytes
    owner: Owner | None
    confine: Callable[[int], None]
    forwards: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """A started sandbox. `first` is a pidfd of its supervisor, `first_id` its process id outside, `outer` a
    pidfd of bwrap itself, `control` our end of the supervisor's socket, which does not block.
    """

    process: subprocess.Popen[bytes]
    first_id: int
    first: int
    outer: int
    control: socket.socket

    def kill(self) -> None:
        """Kill everything in the sandbox; harmless when it has ended. Does not wait."""
        for pidfd in (self.first, self.outer):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def launch(order: Order) -> Running:
    """Start `order` and open its gate. Blocks until the supervisor is ready. Raises LaunchFailed."""
    deadline = time.monotonic() + _START_SECONDS
    with contextlib.ExitStack() as held:
        process, status, gate, control = _start(order, held)
        with contextlib.ExitStack() as undo:
            undo.callback(control.close)
            undo.callback(_abandon, process)
            first_id = _first_process(status, process, deadline)
            # It waits at the gate, so its id cannot have been given to another process.
            first = os.pidfd_open(first_id)
            undo.callback(os.close, first)
            outer = os.pidfd_open(process.pid)
            undo.callback(os.close, outer)
            os.write(gate, b"\n")
            try:
                order.confine(first_id)
                control.send(b"\n")
            except OSError as error:
                raise LaunchFailed(_said(process) or f"limits: {error}") from error
            _wait(control.fileno(), deadline)
            if control.recv(64) != b"ready":
                raise LaunchFailed(_said(process))
            control.setblocking(False)
            undo.pop_all()
        return Running(process, first_id, first, outer, control)


def settle(running: Running) -> str:
    """Wait until the sandbox is gone, close what is left of it, and return what it said last. Blocks."""
    # The first process is gone only when every other one of its namespace is.
    poll = select.poll()
    poll.register(running.first, select.POLLIN)
    poll.poll()
    running.control.close()
    said = _said(running.process)
    _abandon(running.process)
    for descriptor in (running.first, running.outer):
        os.close(descriptor)
    return said


def _start(
    order: Order, held: contextlib.ExitStack
) -> tuple[subprocess.Popen[bytes], int, int, socket.socket]:
    """Start bwrap; return it, our ends of its report and gate, which `held` closes, and of its control."""
    status, status_end = os.pipe()
    gate_end, gate = os.pipe()
    for descriptor in (status, gate):
        held.callback(os.close, descriptor)
    control, control_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.ExitStack() as handed, contextlib.ExitStack() as undo:
        undo.callback(control.close)
        handed.callback(control_end.close)
        for end in (status_end, gate_end):
            handed.callback(os.close, end)
        given = Descriptors(
            seccomp=_memory_file(order.seccomp, handed),
            status=status_end,
            gate=gate_end,
        )
        options = b"".join(os.fsencode(option) + b"\0" for option in order.options(given))
        listed = _memory_file(options, handed)
        inherited = [listed, given.seccomp, given.status, given.gate, control_end.fileno()]
        ceilings = ["HELD=1", *(f"{name}={value}" for name, value in order.ceilings.items())]
        if order.forwards:
            ceilings.append("FORWARD=1")
        # -I -S: the interpreter takes nothing from the environment, and nothing of packages.
        first = [order.python, "-I", "-S", "-c", SUPERVISOR, str(control_end.fileno()), *ceilings]
        process = _spawn(order, [str(order.program), "--args", str(listed), "--", *first], inherited)
        undo.pop_all()
    return process, status, gate, control


def _spawn(order: Order, arguments: list[str], inherited: list[int]) -> subprocess.Popen[bytes]:
    uid = None if order.owner is None else order.owner.uid
    if uid is not None and Path(_SETPRIV).exists():
        # A process as large as ours is quickly copied only when nothing is done between fork and exec.
        become = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]
        arguments, uid = [_SETPRIV, *become, *arguments], None
    try:
        # An empty environment: bwrap is the first process inside until it becomes the supervisor.
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
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


def _first_process(status: int, process: subprocess.Popen[bytes], deadline: float) -> int:
    report = b""
    while b"\n" not in report:
        _wait(status, deadline)
        chunk = os.read(status, 4096)
        if not chunk:
            raise LaunchFailed(_said(process))
        report += chunk
    return int(json.loads(report.split(b"\n", 1)[0])["child-pid"])


def _wait(descriptor: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
        raise LaunchFailed(f"the sandbox did not stand within {_START_SECONDS:.0f} s")


def _said(process: subprocess.Popen[bytes]) -> str:
    """Return what came on standard error, as far as it is there."""
    assert process.stderr is not None
    os.set_blocking(process.stderr.fileno(), False)
    text = process.stderr.read(_SAID_LIMIT) or b""
    return text.decode(errors="replace").strip()


def _abandon(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stderr is not None:
        process.stderr.close()
