"""The bridge: answers the service's requests inside the sandbox, on a socket that outlives connections.

`serve` runs once in a sandbox. The service reaches it through a terminal of Daytona's, in which `relay`
carries bytes between that terminal, set to pass all of them as they are, and the socket. When a connection
breaks nothing is lost: sessions and commands are here, and can be asked about again.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from . import doors, files
from .frames import FRAME_LIMIT, Decoder, FrameFault, encode
from .machine import Machine
from .refusal import Refusal
from .runs import Runs
from .shells import Shells

_MOST_AT_ONCE = 256
_CONNECT_SECONDS = 15.0
_CHUNK = 65536

Answer = tuple[dict[str, Any], bytes]


def main() -> None:
    """Do what the first argument says: `serve`, `ping` or `relay`; the second names the socket, and a
    third is the token of a relay.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    elif sys.argv[1] == "ping":
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(sys.argv[2])
    else:
        relay(sys.argv[2], sys.argv[3])


def serve(path: str) -> None:
    """Answer on the socket until this process is ended. Does nothing when another one answers there."""
    os.umask(0o077)
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    os.umask(0o022)  # what the agent's own commands shall have
    machine = Machine()
    asyncio.run(_serve(machine, path))


async def _serve(machine: Machine, path: str) -> None:
    machine.listen()
    bridge = Bridge(machine)
    await asyncio.start_unix_server(bridge.hear, path)
    os.chmod(path, 0o600)
    await bridge.runs.watch()


class Bridge:
    """Requests to what does them."""

    def __init__(self, machine: Machine) -> None:
        self.boot = os.urandom(8).hex()
        self.runs = Runs(machine)
        self.shells = Shells(machine)
        self.doors = doors.Doors(machine)
        self._at_work: set[Any] = set()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests, each when it is done."""
        decoder = Decoder()
        sending = asyncio.Lock()
        while True:
            data = await reader.read(_CHUNK)
            try:
                messages = decoder.feed(data)
            except FrameFault:
                data = b""
                messages = []
            if not data:
                writer.close()
                return
            for head, payload in messages:
                task = asyncio.ensure_future(self._answer(head, payload, writer, sending))
                self._at_work.add(task)
                task.add_done_callback(self._at_work.discard)

    async def _answer(
        self, head: dict[str, Any], payload: bytes, writer: asyncio.StreamWriter, sending: asyncio.Lock
    ) -> None:
        said: dict[str, Any] = {}
        data = b""
        try:
            if len(self._at_work) > _MOST_AT_ONCE:
                raise Refusal("sandbox_full", "Too many requests at once.", "Try again.")
            said, data = await self._do(head, payload)
        except Refusal as refusal:
            said = {"refused": refusal.code, "message": refusal.message, "hint": refusal.hint}
        except (KeyError, TypeError, ValueError, OSError) as error:
            said = {"refused": "bridge_fault", "message": f"{type(error).__name__}: {error}"[:500]}
        frame = encode({**said, "id": head.get("id")}, data)
        if len(frame) > FRAME_LIMIT:
            told = {
                "refused": "bridge_fault",
                "message": "That is more than is told at once.",
                "id": head.get("id"),
            }
            frame = encode(told)
        async with sending:
            with contextlib.suppress(OSError):
                writer.write(frame)
                await writer.drain()

    async def _do(self, head: dict[str, Any], payload: bytes) -> Answer:
        family, _, what = str(head["do"]).partition(".")
        families: dict[str, Callable[[str, dict[str, Any], bytes], Awaitable[Answer]]] = {
            "run": self._run,
            "shell": self._shell,
            "door": self._door,
            "file": self._file,
        }
        if family == "hello":
            return {"boot": self.boot}, b""
        return await families[family](what, head, payload)

    async def _run(self, what: str, head: dict[str, Any], payload: bytes) -> Answer:
        name = head["name"]
        if what == "start":
            files.check_folder(head["folder"])
            folder = os.path.join(files.WORKSPACE, head["folder"])
            seconds = float(head["within"])
            self.runs.forget(head["finished"])
            self.runs.start(name, os.path.normpath(folder), head["environment"], seconds, payload.decode())
            return {}, b""
        if what == "poll":
            return await self.runs.poll(name, head["ack"], head["wait"])
        await self.runs.kill(name)
        return {}, b""

    async def _shell(self, what: str, head: dict[str, Any], payload: bytes) -> Answer:
        name = head.get("name", "")
        if what == "start":
            files.check_folder(head["folder"])
            folder = os.path.normpath(os.path.join(files.WORKSPACE, head["folder"]))
            info = await self.shells.start(name, folder, head["environment"], head["size"])
            return {"info": info}, b""
        if what == "poll":
            return await self.shells.get(name).poll(head["cursor"], head["limit"], head["wait"])
        if what == "list":
            return {"sessions": self.shells.list()}, b""
        if what == "run":
            return {"cursor": await self.shells.run(name, payload.decode())}, b""
        if what == "write":
            await self.shells.get(name).write(payload, head["within"])
            return {}, b""
        if what == "resize":
            await self.shells.resize(name, head["rows"], head["columns"])
            return {}, b""
        return {"info": await self.shells.kill(name)}, b""

    async def _door(self, what: str, head: dict[str, Any], payload: bytes) -> Answer:
        name = str(head.get("name", ""))
        if what == "list":
            return {"ports": doors.listening()}, b""
        if what == "open":
            return {"name": await self.doors.open(head["port"], head["within"])}, b""
        if what == "read":
            return await self.doors.read(name, head["most"], head["wait"])
        if what == "write":
            await self.doors.write(name, payload)
        elif what == "finish":
            self.doors.finish(name)
        else:
            await self.doors.close(name)
        return {}, b""

    async def _file(self, what: str, head: dict[str, Any], _payload: bytes) -> Answer:
        path = head["path"]
        work: dict[str, Callable[[], Any]] = {
            "stat": lambda: files.stat_path(path),
            "check": lambda: files.check_regular(path),
            "list": lambda: files.list_folder(path, head["recursive"], head["limit"]),
            "place": lambda: files.place(head["stage"], path),
            "move": lambda: files.move(path, head["target"]),
            "mode": lambda: files.change_mode(path, head["mode"]),
            "delete": lambda: files.delete(path),
            "read": lambda: files.read_part(path, head["offset"], head["limit"]),
        }
        done = await asyncio.get_running_loop().run_in_executor(None, work[what])
        return ({}, done) if isinstance(done, bytes) else ({"done": done}, b"")


def relay(path: str, token: str) -> None:
    """Carry bytes between the standard streams and the socket, after a word that nobody typed."""
    until = time.monotonic() + _CONNECT_SECONDS
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(path)
            break
        except OSError:
            link.close()
            if time.monotonic() > until:
                sys.exit(3)
            time.sleep(0.02)
    os.write(1, b"\0" + hashlib.sha256(token.encode()).hexdigest()[:32].encode() + b"\n")

    def out() -> None:
        try:
            while data := link.recv(_CHUNK):
                while data:
                    data = data[os.write(1, data) :]
        except OSError:
            pass
        os._exit(0)

    threading.Thread(target=out, daemon=True).start()
    with contextlib.suppress(OSError):
        while data := os.read(0, _CHUNK):
            link.sendall(data)
    os._exit(0)
