"""Links to threads: what they open, what they never do, and how they end."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from factotum.bus.visits import Visits
from factotum.core.clock import now
from factotum.core.errors import Forbidden, NotFound, RateLimited
from factotum.core.ids import new_id
from factotum.protocol.messages import ReasoningPart, TextPart, ToolCallPart, ToolResultPart
from factotum.protocol.runs import Usage
from factotum.store.branches import Branches
from factotum.store.messages import Messages
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.shares import MOST_SHARES, SharedPath, Shares
from tests.api.api_support import claim, new_run, new_thread
from tests.api.conftest import Api
from tests.fixtures_store import ALICE, ALICE_ACCOUNT, BOB, add_member
from tests.needs import needs_sandbox

GONE = (404, "share_not_found")
SECRET = "sk-of-the-account"


async def _done(api: Api, thread_id: str | None = None, *deliverables: str) -> dict[str, Any]:
    """Make a run that reasons, calls a tool, answers and ends."""
    run = await new_run(api.alice, thread_id)
    await claim(api.services, run["id"])
    async with api.services.database.tenant(ALICE) as tx:
        await Messages(tx).append(
            run["thread_id"],
            "assistant",
            [
                ReasoningPart(text="I think in private."),
                TextPart(text="I look."),
                ToolCallPart(call_id="c1", name="shell", arguments={"command": "ls"}, raw="<raw>"),
            ],
            run_id=run["id"],
            model=SECRET,
        )
        result = ToolResultPart(call_id="c1", name="shell", output="x" * 30_000)
        await Messages(tx).append(run["thread_id"], "tool", [result], run_id=run["id"])
        await Messages(tx).append(run["thread_id"], "assistant", [TextPart(text="Done.")], run_id=run["id"])
        await Runs(tx).finish(
            run["id"],
            1,
            status="finished",
            usage=Usage(output_tokens=987_654_321, cost_usd=7351.25),
            log_seq=1,
            finish_reason="complete",
            deliverables=deliverables,
        )
    return run


async def _share(api: Api, thread_id: str, **body: Any) -> dict[str, Any]:
    answer = await api.alice.post(f"/v1/threads/{thread_id}/shares", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _read(api: Api, token: str, what: str = "", **query: Any) -> Any:
    return await api.stranger.get(f"/v1/shared{what}", headers={"Share-Token": token}, params=query)


async def _outcome(api: Api, token: str, what: str = "") -> tuple[int, str]:
    answer = await _read(api, token, what)
    return answer.status_code, answer.json().get("code", "")


async def test_a_stranger_reads_the_path_and_nothing_else(api: Api) -> None:
    run = await _done(api, None, "a.txt")
    await api.alice.patch(f"/v1/threads/{run['thread_id']}", json={"title": "What was asked"})
    share = await _share(api, run["thread_id"])
    await api.alice.patch(f"/v1/threads/{run['thread_id']}", json={"title": "Renamed in private"})
    head = await _read(api, share["token"])
    assert head.headers["cache-control"] == "no-store"
    assert head.json() | {"runs": []} == {
        "title": "What was asked",
        "shared_at": share["created_at"],
        "expires_at": None,
        "runs": [],
    }
    (shown,) = head.json()["runs"]
    assert set(shown) == {"id", "status", "deliverables", "started_at", "ended_at"}
    assert (shown["status"], shown["deliverables"]) == ("finished", ["a.txt"])
    page = await _read(api, share["token"], "/messages")
    items = page.json()["items"]
    assert [(item["role"], [part["type"] for part in item["parts"]]) for item in items] == [
        ("user", ["text"]),
        ("assistant", ["text", "tool_call"]),
        ("tool", ["tool_result"]),
        ("assistant", ["text"]),
    ]
    assert set(items[0]) == {"id", "run_id", "position", "role", "parts", "created_at"}
    assert items[1]["parts"][1]["raw"] == ""
    assert len(items[2]["parts"][0]["output"]) == 20_000
    everything = head.text + page.text
    figures = ("987654321", "7351.25")
    for private in (SECRET, "private", *figures, ALICE_ACCOUNT, run["project_id"], ALICE.user_id):
        assert private not in everything, private


async def test_it_stays_as_it_was_when_it_was_shared(api: Api) -> None:
    run = await _done(api)
    first = await _share(api, run["thread_id"])
    before = (await _read(api, first["token"], "/messages")).json()
    again = await _done(api, run["thread_id"])
    assert (await _read(api, first["token"], "/messages")).json() == before
    assert again["id"] not in (await _read(api, first["token"])).text
    second = await _share(api, run["thread_id"])
    items = (await _read(api, second["token"], "/messages")).json()["items"]
    assert len(items) == 2 * len(before["items"])
    # A path that the thread has left stays shared, and the one beside it is not.
    answer = await api.alice.post(
        f"/v1/threads/{run['thread_id']}/messages/{items[0]['id']}/edit", json={"text": "Another way"}
    )
    assert answer.status_code == 202, answer.text
    assert (await _read(api, second["token"], "/messages")).json()["items"] == items


async def test_pages_follow_each_other_and_are_bounded(api: Api) -> None:
    run = await _done(api)
    async with api.services.database.tenant(ALICE) as tx:
        for _ in range(15):
            await Messages(tx).append(run["thread_id"], "user", [TextPart(text="y" * 200_000)])
    share = await _share(api, run["thread_id"])
    found: list[dict[str, Any]] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        query = {"limit": 100} if after is None else {"limit": 100, "after": after}
        answer = await _read(api, share["token"], "/messages", **query)
        assert len(answer.content) < 1_500_000
        found += answer.json()["items"]
        after, pages = answer.json()["next"], pages + 1
    assert pages == 2
    assert len(found) == 19
    assert [item["position"] for item in found] == list(range(1, 20))
    assert len(found[-1]["parts"][0]["text"]) == 100_000


@pytest.mark.parametrize("what", ["", "/messages", "/files/a.txt"])
async def test_a_link_that_is_not_good_is_like_one_that_never_was(
    api: Api, admin_database_url: str, what: str
) -> None:
    thread = (await _done(api, None, "a.txt"))["thread_id"]
    never = await _read(api, "x" * 43, what)
    shares = [await _share(api, thread) for _ in range(2)]
    late = await _share(api, thread, expires_at=(now() + timedelta(hours=1)).isoformat())
    for token in ("", "x", "x" * 300, "null", shares[0]["id"], thread, "' or 1=1 --" * 3, "~" * 43):
        assert await _outcome(api, token, what) == GONE, token
    digest = hashlib.sha256(shares[0]["token"].encode()).hexdigest()
    assert await _outcome(api, digest, what) == GONE
    assert (await api.alice.delete(f"/v1/shares/{shares[0]['id']}")).status_code == 204
    assert (await api.alice.delete(f"/v1/shares/{shares[0]['id']}")).status_code == 204
    revoked = await _read(api, shares[0]["token"], what)
    assert {**revoked.json(), "request_id": ""} == {**never.json(), "request_id": ""}
    with psycopg.connect(admin_database_url) as connection:
        connection.execute(
            "update factotum.shares set created_at = now() - interval '2 days',"
            " expires_at = now() - interval '1 second' where id = %s",
            (late["id"],),
        )
    assert await _outcome(api, late["token"], what) == GONE
    if what != "/files/a.txt":
        assert (await _read(api, shares[1]["token"], what)).status_code == 200
    listed = (await api.alice.get(f"/v1/threads/{thread}/shares")).json()["items"]
    assert [item["id"] for item in listed] == [shares[1]["id"]]
    assert "token" not in listed[0]
    assert (await api.alice.delete(f"/v1/threads/{thread}")).status_code == 204
    assert await _outcome(api, shares[1]["token"], what) == GONE


async def test_the_token_is_stored_as_a_hash_and_read_from_its_header_only(
    api: Api, admin_database_url: str
) -> None:
    share = await _share(api, (await _done(api))["thread_id"])
    assert len(share["token"]) == 43
    with psycopg.connect(admin_database_url) as connection:
        rows = connection.execute("select shares::text from factotum.shares").fetchall()
    assert rows
    assert all(share["token"] not in row[0] for row in rows)
    asked = await api.stranger.get(
        "/v1/shared", params={"share_token": share["token"], "token": share["token"]}
    )
    assert asked.status_code == 404
    bearer = {"Authorization": f"Bearer {share['token']}"}
    assert (await api.stranger.get("/v1/shared", headers=bearer)).status_code == 404
    # It is good for nothing else, and somebody who is signed in sees no more by it.
    assert (await api.stranger.get("/v1/threads", headers=bearer)).status_code == 401
    assert (await api.bob.get("/v1/shared", headers={"Share-Token": share["token"]})).status_code == 200
    assert (await api.bob.get(f"/v1/threads/{share['thread_id']}")).status_code == 404


async def test_the_database_shows_a_visitor_one_share_and_its_path(api: Api) -> None:
    run, other = await _done(api, None, "a.txt"), await _done(api, None, "b.txt")
    share, _ = await _share(api, run["thread_id"]), await _share(api, other["thread_id"])
    await _done(api, run["thread_id"])
    digest = hashlib.sha256(share["token"].encode()).hexdigest()
    database = api.services.database
    for query in (
        "select id from factotum.threads",
        "select thread_id as id from factotum.shares",
        "select distinct thread_id as id from factotum.messages",
        "select thread_id as id from factotum.runs",
    ):
        async with database.visitor(digest) as tx:
            assert [row["id"] for row in await tx.all(query)] == [run["thread_id"]], query
        for nothing in ("", "x", hashlib.sha256(b"").hexdigest()):
            async with database.visitor(nothing) as tx:
                assert await tx.all(query) == []
    async with database.visitor(digest) as tx:
        assert await tx.one("select max(position) as last, count(*) as all from factotum.messages") == {
            "last": 4,
            "all": 4,
        }
        assert await Branches(tx).path(other["thread_id"], limit=50) == []
        shared = await SharedPath(tx).thread()
        elsewhere = shared.model_copy(update={"thread_id": other["thread_id"], "leaf_id": new_id()})
        assert await SharedPath(tx).runs(elsewhere) == []
    async with database.visitor("") as tx:
        for attempt in (SharedPath(tx).thread, SharedPath(tx).project_id):
            with pytest.raises(NotFound):
                await attempt()


async def test_only_writers_of_the_account_share_and_revoke(api: Api, admin_database_url: str) -> None:
    thread = (await _done(api))["thread_id"]
    share = await _share(api, thread)
    database = api.services.database
    with pytest.raises(NotFound):
        async with database.tenant(BOB) as tx:
            await Shares(tx).create(thread, created_by=BOB.user_id, token_hash="a" * 64, expires_at=None)
    async with database.tenant(BOB) as tx:
        assert await Shares(tx).list(thread) == []
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "viewer")
    assert (await api.bob.post(f"/v1/threads/{thread}/shares", json={})).status_code == 403
    assert (await api.bob.delete(f"/v1/shares/{share['id']}")).status_code == 403
    assert (await api.bob.get(f"/v1/threads/{thread}/shares")).json()["items"][0]["id"] == share["id"]
    assert (await _read(api, share["token"])).status_code == 200
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "member")
    # Nobody makes one in another's name.
    with pytest.raises(Forbidden):
        async with database.tenant(Caller(BOB.user_id)) as tx:
            await Shares(tx).create(thread, created_by=ALICE.user_id, token_hash="b" * 64, expires_at=None)
    assert (await api.bob.delete(f"/v1/shares/{share['id']}")).status_code == 204
    assert await _outcome(api, share["token"]) == GONE


async def test_what_cannot_be_shared_is_refused(api: Api) -> None:
    empty = await new_thread(api.alice)
    answer = await api.alice.post(f"/v1/threads/{empty}/shares", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_share")
    thread = (await _done(api))["thread_id"]
    past = {"expires_at": "2020-01-01T00:00:00Z"}
    answer = await api.alice.post(f"/v1/threads/{thread}/shares", json=past)
    assert (answer.status_code, answer.json()["code"]) == (422, "expiry_past")
    for body in ({"expires_at": "tomorrow"}, {"expires_at": "2040-01-01T00:00:00"}, {"surprise": 1}):
        assert (await api.alice.post(f"/v1/threads/{thread}/shares", json=body)).status_code == 422
    for _ in range(MOST_SHARES):
        await _share(api, thread)
    answer = await api.alice.post(f"/v1/threads/{thread}/shares", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "shares_full")


async def test_delivered_files_are_read_and_no_others(api: Api) -> None:
    await needs_sandbox(api.services.sandboxes)
    thread = await new_thread(api.alice)
    files = f"/v1/threads/{thread}/files"
    for name in ("a.txt", "later.txt", "secret.txt", "folder/b.txt"):
        assert (await api.alice.put(f"{files}/{name}", content=name.encode())).status_code == 201
    project = (await api.alice.get(f"/v1/threads/{thread}")).json()["project_id"]
    sandbox = await api.services.sandboxes.open(project)
    await sandbox.exec("ln -s secret.txt link.txt")
    await _done(api, thread, "a.txt", "later.txt", "link.txt", "folder", "gone.txt")
    share = await _share(api, thread)
    whole = await _read(api, share["token"], "/files/a.txt")
    assert (whole.status_code, whole.content) == (200, b"a.txt")
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.headers["content-security-policy"] == "sandbox"
    await api.alice.put(f"{files}/later.txt", content=b"changed in private")
    for path in (
        "later.txt",
        "secret.txt",
        "link.txt",
        "folder",
        "folder/b.txt",
        "gone.txt",
        "%2e%2e/a.txt",
        "",
    ):
        answer = await _read(api, share["token"], f"/files/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "file_not_found"), path
    await api.services.sandboxes.delete(project)


async def test_a_link_is_read_so_often_a_minute(api: Api) -> None:
    visits = Visits(api.services.redis, most=3)
    key = new_id()

    async def visit_often() -> None:
        for _ in range(7):  # another minute may begin meanwhile
            await visits.admit(key)

    with pytest.raises(RateLimited) as refused:
        await visit_often()
    assert 0 < refused.value.retry_after_seconds <= 60
    await visits.admit(new_id())
