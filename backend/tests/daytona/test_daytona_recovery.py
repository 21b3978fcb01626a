"""What Daytona may do to a sandbox, and what it may answer: the agent goes on, and is told."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from factotum.core.errors import InvalidInput, RateLimited, SetupFault, Unavailable
from factotum.core.ids import new_id
from factotum.sandbox.daytona import finding, sdk
from factotum.sandbox.daytona.calls import THRESHOLD, Breaker
from factotum.sandbox.daytona.link import looking
from factotum.sandbox.daytona.provider import DaytonaSandboxProvider
from factotum.sandbox.daytona.sandbox import DaytonaSandbox
from factotum.testing.sandbox_conformance import appears, chunks, content, failure, heard, said
from factotum.testing.sandbox_conformance.ports import opened as opened_ports

if TYPE_CHECKING:
    from factotum.testing.daytona import FakeDaytona

pytestmark = pytest.mark.asyncio(loop_scope="module")


def name_of(sandbox: DaytonaSandbox) -> str:
    """Return the name of a sandbox at Daytona."""
    return f"factotum-local-{sandbox.project_id}"


@pytest.fixture(autouse=True)
def no_faults(daytona: "FakeDaytona") -> Any:
    """Let no test leave a fault to another."""
    yield
    daytona.faults.clear()
    daytona.machines.delay = 0


async def test_a_lost_sandbox_is_made_anew_and_the_agent_is_told(
    daytona: "FakeDaytona", sandbox: DaytonaSandbox
) -> None:
    await sandbox.exec("echo x >file")
    await daytona.lose(name_of(sandbox))
    result = await sandbox.exec("ls")
    assert (result.output, result.notice) == (b"", finding.NEW)
    assert (await sandbox.exec("true")).notice == ""


async def test_looking_at_a_new_machine_says_all_on_one_stream(sandbox: DaytonaSandbox) -> None:
    """Two streams may come in any order, and its last line is what counts."""
    heard_on: dict[str, bytes] = {}

    async def on_output(stream: str, data: bytes) -> None:
        heard_on[stream] = heard_on.get(stream, b"") + data

    home = "/workspace/home"
    await sandbox.exec(looking("0" * 16), environment={"HOME": home}, on_output=on_output)
    assert heard_on == {"stdout": f"\n{home}|empty\n".encode()}


async def test_a_stopped_or_archived_sandbox_starts_with_its_files(
    daytona: "FakeDaytona", provider: DaytonaSandboxProvider, sandbox: DaytonaSandbox
) -> None:
    await sandbox.exec("echo kept >file")
    await sandbox.sessions.start("s")
    await provider.stop(sandbox.project_id)
    result = await sandbox.exec("cat file")
    assert (result.output, result.notice) == (b"kept\n", finding.STOPPED)
    assert await sandbox.sessions.list() == []
    daytona.machines.delay = 0.3
    await daytona.archive(name_of(sandbox))
    await asyncio.sleep(0.7)
    result = await sandbox.exec("cat file")
    assert (result.output, result.notice) == (b"kept\n", finding.ARCHIVED)


async def test_a_failed_sandbox_is_recovered_or_made_anew(
    daytona: "FakeDaytona", sandbox: DaytonaSandbox
) -> None:
    await sandbox.exec("echo kept >file")
    await daytona.fail(name_of(sandbox), recoverable=True)
    result = await sandbox.exec("cat file")
    assert (result.output, result.notice) == (b"kept\n", finding.RECOVERED)
    await daytona.fail(name_of(sandbox), recoverable=False)
    result = await sandbox.exec("ls")
    assert (result.output, result.notice) == (b"", finding.NEW)


async def test_a_sandbox_lost_during_a_command_says_so(
    daytona: "FakeDaytona", sandbox: DaytonaSandbox
) -> None:
    running = asyncio.create_task(sandbox.exec("touch begun; sleep 60"))
    await appears(sandbox, "begun")
    await daytona.lose(name_of(sandbox))
    error = await failure(running)
    assert error.stable_code == "sandbox_lost"
    assert (await sandbox.exec("echo again")).output == b"again\n"


async def test_a_dropped_socket_loses_nothing(daytona: "FakeDaytona", sandbox: DaytonaSandbox) -> None:
    """Commands and sessions live inside; another connection takes their output where it was."""
    await sandbox.sessions.start("s")
    await sandbox.sessions.run("s", "kept=1; echo before")
    await heard(sandbox, "s", b"before")
    waits = "for i in $(seq 40); do echo $i; sleep 0.05; done"
    running = asyncio.create_task(sandbox.exec(waits))
    for _ in range(3):
        await asyncio.sleep(0.4)
        await daytona.drop_sockets(name_of(sandbox))
    result = await running
    assert result.output.split() == [str(number).encode() for number in range(1, 41)]
    assert (result.exit_code, result.notice) == (0, "")
    cursor = await sandbox.sessions.run("s", "echo $kept")
    assert (await said(sandbox, "s", cursor)).data == b"1\n"


async def test_another_process_finds_the_sandbox_and_its_sessions(
    daytona: "FakeDaytona", sandbox: DaytonaSandbox
) -> None:
    await sandbox.sessions.start("server")
    await sandbox.sessions.run("server", "echo up; sleep 100")
    other = DaytonaSandboxProvider(daytona.options())
    again = await other.open(sandbox.project_id)
    assert b"up\n" in await heard(again, "server", b"up")
    await other.aclose()
    assert (await sandbox.sessions.list())[0].busy


async def test_the_bridge_killed_by_the_agent_is_made_again(sandbox: DaytonaSandbox) -> None:
    assert (await sandbox.exec("echo x")).exit_code == 0
    error = await failure(sandbox.exec("pkill -9 -f pyz; sleep 20"))
    assert error.stable_code == "sandbox_lost"
    result = await sandbox.exec("echo again")
    assert (result.output, result.notice) == (b"again\n", finding.STOPPED)


async def test_rate_limits_are_waited_for(daytona: "FakeDaytona", provider: DaytonaSandboxProvider) -> None:
    """Retry-After counts, also with the suffix of one limit."""
    daytona.faults.add("POST /sandbox", "rate_limit", times=2, seconds=0.2)
    daytona.faults.add(
        "GET /sandbox/*", "rate_limit", headers={"Retry-After-Authenticated": "0.3", "Retry-After": "0.1"}
    )
    opened = await provider.open(new_id())
    begin = time.monotonic()
    assert (await opened.exec("echo x")).output == b"x\n"
    assert time.monotonic() - begin > 0.7
    assert len(daytona.faults.met) == 3
    await provider.delete(opened.project_id)


async def test_a_rate_limit_past_the_deadline_is_told(daytona: "FakeDaytona") -> None:
    made = DaytonaSandboxProvider(daytona.options(create_seconds=1.0))
    daytona.faults.add("POST /sandbox", "rate_limit", seconds=300)
    error = await failure((await made.open(new_id())).exec("true"))
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == 300
    await made.aclose()


async def test_a_creation_in_vain_is_cleaned_up(daytona: "FakeDaytona") -> None:
    made = DaytonaSandboxProvider(daytona.options(create_seconds=1.0))
    daytona.machines.delay = 2.0
    project = new_id()
    error = await failure((await made.open(project)).exec("true"))
    assert error.stable_code == "sandbox_timeout"
    daytona.machines.delay = 0
    left = [machine for machine in daytona.machines.all.values() if project in machine.record.name]
    assert [machine.state for machine in left] in ([], ["destroying"])
    await made.aclose()


async def test_failures_open_the_breaker(daytona: "FakeDaytona") -> None:
    now = [0.0]
    made = DaytonaSandboxProvider(daytona.options(), breaker=Breaker(lambda: now[0]))
    daytona.faults.add("*", "error", times=THRESHOLD)
    refusals = [await made.refusal(), await made.refusal()]
    assert all(refusals)
    before = len(daytona.requests)
    error = await failure(made.find())
    assert error.stable_code == "daytona_resting"
    assert len(daytona.requests) == before
    now[0] = 100.0
    assert await made.refusal() is None
    await made.aclose()


async def test_a_dropped_or_slow_answer_is_asked_for_again_where_that_is_safe(
    daytona: "FakeDaytona", provider: DaytonaSandboxProvider
) -> None:
    daytona.faults.add("GET /sandbox", "drop")
    daytona.faults.add("GET /sandbox", "slow", seconds=0.3)
    assert await provider.find({"none": "x"}) == []


async def test_a_creation_whose_answer_was_cut_is_found_by_its_name(
    daytona: "FakeDaytona", provider: DaytonaSandboxProvider
) -> None:
    project = new_id()
    daytona.faults.add("POST /sandbox", "late")
    opened = await provider.open(project)
    assert isinstance(await failure(opened.exec("true")), Unavailable)
    assert (await opened.exec("echo x")).output == b"x\n"
    names = [machine.record.name for machine in daytona.machines.all.values()]
    assert names.count(name_of(opened)) == 1
    await provider.delete(project)


async def test_a_wrong_key_and_a_wrong_address_say_what_to_do(daytona: "FakeDaytona") -> None:
    wrong = DaytonaSandboxProvider(daytona.options(api_key="no"))
    assert isinstance(await failure((await wrong.open(new_id())).exec("true")), SetupFault)
    assert "DAYTONA_API_KEY" in str(await wrong.refusal())
    await wrong.aclose()
    elsewhere = DaytonaSandboxProvider(daytona.options(api_url=f"{daytona.origin}/none"))
    assert isinstance(await failure(elsewhere.find()), InvalidInput)
    assert "DAYTONA_API_URL" in str(await elsewhere.refusal())
    await elsewhere.aclose()


async def test_what_is_asked_for(daytona: "FakeDaytona") -> None:
    """Labels, intervals, network and resources arrive; nothing of the operator's does."""
    project = new_id()
    made = DaytonaSandboxProvider(
        daytona.options(
            environment="staging",
            image="registry.example/factotum:1",
            cpu=3,
            memory_gib=5,
            disk_gib=9,
            auto_stop_minutes=7,
            auto_archive_minutes=8,
            auto_delete_minutes=9,
        )
    )
    opened = await made.open(project, labels={"team": "a"})
    record = daytona.machines.find(f"factotum-staging-{project}").record
    assert (
        record.labels.items()
        >= {
            "factotum-project": project,
            "factotum-environment": "staging",
            "factotum-label-team": "a",
        }.items()
    )
    assert (record.cpu, record.memory, record.disk) == (3, 5, 9)
    assert (record.auto_stop_interval, record.auto_archive_interval, record.auto_delete_interval) == (7, 8, 9)
    assert (record.network_block_all, record.public, record.env) == (True, False, {})
    assert daytona.options().api_key not in (await opened.exec("env; cat /proc/*/environ")).output.decode()
    assert [info.project_id for info in await made.find({"team": "a"})] == [project]
    await made.delete(project)
    await made.aclose()
    some = DaytonaSandboxProvider(daytona.options(network_allow=("10.1.0.0/16",), domain_allow=("pypi.org",)))
    await some.open(project, labels={})
    record = daytona.machines.find(f"factotum-local-{project}").record
    assert (record.network_block_all, record.network_allow_list) == (False, "10.1.0.0/16")
    assert record.domain_allow_list == "pypi.org"
    await some.delete(project)
    await some.aclose()


async def test_sandboxes_are_kept_ready(daytona: "FakeDaytona") -> None:
    for wished, kept in ((3, 3), (3, 3), (900, 20)):
        made = DaytonaSandboxProvider(daytona.options(snapshot="factotum:1", warm=wished))
        assert await made.refusal() is None
        assert [pool.pool for pool in daytona.api.pools.values()] == [kept]
        await made.aclose()


async def test_previews_have_signed_addresses(daytona: "FakeDaytona", sandbox: DaytonaSandbox) -> None:
    import httpx

    await sandbox.write("index.html", chunks(b"<h1>hello</h1>"), limit=99)
    await sandbox.sessions.start("web")
    await sandbox.sessions.run("web", "python3 -m http.server 8000 --bind 127.0.0.1")
    await opened_ports(sandbox, 8000)
    address = await sandbox.preview(8000, seconds=60)
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{address}/index.html")).text == "<h1>hello</h1>"
        assert (await client.get(address.replace("8000-", "8001-"))).status_code == 401
    assert (await failure(sandbox.preview(8001, seconds=60))).stable_code == "port_not_open"


async def test_the_ports_of_daytona_itself_are_not_the_agents(sandbox: DaytonaSandbox) -> None:
    await sandbox.sessions.start("web")
    await sandbox.sessions.run("web", "python3 -m http.server 2280 & python3 -m http.server 8000")
    assert await opened_ports(sandbox, 8000) == [8000]
    reach = "import socket; socket.create_connection(('127.0.0.1', 2280))"
    tried = f'for n in $(seq 50); do python3 -c "{reach}" && exit 0; sleep 0.2; done; exit 1'
    assert (await sandbox.exec(tried)).exit_code == 0
    assert (await failure(sandbox.connect(2280))).stable_code == "port_not_open"
    assert (await failure(sandbox.preview(2280, seconds=9))).stable_code == "port_not_open"


async def test_large_files_are_streamed_out(sandbox: DaytonaSandbox) -> None:
    await sandbox.exec("head -c 9000000 /dev/urandom >big; sha256sum big >sum")
    import hashlib

    digest = hashlib.sha256(await content(sandbox, "big")).hexdigest()
    assert (await content(sandbox, "sum")).decode().split()[0] == digest


async def test_neither_env_files_nor_tracing_of_the_sdk(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, daytona: "FakeDaytona"
) -> None:
    (tmp_path / ".env").write_text("DAYTONA_API_URL=http://elsewhere\nDAYTONA_OTEL_ENABLED=true\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAYTONA_OTEL_ENABLED", "true")
    client: Any = await sdk.open_client(daytona.options(target=None))
    assert (client._tracer_provider, client._target, client._event_dispatcher) == (None, None, None)
    await client.close()
