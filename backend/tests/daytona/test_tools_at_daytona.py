"""The tools over Daytona, in short: commands, sessions, files and an exposed port."""

from typing import TYPE_CHECKING

import httpx
import pytest

from factotum.protocol.events import SandboxChanged
from factotum.sandbox.daytona.finding import NEW
from factotum.sandbox.daytona.sandbox import DaytonaSandbox
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.sandbox_conformance.ports import opened
from factotum.tools.builtin.edit import str_replace
from factotum.tools.builtin.expose_port import expose_port
from factotum.tools.builtin.files import create_file, list_files
from factotum.tools.builtin.read import read_file
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.shell_sessions import shell_kill, shell_output

if TYPE_CHECKING:
    from factotum.testing.daytona import FakeDaytona

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_tools_work_there(daytona: "FakeDaytona", sandbox: DaytonaSandbox) -> None:
    context = MemoryToolContext(sandbox)
    await context.call(create_file, path="site/index.html", content="<h1>one</h1>\n")
    await context.call(str_replace, path="site/index.html", old_text="one", new_text="two")
    assert "<h1>two</h1>" in (await context.call(read_file, path="site/index.html")).text
    told = await context.call(shell, command="cat index.html; echo x >&2; exit 3", folder="site")
    assert told.text == "<h1>two</h1>\nx\n[exit code 3]"
    assert (await context.call(list_files, recursive=True)).text == "site/\nsite/index.html\t13"
    command = "cd site && python3 -u -m http.server 8000"
    await context.call(shell, command=command, session="web", blocking=False)
    await opened(sandbox, 8000)
    shown = (await context.call(expose_port, port=8000)).text
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(shown.split()[8] + "/")).text == "<h1>two</h1>\n"
    assert "GET / " in (await context.call(shell_output, session="web")).text
    assert (await context.call(expose_port, port=8001)).code == "port_not_open"
    assert (await context.call(shell_kill, session="web")).outcome == "ok"
    await daytona.lose(f"factotum-local-{sandbox.project_id}")
    assert (await context.call(shell, command="ls")).text.startswith(NEW)
    assert any(isinstance(event, SandboxChanged) for event in context.events)
