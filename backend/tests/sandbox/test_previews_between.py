"""Previews asked of a process that does not run the sandbox: the request is carried to the one that does."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE

import httpx
import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.previews.doors import Doors
from factotum.sandbox.local.previews.key import shared_key
from factotum.sandbox.local.previews.opening import PreviewPlace, serve
from factotum.sandbox.local.previews.passes import Pass
from factotum.sandbox.local.previews.server import PreviewServer
from factotum.sandbox.local.provider import LocalSandboxProvider
from tests.needs import needs_sandbox
from tests.sandbox.test_previews import fetch

_HOLDER = "tests.sandbox.preview_holder"
_START_SECONDS = 60


@asynccontextmanager
async def holder(
    folder: Path, project: str, word: str, port: int = 8000
) -> AsyncGenerator[tuple[str, asyncio.subprocess.Process]]:
    """Run a sandbox with a server in another process; yield its preview's address."""
    arguments = (str(folder), project, word, str(port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _HOLDER, *arguments, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        address = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
        assert address, "the holder did not start"
        yield address.decode().strip(), process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 30)


@pytest.fixture
async def asked(
    tmp_path: Path, provider: LocalSandboxProvider
) -> AsyncIterator[tuple[PreviewServer, Path, LocalSandboxProvider]]:
    """Serve previews over a folder from this process, whose own provider has no sandbox of the projects."""
    await needs_sandbox(provider)
    place = PreviewPlace(
        tmp_path / "previews", "127.0.0.1", 0, "http://{label}.localhost:{port}/", shared=False
    )
    async with serve(provider, place) as server:
        yield server, tmp_path, provider


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as made:
        yield made


Asked = tuple[PreviewServer, Path, LocalSandboxProvider]


async def test_the_process_that_has_the_sandbox_answers(asked: Asked, client: httpx.AsyncClient) -> None:
    server, folder, provider = asked
    first, second = new_id(), new_id()
    async with holder(folder, first, "first") as (one, process), holder(folder, second, "second") as (two, _):
        for address, word in ((one, "'first'"), (two, "'second'"), (one, "'first'")):
            got = await fetch(client, server, address, "/page?x=1", Authorization="Bearer of-the-api")
            assert got.status_code == 200
            assert word in got.text
            assert "of-the-api" not in got.text
            assert got.headers["content-security-policy"].startswith("sandbox ")
        big = await client.post(
            f"http://127.0.0.1:{server.port}/", content=b"x" * 500_000, headers={"Host": one.split("/")[2]}
        )
        assert "'POST'" in big.text
        # A sandbox of this process, of the same project, whose port is closed does not hide the other's.
        own = await provider.open(first)
        assert (await own.exec("true")).exit_code == 0
        assert "'first'" in (await fetch(client, server, one)).text
        await provider.delete(first)
        # A port that nobody has, though the pass is good.
        nobody = server.address(first, 8001, 60)
        got = await fetch(client, server, nobody)
        assert (got.status_code, "Nothing listens on port 8001" in got.text) == (502, True)
        process.kill()
        await process.wait()
        assert (await fetch(client, server, one)).status_code == 502
        assert "'second'" in (await fetch(client, server, two)).text


async def test_a_process_that_hangs_delays_nobody_but_its_own(
    asked: Asked, client: httpx.AsyncClient
) -> None:
    server, folder, _ = asked
    async with (
        holder(folder, new_id(), "hangs") as (_, hung),
        holder(folder, new_id(), "answers") as (address, _),
    ):
        hung.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(5):
            assert "'answers'" in (await fetch(client, server, address)).text


async def test_doors_are_the_services_alone_and_dead_ones_go(
    tmp_path: Path, provider: LocalSandboxProvider
) -> None:
    deep = tmp_path / ("deep" * 20) / "doors"  # a path that is longer than a socket's address may be
    deep.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        held = os.open(deep, os.O_RDONLY)
        dead.bind(f"/proc/self/fd/{held}/1-dead")
        os.close(held)
    doors, others = Doors(deep), Doors(deep)
    async with doors.serving(provider):
        assert [path.name for path in deep.iterdir()] != ["1-dead"]
        (door,) = deep.iterdir()
        assert stat.S_IMODE(door.stat().st_mode) == 0o600
        assert await others.connect(Pass(new_id(), 8000)) is None
        held = os.open(deep, os.O_RDONLY)
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{held}/{door.name}")
        os.close(held)
        writer.write(b"short")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
    assert list(deep.iterdir()) == []
    assert await others.connect(Pass(new_id(), 8000)) is None


def test_all_processes_get_the_same_key(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "previews"
    key = shared_key(folder)
    assert len(key) == 32
    assert shared_key(folder) == key
    assert shared_key(tmp_path / "other") != key
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["key"]
