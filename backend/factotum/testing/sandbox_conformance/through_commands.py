"""Files that commands made, and commands over files that were written."""

import asyncio
from datetime import UTC, datetime, timedelta

from factotum.core.errors import InvalidInput
from factotum.core.ids import new_id
from factotum.sandbox.port import Sandbox, SandboxProvider
from factotum.testing.sandbox_conformance.support import chunks, content, failure


class FilesOfCommandsConformance:
    """The port's promises about files that both sides see."""

    async def test_write_then_read(self, sandbox: Sandbox) -> None:
        """A file goes in, is seen by commands, and comes out; folders are made."""
        info = await sandbox.write("deep/er/data.bin", chunks(b"ab", b"", b"cd\0"), limit=5)
        assert (info.path, info.kind, info.size_bytes) == ("deep/er/data.bin", "file", 5)
        assert abs(info.modified_at - datetime.now(UTC)) < timedelta(minutes=5)
        assert await content(sandbox, "deep/er/data.bin") == b"ab" + b"cd\0"
        assert (await sandbox.exec("wc -c <deep/er/data.bin; echo more >>deep/er/data.bin")).exit_code == 0
        assert await content(sandbox, "/workspace/deep/er/data.bin") == b"abcd\0more\n"

    async def test_write_replaces_whole(self, sandbox: Sandbox) -> None:
        """A second write replaces the first, and a script stays executable."""
        await sandbox.write("run.sh", chunks(b"#!/bin/bash\necho one\n"), limit=100)
        await sandbox.exec("chmod +x run.sh")
        await sandbox.write("run.sh", chunks(b"#!/bin/bash\necho 2\n"), limit=100)
        assert (await sandbox.exec("./run.sh")).output == b"2\n"

    async def test_list_is_sorted_and_bounded(self, sandbox: Sandbox) -> None:
        """Listing is by path, with kinds and sizes, and stops at its limit."""
        await sandbox.exec("mkdir -p a/b; echo hi >a/b/c; touch a-b z; ln -s z link; mkfifo pipe")
        flat = await sandbox.list()
        assert [(entry.path, entry.kind) for entry in flat] == [
            ("a", "folder"),
            ("a-b", "file"),
            ("link", "link"),
            ("pipe", "other"),
            ("z", "file"),
        ]
        deep = [entry.path for entry in await sandbox.list(recursive=True)]
        assert deep == ["a", "a-b", "a/b", "a/b/c", "link", "pipe", "z"]
        assert [entry.path for entry in await sandbox.list(recursive=True, limit=3)] == deep[:3]
        assert [(entry.path, entry.size_bytes) for entry in await sandbox.list("a/b")] == [("a/b/c", 3)]

    async def test_only_regular_files_are_read(self, sandbox: Sandbox) -> None:
        """A folder or a FIFO is refused at once."""
        await sandbox.exec("mkdir folder; mkfifo pipe")
        for path in ("folder", "pipe", "."):
            error = await asyncio.wait_for(failure(content(sandbox, path)), 20)
            assert error.stable_code == "not_a_file"

    async def test_delete_files_and_folders(self, sandbox: Sandbox) -> None:
        """Deleting takes files, links and folders with all in them, and not the workspace."""
        await sandbox.exec("mkdir -p keep d/e; touch keep/it d/e/f one; ln -s keep link; chmod 000 d/e")
        for path in ("one", "d", "link"):
            await sandbox.delete(path)
        assert [entry.path for entry in await sandbox.list(recursive=True)] == ["keep", "keep/it"]
        assert isinstance(await failure(sandbox.delete(".")), InvalidInput)
        assert isinstance(await failure(sandbox.delete("/workspace/")), InvalidInput)

    async def test_workspace_outlives_its_commands(self, provider: SandboxProvider, sandbox: Sandbox) -> None:
        """Opening a project again finds its files; another project has its own."""
        await sandbox.exec("echo kept >file")
        again = await provider.open(sandbox.project_id)
        assert again.project_id == sandbox.project_id
        assert await content(again, "file") == b"kept\n"
        other = await provider.open(new_id())
        assert await other.list() == []
        await provider.delete(other.project_id)

    async def test_delete_project(self, provider: SandboxProvider) -> None:
        """A deleted project is empty when it is opened again; deleting twice does nothing."""
        sandbox = await provider.open(new_id())
        await sandbox.exec("echo x >file; mkdir d; chmod 000 d")
        await provider.delete(sandbox.project_id)
        await provider.delete(sandbox.project_id)
        assert (await failure(sandbox.list())).stable_code == "sandbox_gone"
        assert (await failure(sandbox.exec("true"))).stable_code == "sandbox_gone"
        assert await (await provider.open(sandbox.project_id)).list() == []
        await provider.delete(sandbox.project_id)

    async def test_permissions(self, sandbox: Sandbox) -> None:
        """What is set is seen on both sides."""
        await sandbox.write("run", chunks(b"#!/bin/bash\necho ran\n"), limit=99)
        assert (await sandbox.chmod("run", 0o750)).mode == 0o750
        assert (await sandbox.exec("./run; stat -c %a run; chmod 400 run")).output == b"ran\n750\n"
        assert (await sandbox.stat("run")).mode == 0o400

    async def test_moved_files_are_the_same(self, sandbox: Sandbox) -> None:
        """A folder moves with all in it, links and permissions too."""
        await sandbox.exec("mkdir -p a/b; echo x >a/b/c; ln -s c a/b/link; chmod 700 a/b/c")
        await sandbox.move("a", "deep/er")
        seen = await sandbox.exec("cat deep/er/b/link; stat -c %a deep/er/b/c; ls")
        assert seen.output == b"x\n700\ndeep\n"

    async def test_search(self, sandbox: Sandbox) -> None:
        """Lines are found by pattern, folder and name; binary files are left out."""
        await sandbox.exec(
            "mkdir -p src/.hidden; printf 'one\\ntwo (2)\\n' >src/a.py; printf 'two\\n' >src/.hidden/b.txt; "
            "printf 'two\\0' >binary; printf 'two: it\\n' >'odd name'; ln -s /etc/passwd link"
        )
        found = [(match.path, match.line, match.text) for match in await sandbox.search("tw[o]")]
        assert found == [
            ("odd name", 1, "two: it"),
            ("src/.hidden/b.txt", 1, "two"),
            ("src/a.py", 2, "two (2)"),
        ]
        assert [match.path for match in await sandbox.search("two", "src", names="*.py")] == ["src/a.py"]
        assert list(await sandbox.search("root:")) == []
        assert len(await sandbox.search("two", limit=1)) == 1
        assert (await failure(sandbox.search("two", "none"))).stable_code == "file_not_found"
        assert (await failure(sandbox.search("two", "../.."))).stable_code == "path_outside"
        for wrong in ("(", "", "a\nb"):
            assert (await failure(sandbox.search(wrong))).stable_code == "pattern_invalid"

    async def test_large_files_pass_in_pieces(self, sandbox: Sandbox) -> None:
        """A file of many megabytes goes in and out, and no piece is large."""
        size, piece = 24_000_000, bytes(range(250)) * 400
        info = await sandbox.write("large", chunks(*[piece] * (size // len(piece))), limit=size)
        assert info.size_bytes == size
        total = 0
        async for part in sandbox.read("large"):
            assert len(part) <= 1_000_000
            total += len(part)
        assert total == size
        ends = await sandbox.exec("wc -c <large; tail -c 250 large | od -An -tu1 | head -1")
        assert ends.output.split()[:4] == [b"24000000", b"0", b"1", b"2"]
