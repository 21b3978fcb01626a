"""What goes on when a run ended, was stopped or lost its worker: what was started to go on, and no more."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.provider import LocalSandboxProvider
from tests.needs import needs_sandbox
from tests.runs.played import calls, completes, says
from tests.runs.real_machine import Machine
from tests.runs.stage import Stage
from tests.runs.test_stop import stop
from tests.waiting import until

STOP_SECONDS = 10.0
SERVER = "python3 -I -S -m http.server 8000 --bind 127.0.0.1"
GET = "python3 -I -S -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:8000/\").status)'"


def sleeping(name: str) -> str:
    """Return a command that lasts, under a name."""
    return f"(exec -a {name} sleep 1000)"


def daemon(name: str) -> str:
    """Return a command that leaves its group and its parent, and lasts, under a name."""
    return f"setsid bash -c 'exec -a {name} sleep 1000'"


@pytest.fixture
async def machine(stage: Stage, tmp_path: Path) -> AsyncIterator[Machine]:
    tmp_path.chmod(0o755)
    sandboxes = LocalSandboxProvider(tmp_path / "sandboxes")
    await needs_sandbox(sandboxes)
    yield Machine(stage, sandboxes)
    await stage.aclose()
    await sandboxes.aclose()


async def test_a_server_lives_on_and_the_next_run_finds_it(machine: Machine) -> None:
    stray = f"stray-{new_id()}"
    start = {"command": f"{SERVER} >/dev/null 2>&1", "session": "web", "blocking": False}
    alone = {"command": f"{sleeping(stray)} & {daemon(stray)} & echo begun"}
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
    command = f"trap '' TERM INT HUP; ({daemon(working)} &) ; {sleeping(working)}"
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
    work = {"command": f"echo x > made; {sleeping(working)}", "timeout_seconds": 300}
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
    await machine.keeper.aclose()
    sandbox = await machine.sandboxes.open(run.project_id)
    assert [info.note for info in await sandbox.snapshots.list()] == []  # it is another's workspace now


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

    await until(looks, 30)
    assert (await stop(machine.stage, machine.live, run)).status == "stopped"
    assert await machine.count(server) == 1


async def test_with_the_project_all_of_it_ends(machine: Machine) -> None:
    server = f"server-{new_id()}"
    start = {"command": f"nohup {daemon(server)} & {sleeping(server)}", "blocking": False}
    run = await machine.carry(calls(("shell", start)), says("It runs."))
    await machine.appears(server)
    await machine.sandboxes.delete(run.project_id)
    assert await machine.count(server) == 0


async def test_an_idle_sandbox_ends_with_its_servers_and_the_next_run_is_told(
    stage: Stage, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    sandboxes = LocalSandboxProvider(tmp_path / "sandboxes", idle_seconds=1.0)
    await needs_sandbox(sandboxes)
    machine = Machine(stage, sandboxes)
    server = f"server-{new_id()}"
    start = {"command": sleeping(server), "session": "web", "blocking": False}
    first = await machine.carry(calls(("shell", start)), completes())

    async def is_gone() -> bool:
        return await machine.count(server) == 0

    await until(is_gone, 30)
    second = await machine.carry(
        calls(("shell", {"command": "true"})), completes(), thread_id=first.thread_id
    )
    assert "stopped while nobody used it" in await machine.last_output(second)
    await sandboxes.aclose()
