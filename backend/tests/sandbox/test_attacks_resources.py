"""Attacks on memory, processes, time and output, and on the network that is not there."""

import asyncio
import socket
import time

import pytest

from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.sandbox_conformance import chunks


@pytest.mark.attack(34, control="40 processes run")
async def test_34_fork_bomb(sandbox: LocalSandbox) -> None:
    result = await sandbox.exec("f() { f | f & }; f; sleep 1.5; echo end", timeout=30)
    assert b"Resource temporarily unavailable" in result.output or b"Cannot fork" in result.output
    many = "for i in $(seq 40); do sleep 5 & done; jobs -r | wc -l"
    assert (await sandbox.exec(many)).output == b"40\n"


@pytest.mark.attack(35, control="a smaller buffer is had")
async def test_35_memory(provider: LocalSandboxProvider, sandbox: LocalSandbox) -> None:
    grow = 'b = bytearray(SIZE << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\nprint("had it")'
    result = await sandbox.exec(f"python3 -c '{grow.replace('SIZE', '100')}'")
    assert result.output == b"had it\n"
    result = await sandbox.exec(f"python3 -c '{grow.replace('SIZE', '1000')}'", timeout=60)
    assert b"had it" not in result.output
    assert result.exit_code in (1, 137)
    grouped = provider.limits_in_force["memory"] == "cgroup"
    assert (b"Its memory of 256 MB was full" in result.output) == grouped
    assert b"memory" not in (await sandbox.exec("false")).output


@pytest.mark.attack(35, control="a small file is written")
async def test_35_memory_file_systems(sandbox: LocalSandbox) -> None:
    for place in ("/tmp", "/dev/shm"):
        result = await sandbox.exec(
            f"head -c 1M /dev/zero >{place}/ok && head -c 100M /dev/zero >{place}/big; echo $?"
        )
        assert b"No space left" in result.output
    for place in ("/", "/dev", "/run", "/home", "/opt", "/var", "/etc", "/usr"):
        result = await sandbox.exec(f"touch {place}/x")
        assert result.exit_code == 1, place


@pytest.mark.attack(36, control="the next command runs")
async def test_36_spin(sandbox: LocalSandbox) -> None:
    started = time.monotonic()
    result = await sandbox.exec("while :; do :; done", timeout=1.0)
    assert result.timed_out
    assert time.monotonic() - started < 20
    assert (await sandbox.exec("echo alive")).output == b"alive\n"


@pytest.mark.attack(37, control="all of it is seen in pieces")
async def test_37_output_flood(sandbox: LocalSandbox) -> None:
    seen = 0

    async def on_output(_stream: str, data: bytes) -> None:
        nonlocal seen
        assert len(data) <= 65536
        seen += len(data)

    result = await sandbox.exec("yes", timeout=1.0, output_limit=5000, on_output=on_output)
    assert result.timed_out
    assert len(result.output) <= 5000
    assert seen == result.truncated_bytes + len(result.output.replace(_note(result.output), b""))


def _note(output: bytes) -> bytes:
    start = output.index(b"\n[...")
    return output[start : output.index(b"...]\n", start) + 5]


@pytest.mark.attack(38, control="it beats while its command runs")
async def test_38_daemon_that_outlives_its_run(sandbox: LocalSandbox) -> None:
    daemon = """
import os, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
for fd in range(3): os.close(fd)
while True: open("beat", "w").write(str(time.time_ns()))
"""
    await sandbox.write("daemon.py", chunks(daemon.encode()), limit=9999)
    await sandbox.exec("python3 daemon.py; until [ -s beat ]; do sleep 0.01; done")
    before = (await sandbox.stat("beat")).modified_at
    await asyncio.sleep(0.3)
    assert (await sandbox.stat("beat")).modified_at == before
    assert (await sandbox.exec("pgrep -f [d]aemon.py || echo gone")).output == b"gone\n"


CONNECT = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family); s.settimeout(3)
try: s.connect((sys.argv[1], int(sys.argv[2]))); print("connected")
except OSError as e: print("no", e.errno)
"""


@pytest.mark.attack(39, 40, 41, control="the same connection works within the sandbox, and on the host")
async def test_39_40_41_the_network(sandbox: LocalSandbox) -> None:
    await sandbox.write("connect.py", chunks(CONNECT.encode()), limit=9999)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for address in ("169.254.169.254", "fdaa::3", "10.0.0.1", "8.8.8.8", "127.0.0.1"):
            result = await sandbox.exec(
                f"python3 connect.py {address} {port if address == '127.0.0.1' else 80}"
            )
            assert result.output.startswith(b"no "), address
        with socket.create_connection(("127.0.0.1", port)):
            pass
    serve = "import socket, time\ns = socket.create_server(('127.0.0.1', 8080)); time.sleep(20)\n"
    await sandbox.write("serve.py", chunks(serve.encode()), limit=999)
    result = await sandbox.exec(
        "python3 serve.py & for i in 1 2 3 4 5 6 7 8 9; do python3 connect.py 127.0.0.1 8080; sleep .1; done"
    )
    assert b"connected" in result.output
    assert (
        await sandbox.exec("python3 -c 'import socket; socket.getaddrinfo(\"example.com\", 80)'")
    ).exit_code == 1


@pytest.mark.attack(47, control="the host connects to the same name")
async def test_47_abstract_sockets(sandbox: LocalSandbox) -> None:
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect('\\0' + sys.argv[1])"
    name = f"factotum-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(b"\0" + name.encode())
        server.listen()
        result = await sandbox.exec(f'python3 -c "{connect}" {name}')
        assert b"refused" in result.output
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(b"\0" + name.encode())


async def test_many_commands_at_once(sandbox: LocalSandbox, provider: LocalSandboxProvider) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sandbox.exec(f"echo {number}")) for number in range(12)]
    assert [task.result().output for task in tasks] == [f"{number}\n".encode() for number in range(12)]
    assert provider.limits_in_force
