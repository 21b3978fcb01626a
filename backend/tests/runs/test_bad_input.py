"""Bad input, one run for each kind: the model is told in words what happened, in time, and the run goes on.

In real sandboxes and over loopback. A killed browser is in tests/tools/test_tool_browser.py, a model's
provider that is down in tests/llm/test_gateway_faults.py, Daytona in tests/daytona/test_daytona_recovery.py.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from factotum.clients.faults import ServiceRules
from factotum.clients.fetch import WebReader
from factotum.clients.service import Outbound
from factotum.core.addresses import Guard
from factotum.core.breaker import Breakers
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Run
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web import LoopbackWeb
from factotum.tools.builtin import BUILTIN
from factotum.tools.builtin.read_webpage import make_read_webpage
from factotum.tools.builtin.web_families import WebKeys, search_providers
from factotum.tools.builtin.web_search import make_web_search
from factotum.tools.registry import Registry
from tests.needs import needs_sandbox
from tests.runs.played import Gate, calls, completes
from tests.runs.real_machine import Machine
from tests.runs.stage import Stage

Arguments = Mapping[str, object]


@dataclass(frozen=True)
class Bad:
    """A call, what was done before it, and what its result says. `$` in an address is the server's port."""

    tool: str
    arguments: Arguments
    says: tuple[str, ...]
    outcome: str = "error"
    before: str = ""
    within: float = 40.0


KINDS = {
    "a path outside": Bad("read_file", {"path": "../../etc/passwd"}, ("workspace",)),
    "an absolute path outside": Bad(
        "create_file", {"path": "/etc/cron.d/job", "content": "x"}, ("workspace",)
    ),
    "a huge file": Bad(
        "read_file",
        {"path": "huge.txt"},
        ("lines 1 to ", "there is more: go on with start_line="),
        outcome="ok",
        before="seq 1 5000000 >huge.txt",
    ),
    "a huge file to be edited": Bad(
        "str_replace",
        {"path": "huge.txt", "old_text": "1\n", "new_text": "2\n"},
        ("10,000,000 bytes", "shell"),
        before="seq 1 5000000 >huge.txt",
    ),
    "a binary file": Bad(
        "read_file",
        {"path": "program"},
        ("not text. Use the shell",),
        outcome="ok",
        before="head -c 100000 /bin/bash >program",
    ),
    "a port that is not open": Bad(
        "expose_port", {"port": 4321}, ("Nothing in the sandbox listens on port 4321", "Start the server")
    ),
    "a page that never ends": Bad(
        "read_webpage",
        {"url": "http://example.com:$/endless"},
        ("too large: its end was not read",),
        outcome="ok",
    ),
    "a redirect to a private address": Bad(
        "read_webpage", {"url": "http://example.com:$/inward"}, ("169.254.169.254",)
    ),
    "a hung command": Bad(
        "shell",
        {"command": "echo begun; sleep 600", "timeout_seconds": 1},
        ("begun", "timed out", "session"),
        outcome="ok",
    ),
    "a provider that is down": Bad("web_search", {"query": "tea"}, ("search",)),
}


async def endless(_request: HttpRequest, answer: Answer) -> None:
    await answer.start(200, {"content-type": "text/plain"})
    while True:
        await answer.send(b"x" * 65536)


async def inward(_request: HttpRequest, answer: Answer) -> None:
    await answer.whole(302, b"", {"location": "http://169.254.169.254/latest/meta-data/"})


async def on_loopback(_name: str, _port: int) -> Collection[str]:
    return ["127.0.0.1"]


def shown(_project: str, _port: int, _seconds: int) -> str:
    return "http://shown.test/"


@pytest.fixture
async def port(stage: Stage) -> AsyncIterator[int]:
    del stage
    async with LoopbackWeb({"/endless": endless, "/inward": inward}) as web:
        yield web.port


@pytest.fixture
async def machine(stage: Stage, short_folder: Path, port: int) -> AsyncIterator[Machine]:
    """Real sandboxes, and the tools of the web with a search that nobody answers."""
    sandboxes = LocalSandboxProvider(short_folder / "bad-input")
    await needs_sandbox(sandboxes)
    sandboxes.sign_preview = shown
    reader = WebReader(
        Guard(on_loopback, allowed=[("127.0.0.1", port)]), breakers=Breakers(ServiceRules(), threshold=5)
    )
    outbound = Outbound()
    searching = search_providers(
        WebKeys(tavily=SecretStr("tvly-operator"), tavily_url="http://127.0.0.1:1"), outbound
    )
    registry = Registry([*BUILTIN, make_read_webpage(reader), make_web_search(searching)])
    yield Machine(stage, sandboxes, registry)
    await outbound.aclose()
    await sandboxes.aclose()


async def results(stage: Stage, run: Run) -> list[ToolResultPart]:
    parts = [part for message in await stage.messages(run) for part in message.parts]
    return [part for part in parts if isinstance(part, ToolResultPart) and part.name != "complete"]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_told_and_the_run_goes_on(stage: Stage, machine: Machine, port: int, kind: str) -> None:
    bad = KINDS[kind]
    arguments = {
        name: value.replace("$", str(port)) if isinstance(value, str) else value
        for name, value in bad.arguments.items()
    }
    before = [calls(("shell", {"command": bad.before}))] if bad.before else []
    begun = time.monotonic()
    run = await machine.carry(*before, calls((bad.tool, arguments)), completes())
    assert time.monotonic() - begun < bad.within
    assert (run.status, run.finish_reason) == ("finished", "complete")
    result = (await results(stage, run))[-1]
    assert (result.name, result.outcome) == (bad.tool, bad.outcome)
    for words in bad.says:
        assert words in result.output
    assert len(result.output) < 40_000
    for internal in ("Traceback", "tvly-operator", str(machine.stage.admin_url), "/site-packages/"):
        assert internal not in result.output


async def test_a_sandbox_that_vanishes_between_two_calls(stage: Stage, machine: Machine) -> None:
    gate = Gate()
    run = await machine.submit(
        calls(("shell", {"command": "echo kept >file"})),
        [gate, *calls(("shell", {"command": "cat file"}))],
        completes(),
    )
    task = machine.begin(run)
    await gate.reached.wait()
    engine = machine.sandboxes._engine  # pyright: ignore[reportPrivateUsage] - nobody else can kill it
    assert engine is not None
    place = engine.boxes.place(run.project_id)
    assert place is not None
    assert place.box is not None
    os.kill(place.box.running.first_id, signal.SIGKILL)
    gate.released.set()
    async with asyncio.timeout(60):
        await task
    assert (await stage.get(run)).status == "finished"
    last = (await results(stage, run))[-1]
    assert last.outcome == "ok"
    assert last.output.startswith("[The sandbox had ended unexpectedly and is a new one: files are there")
    assert last.output.endswith("kept\n[exit code 0]")
    assert "sandbox.changed" in await stage.types(run)


async def test_a_machine_that_can_make_no_sandbox(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusing = LocalSandboxProvider(tmp_path / "file" / "sandboxes")
    machine = Machine(stage, refusing)
    run = await machine.carry(calls(("shell", {"command": "id"})), calls(("get_datetime", {})), completes())
    assert run.status == "finished"
    refused, told = await results(stage, run)
    assert (refused.outcome, told.outcome) == ("error", "ok")
    assert "sandbox" in refused.output
    await refusing.aclose()
