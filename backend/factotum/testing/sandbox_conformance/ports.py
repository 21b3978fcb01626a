"""Ports: listed, and reached from outside."""

import asyncio

from factotum.sandbox.port import Sandbox
from factotum.testing.sandbox_conformance.support import failure

SERVER = """
import socket, sys, threading
family = socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET
address = ("::1" if sys.argv[1] == "6" else "127.0.0.1", int(sys.argv[2]))
server = socket.create_server(address, family=family)
def serve(peer):
    while data := peer.recv(65536):
        peer.sendall(data.upper())
    peer.sendall(b"bye")
    peer.close()
while True:
    threading.Thread(target=serve, args=(server.accept()[0],)).start()
"""


async def opened(sandbox: Sandbox, *ports: int) -> list[int]:
    """Wait until `ports` are listened on, and return all that are."""
    async with asyncio.timeout(30):
        while True:
            found = await sandbox.ports()
            if set(ports) <= set(found):
                return list(found)
            await asyncio.sleep(0.05)


class PortsConformance:
    """The port's promises about ports."""

    async def test_ports_are_listed_and_reached(self, sandbox: Sandbox) -> None:
        """A server in a session is seen, answers, and is gone with its session."""
        assert list(await sandbox.ports()) == []
        await sandbox.sessions.start("server", environment={"SERVER": SERVER})
        both = 'python3 -c "$SERVER" 6 8001 & python3 -c "$SERVER" 4 8000 & wait'
        await sandbox.sessions.run("server", both)
        assert await opened(sandbox, 8000, 8001) == [8000, 8001]
        for port in (8000, 8001):
            connection = await sandbox.connect(port)
            await connection.write(b"hello")
            assert await connection.read(100) == b"HELLO"
            await connection.finish()
            assert await connection.read(100) == b"bye"
            assert await connection.read(100) == b""
            await connection.close()
            await connection.close()
        await sandbox.sessions.kill("server")
        assert list(await sandbox.ports()) == []
        assert (await failure(sandbox.connect(8000))).stable_code == "port_not_open"

    async def test_much_goes_both_ways(self, sandbox: Sandbox) -> None:
        """Megabytes pass, and several connections at once."""
        await sandbox.sessions.start("server", environment={"SERVER": SERVER})
        await sandbox.sessions.run("server", 'python3 -c "$SERVER" 4 9000')
        await opened(sandbox, 9000)

        async def exchange(size: int) -> int:
            connection = await sandbox.connect(9000)
            got = 0
            async with asyncio.TaskGroup() as group:
                group.create_task(connection.write(b"x" * size))
                while got < size:
                    part = await connection.read(65536)
                    assert set(part) == {ord("X")}
                    got += len(part)
            await connection.close()
            return got

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(exchange(size)) for size in (2_000_000, 1, 70_000, 5)]
        assert [task.result() for task in tasks] == [2_000_000, 1, 70_000, 5]

    async def test_what_is_no_port_is_refused(self, sandbox: Sandbox) -> None:
        """A port that nobody listens on is NotFound, a number that is none InvalidInput."""
        await sandbox.exec("true")
        assert (await failure(sandbox.connect(8123))).stable_code == "port_not_open"
        for wrong in (0, -1, 65536):
            assert (await failure(sandbox.connect(wrong))).stable_code == "port_invalid"
