"""API keys: what they open, what they never do, and how they end."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from dirty_equals import IsStr

from factotum.core.clock import now
from factotum.core.errors import Forbidden, Unauthenticated
from factotum.core.ids import new_id
from factotum.features.key_ring import KeyRing
from factotum.features.keys import KeyService, NewKey, looks_like_key
from factotum.features.recent import LIFETIME_SECONDS
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from factotum.store.keys import MOST_KEYS, Keys
from factotum.store.projects import Projects
from factotum.store.records import Caller
from factotum.store.tx import Tx
from tests.api.api_support import new_run
from tests.api.conftest import Api, client
from tests.api.test_api_access import BODIES, OPEN, routes, world
from tests.fixtures_store import ALICE, ALICE_ACCOUNT, BOB, BOB_ACCOUNT, add_member, lose_member

FOR_PEOPLE = ("/v1/keys", "/v1/secrets", "/v1/members", "/v1/invitations")


async def make(api: Api, **body: Any) -> dict[str, Any]:
    """Make a key of Alice's."""
    answer = await api.alice.post("/v1/keys", json={"name": "Robot", **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture
async def writer(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a program of Alice's that may write."""
    async with client(api.socket, (await make(api))["key"]) as http:
        yield http


@pytest.fixture
async def reader(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a program of Alice's that may read."""
    async with client(api.socket, (await make(api, scope="read"))["key"]) as http:
        yield http


async def test_a_key_is_told_once_and_stored_as_a_hash(api: Api, admin_database_url: str) -> None:
    made = await make(api, name=" CI ")
    key = made.pop("key")
    assert re.fullmatch(r"fct_[A-Za-z0-9_-]{43}", key)
    assert looks_like_key(key)
    assert made == {
        "id": IsStr,
        "user_id": ALICE.user_id,
        "name": "CI",
        "prefix": key[:12],
        "scope": "write",
        "created_at": IsStr,
        "expires_at": None,
        "last_used_at": None,
    }
    listed = await api.alice.get("/v1/keys")
    assert listed.json() == {"items": [made]}
    assert key not in listed.text

    def stored() -> str:
        with psycopg.connect(admin_database_url) as connection:
            row = connection.execute("select to_jsonb(k)::text from factotum.api_keys k").fetchone()
            return str(row and row[0])

    assert key[12:] not in await asyncio.to_thread(stored)
    with pytest.raises(Forbidden):
        async with api.services.database.tenant(ALICE) as tx:
            await tx.one("select key_hash from factotum.api_keys")


async def test_a_program_works_with_its_key(api: Api, writer: httpx.AsyncClient) -> None:
    run = await new_run(writer)
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).status_code == 200
    me = (await writer.get("/v1/me")).json()
    assert (me["user_id"], me["account"]["id"]) == (ALICE.user_id, ALICE_ACCOUNT)
    used = (await api.alice.get("/v1/keys")).json()["items"][0]["last_used_at"]
    assert used is not None
    for _ in range(3):
        await writer.get("/v1/me")
    assert (await api.alice.get("/v1/keys")).json()["items"][0]["last_used_at"] == used


async def test_a_reading_key_reads_all_and_changes_nothing(api: Api, reader: httpx.AsyncClient) -> None:
    ids = await world(api)
    closed = [route for route in routes(api) if route[0] not in OPEN]
    for operation, method, path in closed:
        if operation == "stream_run_events":
            continue
        answer = await reader.request(method, path.format(**ids), json=BODIES.get(operation))
        refused = (answer.status_code, answer.json()["code"] if answer.status_code == 403 else "")
        if method == "GET" and not path.startswith(FOR_PEOPLE):
            closed_window = {409} if operation == "look_at_browser" else set[int]()
            assert answer.status_code in {200, 404} | closed_window, (operation, answer.text)
        else:
            assert refused == (403, "key_scope"), (operation, answer.text)
            assert answer.json()["hint"]


async def test_no_key_reaches_keys_or_secrets(api: Api, writer: httpx.AsyncClient) -> None:
    for method, path in (
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys"),
        ("DELETE", f"/v1/keys/{new_id()}"),
        ("GET", "/v1/secrets"),
        ("PUT", "/v1/secrets/NAME"),
        ("GET", "/v1/members"),
        ("DELETE", f"/v1/members/{ALICE.user_id}"),
        ("POST", "/v1/invitations"),
        ("POST", "/v1/invitations/accept"),
        ("DELETE", "/v1/session"),
        ("GET", "/v1/%6beys"),
    ):
        answer = await writer.request(method, path, json={"name": "x", "token": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "key_scope"), path
    assert len((await api.alice.get("/v1/keys")).json()["items"]) == 1


async def test_a_key_that_ended_says_how(api: Api, admin_database_url: str) -> None:
    made = await make(api)
    async with client(api.socket, made["key"]) as program:
        assert (await program.get("/v1/me")).status_code == 200
        assert (await api.alice.delete(f"/v1/keys/{made['id']}")).status_code == 204
        answer = await program.get("/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")
        assert "keys create" in answer.json()["hint"]
    assert (await api.alice.delete(f"/v1/keys/{made['id']}")).status_code == 204
    assert (await api.alice.get("/v1/keys")).json() == {"items": []}
    async with client(api.socket, made["key"][:-1] + "-") as program:
        for _ in range(2):
            answer = await program.get("/v1/me")
            assert (answer.status_code, answer.json()["code"]) == (401, "key_unknown")


async def test_a_key_that_expires_is_not_remembered_beyond_that(
    database: Database, admin_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyService(database)
    made = await keys.create(ALICE, NewKey(name="Robot", expires_at=now() + timedelta(hours=1)))
    assert (await keys.caller_of(made.key)).user_id == ALICE.user_id

    def expire() -> None:
        with psycopg.connect(admin_database_url) as connection:
            connection.execute(
                "update factotum.api_keys set created_at = created_at - interval '1 day',"
                " expires_at = created_at - interval '1 hour'"
            )

    await asyncio.to_thread(expire)
    assert (await keys.caller_of(made.key)).user_id == ALICE.user_id
    monkeypatch.setattr("factotum.features.key_ring.now", lambda: now() + timedelta(hours=2))
    with pytest.raises(Unauthenticated) as raised:
        await keys.caller_of(made.key)
    assert raised.value.stable_code == "key_expired"


async def test_a_key_cannot_begin_as_expired_or_odd(api: Api) -> None:
    past = (now() - timedelta(seconds=1)).isoformat()
    answer = await api.alice.post("/v1/keys", json={"name": "x", "expires_at": past})
    assert (answer.status_code, answer.json()["code"]) == (422, "expiry_past")
    for body in (
        {},
        {"name": ""},
        {"name": "x", "scope": "admin"},
        {"name": "x", "expires_at": "2030-01-01"},
    ):
        assert (await api.alice.post("/v1/keys", json=body)).status_code == 422, body


async def test_an_account_has_so_many_live_keys(api: Api) -> None:
    first = await make(api)
    async with asyncio.TaskGroup() as group:
        made = [
            group.create_task(api.alice.post("/v1/keys", json={"name": "More"})) for _ in range(MOST_KEYS + 2)
        ]
    codes = sorted(task.result().status_code for task in made)
    assert codes == [201] * (MOST_KEYS - 1) + [409] * 3
    refused = await api.alice.post("/v1/keys", json={"name": "One too many"})
    assert (refused.status_code, refused.json()["code"]) == (409, "keys_full")
    await api.alice.delete(f"/v1/keys/{first['id']}")
    await make(api)


async def test_keys_of_another_account_do_not_exist(api: Api) -> None:
    made = await make(api)
    assert (await api.bob.get("/v1/keys")).json() == {"items": []}
    answer = await api.bob.delete(f"/v1/keys/{made['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")


async def test_a_key_reaches_one_account_of_its_maker(api: Api, admin_database_url: str) -> None:
    await asyncio.to_thread(add_member, admin_database_url, BOB_ACCOUNT, ALICE.user_id, "owner")
    database = api.services.database
    async with database.tenant(BOB) as tx:
        theirs = await Projects(tx).create(BOB_ACCOUNT, "Bob's")
    made = await make(api)
    caller = await KeyService(database).caller_of(made["key"])
    async with database.tenant(ALICE) as tx:
        assert len(await Accounts(tx).list()) == 2
        assert await Projects(tx).get(theirs.id) == theirs
    assert caller.account_id is not None
    other = {ALICE_ACCOUNT: BOB_ACCOUNT, BOB_ACCOUNT: ALICE_ACCOUNT}[caller.account_id]
    async with database.tenant(caller) as tx:
        assert [account.id for account in await Accounts(tx).list()] == [caller.account_id]
        assert await Projects(tx).list(account_id=other) == []
    with pytest.raises(Forbidden):
        async with database.tenant(caller) as tx:
            await Projects(tx).create(other, "x")


async def test_the_database_itself_lets_a_reading_key_write_nothing(database: Database) -> None:
    reads = Caller(ALICE.user_id, ALICE_ACCOUNT, "read")
    async with database.tenant(ALICE) as tx:
        project = await Projects(tx).create(ALICE_ACCOUNT, "Hers")
    writes: tuple[Callable[[Tx], Awaitable[object]], ...] = (
        lambda tx: Projects(tx).create(ALICE_ACCOUNT, "x"),
        lambda tx: Projects(tx).rename(project.id, "x"),
        lambda tx: Projects(tx).delete(project.id),
    )
    for write in writes:
        with pytest.raises(Forbidden):
            async with database.tenant(reads) as tx:
                await write(tx)
    async with database.tenant(reads) as tx:
        assert await Projects(tx).get(project.id) == project


async def test_a_key_ends_with_its_makers_membership(api: Api, admin_database_url: str) -> None:
    made = await make(api)

    await asyncio.to_thread(lose_member, admin_database_url, ALICE.user_id)
    with pytest.raises(Unauthenticated, match="revoked"):
        await KeyService(api.services.database).caller_of(made["key"])


async def test_a_member_revokes_its_own_keys_and_an_admin_all(
    database: Database, admin_database_url: str
) -> None:
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "member")
    keys = KeyService(database)
    hers = await keys.create(ALICE, NewKey(name="Hers"))
    with pytest.raises(Forbidden):
        await keys.revoke(BOB, hers.id)
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "admin")
    await keys.revoke(BOB, hers.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        await keys.caller_of(hers.key)


async def test_elsewhere_a_revocation_is_in_force_within_seconds(database: Database) -> None:
    time = 0.0
    here, there = KeyService(database), KeyRing(database, clock=lambda: time)
    made = await here.create(ALICE, NewKey(name="Robot", scope="read"))
    digest = _hash(made.key)
    assert await there.caller_of(digest) == Caller(ALICE.user_id, ALICE_ACCOUNT, "read")
    await here.revoke(ALICE, made.id)
    time = LIFETIME_SECONDS - 0.1
    assert (await there.caller_of(digest)).scope == "read"
    time = LIFETIME_SECONDS + 0.1
    for _ in range(2):
        with pytest.raises(Unauthenticated) as raised:
            await there.caller_of(digest)
        assert raised.value.stable_code == "key_revoked"


async def test_random_keys_fill_no_memory_and_push_no_good_one_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factotum.features.recent.CAPACITY", 3)
    service, ring = KeyService(database), KeyRing(database)
    good = _hash((await service.create(ALICE, NewKey(name="Robot"))).key)
    await ring.caller_of(good)
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            await ring.caller_of(_hash(new_id()))
    assert {len(memory) for memory in (ring._good, ring._bad)} == {1, 3}  # pyright: ignore[reportPrivateUsage]
    await database.close()
    assert (await ring.caller_of(good)).user_id == ALICE.user_id


async def test_a_database_that_takes_no_changes_lets_keys_read(
    database: Database, admin_database_url: str
) -> None:
    keys = KeyService(database)
    made = await keys.create(ALICE, NewKey(name="Robot", scope="read"))

    def freeze() -> None:
        with psycopg.connect(admin_database_url, autocommit=True) as connection:
            connection.execute("revoke execute on function factotum.mark_key(text) from factotum_system")
            connection.execute(
                "create or replace function factotum.mark_key(digest text) returns void language plpgsql as"
                " $$ begin raise exception using errcode = '25006'; end $$"
            )
            connection.execute("grant execute on function factotum.mark_key(text) to factotum_system")

    await asyncio.to_thread(freeze)
    assert (await keys.caller_of(made.key)).user_id == ALICE.user_id
    async with database.tenant(ALICE) as tx:
        assert (await Keys(tx).list(ALICE_ACCOUNT))[0].last_used_at is None


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
