"""The fake Daytona by itself: the unmodified SDK uses it as it uses Daytona."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio

from factotum.core.ids import new_id
from factotum.sandbox.daytona.sdk import open_client

if TYPE_CHECKING:
    from daytona import AsyncDaytona, AsyncSandbox

    from factotum.testing.daytona import FakeDaytona

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def client(daytona: "FakeDaytona") -> "AsyncIterator[AsyncDaytona]":
    made = await open_client(daytona.options())
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def machine(client: "AsyncDaytona") -> "AsyncIterator[AsyncSandbox]":
    made = await client.create()
    yield made
    await made.delete(wait=True)


async def test_commands_and_sessions(machine: "AsyncSandbox") -> None:
    from daytona import SessionExecuteRequest

    done = await machine.process.exec("echo $A; exit 3", env={"A": "b"}, timeout=10)
    assert (done.exit_code, done.result) == (3, "b\n")
    with pytest.raises(Exception, match="timeout"):
        await machine.process.exec("sleep 9", timeout=1)
    await machine.process.create_session("s")
    with pytest.raises(Exception, match="already exists"):
        await machine.process.create_session("s")
    said = await machine.process.execute_session_command(
        "s", SessionExecuteRequest(command="echo one; false")
    )
    assert (said.exit_code, said.output) == (1, "one\n")
    wanted = SessionExecuteRequest(command="for i in 1 2 3; do echo $i; sleep 0.1; done", run_async=True)
    started = await machine.process.execute_session_command("s", wanted)
    heard: list[str] = []
    await machine.process.get_session_command_logs_async("s", started.cmd_id, heard.append, heard.append)
    assert "".join(heard) == "1\n2\n3\n"
    await machine.process.delete_session("s")
    with pytest.raises(Exception, match="not found"):
        await machine.process.execute_session_command("s", wanted)


async def test_a_terminal_tells_its_exit_code(machine: "AsyncSandbox") -> None:
    from daytona.common.pty import PtySize

    heard = bytearray()
    handle = await machine.process.create_pty_session("p", heard.extend, pty_size=PtySize(rows=21, cols=77))
    await handle.send_input("stty size; exit 4\n")
    assert (await handle.wait()).exit_code == 4
    assert b"21 77" in heard
    await handle.disconnect()


async def test_files(machine: "AsyncSandbox") -> None:
    await machine.fs.upload_file(b"abc" * 50_000, "/workspace/a.bin")
    await machine.fs.upload_file(b"elsewhere", "/tmp/deep/b.txt")
    assert await machine.fs.download_file("/workspace/a.bin") == b"abc" * 50_000
    assert (await machine.process.exec("cat /tmp/deep/b.txt", timeout=5)).result == "elsewhere"
    await machine.fs.delete_file("/tmp/deep/b.txt")
    assert (await machine.process.exec("ls /tmp/deep", timeout=5)).result == ""


async def test_finding_and_states(client: "AsyncDaytona", daytona: "FakeDaytona") -> None:
    from daytona import CreateSandboxFromSnapshotParams, ListSandboxesQuery

    run = new_id()
    made = [
        await client.create(CreateSandboxFromSnapshotParams(name=f"{run}-{n}", labels={"run": run}))
        for n in range(3)
    ]
    with pytest.raises(Exception, match="already exists"):
        await client.create(CreateSandboxFromSnapshotParams(name=f"{run}-0"))
    found = [each.name async for each in client.list(ListSandboxesQuery(labels={"run": run}, limit=2))]
    assert sorted(found) == [f"{run}-{n}" for n in range(3)]
    one = made[0]
    with pytest.raises(Exception, match="not stopped"):
        await one.archive()
    await one.stop()
    with pytest.raises(Exception, match="not started"):
        await one.stop()
    with pytest.raises(Exception, match="not started"):
        await one.process.exec("true", timeout=5)
    await one.archive()
    await one.start()
    with pytest.raises(Exception, match="cannot be recovered"):
        await one.recover()
    with pytest.raises(Exception, match="cannot be started"):
        await one.start()
    daytona.faults.add("GET /sandbox/*", "hang")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.get(one.id), 0.3)
    for each in made:
        await each.delete(wait=True)
    with pytest.raises(Exception, match="not found"):
        await client.get(one.id)


async def test_previews(machine: "AsyncSandbox", daytona: "FakeDaytona") -> None:
    from daytona import SessionExecuteRequest

    await machine.process.create_session("web")
    serve = SessionExecuteRequest(command="python3 -m http.server 8000", run_async=True)
    await machine.process.execute_session_command("web", serve)
    link = await machine.get_preview_link(8000)
    signed = await machine.create_signed_preview_url(8000, expires_in_seconds=60)
    async with httpx.AsyncClient(trust_env=False) as web:

        async def status(url: str, **headers: Any) -> int:
            return (await web.get(f"{url}/", headers=headers)).status_code

        for _ in range(600):
            if await status(signed.url) != 502:
                break
            await asyncio.sleep(0.05)
        assert await status(signed.url) == 200
        assert await status(link.url) == 401
        assert await status(link.url, **{"X-Daytona-Preview-Token": link.token}) == 200
        await machine.expire_signed_preview_url(8000, signed.token)
        assert await status(signed.url) != 200
    assert daytona.api.signed == {} or signed.token not in daytona.api.signed
