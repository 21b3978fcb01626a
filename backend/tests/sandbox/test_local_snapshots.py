"""Snapshots on this machine: a lost workspace comes back, bounds hold, and a hostile one leads nowhere."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local import copying, snapshots
from factotum.sandbox.local.copying import Room, copy_tree
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.sandbox.no_snapshots import NoSnapshots
from factotum.testing.sandbox_conformance import appears, chunks, content, failure
from factotum.testing.sandbox_conformance.ports import opened
from tests.needs import needs_sandbox

_Project = snapshots.Project


def project_of(sandbox: LocalSandbox) -> _Project:
    return sandbox._project  # pyright: ignore[reportPrivateUsage] - to lose it


async def test_a_lost_workspace_is_recreated_and_told_of(
    provider: LocalSandboxProvider, sandbox: LocalSandbox
) -> None:
    await sandbox.write("file", chunks(b"kept\n"), limit=9)
    await sandbox.snapshots.take()
    await sandbox.write("file", chunks(b"newer\n"), limit=9)
    await provider.stop(sandbox.project_id)
    await asyncio.to_thread(shutil.rmtree, project_of(sandbox).workspace)
    assert (await failure(sandbox.list())).stable_code == "sandbox_gone"
    again = await provider.open(sandbox.project_id)
    result = await again.exec("cat file; echo more >>file")
    assert (result.output, result.exit_code) == (b"kept\n", 0)
    assert "was recreated from the snapshot of 20" in result.notice
    assert (await again.exec("true")).notice == ""
    await provider.stop(sandbox.project_id)
    await asyncio.to_thread(shutil.rmtree, project_of(sandbox).workspace)
    await asyncio.to_thread(shutil.rmtree, project_of(sandbox).snapshots)
    assert (await (await provider.open(sandbox.project_id)).exec("ls")).output == b""


async def test_a_workspace_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    provider = LocalSandboxProvider(tmp_path, limits=Limits(disk_bytes=4 << 20, free_bytes=1))
    sandbox = await provider.open(new_id())
    project = project_of(sandbox)
    await sandbox.write("fine", chunks(b"x" * 1000), limit=9999)
    assert (await sandbox.snapshots.take()).size_bytes == 1000
    await asyncio.to_thread((project.workspace / "big").write_bytes, bytes(5 << 20))
    assert (await failure(sandbox.snapshots.take())).stable_code == "snapshot_too_large"
    assert len(list(project.snapshots.iterdir())) == 1
    await provider.aclose()


async def test_links_swapped_while_it_is_copied_lead_nowhere(sandbox: LocalSandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the operator's secret")
    swap = f"""
import os, ctypes
os.makedirs("real", exist_ok=True); open("real/secret", "w").write("harmless")
os.symlink({str(tmp_path)!r}, "fake")
libc = ctypes.CDLL(None)
while not os.path.exists("stop"):
    libc.renameat2(-100, b"real", -100, b"fake", 2)
"""
    await sandbox.write("swap.py", chunks(swap.encode()), limit=9999)
    swapping = asyncio.create_task(sandbox.exec("python3 swap.py", timeout=30))
    await appears(sandbox, "fake")
    for _ in range(20):
        await sandbox.snapshots.take()
        for file in project_of(sandbox).snapshots.rglob("secret"):
            assert file.read_text() in ("harmless", "")
    await sandbox.write("stop", chunks(), limit=0)
    await swapping
    await sandbox.snapshots.restore((await sandbox.snapshots.list())[0].id)
    assert (await sandbox.exec("cat swap.py | wc -c")).exit_code == 0


def test_content_is_copied_also_where_the_kernel_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(copying.os, "copy_file_range", refuse)
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "from" / "file").write_bytes(b"x" * 3_000_000)
    ends = [os.open(tmp_path / name, os.O_RDONLY) for name in ("from", "to")]
    room = Room(10_000_000, 10)
    copy_tree(ends[0], ends[1], room, None)
    assert (tmp_path / "to" / "file").read_bytes() == b"x" * 3_000_000
    assert (room.bytes, room.entries) == (7_000_000, 9)
    for end in ends:
        os.close(end)


async def test_a_provider_without_says_so(sandbox: LocalSandbox) -> None:
    none = NoSnapshots()
    assert await none.list() == ()
    await none.delete("x")
    for work in (none.take(), none.restore("x")):
        assert (await failure(work)).stable_code == "not_supported"
    await sandbox.write("file", chunks(b"1"), limit=9)
    assert await content(sandbox, "file") == b"1"


RESTORE = """
import asyncio, sys
from pathlib import Path
from factotum.sandbox.local.provider import LocalSandboxProvider

async def main() -> None:
    provider = LocalSandboxProvider(Path(sys.argv[1]))
    for pair in sys.argv[2:]:
        project, _, snapshot = pair.partition("=")
        await (await provider.open(project)).snapshots.restore(snapshot)
    await provider.aclose()

asyncio.run(main())
"""


async def running(sandbox: LocalSandbox) -> str:
    """Keep a version, and start a server in a session on what came after; return the version."""
    await sandbox.write("file", chunks(b"old"), limit=9)
    taken = await sandbox.snapshots.take()
    await sandbox.write("file", chunks(b"new"), limit=9)
    serve = "import socket; s = socket.create_server(('127.0.0.1', 7000)); p = s.accept(); p[0].recv(9)"
    await sandbox.sessions.start("s")
    await sandbox.sessions.run("s", f'python3 -c "{serve}"')
    await opened(sandbox, 7000)
    return taken.id


async def test_a_workspace_that_another_process_replaced_is_noticed(tmp_path: Path) -> None:
    """Whatever is asked first: nothing more goes to what runs in the old workspace."""
    provider = LocalSandboxProvider(tmp_path)
    await needs_sandbox(provider)
    asked = {name: await provider.open(new_id()) for name in ("exec", "session", "ports", "connect", "none")}
    pairs = [f"{each.project_id}={await running(each)}" for each in asked.values()]
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RESTORE, str(tmp_path), *pairs[:-1], cwd=Path(__file__).parents[2]
    )
    assert await asyncio.wait_for(other.wait(), 120) == 0
    first = await asked["exec"].exec("cat file")
    assert (first.output, "put back to an earlier version" in first.notice) == (b"old", True)
    for ask in (asked["session"].sessions.write("s", b"x"), asked["session"].sessions.run("s", "true")):
        assert (await failure(ask)).stable_code == "session_ended"
    assert await asked["ports"].ports() == []
    assert (await failure(asked["connect"].connect(7000))).stable_code == "port_not_open"
    for name in ("session", "ports", "connect"):
        assert [info.alive for info in await asked[name].sessions.list()] == [False]
        await asked[name].sessions.start("s")
        assert "put back to an earlier version" in asked[name].take_notice()
        result = await asked[name].exec("cat file")
        assert (result.output, result.notice) == (b"old", "")
    # The control: a workspace that is still the same keeps what runs in it.
    assert await asked["none"].ports() == [7000]
    await (await asked["none"].connect(7000)).close()
    assert await content(asked["none"], "file") == b"new"
    await provider.aclose()


async def test_a_project_that_another_process_deleted_is_noticed(tmp_path: Path) -> None:
    here, there = LocalSandboxProvider(tmp_path), LocalSandboxProvider(tmp_path)
    await needs_sandbox(here)
    sandbox = await here.open(new_id())
    await running(sandbox)
    await there.delete(sandbox.project_id)
    assert await sandbox.ports() == []
    assert not any(info.running for info in await here.find())
    assert (await failure(sandbox.sessions.run("s", "true"))).stable_code == "session_ended"
    assert (await failure(sandbox.exec("true"))).stable_code == "sandbox_gone"
    for provider in (here, there):
        await provider.aclose()
