"""Sessions: named shells that last, with and without a terminal."""

import pytest

from factotum.core.errors import Conflict, InvalidInput
from factotum.sandbox.port import Sandbox, SandboxProvider, TerminalSize
from factotum.testing.sandbox_conformance.support import (
    appears,
    assert_still,
    chunks,
    failure,
    heard,
    idle,
    said,
)


class SessionsConformance:
    """The port's promises about sessions."""

    async def test_a_session_remembers(self, sandbox: Sandbox) -> None:
        """Folder, variables and functions last from command to command; each has its exit code."""
        await sandbox.exec("mkdir folder")
        info = await sandbox.sessions.start("main", environment={"GIVEN": "a b"})
        assert (info.name, info.alive, info.busy, info.terminal) == ("main", True, False, False)
        assert info.exit_code is None
        await sandbox.sessions.run("main", "cd folder; kept=1; f() { echo f; }; (exit 3)")
        assert (await said(sandbox, "main")).info.exit_code == 3
        command = 'pwd; echo "$kept $GIVEN"; f; echo err >&2'
        cursor = await sandbox.sessions.run("main", command)
        output = await said(sandbox, "main", cursor)
        assert output.data == b"/workspace/folder\n1 a b\nf\nerr\n"
        assert (output.info.exit_code, output.info.command) == (0, command)

    async def test_a_session_starts_in_its_folder(self, sandbox: Sandbox) -> None:
        """A folder that is not there, or outside, is refused."""
        await sandbox.exec("mkdir a")
        await sandbox.sessions.start("s", folder="a")
        await sandbox.sessions.run("s", "pwd")
        assert (await said(sandbox, "s")).data == b"/workspace/a\n"
        assert (await failure(sandbox.sessions.start("t", folder="b"))).stable_code == "folder_not_found"
        assert (await failure(sandbox.sessions.start("t", folder="/etc"))).stable_code == "path_outside"

    async def test_poll_waits_and_goes_on_at_its_cursor(self, sandbox: Sandbox) -> None:
        """Output is seen as it comes, once; the wait ends with the command."""
        sessions = sandbox.sessions
        await sessions.start("s")
        await sessions.run("s", "echo one; until [ -e go ]; do sleep 0.02; done; echo two; exit 4")
        first = await sessions.poll("s", wait=20)
        assert (first.data, first.info.busy) == (b"one\n", True)
        assert (await sessions.poll("s", cursor=first.cursor, wait=0.05)).data == b""
        assert (await sessions.poll("s", cursor=1, limit=2)).data == b"ne"
        await sandbox.write("go", chunks(b""), limit=0)
        second = await said(sandbox, "s", first.cursor)
        assert second.data == b"two\n"
        assert (second.info.alive, second.info.exit_code) == (False, 4)
        assert (await sessions.poll("s", cursor=10**9)).data == b""

    async def test_input_reaches_what_runs(self, sandbox: Sandbox) -> None:
        """What is typed is read by the command that runs."""
        await sandbox.sessions.start("s")
        await sandbox.sessions.run("s", "read -r line; echo got $line")
        await sandbox.sessions.write("s", b"some text\n")
        assert (await said(sandbox, "s")).data == b"got some text\n"

    async def test_input_that_nobody_reads_is_refused_in_time(self, sandbox: Sandbox) -> None:
        """More than the sandbox keeps for a reader that does not come is a Conflict."""
        await sandbox.sessions.start("s")
        error = await failure(sandbox.sessions.write("s", bytes(1_000_000), timeout=0.2))
        assert error.stable_code == "session_not_reading"

    async def test_a_busy_session_takes_no_second_command(self, sandbox: Sandbox) -> None:
        """One command at a time."""
        await sandbox.sessions.start("s")
        await sandbox.sessions.run("s", "sleep 60")
        assert (await failure(sandbox.sessions.run("s", "echo x"))).stable_code == "session_busy"

    async def test_kill_ends_everything_in_it(self, sandbox: Sandbox) -> None:
        """Daemons too, and the name can be used again."""
        await sandbox.sessions.start("s")
        daemon = "setsid bash -c 'while :; do date +%N >beat; done' </dev/null >/dev/null 2>&1 & wait"
        await sandbox.sessions.run("s", daemon)
        await appears(sandbox, "beat")
        info = await sandbox.sessions.kill("s")
        assert (info.alive, info.busy) == (False, False)
        await assert_still(sandbox, "beat")
        await sandbox.sessions.kill("s")
        assert (await failure(sandbox.sessions.run("s", "true"))).stable_code == "session_ended"
        assert (await failure(sandbox.sessions.write("s", b"x"))).stable_code == "session_ended"
        assert (await sandbox.sessions.start("s")).alive

    async def test_servers_live_on_between_commands(self, sandbox: Sandbox) -> None:
        """What a session runs goes on while other commands come and go."""
        await sandbox.sessions.start("server")
        loop = "while :; do date +%N >beat.new; mv beat.new beat; sleep 0.01; done & echo started"
        await sandbox.sessions.run("server", loop)
        await heard(sandbox, "server", b"started")
        await appears(sandbox, "beat")
        changed = (
            "a=$(cat beat); for i in $(seq 500); do [ $a != $(cat beat) ] && exit 0; sleep 0.02; done; exit 1"
        )
        assert (await sandbox.exec(changed)).exit_code == 0

    async def test_list_and_names(self, sandbox: Sandbox) -> None:
        """Sessions are listed by name; a name is unique and simple."""
        sessions = sandbox.sessions
        assert await sessions.list() == []
        for name in ("b", "a.1"):
            await sessions.start(name)
        await sessions.kill("b")
        assert [(info.name, info.alive) for info in await sessions.list()] == [("a.1", True), ("b", False)]
        assert (await failure(sessions.start("a.1"))).stable_code == "session_exists"
        for wrong in ("", "../x", "a b", "x" * 65, "-a", "a\n"):
            assert (await failure(sessions.start(wrong))).stable_code == "session_name_invalid"
        for work in (sessions.run("none", "x"), sessions.poll("none"), sessions.kill("none")):
            assert (await failure(work)).stable_code == "session_not_found"
        assert isinstance(await failure(sessions.run("a.1", "a\0b")), InvalidInput)
        assert isinstance(await failure(sessions.poll("a.1", cursor=-1)), InvalidInput)

    async def test_sessions_are_bounded(self, sandbox: Sandbox) -> None:
        """There is a most of them."""
        started = 0
        error = None
        while error is None and started < 100:
            try:
                await sandbox.sessions.start(f"s{started}")
                started += 1
            except Conflict as conflict:
                error = conflict
        assert error is not None
        assert error.stable_code == "sessions_full"
        await sandbox.sessions.kill("s0")
        assert (await sandbox.sessions.start("another")).alive

    async def test_old_output_goes_and_is_counted(self, sandbox: Sandbox) -> None:
        """What a session wrote is kept up to a bound."""
        await sandbox.sessions.start("s")
        await sandbox.sessions.run("s", "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end")
        await idle(sandbox, "s")
        output = await sandbox.sessions.poll("s", limit=10_000_000)
        assert output.data.endswith(b"x\nend\n")
        assert output.missed_bytes > 0
        assert output.missed_bytes + len(output.data) == output.cursor == 3_000_005

    async def test_a_terminal(self, sandbox: Sandbox) -> None:
        """Programs see a terminal of the right size, and keys reach them."""
        sessions = sandbox.sessions
        await sessions.start("t", terminal=TerminalSize(20, 70))
        await sessions.run("t", "[ -t 0 ] && [ -t 1 ] && stty size && tty >/dev/null && echo $TERM")
        assert (await said(sandbox, "t")).data.split() == [b"20", b"70", b"xterm-256color"]
        await sessions.resize("t", TerminalSize(30, 100))
        cursor = await sessions.run("t", "stty size")
        assert (await said(sandbox, "t", cursor)).data.split() == [b"30", b"100"]
        await sessions.run("t", "echo begun; sleep 60")
        await heard(sandbox, "t", b"begun")
        await sessions.write("t", b"\x03")
        assert (await said(sandbox, "t")).info.exit_code == 130
        cursor = await sessions.run("t", "read -r x; echo got $x")
        await sessions.write("t", b"typed\n")
        assert b"got typed" in (await said(sandbox, "t", cursor)).data
        await sessions.run("t", "exit 5")
        ended = await said(sandbox, "t")
        assert (ended.info.alive, ended.info.exit_code, ended.info.terminal) == (False, 5, True)
        wrong = TerminalSize(0, 10)
        assert (await failure(sessions.start("u", terminal=wrong))).stable_code == "terminal_invalid"

    @pytest.mark.parametrize("terminal", [None, TerminalSize(24, 80)])
    async def test_an_exit_code_comes_after_all_output(
        self, sandbox: Sandbox, terminal: TerminalSize | None
    ) -> None:
        """Once a command has ended there is nothing more to wait for, however much it wrote at the end."""
        await sandbox.sessions.start("s", terminal=terminal)
        for count in (1, 10, 20_000, 2, 50_000, 3):
            cursor = await sandbox.sessions.run("s", f"head -c {count} /dev/zero | tr '\\0' x")
            await idle(sandbox, "s")
            assert (await sandbox.sessions.poll("s", cursor=cursor)).data == count * b"x"

    async def test_a_size_holds_for_the_next_command(self, sandbox: Sandbox) -> None:
        """A terminal has its new size when resizing returns."""
        await sandbox.sessions.start("t", terminal=TerminalSize(20, 70))
        for rows in range(21, 41):
            await sandbox.sessions.resize("t", TerminalSize(rows, 100))
            cursor = await sandbox.sessions.run("t", "stty size")
            assert (await said(sandbox, "t", cursor)).data.split() == [b"%d" % rows, b"100"]

    async def test_stopping_ends_sessions_and_keeps_files(
        self, provider: SandboxProvider, sandbox: Sandbox
    ) -> None:
        """After a stop the sandbox starts again by itself, without its sessions."""
        await sandbox.sessions.start("s")
        await sandbox.exec("echo kept >file; echo here >/tmp/gone")
        await provider.stop(sandbox.project_id)
        assert await sandbox.sessions.list() == []
        assert (await sandbox.exec("cat file; cat /tmp/gone 2>/dev/null")).output == b"kept\n"

    async def test_commands_share_a_machine(self, sandbox: Sandbox) -> None:
        """/tmp and processes are the same for commands and sessions."""
        await sandbox.sessions.start("s")
        await sandbox.sessions.run("s", "echo x >/tmp/shared; sleep 1234")
        result = await sandbox.exec(
            "until [ -s /tmp/shared ]; do sleep 0.02; done; cat /tmp/shared; "
            "until pgrep -xf 'sleep 1234'; do sleep 0.02; done | wc -l"
        )
        assert result.output == b"x\n1\n"
