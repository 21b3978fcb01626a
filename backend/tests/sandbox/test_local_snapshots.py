"""Snapshots on this machine: a lost workspace comes back, bounds hold, and a hostile one leads nowhere."""

import asyncio
import os
import shutil
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
