"""Sandboxes that vanish, idle ones, too many of them, and what an agent can do to its own keepers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from factotum.core.ids import new_id
from factotum.sandbox.local.boxes import Place
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.sandbox.local.sandbox import LocalSandbox
from factotum.sandbox.port import ExecResult
from factotum.testing.sandbox_conformance import appears, content, failure, heard, said
from tests.needs import needs_sandbox
from tests.waiting import until


def place(sandbox: LocalSandbox) -> Place:
    found = sandbox._engine.boxes.place(sandbox.project_id)  # pyright: ignore[reportPrivateUsage] - to break it
    assert found is not None
    return found


def supervisor(sandbox: LocalSandbox) -> int:
    box = place(sandbox).box
    assert box is not None
    return box.running.first_id


async def killed(sandbox: LocalSandbox) -> None:
    """Kill the sandbox from outside, and wait until it is gone."""
    box = place(sandbox).box
    assert box is not None
    os.kill(box.running.first_id, signal.SIGKILL)
    await asyncio.wait_for(asyncio.shield(box.gone), 20)


async def started(sandbox: LocalSandbox, command: str, timeout: float = 60) -> "asyncio.Task[ExecResult]":
    """Start a command, and return once it has said something."""
    said_something = asyncio.Event()

    async def on_output(_stream: str, _data: bytes) -> None:
        said_something.set()

    task = asyncio.create_task(sandbox.exec(f"echo on; {command}", timeout=timeout, on_output=on_output))
    await asyncio.wait_for(said_something.wait(), 30)
    return task


async def test_lost_between_two_calls(sandbox: LocalSandbox) -> None:
    await sandbox.exec("echo kept >file")
    await sandbox.sessions.start("s")
    await sandbox.sessions.run("s", "echo said; sleep 60")
    await heard(sandbox, "s", b"said")
    await killed(sandbox)
    result = await sandbox.exec("cat file")
    assert (result.output, result.exit_code) == (b"kept\n", 0)
    assert "ended unexpectedly" in result.notice
    assert (await sandbox.exec("true")).notice == ""
    # What the session said can still be read; it takes nothing more, and can be started again.
    output = await sandbox.sessions.poll("s")
    assert (output.data, output.info.alive, output.info.exit_code) == (b"said\n", False, None)
    assert (await failure(sandbox.sessions.run("s", "true"))).stable_code == "session_ended"
    assert (await sandbox.sessions.start("s")).alive


async def test_lost_in_the_middle_of_a_call(sandbox: LocalSandbox) -> None:
    running = await started(sandbox, "echo half >file; sleep 60")
    waiting = await started(sandbox, "sleep 60")
    await appears(sandbox, "file")
    os.kill(supervisor(sandbox), signal.SIGKILL)
    for task in (running, waiting):
        error = await asyncio.wait_for(failure(task), 20)
        assert error.stable_code == "sandbox_lost"
        assert "next command starts a new sandbox" in error.hint
    assert (await sandbox.exec("cat file")).output == b"half\n"


async def test_a_connection_ends_with_its_sandbox(sandbox: LocalSandbox) -> None:
    await sandbox.sessions.start("s")
    serve = "import socket; s = socket.create_server(('127.0.0.1', 7000)); p = s.accept(); p[0].recv(9)"
    await sandbox.sessions.run("s", f'python3 -c "{serve}"')

    async def listens() -> bool:
        return 7000 in await sandbox.ports()

    await until(listens, 30)
    connection = await sandbox.connect(7000)
    os.kill(supervisor(sandbox), signal.SIGKILL)
    assert await connection.read(10) == b""
    await connection.close()


async def test_nobody_inside_can_end_the_supervisor(sandbox: LocalSandbox) -> None:
    before = await sandbox.exec("for s in KILL STOP TERM INT HUP QUIT; do kill -$s 1; done; kill -KILL $$")
    assert before.exit_code == 137
    after = await sandbox.exec("echo alive")
    assert (after.output, after.notice) == (b"alive\n", "")


async def test_a_killed_keeper_leaves_nothing(sandbox: LocalSandbox) -> None:
    running = await started(sandbox, "sleep 0.2; echo other")
    result = await sandbox.exec(
        "setsid bash -c 'while :; do date +%N >beat; done' </dev/null >/dev/null 2>&1 & "
        "until [ -s beat ]; do sleep 0.02; done; kill -KILL $PPID; sleep 60",
        timeout=30,
    )
    assert (result.exit_code, result.timed_out) == (137, False)
    before = await content(sandbox, "beat")
    await asyncio.sleep(0.2)
    assert await content(sandbox, "beat") == before
    assert (await running).output == b"on\nother\n"
    assert (await sandbox.exec("true")).notice == ""


async def test_a_stopped_keeper_is_ended_in_time(sandbox: LocalSandbox) -> None:
    result = await sandbox.exec("kill -STOP $PPID; sleep 60", timeout=1)
    assert result.timed_out
    assert (await sandbox.exec("pgrep -x sleep || echo none")).output == b"none\n"


async def test_a_session_that_forges_exit_codes_is_ended(sandbox: LocalSandbox) -> None:
    await sandbox.sessions.start("s")
    await sandbox.sessions.run("s", "for f in 10 11 12 13; do yes 1 | head -c 999 >&$f; done; sleep 60")
    output = await said(sandbox, "s")
    assert not output.info.alive
    assert (await sandbox.exec("echo fine")).output == b"fine\n"


async def test_no_room_for_a_process(sandbox: LocalSandbox) -> None:
    await sandbox.sessions.start("s")
    fill = (
        "import os, time\ntry:\n  while os.fork(): pass\n  time.sleep(60)\n"
        "except OSError: print('full', flush=True); time.sleep(60)"
    )
    await sandbox.sessions.run("s", f'python3 -c "{fill}"')
    await heard(sandbox, "s", b"full")
    error = await failure(sandbox.exec("true"))
    assert error.stable_code == "sandbox_full"
    await sandbox.sessions.kill("s")
    assert (await sandbox.exec("echo again")).output == b"again\n"


async def test_a_full_disk_ends_sessions_too(sandbox: LocalSandbox) -> None:
    await sandbox.sessions.start("s")
    await sandbox.sessions.run("s", "while : $((n++)); do head -c 8M /dev/zero >f$n; sleep 0.05; done")
    output = await said(sandbox, "s", within=60)
    assert not output.info.alive
    assert b"[sandbox] The session was ended: the project's disk of 67108864 bytes is full" in output.data


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[LocalSandboxProvider]:
    """One sandbox at a time, which soon is idle."""
    provider = LocalSandboxProvider(tmp_path / "data", most_running=1, idle_seconds=0.5)
    await needs_sandbox(provider)
    yield provider
    await provider.aclose()


async def test_an_idle_sandbox_is_stopped(small: LocalSandboxProvider) -> None:
    sandbox = await small.open("p", labels={"a": "b"})
    assert not (await small.find({"a": "b"}))[0].running
    assert not (await sandbox.exec("sleep 0.8; echo busy")).timed_out
    await sandbox.sessions.start("server")
    await sandbox.sessions.run("server", "echo up; sleep 60")
    await heard(sandbox, "server", b"up")
    assert (await small.find({"a": "b"}))[0].running

    async def ended() -> bool:
        return not (await small.find())[0].running

    await until(ended, 20)
    assert [info.alive for info in await sandbox.sessions.list()] == [False]
    assert "while nobody used it" in (await sandbox.exec("true")).notice


async def test_the_least_used_sandbox_makes_room(small: LocalSandboxProvider) -> None:
    one, two = await small.open("one"), await small.open("two")
    running = await started(one, "until [ -e go ]; do sleep 0.02; done")
    assert (await failure(two.exec("true"))).stable_code == "sandboxes_full"
    await one.sessions.start("helper")
    await one.sessions.run("helper", "touch go")
    assert (await running).exit_code == 0
    assert (await two.exec("echo two")).output == b"two\n"
    assert [info.project_id for info in await small.find() if info.running] == ["two"]


async def test_a_deleted_project_does_not_start_again(small: LocalSandboxProvider) -> None:
    sandbox = await small.open(new_id())
    await sandbox.sessions.start("s")
    await small.delete(sandbox.project_id)
    assert (await failure(sandbox.sessions.poll("s"))).stable_code == "session_not_found"
    assert (await failure(sandbox.sessions.start("s"))).stable_code == "sandbox_gone"
    assert await sandbox.ports() == []
