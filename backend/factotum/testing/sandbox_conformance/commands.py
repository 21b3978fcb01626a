"""Commands: one test for each promise of `exec`."""

import asyncio

from factotum.core.errors import InvalidInput, NotFound
from factotum.sandbox.port import OutputStream, Sandbox
from factotum.testing.sandbox_conformance.support import appears, assert_still, chunks, failure


class CommandsConformance:
    """The port's promises about commands."""

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
        await assert_still(sandbox, "beat")

    async def test_cancel_ends_everything(self, sandbox: Sandbox) -> None:
        """A cancelled exec has ended all its processes when the cancellation arrives."""
        running = asyncio.create_task(sandbox.exec("while :; do date +%N >beat; done"))
        await appears(sandbox, "beat")
        running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            await assert_still(sandbox, "beat")
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
        await assert_still(sandbox, "beat")

    async def test_streams_can_be_opened_by_name(self, sandbox: Sandbox) -> None:
        """/dev/stdout and /dev/stderr are what they are elsewhere."""
        result = await sandbox.exec(
            "echo out >/dev/stdout; echo err >/dev/stderr; echo both | tee /dev/stderr"
        )
        assert sorted(result.output.split()) == [b"both", b"both", b"err", b"out"]

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
