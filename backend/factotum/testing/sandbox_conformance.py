"""What every sandbox provider must do, as tests: subclass SandboxConformance in a test module, give it a
`sandbox` fixture (an open sandbox of a new project) and a `provider` fixture.

It needs nothing of pytest but that it collects `test_` methods and runs coroutines.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta

from factotum.core.errors import FactotumError, InvalidInput, NotFound, TooLarge
from factotum.core.ids import new_id
from factotum.sandbox.port import OutputStream, Sandbox, SandboxProvider


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """Give `parts` as the content of a write."""
    for part in parts:
        yield part


async def content(sandbox: Sandbox, path: str, *, offset: int = 0, limit: int | None = None) -> bytes:
    """Read a file whole."""
    return b"".join([part async for part in sandbox.read(path, offset=offset, limit=limit)])


async def failure(work: Awaitable[object]) -> FactotumError:
    """Return the error that `work` raises; fail if it raises none."""
    try:
        await work
    except FactotumError as error:
        return error
    raise AssertionError("an error was expected, and none was raised")


async def appears(sandbox: Sandbox, path: str, *, within: float = 30.0) -> None:
    """Wait until a command has made `path`, at most `within` seconds."""
    for _ in range(round(within / 0.02)):
        if any(entry.path == path for entry in await sandbox.list()):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path} did not appear")


class SandboxConformance:
    """The port's promises, one test each."""

    async def test_exec_gives_exit_code_and_output(self, sandbox: Sandbox) -> None:
        """A command's output and exit code come back."""
        result = await sandbox.exec("echo out; echo err >&2; exit 7")
        assert result.exit_code == 7
        assert sorted(result.output.split()) == [b"err", b"out"]
        assert (result.timed_out, result.truncated_bytes) == (False, 0)
        assert 0 < result.duration_seconds < 30

    async def test_exec_reports_a_signal_as_128_and_more(self, sandbox: Sandbox) -> None:
        """A command that was killed gives 128 + the signal."""
        assert (await sandbox.exec("kill -TERM $$")).exit_code == 143

    async def test_exec_runs_bash_in_the_workspace(self, sandbox: Sandbox) -> None:
        """Commands are bash's, and start in /workspace or the folder named."""
        assert (await sandbox.exec("pwd; [[ a == a ]] && echo bash")).output == b"/workspace\nbash\n"
        await sandbox.exec("mkdir -p a/b")
        assert (await sandbox.exec("pwd", folder="a/b")).output == b"/workspace/a/b\n"
        assert (await sandbox.exec("pwd", folder="/workspace/a")).output == b"/workspace/a\n"

    async def test_exec_refuses_a_missing_folder(self, sandbox: Sandbox) -> None:
        """A folder that does not exist is NotFound, one outside is refused."""
        assert isinstance(await failure(sandbox.exec("true", folder="none")), NotFound)
        assert (await failure(sandbox.exec("true", folder="../.."))).stable_code == "path_outside"

    async def test_exec_passes_the_environment(self, sandbox: Sandbox) -> None:
        """Variables arrive as they are."""
        result = await sandbox.exec('printf %s "$NAME"', environment={"NAME": "a b\n'$c'"})
        assert result.output == b"a b\n'$c'"

    async def test_exec_streams_as_it_goes(self, sandbox: Sandbox) -> None:
        """Output is seen before the command ends, and each stream under its name."""
        seen: list[tuple[OutputStream, bytes]] = []
        first = asyncio.Event()

        async def on_output(stream: OutputStream, data: bytes) -> None:
            seen.append((stream, data))
            first.set()

        running = asyncio.create_task(
            sandbox.exec(
                "echo one; until [ -e go ]; do sleep 0.02; done; echo two >&2",
                on_output=on_output,
                timeout=20,
            )
        )
        await asyncio.wait_for(first.wait(), 20)
        assert not running.done()
        await sandbox.write("go", chunks(b""), limit=1)
        await running
        assert b"".join(data for stream, data in seen if stream == "stdout") == b"one\n"
        assert b"".join(data for stream, data in seen if stream == "stderr") == b"two\n"

    async def test_exec_waits_for_a_slow_listener(self, sandbox: Sandbox) -> None:
        """A slow `on_output` slows the command down; nothing is lost."""
        total = 0

        async def on_output(_stream: OutputStream, data: bytes) -> None:
            nonlocal total
            total += len(data)
            await asyncio.sleep(0.001)

        result = await sandbox.exec("head -c 3000000 /dev/zero", on_output=on_output, output_limit=1000)
        assert total == 3_000_000
        assert len(result.output) <= 1000

    async def test_exec_keeps_head_and_tail(self, sandbox: Sandbox) -> None:
        """Of a long output the beginning and the end are kept, and what is dropped is counted."""
        result = await sandbox.exec("echo first; head -c 500000 /dev/zero; echo last", output_limit=2000)
        assert result.output.startswith(b"first\n")
        assert result.output.endswith(b"last\n")
        assert len(result.output) <= 2000
        assert 498_000 <= result.truncated_bytes <= 500_011

    async def test_exec_passes_on_what_the_listener_raises(self, sandbox: Sandbox) -> None:
        """An error in `on_output` ends the command and reaches the caller as it is."""

        async def on_output(_stream: OutputStream, _data: bytes) -> None:
            raise KeyError("listener")

        raised: BaseException | None = None
        try:
            await sandbox.exec("echo x; sleep 60", on_output=on_output)
        except KeyError as error:
            raised = error
        assert repr(raised) == "KeyError('listener')"

    async def test_deadline_ends_everything(self, sandbox: Sandbox) -> None:
        """At the deadline the command and its children end, and what was said before is there."""
        result = await sandbox.exec("echo said; (while :; do date +%N >beat; done) & sleep 60", timeout=1.0)
        assert result.timed_out
        assert result.exit_code is None
        assert result.output == b"said\n"
        assert result.duration_seconds < 20
        await _assert_still(sandbox, "beat")

    async def test_cancel_ends_everything(self, sandbox: Sandbox) -> None:
        """A cancelled exec has ended all its processes when the cancellation arrives."""
        running = asyncio.create_task(sandbox.exec("while :; do date +%N >beat; done"))
        await appears(sandbox, "beat")
        running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            await _assert_still(sandbox, "beat")
        else:
            raise AssertionError("the cancellation was lost")

    async def test_daemons_end_with_their_command(self, sandbox: Sandbox) -> None:
        """What a command leaves in the background has ended when exec returns, also in a session of its
        own.
        """
        result = await sandbox.exec(
            "setsid bash -c 'while :; do date +%N >beat; done' </dev/null >/dev/null 2>&1 & "
            "until [ -e beat ]; do sleep 0.02; done"
        )
        assert result.exit_code == 0
        await _assert_still(sandbox, "beat")

    async def test_stdin_is_empty(self, sandbox: Sandbox) -> None:
        """A command that reads its input gets its end at once."""
        assert (await sandbox.exec("cat; echo done", timeout=20)).output == b"done\n"

    async def test_long_commands_run(self, sandbox: Sandbox) -> None:
        """A command longer than one argument of the kernel's runs too."""
        result = await sandbox.exec(f"cat >big <<'END'\n{'x' * 300_000}\nEND\nwc -c <big")
        assert result.output.strip() == b"300001"

    async def test_commands_run_side_by_side(self, sandbox: Sandbox) -> None:
        """Commands of one sandbox do not wait for each other."""
        async with asyncio.TaskGroup() as group:
            waits = group.create_task(sandbox.exec("until [ -e sign ]; do sleep 0.02; done", timeout=30))
            group.create_task(sandbox.exec("touch sign"))
        assert waits.result().exit_code == 0

    async def test_bad_commands_are_refused(self, sandbox: Sandbox) -> None:
        """What can be no command or variable is InvalidInput."""
        assert isinstance(await failure(sandbox.exec("a\0b")), InvalidInput)
        assert isinstance(await failure(sandbox.exec("true", environment={"A=B": "x"})), InvalidInput)
        assert isinstance(await failure(sandbox.exec("true", environment={"A": "x\0"})), InvalidInput)

    async def test_write_then_read(self, sandbox: Sandbox) -> None:
        """A file goes in, is seen by commands, and comes out; folders are made."""
        info = await sandbox.write("deep/er/data.bin", chunks(b"ab", b"", b"cd\0"), limit=5)
        assert (info.path, info.kind, info.size_bytes) == ("deep/er/data.bin", "file", 5)
        assert abs(info.modified_at - datetime.now(UTC)) < timedelta(minutes=5)
        assert await content(sandbox, "deep/er/data.bin") == b"ab" + b"cd\0"
        assert (await sandbox.exec("wc -c <deep/er/data.bin; echo more >>deep/er/data.bin")).exit_code == 0
        assert await content(sandbox, "/workspace/deep/er/data.bin") == b"abcd\0more\n"

    async def test_read_takes_offset_and_limit(self, sandbox: Sandbox) -> None:
        """A part of a file can be read."""
        await sandbox.write("n", chunks(b"0123456789"), limit=10)
        assert await content(sandbox, "n", offset=3, limit=4) == b"3456"
        assert await content(sandbox, "n", offset=8, limit=9) == b"89"
        assert await content(sandbox, "n", offset=99) == b""
        assert await content(sandbox, "n", limit=0) == b""

    async def test_write_replaces_whole(self, sandbox: Sandbox) -> None:
        """A second write replaces the first, and a script stays executable."""
        await sandbox.write("run.sh", chunks(b"#!/bin/bash\necho one\n"), limit=100)
        await sandbox.exec("chmod +x run.sh")
        await sandbox.write("run.sh", chunks(b"#!/bin/bash\necho 2\n"), limit=100)
        assert (await sandbox.exec("./run.sh")).output == b"2\n"

    async def test_write_past_its_limit_changes_nothing(self, sandbox: Sandbox) -> None:
        """Too large is TooLarge; the old content stays and nothing is left behind."""
        await sandbox.write("f", chunks(b"old"), limit=10)
        error = await failure(sandbox.write("f", chunks(b"12345", b"6"), limit=5))
        assert isinstance(error, TooLarge)
        assert await content(sandbox, "f") == b"old"
        assert [entry.path for entry in await sandbox.list()] == ["f"]

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
        assert sandbox.project_id in await provider.projects()
        await provider.delete(sandbox.project_id)
        assert sandbox.project_id not in await provider.projects()
        await provider.delete(sandbox.project_id)
        assert (await failure(sandbox.list())).stable_code == "sandbox_gone"
        assert (await failure(sandbox.exec("true"))).stable_code == "sandbox_gone"
        assert await (await provider.open(sandbox.project_id)).list() == []
        await provider.delete(sandbox.project_id)


async def _assert_still(sandbox: Sandbox, path: str) -> None:
    """Fail if something still writes to `path`."""
    before = await content(sandbox, path)
    await asyncio.sleep(0.2)
    assert await content(sandbox, path) == before
