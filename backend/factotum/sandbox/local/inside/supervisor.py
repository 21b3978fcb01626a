"""The first process inside a sandbox: has commands run, and tells when nothing of them is left.

It runs alone, with the standard library of whatever Python the sandbox has, and is never imported by the
service. It listens on an inherited packet socket. One packet is one order, fields separated by NUL, with
descriptors beside it for what is to be read and written: no output ever passes through here.

    run      id, mode, folder, bytes a file may have, number of variables, NAME=VALUE ..., command
             command:              stdout, stderr [, a file with the command if it is long]
             shell or ROWSxCOLUMNS: next commands, their exit codes, input, output
    kill     id
    resize   id, id of a job, rows, columns
    connect  id, port              a stream; its first byte is 1 when the port answered, 0 when not

It says `ready` once, and answers all but kill with one `ended id code` or `refused id reason`. A command has
a keeper, a process that inherits whatever the command leaves behind, and ends it. A keeper that was killed
leaves its orphans to us, and they end too. As the first process of its namespace nobody inside can stop or
kill us, and when we end all of them do.
"""

import _socket
import _struct as struct
import errno
import fcntl
import os
import resource
import select
import sys
import termios

from .carry import carry
from .forward import forward, listen
from .keeper import keep
from .light import prctl, signal
from .shared import CONTROL, WATCHED, end_all, keep_only, limit, parents, pass_on, receive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

SPARE_KEEPERS = 2
DUMPABLE = 4


def main() -> None:
    """Serve on the descriptor that the first argument names, under the limits that the others do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own handler would let it end us
    prctl(DUMPABLE, 0, 0, 0, 0)  # nobody inside may look into us, or at what we hold
    control = keep_only(int(sys.argv[1]))
    given = dict(argument.split("=") for argument in sys.argv[2:])
    forwards, held = given.pop("FORWARD", "") == "1", given.pop("HELD", "") == "1"
    for name, value in given.items():
        limit(getattr(resource, name), int(value))
    if held and not control.recv(1):
        return  # the limits that hold us from outside, and so all that we start, could not be set
    Supervisor(control, forwards).serve()


class Helper:
    """A process of ours: a keeper, with a socket, or what carries a connection. `name`: the job it is at."""

    def __init__(self, process: int, socket: "_socket.socket | None", name: str) -> None:
        self.process = process
        self.socket = socket
        self.name = name
        self.is_spent = False  # it was told to end, and may get that only after its job
        self.terminal = -1  # the side of its job's terminal that sizes it

    def is_done(self) -> None:
        """Forget its job."""
        self.name = ""
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1


class Supervisor:
    """Takes orders, and tells when what they started has ended."""

    def __init__(self, control: "_socket.socket", forwards: bool) -> None:
        self.control = control
        self.forwarder = -1
        self.listener = listen() if forwards else None
        self.helpers: dict[int, Helper] = {}
        self.ended: list[str] = []  # by keepers that died, held back while there are orphans
        self.has_orphans = False
        self.woken, self.waker = os.pipe()
        for end in (self.woken, self.waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        self.poll = select.poll()
        for descriptor in (CONTROL, self.woken):
            self.poll.register(descriptor, select.POLLIN)

    def serve(self) -> None:
        """Take orders and answers until the service is gone."""
        self.add_forwarder()
        self.control.send(b"ready")
        self.add_spares()
        while True:
            ready = {descriptor for descriptor, _ in self.poll.poll(10 if self.has_orphans else None)}
            if self.woken in ready:
                os.read(self.woken, 4096)
            for helper in list(self.helpers.values()):
                if helper.socket is not None and helper.socket.fileno() in ready:
                    self.hear(helper, helper.socket)
            if self.woken in ready or self.has_orphans:
                self.reap()
            if CONTROL in ready:
                self.take()

    def take(self) -> None:
        """Do what an order says."""
        packet, held = receive(self.control)
        if not packet:
            tree = parents()
            end_all(tree, tree.get(os.getpid(), []))  # where we are not the first process, they would go on
            os._exit(0)
        fields = packet.decode("utf-8", "surrogateescape").split("\0")
        try:
            if fields[0] == "run":
                self.run(packet, fields[1], fields[2], held)
            elif fields[0] == "connect":
                self.connect(fields[1], held[0], int(fields[2]))
            elif fields[0] == "resize":
                self.resize(*fields[1:])
            else:
                self.kill(fields[1])
        except OSError as error:
            self.say("refused", fields[1], errno.errorcode.get(error.errno or 0, "EIO"))
        finally:
            for descriptor in held:
                os.close(descriptor)

    def say(self, *fields: str) -> None:
        """Answer the service."""
        self.control.send("\0".join(fields).encode())

    def run(self, packet: bytes, name: str, mode: str, held: "list[int]") -> None:
        """Hand an order to a keeper."""
        keeper = next((each for each in self.helpers.values() if each.socket and not each.name), None)
        keeper = keeper or self.add_keeper()
        assert keeper.socket is not None
        if "x" in mode:
            keeper.terminal, inner = os.openpty()
            held += [os.dup(keeper.terminal), inner]
            resize(keeper.terminal, *map(int, mode.split("x")))
        keeper.name = name
        pass_on(keeper.socket, packet, held)
        self.add_spares()  # while the command starts

    def kill(self, name: str) -> None:
        """End a job."""
        for helper in self.helpers.values():
            if helper.name == name:
                helper.is_spent = True
                os.kill(helper.process, signal.SIGCONT)
                os.kill(helper.process, signal.SIGTERM)

    def resize(self, name: str, job: str, rows: str, columns: str) -> None:
        """Give a job's terminal another size; one that has just ended needs none."""
        for helper in self.helpers.values():
            if helper.name == job and helper.terminal >= 0:
                resize(helper.terminal, int(rows), int(columns))
        self.say("ended", name, "0")

    def connect(self, name: str, stream: int, port: int) -> None:
        """Have a stream carried to a port."""
        process = os.fork()
        if process == 0:
            become(stream, lambda outer: carry(outer, port))
        self.helpers[process] = Helper(process, None, name)

    def add_forwarder(self) -> None:
        """Carry connections to the egress proxy; its port is ours, so that nobody else in here takes it."""
        if self.listener is not None:
            self.forwarder = os.fork()
            if self.forwarder == 0:
                become(self.listener.fileno(), forward)
            self.helpers[self.forwarder] = Helper(self.forwarder, None, "")

    def add_spares(self) -> None:
        """Have keepers ready: starting one takes longer than starting a command."""
        spare = sum(1 for each in self.helpers.values() if each.socket and not each.name)
        try:
            for _ in range(spare, SPARE_KEEPERS):
                self.add_keeper()
        except OSError:
            pass  # no room for processes now

    def add_keeper(self) -> Helper:
        """Start a keeper."""
        ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        process = os.fork()
        if process == 0:
            become(theirs.fileno(), keep)
        theirs.close()
        self.poll.register(ours.fileno(), select.POLLIN)
        self.helpers[process] = Helper(process, ours, "")
        return self.helpers[process]

    def hear(self, keeper: Helper, socket: "_socket.socket") -> None:
        """Tell how a job ended, as its keeper says."""
        try:
            answer = socket.recv(64).decode()
        except OSError:
            answer = ""
        if answer and keeper.name:
            what, said = answer.split("\0")
            self.say(what, keeper.name, said)
            keeper.is_done()
        if not answer or keeper.is_spent:
            self.poll.unregister(socket.fileno())
            socket.close()
            keeper.socket = None

    def reap(self) -> None:
        """See which helpers have ended, and that nothing is left of what they kept."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if process == 0:
                break
            helper = self.helpers.pop(process, None)
            if helper is None:
                continue
            while helper.socket is not None:  # what it said last, and its end
                self.hear(helper, helper.socket)
            if helper.name:
                self.ended.append(helper.name)
                helper.is_done()
            self.has_orphans = self.has_orphans or os.WIFSIGNALED(status)
            if process == self.forwarder:
                self.add_forwarder()
        self.end_orphans()

    def end_orphans(self) -> None:
        """End what killed keepers left, and only then tell that they have ended."""
        if self.has_orphans:
            tree = parents()
            orphans = [process for process in tree.get(os.getpid(), []) if process not in self.helpers]
            end_all(tree, orphans)
            self.has_orphans = bool(orphans)
        if not self.has_orphans:
            for name in self.ended:
                self.say("ended", name, "137")
            self.ended.clear()


def become(descriptor: int, work: "Callable[[_socket.socket], None]") -> "NoReturn":
    """Go on as another process, which has nothing of ours but one socket."""
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        work(keep_only(descriptor))
        os._exit(0)
    finally:
        os.kill(os.getpid(), signal.SIGKILL)  # a fault of ours: what we started is then an orphan


def resize(terminal: int, rows: int, columns: int) -> None:
    """Set the size of a terminal."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
