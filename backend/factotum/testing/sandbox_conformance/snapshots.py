"""Snapshots, for providers that keep them."""

from factotum.core.errors import InvalidInput
from factotum.core.ids import new_id
from factotum.sandbox.port import Sandbox, SandboxProvider
from factotum.testing.sandbox_conformance.support import chunks, content, failure


class SnapshotsConformance:
    """The port's promises about copies of the workspace."""

    async def test_a_workspace_goes_back(self, sandbox: Sandbox) -> None:
        """All of it is as it was, and nothing that came since is left; the snapshot can be used again."""
        assert sandbox.capabilities.snapshots
        made = "mkdir -p a/b empty; echo 1 >a/b/c; ln -s b/c a/link; ln -s /etc/passwd out; chmod 755 a/b/c"
        await sandbox.exec(f"{made}; mkfifo pipe; touch -d 2020-02-02 a/b/c")
        taken = await sandbox.snapshots.take("before")
        assert (taken.note, taken.size_bytes) == ("before", 2)
        for _ in range(2):
            await sandbox.exec("rm -r a out; echo new >a; mkdir more")
            await sandbox.snapshots.restore(taken.id)
            seen = await sandbox.exec(
                "cat a/link; readlink out; stat -c '%a %Y %U' a/b/c; ls -d * a/*; touch w && rm w"
            )
            assert seen.output.decode().split() == [
                *("1", "/etc/passwd", "755", "1580601600", "agent"),
                *("a", "a/b", "a/link", "empty", "out"),
            ]
        *kept, first = await sandbox.snapshots.list()
        assert first == taken
        assert len(kept) == 2  # what was there before each
        assert all(each.automatic for each in kept)

    async def test_what_a_restore_takes_away_can_be_had_back(self, sandbox: Sandbox) -> None:
        """It is kept first, under the note that was given."""
        taken = await sandbox.snapshots.take()
        await sandbox.write("later", chunks(b"work"), limit=9)
        await sandbox.snapshots.restore(taken.id, "before")
        assert await sandbox.list() == []
        before = next(info for info in await sandbox.snapshots.list() if info.note == "before")
        await sandbox.snapshots.restore(before.id)
        assert await content(sandbox, "later") == b"work"

    async def test_one_is_kept_by_itself_only_when_something_changed(self, sandbox: Sandbox) -> None:
        """Nothing of an empty workspace, and none twice of the same."""
        assert await sandbox.snapshots.keep() is None
        await sandbox.exec("mkdir d; echo 1 >d/file; sleep 0.2")
        first = await sandbox.snapshots.keep("run")
        assert first is not None
        assert (first.note, first.automatic, first.size_bytes) == ("run", True, 2)
        assert await sandbox.snapshots.keep() is None
        # The same size, and the time of before: only what nobody can set back tells.
        for change in ("touch -r d/file ref; echo 2 >d/file; touch -r ref d/file; rm ref", "chmod 700 d"):
            await sandbox.exec(f"{change}; sleep 0.2")
            assert await sandbox.snapshots.keep() is not None
            assert await sandbox.snapshots.keep() is None
        await sandbox.snapshots.restore(first.id)
        assert await content(sandbox, "d/file") == b"1\n"
        assert await sandbox.snapshots.keep() is None

    async def test_what_runs_ends_when_the_workspace_goes_back(self, sandbox: Sandbox) -> None:
        """A session of before would see files that are gone."""
        taken = await sandbox.snapshots.take()
        await sandbox.sessions.start("s")
        await sandbox.snapshots.restore(taken.id)
        assert not any(info.alive for info in await sandbox.sessions.list())

    async def test_the_newest_are_kept(self, provider: SandboxProvider, sandbox: Sandbox) -> None:
        """A bounded number, the newest first, and none of a deleted project."""
        assert await sandbox.snapshots.list() == []
        taken = [(await sandbox.snapshots.take(str(number))).id for number in range(6)]
        listed = [info.id for info in await sandbox.snapshots.list()]
        assert 1 <= len(listed) < 6
        assert listed == taken[::-1][: len(listed)]
        assert (await failure(sandbox.snapshots.restore(taken[0]))).stable_code == "snapshot_not_found"
        for wrong in (new_id(), "..", "../../x", ""):
            assert (await failure(sandbox.snapshots.restore(wrong))).stable_code == "snapshot_not_found"
            await sandbox.snapshots.delete(wrong)
        await sandbox.snapshots.delete(listed[0])
        assert [info.id for info in await sandbox.snapshots.list()] == listed[1:]
        assert isinstance(await failure(sandbox.snapshots.take("x" * 201)), InvalidInput)
        await provider.delete(sandbox.project_id)
        assert await (await provider.open(sandbox.project_id)).snapshots.list() == []

    async def test_a_snapshot_is_out_of_reach(self, sandbox: Sandbox) -> None:
        """What is done to the workspace does nothing to it."""
        await sandbox.write("file", chunks(b"one"), limit=3)
        taken = await sandbox.snapshots.take()
        await sandbox.exec("printf two >file; chmod 000 file")
        await sandbox.snapshots.restore(taken.id)
        assert await content(sandbox, "file") == b"one"
