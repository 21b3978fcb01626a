"""Members over HTTP: invitations, what each role may, who goes and what stays, and one account at a time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import httpx
import psycopg
import pytest
from dirty_equals import IsPartialDict, IsStr

from factotum.bus.redis import Redis
from factotum.bus.visits import Visits
from factotum.core.clock import now
from factotum.core.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unavailable
from factotum.core.ids import new_id
from factotum.features.invitations import Acceptance, InvitationService
from factotum.features.recent import LIFETIME_SECONDS
from factotum.features.sessions import SessionService, looks_like_session
from factotum.store.database import Database
from factotum.store.invitations import MOST_INVITATIONS
from factotum.store.members import Members
from factotum.store.records import Caller
from tests.api.api_support import claim, following, new_run
from tests.api.conftest import Api, client
from tests.fixtures_store import ALICE, ALICE_ACCOUNT, BOB, BOB_ACCOUNT, add_member

Refused = tuple[int, str]


@pytest.fixture
async def api(api: Api) -> Api:
    """The API, where nobody has tried any invitation within this minute."""
    redis = cast("Any", api.services.redis.client)
    names: list[bytes] = [name async for name in redis.scan_iter("visits:invitation:*")]
    if names:
        await redis.delete(*names)
    return api


def refused(answer: httpx.Response) -> Refused:
    """Return the status and the code of a refusal, which says what to do."""
    return answer.status_code, answer.json()["code"]


async def invite(by: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """Make an invitation."""
    answer = await by.post("/v1/invitations", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def accept(by: httpx.AsyncClient, token: str, **body: Any) -> httpx.Response:
    """Accept an invitation."""
    return await by.post("/v1/invitations/accept", json={"token": token, **body})


@asynccontextmanager
async def joined(api: Api, role: str, name: str = "Carol") -> AsyncGenerator[tuple[str, httpx.AsyncClient]]:
    """Yield a new person of Alice's account: their id, and a client with their session."""
    answer = await accept(api.stranger, (await invite(api.alice, role=role))["token"], name=name)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    async with client(api.socket, body["token"]) as http:
        yield body["user_id"], http


async def test_somebody_is_invited_joins_works_and_goes(api: Api) -> None:
    made = await invite(api.alice, note=" carol@example.com ")
    token = made.pop("token")
    assert made == {
        "id": IsStr,
        "role": "member",
        "note": "carol@example.com",
        "invited_by": ALICE.user_id,
        "created_at": IsStr,
        "expires_at": IsStr,
    }
    listed = await api.alice.get("/v1/invitations")
    assert (listed.json(), token in listed.text) == ({"items": [made]}, False)
    looked = await api.stranger.post("/v1/invitations/look", json={"token": token})
    assert looked.json() == {
        "account_name": "Alice",
        "role": "member",
        "expires_at": made["expires_at"],
        "sign_in_first": False,
    }
    answer = (await accept(api.stranger, token)).json()
    account = {"id": ALICE_ACCOUNT, "name": "Alice", "kind": "personal", "role": "member"}
    assert answer == {"user_id": IsStr, "account": account, "token": IsStr}
    assert looks_like_session(answer["token"])
    theirs = await new_run(api.alice)
    async with client(api.socket, answer["token"]) as carol:
        me = (await carol.get("/v1/me")).json()
        assert me == IsPartialDict(user_id=answer["user_id"], account=account, name="carol@example.com")
        run = await new_run(carol)
        key = (await carol.post("/v1/keys", json={"name": "Hers"})).json()["key"]
        assert (await carol.get(f"/v1/runs/{theirs['id']}")).status_code == 200
        here = f"/v1/members/{answer['user_id']}"
        assert (await carol.patch(here, json={"name": "Carol"})).json()["name"] == "Carol"
        people = (await api.alice.get("/v1/members")).json()["items"]
        assert [(each["name"], each["role"]) for each in people] == [(None, "owner"), ("Carol", "member")]
        assert (await carol.get("/v1/invitations")).json() == {"items": []}
        assert (await api.alice.delete(here)).status_code == 204
        assert refused(await carol.get("/v1/me")) == (401, "session_ended")
        async with client(api.socket, key) as program:
            assert refused(await program.get("/v1/me")) == (401, "key_revoked")
    stopped = (await api.alice.get(f"/v1/runs/{run['id']}")).json()
    assert (stopped["status"], stopped["thread_id"]) == ("stopped", run["thread_id"])
    assert refused(await api.alice.delete(here)) == (404, "member_not_found")


async def test_tokens_are_kept_as_hashes_and_good_once(api: Api, admin_database_url: str) -> None:
    token = (await invite(api.alice))["token"]
    answers = [await accept(api.stranger, token) for _ in range(2)]
    assert refused(answers[1]) == (409, "invitation_used")
    session = answers[0].json()["token"]

    def stored() -> str:
        with psycopg.connect(admin_database_url) as connection:
            rows = connection.execute(
                "select to_jsonb(i)::text from factotum.invitations i"
                " union all select to_jsonb(s)::text from factotum.sessions s"
            ).fetchall()
            return str(rows)

    text = await asyncio.to_thread(stored)
    assert text.count("token_hash") == 2
    assert token[4:] not in text
    assert session[4:] not in text


async def test_of_many_who_accept_at_once_one_joins(api: Api) -> None:
    token = (await invite(api.alice))["token"]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(accept(api.stranger, token)) for _ in range(6)]
    assert sorted(task.result().status_code for task in tasks) == [200, *[409] * 5]
    assert len((await api.alice.get("/v1/members")).json()["items"]) == 2


async def test_what_is_no_invitation_any_more_says_why(api: Api, admin_database_url: str) -> None:
    revoked, late = [await invite(api.alice) for _ in range(2)]
    address = f"/v1/invitations/{revoked['id']}"
    assert [(await api.alice.delete(address)).status_code for _ in range(2)] == [204, 204]

    def age() -> None:
        with psycopg.connect(admin_database_url) as connection:
            connection.execute(
                "update factotum.invitations set created_at = now() - interval '9 days',"
                " expires_at = now() - interval '1 second' where id = %s",
                (late["id"],),
            )

    await asyncio.to_thread(age)
    rubbish = ("", "x", "fci_" + "a" * 43, "fci_" + "\u00e4" * 43, revoked["id"], "\x00", "fct_" + "a" * 43)
    for path in ("/v1/invitations/accept", "/v1/invitations/look"):
        for token, said in (
            (revoked["token"], (409, "invitation_revoked")),
            (late["token"], (409, "invitation_expired")),
            *((text, (404, "invitation_not_found")) for text in rubbish),
        ):
            assert refused(await api.stranger.post(path, json={"token": token})) == said, (path, token)
        for body in (
            {},
            {"token": "x" * 201},
            {"token": 5},
            {"token": revoked["token"], "q": 1},
        ):
            assert refused(await api.stranger.post(path, json=body)) == (422, "invalid_input")
    assert (await api.alice.get("/v1/invitations")).json() == {"items": []}


async def test_an_invitation_has_bounds(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await invite(api.alice, expires_at=(now() + timedelta(days=29)).isoformat())
    assert (await api.alice.delete(f"/v1/invitations/{made['id']}")).status_code == 204
    for ahead, code in ((-1, "expiry_past"), (32, "expiry_too_far")):
        body = {"expires_at": (now() + timedelta(days=ahead)).isoformat()}
        assert refused(await api.alice.post("/v1/invitations", json=body)) == (422, code)
    for body in ({"role": "god"}, {"note": ""}, {"note": "x" * 255}):
        assert refused(await api.alice.post("/v1/invitations", json=body)) == (422, "invalid_input")
    token = ""
    for _ in range(MOST_INVITATIONS):
        token = (await invite(api.alice))["token"]
    assert refused(await api.alice.post("/v1/invitations", json={})) == (409, "invitations_full")
    monkeypatch.setattr("factotum.store.invitations.MOST_MEMBERS", 1)
    assert refused(await accept(api.stranger, token)) == (409, "members_full")


async def test_what_each_role_may(api: Api) -> None:
    """Every one of four roles tries every change on every other."""
    async with AsyncExitStack() as stack:
        people = {role: await stack.enter_async_context(joined(api, role)) for role in ROLES}
        targets = {role: await stack.enter_async_context(joined(api, role)) for role in ROLES}
        for role, (_, http) in people.items():
            for other, (target, _) in targets.items():
                address = f"/v1/members/{target}"
                for wanted in ROLES:
                    answer = await http.patch(address, json={"role": wanted})
                    may = role == "owner" or (role == "admin" and "owner" not in {other, wanted})
                    said = answer.status_code if may else refused(answer)
                    assert said == (200 if may else (403, "role_too_low")), (role, other, wanted)
                    if may:
                        assert (await api.alice.patch(address, json={"role": other})).status_code == 200
                if role in {"member", "viewer"} or (role, other) == ("admin", "owner"):
                    assert refused(await http.delete(address)) == (403, "role_too_low"), (role, other)
                assert refused(await http.patch(address, json={"name": "x"})) == (403, "name_not_yours")
                answer = await http.post("/v1/invitations", json={"role": other})
                may = role == "owner" or (role == "admin" and other != "owner")
                assert answer.status_code == 201 if may else refused(answer) == (403, "role_too_low")
                if may:
                    assert (await http.delete(f"/v1/invitations/{answer.json()['id']}")).status_code == 204
        hers = await invite(api.alice)
        for role in ("member", "viewer"):
            _, http = people[role]
            answer = await http.delete(f"/v1/invitations/{hers['id']}")
            assert refused(answer) == (404, "invitation_not_found")
        for role in ("viewer", "member", "admin", "owner"):  # everybody may leave
            user_id, http = people[role]
            assert (await http.delete(f"/v1/members/{user_id}")).status_code == 204
            assert refused(await http.get("/v1/members")) == (401, "session_ended")


ROLES = ("owner", "admin", "member", "viewer")


async def test_accounts_are_closed_to_each_other_both_ways(api: Api) -> None:
    made = {ALICE_ACCOUNT: await invite(api.alice), BOB_ACCOUNT: await invite(api.bob)}
    for http, theirs, other in (
        (api.alice, BOB_ACCOUNT, BOB.user_id),
        (api.bob, ALICE_ACCOUNT, ALICE.user_id),
    ):
        address = f"/v1/invitations/{made[theirs]['id']}"
        assert refused(await http.delete(address)) == (404, "invitation_not_found")
        for method, body in (("PATCH", {"role": "viewer"}), ("DELETE", None)):
            answer = await http.request(method, f"/v1/members/{other}", json=body)
            assert refused(answer) == (404, "member_not_found")
            there = await http.request(
                method, f"/v1/members/{other}", json=body, headers={"Factotum-Account": theirs}
            )
            assert refused(there) == (404, "account_not_found")
        assert [item["id"] for item in (await http.get("/v1/invitations")).json()["items"]] == [
            made[account]["id"] for account in made if account != theirs
        ]
        assert len((await http.get("/v1/members")).json()["items"]) == 1


async def test_the_last_owner_stays(api: Api) -> None:
    alone = f"/v1/members/{ALICE.user_id}"
    assert refused(await api.alice.delete(alone)) == (409, "last_owner")
    assert refused(await api.alice.patch(alone, json={"role": "admin"})) == (409, "last_owner")
    assert (await api.alice.patch(alone, json={"role": "owner"})).status_code == 200
    async with joined(api, "owner") as (carol, http):
        assert (await http.delete(alone)).status_code == 204
        assert refused(await api.alice.get("/v1/me")) == (404, "account_not_found")
        assert refused(await http.delete(f"/v1/members/{carol}")) == (409, "last_owner")


@pytest.mark.parametrize("how", ["leave", "remove", "demote"])
async def test_owners_who_go_at_once_leave_one(database: Database, admin_database_url: str, how: str) -> None:
    """The race that a check before the change would lose: each sees the other one still there.

    Whoever was removed meanwhile is refused for that, the other for being the last one.
    """
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "owner")
    ways: dict[str, Callable[[Members, str, str], Awaitable[object]]] = {
        "leave": lambda members, me, _: members.remove(me),
        "remove": lambda members, _, other: members.remove(other),
        "demote": lambda members, me, _: members.set_role(me, "viewer"),
    }

    async def go(caller: Caller, other: Caller) -> bool:
        try:
            async with database.tenant(caller) as tx:
                await ways[how](Members(tx, ALICE_ACCOUNT), caller.user_id, other.user_id)
                await asyncio.sleep(0.2)
        except (Conflict, Forbidden, NotFound):
            return False
        return True

    async with asyncio.TaskGroup() as group:
        first = group.create_task(go(ALICE, BOB))
        await asyncio.sleep(0.05)
        second = group.create_task(go(BOB, ALICE))
    assert (first.result(), second.result()) == (True, False)
    caller = BOB if how != "remove" else ALICE
    async with database.tenant(caller) as tx:
        owners = [each for each in await Members(tx, ALICE_ACCOUNT).list() if each.role == "owner"]
    assert len(owners) == 1


async def test_no_statement_takes_all_owners(database: Database, admin_database_url: str) -> None:
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "owner")

    def try_it(statement: str) -> None:
        with psycopg.connect(admin_database_url) as connection:
            connection.execute(statement, (ALICE_ACCOUNT,))  # pyright: ignore[reportArgumentType] - written here

    for statement in (
        "delete from factotum.account_members where account_id = %s",
        "update factotum.account_members set role = 'admin' where account_id = %s",
    ):
        with pytest.raises(psycopg.errors.RaiseException):
            await asyncio.to_thread(try_it, statement)
    await asyncio.to_thread(try_it, "delete from factotum.accounts where id = %s")


async def test_a_running_run_of_who_goes_is_stopped(api: Api) -> None:
    async with joined(api, "member") as (carol, http), following(http, (await new_run(http))["id"]) as live:
        run = (await http.get("/v1/runs")).json()["items"][0]
        await claim(api.services, run["id"])
        assert (await api.alice.delete(f"/v1/members/{carol}")).status_code == 204
        await live.end()
    shown = (await api.alice.get(f"/v1/runs/{run['id']}")).json()
    assert shown["status"] == "stopping"
    # Any worker may have it now, as the owner, and finds that it is to stop.
    async with api.services.database.system() as tx:
        row = await tx.one(
            "select created_by, stop_requested, lease_until < now() as free from factotum.runs where id = %s",
            (run["id"],),
        )
    assert row == {"created_by": ALICE.user_id, "stop_requested": True, "free": True}


async def test_who_may_only_read_from_now_on_stops_working(api: Api) -> None:
    async with joined(api, "admin") as (carol, http):
        theirs = await invite(http)
        run = await new_run(http)
        assert (await api.alice.patch(f"/v1/members/{carol}", json={"role": "viewer"})).status_code == 200
        assert (await http.get(f"/v1/runs/{run['id']}")).json()["status"] == "stopped"
        assert refused(await http.post("/v1/threads", json={}))[0] == 403
        assert refused(await accept(api.stranger, theirs["token"])) == (409, "invitation_revoked")


async def test_whoever_is_signed_in_joins_as_they_are(api: Api) -> None:
    token = (await invite(api.alice, role="admin"))["token"]
    assert refused(await accept(api.alice, token)) == (409, "already_member")
    async with client(api.socket, "wrong") as nobody:
        assert refused(await accept(nobody, token)) == (401, "unauthenticated")
    answer = (await accept(api.bob, token, name="Bob")).json()
    assert (answer["user_id"], answer["account"]["role"], answer["token"]) == (BOB.user_id, "admin", None)


async def test_a_person_of_two_accounts_says_which(api: Api, admin_database_url: str) -> None:
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "member")
    there, here = ({"Factotum-Account": account} for account in (ALICE_ACCOUNT, BOB_ACCOUNT))
    me = (await api.bob.get("/v1/me")).json()
    assert (me["account"]["id"], len(me["accounts"])) == (BOB_ACCOUNT, 2)
    me = (await api.bob.get("/v1/me", headers=there)).json()
    assert (me["account"]["id"], me["account"]["role"], len(me["accounts"])) == (ALICE_ACCOUNT, "member", 2)
    thread = (await api.bob.post("/v1/threads", json={}, headers=there)).json()["id"]
    assert (await api.alice.get(f"/v1/threads/{thread}")).status_code == 200
    assert refused(await api.bob.get(f"/v1/threads/{thread}", headers=here)) == (404, "thread_not_found")
    assert (await api.bob.get("/v1/threads", headers=here)).json()["items"] == []
    assert len((await api.bob.get("/v1/threads", headers=there)).json()["items"]) == 1
    for rubbish in ("", "x", new_id(), ALICE_ACCOUNT[:-1]):
        answer = await api.bob.get("/v1/me", headers={"Factotum-Account": rubbish})
        assert refused(answer) == (404, "account_not_found")
    key = (await api.bob.post("/v1/keys", json={"name": "Mine"}, headers=there)).json()["key"]
    async with client(api.socket, key) as program:
        assert (await program.get("/v1/me", headers=there)).json()["account"]["id"] == ALICE_ACCOUNT
        assert refused(await program.get("/v1/me", headers=here)) == (404, "account_not_found")
    assert (await api.alice.delete(f"/v1/members/{BOB.user_id}")).status_code == 204
    assert refused(await api.bob.get("/v1/me", headers=there)) == (404, "account_not_found")
    assert (await api.bob.get("/v1/me")).status_code == 200


async def test_signing_out_ends_a_session_alone(api: Api) -> None:
    async with joined(api, "member") as (_, http):
        assert (await http.delete("/v1/session")).status_code == 204
        assert refused(await http.delete("/v1/session")) == (401, "session_ended")
    assert (await api.alice.delete("/v1/session")).status_code == 204
    assert (await api.alice.get("/v1/me")).status_code == 200


async def test_sessions_age_and_are_remembered_for_seconds(
    api: Api, database: Database, admin_database_url: str
) -> None:
    time = 0.0
    elsewhere = SessionService(database, clock=lambda: time)
    answer = (await accept(api.stranger, (await invite(api.alice))["token"])).json()

    def age(span: str) -> None:
        with psycopg.connect(admin_database_url) as connection:
            connection.execute("update factotum.sessions set last_used_at = now() - %s::interval", (span,))

    await asyncio.to_thread(age, "89 days")
    assert await elsewhere.caller_of(answer["token"]) == Caller(answer["user_id"])
    await asyncio.to_thread(age, "91 days")
    time = LIFETIME_SECONDS - 0.1
    assert await elsewhere.caller_of(answer["token"]) == Caller(answer["user_id"])
    time = LIFETIME_SECONDS + 0.1
    with pytest.raises(Unauthenticated):
        await elsewhere.caller_of(answer["token"])


async def test_tries_are_counted_and_without_a_count_nobody_comes_in(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.app.state.context.invitations._visits, "_most", 3)
    answers = [await accept(api.stranger, "x") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
    assert int(answers[-1].headers["retry-after"]) <= 60
    redis = Redis("redis://127.0.0.1:9", deadline=0.5)
    closed = InvitationService(database, Visits(redis, strict=True), makes_people=True)
    with pytest.raises(Unavailable):
        await closed.accept(Acceptance(token="x"), None, "here")
    await redis.aclose()


async def test_where_others_sign_people_in_they_do_so_first(api: Api) -> None:
    token = (await invite(api.alice))["token"]
    service = InvitationService(
        api.services.database, Visits(api.services.redis, strict=True), makes_people=False
    )
    assert (await service.look(token, new_id())).sign_in_first
    with pytest.raises(Unauthenticated) as raised:
        await service.accept(Acceptance(token=token), None, new_id())
    assert raised.value.stable_code == "sign_in_first"
    assert (await service.accept(Acceptance(token=token), BOB, new_id())).token is None
