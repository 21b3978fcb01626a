"""Files and sandboxes, without a command: what also a provider that runs none must do."""

from factotum.core.errors import InvalidInput, NotFound, TooLarge
from factotum.core.ids import new_id
from factotum.sandbox.port import Sandbox, SandboxProvider
from factotum.testing.sandbox_conformance.support import chunks, content, failure


class FilesConformance:
    """The port's promises about files and about sandboxes as such."""

    async def test_read_takes_offset_and_limit(self, sandbox: Sandbox) -> None:
        """A part of a file can be read."""
        await sandbox.write("n", chunks(b"0123456789"), limit=10)
        assert await content(sandbox, "n", offset=3, limit=4) == b"3456"
        assert await content(sandbox, "n", offset=8, limit=9) == b"89"
        assert await content(sandbox, "n", offset=99) == b""
        assert await content(sandbox, "n", limit=0) == b""

    async def test_write_past_its_limit_changes_nothing(self, sandbox: Sandbox) -> None:
        """Too large is TooLarge; the old content stays and nothing is left behind."""
        await sandbox.write("f", chunks(b"old"), limit=10)
        error = await failure(sandbox.write("f", chunks(b"12345", b"6"), limit=5))
        assert isinstance(error, TooLarge)
        assert await content(sandbox, "f") == b"old"
        assert [entry.path for entry in await sandbox.list()] == ["f"]

    async def test_missing_paths_are_not_found(self, sandbox: Sandbox) -> None:
        """What is not there is NotFound, with one code."""
        for work in (
            sandbox.stat("none"),
            sandbox.list("none"),
            content(sandbox, "none"),
            sandbox.delete("none"),
        ):
            error = await failure(work)
            assert isinstance(error, NotFound)
            assert error.stable_code == "file_not_found"

    async def test_paths_stay_inside(self, sandbox: Sandbox) -> None:
        """Every operation refuses a path that leads out, and takes one that comes back in."""
        await sandbox.write("in", chunks(b"x"), limit=1)
        for path in ("../x", "/etc/passwd", "a/../../x", "/workspace/../etc", "/", ".."):
            for work in (
                sandbox.stat(path),
                sandbox.list(path),
                content(sandbox, path),
                sandbox.write(path, chunks(b"x"), limit=1),
                sandbox.delete(path),
            ):
                assert (await failure(work)).stable_code == "path_outside", path
        assert (await sandbox.stat("a/../in")).path == "in"

    async def test_names_in_every_script(self, sandbox: Sandbox) -> None:
        """Names may be any text but `/` and NUL."""
        for name in ("größe 1.txt", "日本語", "a\nb", "-rf", "$(x)", "e\u0301", "\u202eright"):
            await sandbox.write(name, chunks(b"1"), limit=1)
            assert await content(sandbox, name) == b"1"
        assert len(await sandbox.list()) == 7
        for name in ("a\0b", "", "\udc80", "x" * 256):
            assert isinstance(await failure(sandbox.stat(name)), InvalidInput)

    async def test_a_file_comes_out_as_it_went_in(self, sandbox: Sandbox) -> None:
        """Pieces are joined, folders made, and a second write replaces the first."""
        info = await sandbox.write("deep/er/data", chunks(b"ab", b"", b"cd\0"), limit=5)
        assert (info.path, info.kind, info.size_bytes) == ("deep/er/data", "file", 5)
        assert await content(sandbox, "deep/er/data") == b"abcd\0"
        await sandbox.write("deep/er/data", chunks(b"new"), limit=5)
        assert await content(sandbox, "deep/er/data") == b"new"
        found = [entry.path for entry in await sandbox.list(recursive=True)]
        assert found == ["deep", "deep/er", "deep/er/data"]

    async def test_move(self, sandbox: Sandbox) -> None:
        """An entry moves, its new folders are made, and nothing is ever replaced."""
        await sandbox.write("a", chunks(b"1"), limit=1)
        await sandbox.write("d/b", chunks(b"2"), limit=1)
        moved = await sandbox.move("a", "new/folder/a")
        assert (moved.path, moved.size_bytes) == ("new/folder/a", 1)
        assert (await failure(sandbox.stat("a"))).stable_code == "file_not_found"
        for taken in ("new/folder/a", "new"):
            assert (await failure(sandbox.move("d/b", taken))).stable_code == "file_exists"
        assert (await failure(sandbox.move("none", "x"))).stable_code == "file_not_found"
        for path, target in (("d/b", "../x"), ("../x", "y"), ("/etc/passwd", "y")):
            assert (await failure(sandbox.move(path, target))).stable_code == "path_outside"
        assert isinstance(await failure(sandbox.move("new", "new/folder/itself")), InvalidInput)
        await sandbox.move("new", "d/new")
        assert await content(sandbox, "d/new/folder/a") == b"1"

    async def test_chmod(self, sandbox: Sandbox) -> None:
        """Permissions are nine bits, kept by a move and by a new content."""
        await sandbox.write("a", chunks(b"1"), limit=1)
        assert (await sandbox.stat("a")).mode == 0o644
        assert (await sandbox.chmod("a", 0o755)).mode == 0o755
        await sandbox.write("a", chunks(b"2"), limit=1)
        assert (await sandbox.move("a", "b")).mode == 0o755
        for wrong in (-1, 0o1000, 0o4755):
            assert (await failure(sandbox.chmod("b", wrong))).stable_code == "mode_invalid"
        assert (await failure(sandbox.chmod("none", 0o600))).stable_code == "file_not_found"

    async def test_labels_find_sandboxes(self, provider: SandboxProvider) -> None:
        """Labels are kept, replaced, found by, and gone with their sandbox."""
        run, one, two = new_id(), new_id(), new_id()
        await provider.open(one, labels={"run": run, "kind": "a"})
        await provider.open(two, labels={"run": run, "kind": "b"})
        await provider.open(two)
        found = await provider.find({"run": run})
        assert [info.project_id for info in found] == sorted([one, two])
        assert [dict(info.labels) for info in found if info.project_id == two] == [{"run": run, "kind": "b"}]
        assert len(await provider.find({"run": run}, limit=1)) == 1
        await provider.open(two, labels={"run": run})
        assert await provider.find({"kind": "b", "run": run}) == []
        assert {one, two} <= {info.project_id for info in await provider.find()}
        error = await failure(provider.open(one, labels={"no good": "x"}))
        assert error.stable_code == "labels_invalid"
        for project in (one, two):
            await provider.delete(project)
        assert await provider.find({"run": run}) == []

    async def test_a_deleted_sandbox_is_empty_when_opened_again(self, provider: SandboxProvider) -> None:
        """Deleting takes the files; deleting and stopping what is not there does nothing."""
        sandbox = await provider.open(new_id())
        await sandbox.write("file", chunks(b"x"), limit=1)
        await provider.stop(sandbox.project_id)
        assert await content(sandbox, "file") == b"x"
        await provider.delete(sandbox.project_id)
        await provider.delete(sandbox.project_id)
        await provider.stop(sandbox.project_id)
        assert (await failure(sandbox.list())).stable_code == "sandbox_gone"
        assert await (await provider.open(sandbox.project_id)).list() == []
        await provider.delete(sandbox.project_id)
