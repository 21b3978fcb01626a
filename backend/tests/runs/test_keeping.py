"""Versions taken as runs go: before one begins to work and after it let go, and only of what changed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from factotum.core.errors import StaleAttempt, Unavailable
from factotum.core.ids import new_id
from factotum.runs import keeping
from factotum.runs.keeping import AFTER_RUN, BEFORE_RUN, Keeper
from factotum.sandbox.local.limits import Limits
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.sandbox.port import SnapshotInfo
from factotum.testing.memory_sandbox import MemorySandboxProvider
from factotum.testing.sandbox_conformance import chunks
from tests.needs import needs_sandbox

MIB = 1024 * 1024


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[LocalSandbox]:
    limits = Limits(disk_bytes=4 * MIB, free_bytes=MIB)
    tmp_path.chmod(0o711)
    provider = LocalSandboxProvider(tmp_path / "sandboxes", limits=limits)
    await needs_sandbox(provider)
    yield await provider.open(new_id())
    await provider.aclose()


async def wait(keeper: Keeper) -> None:
    """Wait for what was begun."""
    await keeper.aclose()


async def notes(sandbox: LocalSandbox) -> list[str]:
    return [info.note for info in await sandbox.snapshots.list()]


async def test_a_run_leaves_a_version_and_finds_one(sandbox: LocalSandbox) -> None:
    keeper = Keeper()
    async with keeper.around("r1"):
        await keeper.before("r1", sandbox)
        await sandbox.write("made", chunks(b"by r1"), limit=9)
    await wait(keeper)
    assert await notes(sandbox) == [f"{AFTER_RUN} r1"]
    await asyncio.sleep(0.1)  # what changed just now may change again unseen, and is kept again
    await sandbox.snapshots.keep("settled")
    async with keeper.around("r2"):
        await keeper.before("r2", sandbox)
    await wait(keeper)
    assert not [note for note in await notes(sandbox) if "r2" in note]
    await sandbox.write("uploaded", chunks(b"by a person"), limit=99)
    async with keeper.around("r3"):
        await keeper.before("r3", sandbox)
        assert (await notes(sandbox))[0] == f"{BEFORE_RUN} r3"
        await sandbox.delete("uploaded")
    await wait(keeper)
    after, before, *_ = await sandbox.snapshots.list()
    assert (after.note, before.note) == (f"{AFTER_RUN} r3", f"{BEFORE_RUN} r3")
    await sandbox.snapshots.restore(before.id)
    assert [info.path for info in await sandbox.list()] == ["made", "uploaded"]


async def test_an_attempt_that_was_overtaken_keeps_nothing(sandbox: LocalSandbox) -> None:
    keeper = Keeper()

    async def attempt() -> None:
        async with keeper.around("r"):
            await keeper.before("r", sandbox)
            await sandbox.write("made", chunks(b"by r"), limit=9)
            raise StaleAttempt("A newer one owns the run.")

    with pytest.raises(StaleAttempt):
        await attempt()
    await wait(keeper)
    assert await notes(sandbox) == []


async def test_a_run_that_asks_for_no_sandbox_or_one_without_versions_costs_nothing() -> None:
    keeper = Keeper()
    async with keeper.around("r"):
        await keeper.before("r", await MemorySandboxProvider().open(new_id()))
    await wait(keeper)


async def test_they_are_bounded_in_number_and_in_bytes(sandbox: LocalSandbox) -> None:
    for number in range(14):
        await sandbox.write("file", chunks(bytes([number]) * 10), limit=99)
        await sandbox.snapshots.keep(f"run {number}")
    kept = await sandbox.snapshots.list()
    assert [info.note for info in kept] == [f"run {number}" for number in range(13, 3, -1)]
    asked = await sandbox.snapshots.take("mine")
    for number in range(4):
        content = bytes([number]) * (MIB + 100_000)
        await sandbox.write("big", chunks(content), limit=2 * MIB)
        await sandbox.snapshots.keep(f"big {number}")
    kept = await sandbox.snapshots.list()
    assert sum(info.size_bytes for info in kept) <= 4 * MIB
    assert [info.note for info in kept] == ["big 3", "big 2", "big 1", asked.note]


async def test_what_did_not_change_takes_no_room_again(
    sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factotum.sandbox.local.marks._SETTLED", 50_000_000)
    await sandbox.write("big", chunks(bytes(3 * MIB)), limit=4 * MIB)
    await asyncio.sleep(0.2)
    for number in range(4):
        await sandbox.write("small", chunks(bytes([number])), limit=9)
        await asyncio.sleep(0.1)
        await sandbox.snapshots.keep(str(number))
    # 12 MB as they are counted, and 3 MB on a disk of 4.
    assert await notes(sandbox) == ["3", "2", "1", "0"]
    await sandbox.exec("printf x | dd of=big conv=notrunc 2>/dev/null")
    await sandbox.snapshots.keep("changed")
    first = (await sandbox.snapshots.list())[0]
    await sandbox.write("big", chunks(b"gone"), limit=9)
    await sandbox.snapshots.restore(first.id)
    assert (await sandbox.exec("head -c 1 big; stat -c %s big")).output == f"x{3 * MIB}\n".encode()


class Slow:
    """Snapshots that take their time, or cannot be taken; `asked` are the notes."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.asked: list[str] = []
        self.gate = asyncio.Event()

    async def keep(self, note: str = "") -> SnapshotInfo | None:
        self.asked.append(note)
        if self.fault is not None:
            raise self.fault
        await self.gate.wait()
        return None

    async def take(self, note: str = "") -> SnapshotInfo:
        raise AssertionError(note)

    async def list(self) -> Sequence[SnapshotInfo]:
        return ()

    async def restore(self, snapshot_id: str, note: str = "") -> None:
        raise AssertionError(snapshot_id, note)

    async def delete(self, snapshot_id: str) -> None:
        raise AssertionError(snapshot_id)


async def test_a_run_waits_for_none_that_is_slow_or_fails(
    sandbox: LocalSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "BEFORE_SECONDS", 0.05)
    for slow in (Slow(), Slow(Unavailable("no room", code="disk_full"))):
        monkeypatch.setattr(LocalSandbox, "snapshots", slow)
        keeper = Keeper()
        async with asyncio.timeout(5):
            async with keeper.around("r"):
                await keeper.before("r", sandbox)
            slow.gate.set()
            await wait(keeper)
        assert slow.asked == [f"{BEFORE_RUN} r", f"{AFTER_RUN} r"]
    monkeypatch.setattr(keeping, "_MOST_WAITING", 0)
    slow = Slow()
    monkeypatch.setattr(LocalSandbox, "snapshots", slow)
    async with Keeper().around("r"):
        await Keeper().before("r", sandbox)
    assert slow.asked == []
