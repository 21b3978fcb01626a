"""A keeper: runs one command after another, and inherits and ends whatever each leaves behind."""

import _socket
import _thread
import errno
import fcntl
import os
import resource
import select

from .light import prctl, signal
from .shared import WATCHED, end_all, parents, receive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BASH = "/bin/bash"
SUBREAPER = 36
OWN_DEFAULTS = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT]  # what Python has changed
CODE_BYTES = 64
SCREEN_READS = 64  # at 4 kB each, more than the kernel keeps of a terminal's output
# The next command comes by a pipe of its own and its exit code goes by another, both hidden from it.
SHELL_LOOP = r"""
trap : INT
printf '0\0' >&4
while :; do
  IFS= read -r -d '' -u 3 FACTOTUM_COMMAND || { [ $? -gt 128 ] && continue; exit 0; }
  eval "$FACTOTUM_COMMAND" 3<&- 4>&-
  printf '%d\0' "$?" >&4
done"""
LONG_COMMAND = 'eval "exec 9<&-; $(</proc/self/fd/9)"'


def keep(orders: "_socket.socket") -> None:
    """Run one command after another, each until nothing is left of it; one with a terminal is the last."""
    prctl(SUBREAPER, 1, 0, 0, 0)
    while True:
        packet, held = receive(orders)
        if not packet:
            return
        _, _, mode, folder, file_bytes, count, *rest = packet.decode("utf-8", "surrogateescape").split("\0")
        variables = dict(variable.split("=", 1) for variable in rest[: int(count)])
        # Ours to begin with, so that the command has it from its first moment; we can raise it again.
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        most = int(file_bytes) if hard == resource.RLIM_INFINITY else min(int(file_bytes), hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        if "x" in mode:
            held += os.pipe()  # for exit codes, on their way through us
        try:
            os.chdir(folder)
            child = start(mode, dict(os.environ, **variables), rest[int(count)], held)
        except OSError as error:
            orders.send(f"refused\0{errno.errorcode.get(error.errno or 0, 'EIO')}".encode())
            continue
        finally:
            os.chdir("/")
        yield_to(child, most)
        output = relay(held) if "x" in mode else None
        for descriptor in held if output is None else (held[0], held[5], held[7]):
            os.close(descriptor)
        code = wait(child)
        if output is not None:
            output.acquire()  # until the last that was written to the terminal is out
        orders.send(f"ended\0{code}".encode())
        if output is not None:
            return


def start(mode: str, environment: "dict[str, str]", command: str, held: "list[int]") -> int:
    """Start bash with the descriptors of an order; return its process id."""
    arguments = ["bash", "--noprofile", "--norc", "-c", SHELL_LOOP, "bash"]
    if mode == "command":
        wanted = {0: os.open("/dev/null", os.O_RDONLY), 1: held[0], 2: held[1]}
        held.append(wanted[0])
        if len(held) > 3:
            wanted[9] = held[2]
        arguments = ["bash", "-c", command if 9 not in wanted else LONG_COMMAND, "bash"]
    elif mode == "shell":
        wanted = {0: held[2], 1: held[3], 2: held[3], 3: held[0], 4: held[1]}
    else:
        wanted = {3: held[0], 4: held[7]}
    safe = {number: fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, 64) for number, source in wanted.items()}
    actions: "list[tuple[Any, ...]]" = [
        (os.POSIX_SPAWN_DUP2, source, number) for number, source in safe.items()
    ]
    if mode not in ("command", "shell"):
        # The first terminal that the leader of a session opens becomes its own.
        actions.append((os.POSIX_SPAWN_OPEN, 0, os.ttyname(held[5]), os.O_RDWR, 0))
        actions += [(os.POSIX_SPAWN_DUP2, 0, number) for number in (1, 2)]
    try:
        return os.posix_spawn(
            BASH,
            arguments,
            environment,
            file_actions=actions,
            setsid=True,
            setsigmask=[],
            setsigdef=OWN_DEFAULTS,
        )
    finally:
        for descriptor in safe.values():
            os.close(descriptor)


def yield_to(child: int, file_bytes: int) -> None:
    """Bound a command's files, and let it go before us when memory runs out."""
    try:
        resource.prlimit(child, resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        with open(f"/proc/{child}/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass  # it has ended


def wait(child: int) -> int:
    """Return a command's exit code once nothing of it is left; end the rest when it ended or when told."""
    code = -1
    while True:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return code if code >= 0 else 137
            if process == 0:
                break
            if process == child:
                code = os.waitstatus_to_exitcode(status)
                code = code if code >= 0 else 128 - code
        if code < 0:
            if signal.sigwaitinfo(WATCHED).si_signo == signal.SIGCHLD:
                continue
            code = 137
        tree = parents()
        end_all(tree, tree.get(os.getpid(), []))
        signal.sigtimedwait(WATCHED, 0.005)


def relay(held: "list[int]") -> "_thread.LockType":
    """Carry input and output of a terminal in threads; return a lock that is free once all output is out."""
    done = _thread.allocate_lock()
    done.acquire()

    def out() -> None:
        try:
            show(held[4], held[3], held[6], held[1])
        except OSError:
            pass  # nobody holds the terminal any more, or nobody reads
        for descriptor in (held[1], held[3], held[6]):
            os.close(descriptor)
        done.release()

    _thread.start_new_thread(out, ())
    _thread.start_new_thread(copy, (held[2], held[4]))
    return done


def show(screen: int, output: int, codes: int, status: int) -> None:
    """Copy what is written to a terminal, and pass each exit code on after all that came before it."""
    poll, written = select.poll(), select.poll()
    poll.register(codes, select.POLLIN)
    for each in (poll, written):
        each.register(screen, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        code = os.read(codes, CODE_BYTES) if codes in ready else b""
        if codes in ready and not code:
            poll.unregister(codes)
        for _ in range(SCREEN_READS if code else 1):
            if not written.poll(0):
                break
            write(output, os.read(screen, 65536))
        write(status, code)


def write(target: int, data: bytes) -> None:
    """Write all of it."""
    while data:
        data = data[os.write(target, data) :]


def copy(source: int, target: int) -> None:
    """Copy until one side ends: a terminal that nobody holds any more ends with an error."""
    try:
        while data := os.read(source, 65536):
            write(target, data)
    except OSError:
        pass
