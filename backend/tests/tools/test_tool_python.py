"""Python in the sandbox: what it prints, its last value, its charts, its end."""

import hashlib

from factotum.core.errors import Unavailable
from factotum.protocol.events import FileChanged, SandboxChanged
from factotum.sandbox.port import ExecResult
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox, ScriptedCommand
from factotum.tools.arguments import bind
from factotum.tools.builtin.python import run_python
from factotum.tools.builtin.shell import shell
from factotum.tools.execute import ToolResult, execute

PREFIX = hashlib.sha256(b"call-1").hexdigest()[:8]


async def ran(context: MemoryToolContext, code: str, **more: object) -> ToolResult:
    return await execute(run_python, context, bind(run_python, {"code": code, **more}, "native"))


class Lost(MemorySandbox):
    """Was lost, and its next command takes too long."""

    async def exec(self, command: str, **_: object) -> ExecResult:
        assert command.startswith("python3 -c ")
        return ExecResult(None, b"half\n", 0, True, 9.0, notice="It is a new one.")


async def test_an_end_by_time_and_a_loss_are_told() -> None:
    context = MemoryToolContext(Lost())
    result = await ran(context, "1", timeout_seconds=9)
    assert result.text == "It is a new one.\nhalf\n[timed out: ended with all its processes after 9 s]"
    assert context.events == [SandboxChanged(status="recreated", note="It is a new one.")]
    assert [info.path for info in await context.machine.list(".factotum/python")] == []


async def test_charts_that_cannot_be_shown_are_told_all_the_same() -> None:
    machine = MemorySandbox(files={"charts/other-1.png": b""})
    made = {f"charts/{PREFIX}-{number}.png": b"x" for number in range(1, 12)}
    machine.script(ScriptedCommand(files=made), *[ScriptedCommand() for _ in range(11)])
    context = MemoryToolContext(machine)
    result = await ran(context, "plot()")
    lines = result.text.splitlines()
    assert lines[0] == "(no output)"
    assert lines[1].startswith(f"[chart: charts/{PREFIX}-1.png (charts/{PREFIX}-1.png could not be")
    assert f"charts/{PREFIX}-11.png" in lines[-1]
    assert len([event for event in context.events if isinstance(event, FileChanged)]) == 11
    machine.script(ScriptedCommand(fault=Unavailable("It is gone.")))
    assert (await ran(context, "1")).outcome == "error"
    assert await machine.list(".factotum/python") == []


async def test_what_code_shows(real: MemoryToolContext) -> None:
    assert (await ran(real, "x = 6\nprint('a')\nx * 7")).text == "a\n42"
    assert (await ran(real, "x = 1")).text == "(no output)"
    assert (await ran(real, "'no', __name__")).text == "('no', '__main__')"
    assert (await ran(real, "import shutil; shutil.rmtree('.factotum'); 8")).text == "8"
    assert (await ran(real, "import sys; sys.exit(3)")).text.endswith("[exit code 3]")
    broken = await ran(real, "def f():\n    return 1 / 0\nf()")
    assert broken.text.splitlines() == [
        "Traceback (most recent call last):",
        '  File "<code>", line 3, in <module>',
        "    f()",
        '  File "<code>", line 2, in f',
        "    return 1 / 0",
        "           ~~^~~",
        "ZeroDivisionError: division by zero",
        "[exit code 1]",
    ]
    assert "SyntaxError" in (await ran(real, "1 +")).text
    assert "[timed out" in (await ran(real, "import time; time.sleep(60)", timeout_seconds=1)).text
    await real.call(shell, command="echo 'value = 5' >own.py")
    assert (await ran(real, "import own; own.value")).text == "5"
    much = await ran(real, "print('x' * 100_000)")
    assert ".factotum/outputs/" in much.text


async def test_charts_come_back(real: MemoryToolContext) -> None:
    code = (
        "import matplotlib.pyplot as plt\n"
        "plt.plot([1, 2]); plt.show()\n"
        "plt.figure(); plt.bar(['a'], [1])\n"
        "print('drawn')"
    )
    result = await ran(real, code, timeout_seconds=300)
    lines = result.text.splitlines()
    assert lines[0] == "drawn", result.text
    assert [line.split(":")[1].strip() for line in lines[1:]] == [
        f"charts/{PREFIX}-1.png",
        f"charts/{PREFIX}-2.png",
    ]
    assert [picture.ref.path for picture in result.pictures] == [
        f"charts/{PREFIX}-1.png",
        f"charts/{PREFIX}-2.png",
    ]
    assert [event.path for event in real.events if isinstance(event, FileChanged)] == [
        f"charts/{PREFIX}-1.png",
        f"charts/{PREFIX}-2.png",
    ]
