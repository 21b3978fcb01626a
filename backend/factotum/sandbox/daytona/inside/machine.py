"""The supervisor, as the bridge uses it: starts jobs, ends them, and learns when nothing of them is left.

It is the local provider's own supervisor. There it is the first process of its namespace; here it is made the
one to which orphans of its jobs come (a subreaper), and so is the bridge, should the supervisor be killed.
"""

import asyncio
import ctypes
import os
import socket
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from factotum.sandbox.local.inside import supervisor
from factotum.sandbox.local.inside.shared import end_all, parents

_SUBREAPER = 36
_INLINE_COMMAND = 60_000
_FILE_BYTES = str(2**50)
_KILL_SECONDS = 5.0
_CODE_LIMIT = 256


class Job:
    """Something that runs. `ended` is set once nothing of it is left: to its exit code, or why it did not
    start.
    """

    def __init__(self, name: str, ended: "asyncio.Future[int | str]") -> None:
        self.name = name
        self.ended = ended

    @property
    def code(self) -> int:
        """Its exit code; that of a killed one if it did not start."""
        result = self.ended.result()
        return result if isinstance(result, int) else 137


class Machine:
    """Orders to the supervisor, and its answers. To be made before there are threads or a loop."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        _become_subreaper()
        if os.fork() == 0:
            _supervise(theirs)
        theirs.close()
        self._jobs: dict[str, Job] = {}
        self._number = 0

    def listen(self) -> None:
        """Hear the supervisor from now on, in the running event loop."""
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._hear)

    def run(
        self, mode: str, folder: str, environment: dict[str, str], command: str, descriptors: Sequence[int]
    ) -> Job:
        """Start a job; its descriptors are handed over and stay open here."""
        fields = [mode, folder, _FILE_BYTES, str(len(environment))]
        fields += [f"{name}={value}" for name, value in environment.items()]
        text = command.encode()
        if len(text) <= _INLINE_COMMAND:
            return self._order("run", [*fields, command], descriptors)
        with os.fdopen(os.memfd_create("command"), "wb") as file:
            file.write(text)
            file.flush()
            file.seek(0)
            return self._order("run", [*fields, ""], [*descriptors, file.fileno()])

    def connect(self, port: int, stream: int) -> Job:
        """Join the socket `stream` to a port; its first byte is 1 when the port answered."""
        return self._order("connect", [str(port)], [stream])

    async def resize(self, job: Job, rows: int, columns: int) -> None:
        """Give a job's terminal another size: what runs in it from now on sees that."""
        done = self._order("resize", [job.name, str(rows), str(columns)], ())
        await asyncio.wait({done.ended}, timeout=_KILL_SECONDS)

    async def end(self, job: Job) -> None:
        """End a job and all that came of it; a supervisor that does not do that in time is ended itself."""
        if not job.ended.done():
            self._send(["kill", job.name])
            await asyncio.wait({job.ended}, timeout=_KILL_SECONDS)
            if not job.ended.done():
                give_up()

    def _order(self, operation: str, fields: Sequence[str], descriptors: Sequence[int]) -> Job:
        self._number += 1
        job = Job(str(self._number), asyncio.get_running_loop().create_future())
        self._jobs[job.name] = job
        self._send([operation, job.name, *fields], descriptors)
        return job

    def _send(self, fields: Sequence[str], descriptors: Sequence[int] = ()) -> None:
        try:
            socket.send_fds(self._control, ["\0".join(fields).encode()], list(descriptors))
        except OSError:
            give_up()

    def _hear(self) -> None:
        try:
            packet = self._control.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if packet == b"ready":
            return
        if not packet:
            give_up()
        what, name, said = packet.decode().split("\0")
        job = self._jobs.pop(name, None)
        if job is not None and not job.ended.done():
            job.ended.set_result(min(int(said), _CODE_LIMIT) if what == "ended" else said)


def give_up() -> NoReturn:
    """End everything that was started, and this process: the service makes a new bridge."""
    for _ in range(100):
        tree = parents()
        left: list[int] = tree.get(os.getpid(), [])
        if not left:
            break
        end_all(tree, left)
        for _process in left:
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
        time.sleep(0.01)
    os._exit(1)


def _become_subreaper() -> None:
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _supervise(control: socket.socket) -> NoReturn:
    try:
        _become_subreaper()
        sys.argv = ["supervisor", str(control.detach())]
        supervisor.main()
    finally:
        os._exit(1)
