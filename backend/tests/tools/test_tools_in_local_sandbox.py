"""The shell and the file tools over the real local sandbox."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.testing.memory_context import MemoryToolContext
from factotum.tools.builtin.edit import str_replace
from factotum.tools.builtin.files import create_file, delete_file, list_files, rewrite_file
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.talk import complete
from factotum.tools.tool import Complete


@pytest.fixture
async def real(short_folder: Path) -> AsyncIterator[MemoryToolContext]:
    """A context over a real sandbox."""
    provider = LocalSandboxProvider(short_folder / new_id())
    refusal = await provider.refusal()
    if refusal is not None:
        pytest.skip(f"no local sandbox here: {refusal}")
    yield MemoryToolContext(await provider.open(new_id()))
    provider.close()


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
    while not real.outputs:  # noqa: ASYNC110 - the sandbox's own pace
        await asyncio.sleep(0.02)
    assert not call.done()
    result = await call
    assert result.text.startswith("begun\n[timed out")
    assert time.monotonic() - started < 20


async def test_much_output_is_bounded(real: MemoryToolContext) -> None:
    result = await real.call(shell, command="seq 1 200000")
    assert len(result.text) <= shell.output_limit
    assert result.text.startswith("1\n2\n")
    assert "\n199999\n200000\n" in result.text
    assert "dropped from the middle" in result.text


async def test_a_huge_file_is_read_in_parts(real: MemoryToolContext) -> None:
    await real.call(shell, command="seq 1 3000000 > big.txt; head -c 3000 /dev/urandom > noise")
    assert (await real.call(read_file, path="big.txt", start_line=2_999_999)).text.splitlines()[1:] == [
        "2999999\t2999999",
        "3000000\t3000000",
    ]
    assert "start_line=" in (await real.call(read_file, path="big.txt")).text.splitlines()[-1]
    assert "is a binary file of 3,000 bytes" in (await real.call(read_file, path="noise")).text
