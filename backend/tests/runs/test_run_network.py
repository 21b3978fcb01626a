"""The network of an attempt: its grant lasts as long as it does, and what it reached is in the log."""

import asyncio
import base64
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from factotum.core.addresses import Guard
from factotum.protocol.network import Network, NetworkConnection, NetworkLayers
from factotum.runs.network import RunNetwork
from factotum.sandbox.egress.places import place_for_proxy
from factotum.sandbox.egress.proxy import SOCKET, EgressProxy
from factotum.store.database import Database
from factotum.store.leases import Leases
from factotum.store.network_log import NetworkLog
from factotum.store.records import Caller, ClaimedRun
from factotum.store.runs import Runs
from factotum.testing.provider.http import Answer, HttpRequest
from factotum.testing.web import LoopbackWeb
from tests.store.world import World, build
from tests.waiting import until

OPEN = NetworkLayers([Network(mode="open")])


async def ok(_request: HttpRequest, answer: Answer) -> None:
    """Answer shortly."""
    await answer.whole(200, b"fine", {})


@pytest.fixture
async def web() -> AsyncIterator[LoopbackWeb]:
    async with LoopbackWeb({"/": ok}) as made:
        yield made


@pytest.fixture
async def proxy(short_folder: Path, web: LoopbackWeb) -> AsyncIterator[EgressProxy]:
    async def resolve(_name: str, _port: int) -> Collection[str]:
        return ["127.0.0.1"]

    place = await asyncio.to_thread(place_for_proxy, short_folder / "s")
    made = EgressProxy(place, Guard(resolve, allowed=[("127.0.0.1", web.port)]))
    await made.start()
    yield made
    await made.aclose()


async def world_and_run(database: Database, alice: Caller, account: str) -> tuple[World, ClaimedRun]:
    """Make a run in its second attempt."""
    world = await build(database, alice, account)
    async with database.tenant(alice) as tx:
        await Runs(tx).release(world.run.id, world.run.attempt)
    async with database.system() as tx:
        run = await Leases(tx).claim(world.run.id, "worker-2", 60)
    assert run is not None
    return world, run


async def ask(proxy: EgressProxy, proxy_url: str, url: str) -> int:
    """Send a request as a program with this proxy does, past the sandbox, and return its status."""
    parts = urlsplit(proxy_url)
    token = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    reader, writer = await asyncio.open_unix_connection(str(proxy.folder / SOCKET))
    writer.write(f"GET {url} HTTP/1.1\r\nProxy-Authorization: Basic {token}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ")[1])


async def test_what_a_run_reached_is_in_its_threads_log(
    database: Database, alice: Caller, alice_account: str, proxy: EgressProxy, web: LoopbackWeb
) -> None:
    world, run = await world_and_run(database, alice, alice_account)
    async with RunNetwork(database, run, proxy, OPEN) as network:
        address = network.environment()["http_proxy"]
        assert network.environment()["http_proxy"] == address
        assert await ask(proxy, address, f"http://ok.example.com:{web.port}/") == 200
        assert await ask(proxy, address, "http://10.0.0.1/") == 403

        async def written() -> bool:
            return len(await _logged(database, alice, world)) >= 3

        await until(written)
        assert await ask(proxy, address, f"http://late.example.com:{web.port}/") == 200
    late, refused, reached, _ = await _logged(database, alice, world)
    assert (reached.host, reached.port, reached.verdict, reached.reason) == (
        "ok.example.com",
        web.port,
        "allowed",
        "",
    )
    assert reached.bytes_received > 0
    assert (refused.host, refused.verdict, refused.reason) == ("10.0.0.1", "refused", "address_refused")
    assert late.host == "late.example.com"
    assert await ask(proxy, address, f"http://ok.example.com:{web.port}/") == 407


async def test_the_end_of_one_attempt_leaves_the_next_its_way_out(
    database: Database, alice: Caller, alice_account: str, proxy: EgressProxy, web: LoopbackWeb
) -> None:
    _, run = await world_and_run(database, alice, alice_account)
    url = f"http://ok.example.com:{web.port}/"
    async with RunNetwork(database, run, proxy, OPEN) as later:
        async with RunNetwork(database, run, proxy, OPEN) as earlier:
            taken = earlier.environment()["http_proxy"]
            kept = later.environment()["http_proxy"]
        assert await ask(proxy, taken, url) == 407
        assert await ask(proxy, kept, url) == 200


async def test_rules_that_say_off_give_nothing(
    database: Database, alice: Caller, alice_account: str, proxy: EgressProxy
) -> None:
    _, run = await world_and_run(database, alice, alice_account)
    for way, rules in ((proxy, NetworkLayers([Network(mode="off")])), (None, OPEN)):
        async with RunNetwork(database, run, way, rules) as network:
            assert network.environment() == {}


async def test_a_log_that_cannot_be_written_does_not_stop_the_run(
    database: Database,
    alice: Caller,
    alice_account: str,
    proxy: EgressProxy,
    admin_database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, run = await world_and_run(database, alice, alice_account)
    with psycopg.connect(admin_database_url) as admin:
        admin.execute("revoke insert on factotum.network_log from factotum_tenant")
    async with RunNetwork(database, run, proxy, OPEN) as network:
        assert await ask(proxy, network.environment()["http_proxy"], "http://10.0.0.1/") == 403
    assert "were not logged" in caplog.text


async def test_the_place_of_a_service_that_is_gone_is_removed(short_folder: Path, proxy: EgressProxy) -> None:
    dead = proxy.folder.parent / "1-dead"
    dead.mkdir()
    (dead / SOCKET).touch()
    odd = proxy.folder.parent / "odd"
    odd.mkdir()
    (odd / "file").touch()
    fresh = await asyncio.to_thread(place_for_proxy, short_folder / "s")
    (odd / "file").unlink()
    assert sorted(proxy.folder.parent.iterdir()) == sorted([proxy.folder, odd])
    odd.rmdir()
    assert fresh.parent == proxy.folder.parent


async def _logged(database: Database, alice: Caller, world: World) -> list[NetworkConnection]:
    async with database.tenant(alice) as tx:
        return await NetworkLog(tx).list(world.thread.id)
