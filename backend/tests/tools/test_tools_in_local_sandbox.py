"""The shell and the file tools over the real local sandbox."""

import asyncio
import time

import pytest

from factotum.protocol.events import SandboxChanged
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.testing.memory_context import MemoryToolContext
from factotum.tools.builtin.edit import str_replace
from factotum.tools.builtin.files import create_file, delete_file, list_files, rewrite_file
from factotum.tools.builtin.find import search_files
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.shell_sessions import shell_input, shell_kill, shell_output, shell_sessions
from factotum.tools.builtin.talk import complete
from factotum.tools.tool import Complete
from tests.waiting import until


async def test_files_written_by_tools_are_seen_by_commands_and_back(real: MemoryToolContext) -> None:
    await real.call(create_file, path="src/a.py", content="def one():\n\treturn 1\n")
    result = await real.call(shell, command="cat a.py; printf 'x\\n' > b.txt; pwd >&2; exit 3", folder="src")
    assert result.text == "def one():\n\treturn 1\n/workspace/src\n[exit code 3]"
    streamed = {stream: "".join(t for s, t in real.outputs if s == stream) for stream in ("stdout", "stderr")}
    assert streamed == {"stdout": "def one():\n\treturn 1\n", "stderr": "/workspace/src\n"}
    assert (await real.call(list_files, recursive=True)).text == "src/\nsrc/a.py\t21\nsrc/b.txt\t2"
    assert (
        await real.call(str_replace, path="src/a.py", old_text="\treturn 1", new_text="\treturn 2")
    ).outcome == "ok"
    assert (await real.call(shell, command="cat src/a.py")).text.startswith("def one():\n\treturn 2\n")
    assert (await real.call(read_file, path="/workspace/src/b.txt")).text.endswith(":\n     1\tx")
    assert (await real.call(complete, deliverables=["src/b.txt"])).signal == Complete(("src/b.txt",))
    assert (await real.call(delete_file, path="src/b.txt")).outcome == "ok"
    assert (await real.call(delete_file, path="src/b.txt")).code == "file_not_found"


async def test_creating_and_rewriting(real: MemoryToolContext) -> None:
    assert (await real.call(create_file, path="a", content="1")).outcome == "ok"
    assert (await real.call(create_file, path="a", content="1")).outcome == "ok"
    assert (await real.call(create_file, path="a", content="2")).code == "file_exists"
    assert (await real.call(rewrite_file, path="a", content="3")).text == "Rewrote a (1 byte)."


async def test_failures_of_the_real_sandbox_are_results(real: MemoryToolContext) -> None:
    assert (await real.call(shell, command="ls", folder="nowhere")).outcome == "error"
    for path in ("../x", "/etc/passwd"):
        assert (await real.call(read_file, path=path)).code == "path_outside"
        assert (await real.call(rewrite_file, path=path, content="")).code == "path_outside"
    await real.call(shell, command="mkfifo pipe; ln -s /etc/passwd link; mkdir folder")
    assert (await real.call(read_file, path="pipe")).outcome == "error"
    assert (await real.call(read_file, path="link")).outcome == "error"
    assert (await real.call(read_file, path="folder")).code == "not_a_file"


async def test_a_slow_command_is_shown_while_it_runs_and_ended_in_time(real: MemoryToolContext) -> None:
    started = time.monotonic()
    call = asyncio.create_task(real.call(shell, command="echo begun; sleep 60", timeout_seconds=3))
    await until(lambda: bool(real.outputs))
    assert not call.done()
    result = await call
    assert result.text.startswith("begun\n[timed out")
    assert time.monotonic() - started < 20


async def test_much_output_is_bounded(real: MemoryToolContext) -> None:
    result = await real.call(shell, command="seq 1 200000")
    assert len(result.text) <= shell.output_limit
    assert result.text.startswith("1\n2\n")
    assert "\n199999\n200000\n" in result.text
    assert "all of it is in .factotum/outputs/call-1.txt" in result.text
    kept = await real.call(
        read_file, path=".factotum/outputs/call-1.txt", start_line=123_456, end_line=123_456
    )
    assert kept.text.endswith("123456")


async def test_a_huge_file_is_read_in_parts(real: MemoryToolContext) -> None:
    await real.call(shell, command="seq 1 3000000 > big.txt; head -c 3000 /dev/urandom > noise")
    assert (await real.call(read_file, path="big.txt", start_line=2_999_999)).text.splitlines()[1:] == [
        "2999999\t2999999",
        "3000000\t3000000",
    ]
    assert "start_line=" in (await real.call(read_file, path="big.txt")).text.splitlines()[-1]
    assert "is a binary file of 3,000 bytes" in (await real.call(read_file, path="noise")).text


async def test_a_server_in_a_session(real: MemoryToolContext) -> None:
    await real.call(create_file, path="site/index.html", content="<h1>here</h1>")
    begun = await real.call(
        shell, command="python3 -m http.server 8765", folder="site", session="web", blocking=False
    )
    assert "still running in the session 'web'" in begun.text
    fetch = "for i in $(seq 100); do curl -s localhost:8765 && break; sleep 0.1; done"
    python = "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:8765\").read())'"
    got = await real.call(shell, command=f"command -v curl >/dev/null && {fetch} || {{ sleep 2; {python}; }}")
    assert "<h1>here</h1>" in got.text
    seen = await real.call(shell_output, session="web")
    assert "GET / HTTP/1.1" in seen.text
    listed = await real.call(shell_sessions)
    assert listed.text == "web\trunning\tpython3 -m http.server 8765\nOpen ports: 8765"
    assert (await real.call(shell_kill, session="web")).outcome == "ok"
    assert (await real.call(shell_sessions)).text == "web\tended, exit code 137\tpython3 -m http.server 8765"
    assert (await real.call(shell_output, session="none")).code == "session_not_found"


async def test_sessions_that_are_made_at_once_are_each_their_own(real: MemoryToolContext) -> None:
    made = await asyncio.gather(
        *(real.call(shell, command=f"echo {number}; sleep 60", blocking=False) for number in range(4))
    )
    assert [result.outcome for result in made] == ["ok"] * 4
    for number in range(4):
        assert f"s{number + 1}\trunning" in (await real.call(shell_sessions)).text
    shared = await asyncio.gather(
        *(real.call(shell, command="sleep 60", session="one", blocking=False) for _ in range(2))
    )
    assert "session_exists" not in [result.code for result in shared]


async def test_a_session_remembers_and_reports(real: MemoryToolContext) -> None:
    first = await real.call(shell, command="x=5; mkdir -p a/b; cd a", session="main")
    assert first.text == "(no output)\n[exit code 0]"
    second = await real.call(shell, command='echo "$x $PWD"; false', session="main")
    assert second.text == "5 /workspace/a\n[exit code 1]"
    third = await real.call(shell, command="pwd", session="main", folder="a/b")
    assert third.text.startswith("/workspace/a/b\n")
    colours = await real.call(shell, command="printf '\\033[31mred\\033[0m\\n'; exit 4", session="main")
    assert colours.text == "red\n[exit code 4; the session 'main' has ended]"
    assert any("\x1b[31mred" in text for _, text in real.outputs)
    assert (await real.call(shell_sessions)).text.startswith("main\tended, exit code 4\tprintf")


async def test_questions_are_answered(real: MemoryToolContext) -> None:
    script = "read -p 'Name? ' name; echo Hello $name; sleep 60"
    asked = await real.call(shell, command=script, blocking=False)
    assert "Name? " in asked.text
    assert "session 's1'" in asked.text
    answered = await real.call(shell_input, session="s1", text="Ada", wait_seconds=1)
    assert "Hello Ada" in answered.text
    interrupted = await real.call(shell_input, session="s1", key="ctrl-c", wait_seconds=20)
    assert interrupted.text.endswith("[exit code 130]")
    assert (await real.call(shell_input, session="s1", text="x")).code == "session_not_reading"


async def test_a_command_in_a_session_outlives_its_wait(real: MemoryToolContext) -> None:
    result = await real.call(shell, command="echo a; sleep 2; echo b", session="s", timeout_seconds=1)
    assert result.text.startswith("a\n[still running in the session 's'; shell_output with after=3 ")
    rest = await real.call(shell_output, session="s", after=3, wait_seconds=30)
    assert rest.text == "b\n[exit code 0]"


async def test_stopping_a_call_ends_its_session(real: MemoryToolContext) -> None:
    call = asyncio.create_task(real.call(shell, command="echo on; sleep 60", session="s"))
    await until(lambda: bool(real.outputs))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await real.call(shell_sessions)).text.startswith("s\tended")
    assert (await real.call(shell, command="pgrep -x sleep || echo none")).text == "none\n[exit code 0]"


async def _lose_the_sandbox(real: MemoryToolContext) -> None:
    assert isinstance(real.machine, LocalSandbox)
    engine = real.machine._engine  # pyright: ignore[reportPrivateUsage] - nobody else can kill it
    place = engine.boxes.place(real.machine.project_id)
    assert place is not None
    assert place.box is not None
    place.box.kill()
    await asyncio.shield(place.box.gone)


async def test_a_sandbox_that_was_lost_is_told_of(real: MemoryToolContext) -> None:
    await real.call(shell, command="echo kept >file; sleep 60", session="s", blocking=False)
    await _lose_the_sandbox(real)
    result = await real.call(shell, command="cat file")
    assert result.text.startswith("[The sandbox had ended unexpectedly and is a new one")
    assert result.text.endswith("kept\n[exit code 0]")
    assert [event.status for event in real.events if isinstance(event, SandboxChanged)] == ["recreated"]
    shown = (await real.call(shell_output, session="s")).text
    assert "the session 's' has ended with no exit code: it was killed, or its sandbox ended" in shown


async def test_a_server_that_was_lost_with_its_sandbox_is_told_of_when_it_is_started_again(
    real: MemoryToolContext,
) -> None:
    await real.call(shell, command="echo up; sleep 60", session="s", blocking=False)
    await _lose_the_sandbox(real)
    # A search brings only what it finds: what it learned of the sandbox is kept for who can be told.
    await real.call(search_files, pattern="x")
    again = await real.call(shell, command="echo up; sleep 60", session="s", blocking=False)
    assert again.text.startswith("[The sandbox had ended unexpectedly and is a new one")
    assert "still running in the session 's'" in again.text
    assert [event.status for event in real.events if isinstance(event, SandboxChanged)] == ["recreated"]
    assert "new one" not in (await real.call(shell, command="true")).text
