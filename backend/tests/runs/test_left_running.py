"""What goes on when a run ended, was stopped or lost its worker: what was started to go on, and no more."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from factotum.core.ids import new_id
from factotum.protocol.messages import ToolResultPart
from factotum.protocol.runs import Run
from factotum.runs.assembly import AgentFactory
from factotum.runs.executor import RunExecutor
from factotum.runs.live import LiveRuns
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.tools.builtin import builtin_registry
from tests.runs.played import Turn, calls, completes, says
from tests.runs.stage import Stage, eventually
from tests.runs.test_stop import stop

STOP_SECONDS = 10.0
SERVER = "python3 -I -S -m http.server 8000 --bind 127.0.0.1"
GET = "python3 -I -S -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:8000/\").status)'"


class Machine:
    """A stage with real sandboxes and tools. What runs is found by its first argument, from outside."""

    def __init__(self, stage: Stage, sandboxes: LocalSandboxProvider) -> None:
        self.stage = stage
        self.sandboxes = sandboxes
        self.live = LiveRuns()

    def begin(self, run: Run) -> asyncio.Task[None]:
        """Carry a run in the background."""
        stage = self.stage
        agents = AgentFactory(
            stage.database,
            stage.gateway,
            stage.models,
            builtin_registry(),
            self.sandboxes,
            stage.defaults,
        )
        executor = RunExecutor(
            stage.database, stage.bus.log, stage.queue, agents, self.live, owner=new_id(), lease_seconds=60
        )
        return stage.start(run, executor)

    async def carry(self, *turns: Turn, thread_id: str | None = None) -> Run:
        """Carry a run of these turns to its end."""
        run = await self.submit(*turns, thread_id=thread_id)
        async with asyncio.timeout(60):
            await self.begin(run)
        return await self.stage.get(run)

    async def submit(self, *turns: Turn, thread_id: str | None = None) -> Run:
        """Submit a run that will say these turns; the model's others of the thread come before."""
        self.stage.gateway.turns = [*self.stage.gateway.turns, *turns]
        return await self.stage.submit(thread_id)

    async def last_output(self, run: Run) -> str:
        """Return what the newest call but `complete` answered."""
        parts = [p for m in await self.stage.messages(run) for p in m.parts if isinstance(p, ToolResultPart)]
        return next(part.output for part in reversed(parts) if part.output and part.name != "complete")

    async def count(self, name: str) -> int:
        """How many processes have this name for their first argument."""
        return await asyncio.to_thread(_named, name)

    async def appears(self, name: str) -> None:
        """Wait until one does."""

        async def is_there() -> bool:
            return await self.count(name) > 0

        await eventually(is_there, 40)


def _named(name: str) -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes().split(b"\0")[0] == name.encode()
        except OSError:
            continue
    return found


def sleeping(name: str) -> str:
    """Return a command that lasts, under a name."""
    return f"(exec -a {name} sleep 1000)"


@pytest.fixture
async def machine(stage: Stage, tmp_path: Path) -> AsyncIterator[Machine]:
    tmp_path.chmod(0o755)
    sandboxes = LocalSandboxProvider(tmp_path / "sandboxes")
    if (reason := await sandboxes.refusal()) is not None:
        pytest.skip(reason)
    yield Machine(stage, sandboxes)
    await stage.aclose()
    await sandboxes.aclose()


async def test_a_server_lives_on_and_the_next_run_finds_it(machine: Machine) -> None:
    stray = f"stray-{new_id()}"
    start = {"command": f"{SERVER} >/dev/null 2>&1", "session": "web", "blocking": False}
    alone = {"command": f"{sleeping(stray)} & setsid {sleeping(stray)} & echo begun"}
    first = await machine.carry(calls(("shell", start)), calls(("shell", alone)), completes())
    assert first.status == "finished"
    assert await machine.count(stray) == 0  # a command that returned left nothing, daemons neither
    wait = f"for i in $(seq 100); do {GET} 2>/dev/null && break; sleep 0.1; done"
    second = await machine.carry(
        calls(("shell", {"command": wait})),
        calls(("shell_sessions", {})),
        completes(),
        thread_id=first.thread_id,
    )
    listed = await machine.last_output(second)
    assert "web\trunning" in listed
    assert "Open ports: 8000" in listed
    third = await machine.carry(
        calls(("shell_kill", {"session": "web"})),
        calls(("shell", {"command": f"{GET} 2>&1 | tail -1"})),
        completes(),
        thread_id=first.thread_id,
    )
    assert "refused" in (await machine.last_output(third)).lower()


@pytest.mark.parametrize("where", ["alone", "session"])
async def test_a_stop_ends_what_the_call_ran_in_time_and_no_server(machine: Machine, where: str) -> None:
    server, working = f"server-{new_id()}", f"working-{new_id()}"
    start = {"command": sleeping(server), "session": "web", "blocking": False}
    # What ignores every signal that it may, and has left its group and its parent.
    command = f"trap '' TERM INT HUP; (setsid {sleeping(working)} &) ; {sleeping(working)}"
    work: dict[str, object] = {"command": command, "timeout_seconds": 300}
    if where == "session":
        work["session"] = "work"
    run = await machine.submit(calls(("shell", start)), calls(("shell", work)))
    machine.begin(run)
    await machine.appears(working)
    began = time.monotonic()
    assert (await stop(machine.stage, machine.live, run)).status == "stopped"
    assert time.monotonic() - began < STOP_SECONDS
    assert await machine.count(working) == 0
    assert await machine.count(server) == 1
    sandbox = await machine.sandboxes.open(run.project_id)
    alive = [info.name for info in await sandbox.sessions.list() if info.alive]
    assert alive == ["web"]
    await machine.stage.assert_whole(run)


async def test_a_lost_lease_ends_the_call_and_the_next_attempt_finds_the_server(machine: Machine) -> None:
    server, working = f"server-{new_id()}", f"working-{new_id()}"
    start = {"command": sleeping(server), "session": "web", "blocking": False}
    work = {"command": sleeping(working), "timeout_seconds": 300}
    run = await machine.submit(calls(("shell", start)), calls(("shell", work)))
    carrying = machine.begin(run)
    await machine.appears(working)
    held = machine.live.get(run.id)
    assert held is not None
    held.cancel("lost")
    async with asyncio.timeout(STOP_SECONDS):
        await asyncio.wait({carrying})
    assert await machine.count(working) == 0
    assert await machine.count(server) == 1


async def test_an_ended_run_s_waiting_call_takes_its_session_along_but_a_look_does_not(
    machine: Machine,
) -> None:
    server = f"server-{new_id()}"
    start = {"command": sleeping(server), "session": "web", "blocking": False}
    look = {"session": "web", "wait_seconds": 200}
    run = await machine.submit(calls(("shell", start)), calls(("shell_output", look)))
    machine.begin(run)
    await machine.appears(server)

    async def looks() -> bool:
        return (await machine.stage.types(run)).count("tool.started") == 2

    await eventually(looks, 30)
    assert (await stop(machine.stage, machine.live, run)).status == "stopped"
    assert await machine.count(server) == 1


async def test_with_the_project_all_of_it_ends(machine: Machine) -> None:
    server = f"server-{new_id()}"
    start = {"command": f"nohup setsid {sleeping(server)} & {sleeping(server)}", "blocking": False}
    run = await machine.carry(calls(("shell", start)), says("It runs."))
    await machine.appears(server)
    await machine.sandboxes.delete(run.project_id)
    assert await machine.count(server) == 0


async def test_an_idle_sandbox_ends_with_its_servers_and_the_next_run_is_told(
    stage: Stage, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    sandboxes = LocalSandboxProvider(tmp_path / "sandboxes", idle_seconds=1.0)
    if (reason := await sandboxes.refusal()) is not None:
        pytest.skip(reason)
    machine = Machine(stage, sandboxes)
    server = f"server-{new_id()}"
    start = {"command": sleeping(server), "session": "web", "blocking": False}
    first = await machine.carry(calls(("shell", start)), completes())

    async def is_gone() -> bool:
        return await machine.count(server) == 0

    await eventually(is_gone, 30)
    second = await machine.carry(
        calls(("shell", {"command": "true"})), completes(), thread_id=first.thread_id
    )
    assert "stopped while nobody used it" in await machine.last_output(second)
    await sandboxes.aclose()
