"""Who may call: no route without a token, nobody sees another account's things, codes are good once."""

import asyncio
from typing import Any

import pytest
from inline_snapshot import snapshot

from factotum.api.auth import LOCAL_CALLER, TokenAuthenticator, ensure_local_account
from factotum.api.codes import CodeBook
from factotum.api.main import local_context
from factotum.core.errors import Unauthenticated
from factotum.core.ids import new_id
from factotum.store.accounts import Accounts
from factotum.store.database import Database
from tests.api.api_support import new_run
from tests.api.conftest import ALICE_TOKEN, Api
from tests.fixtures_store import ALICE, ALICE_ACCOUNT, BOB, add_member, lose_member

BODIES: dict[str, dict[str, Any]] = {
    "create_project": {"name": "x"},
    "update_project": {"name": "x"},
    "create_thread": {},
    "update_thread": {"title": "x"},
    "create_message": {"text": "x"},
    "create_run": {"input": "x"},
    "answer_run": {"text": "x"},
    "decide_approval": {"decision": "deny"},
    "edit_message": {"text": "x"},
    "retry_message": {},
    "retry_run": {},
    "update_run": {"input": "x"},
    "take_browser": {},
    "drive_browser": {"token": "x"},
    "hand_back_browser": {"token": "x"},
    "choose_branch": {"message_id": new_id()},
    "create_share": {},
    "create_key": {"name": "x"},
    "create_invitation": {},
    "update_member": {"role": "viewer"},
    "look_at_invitation": {"token": "x"},
    "accept_invitation": {"token": "x"},
    "create_agent": {"name": "x"},
    "update_agent": {"name": "x"},
    "exchange_code": {"code": "x"},
    "take_snapshot": {},
}
SHARED = {"get_shared", "list_shared_messages", "download_shared_file"}
NONE_YET = {"decide_approval", "revoke_permission", "withdraw_deployment"}
OF_ONE_ACCOUNT = {"update_member", "remove_member", "revoke_invitation"}
"""What reaches the account that is acted for alone; test_api_members.py tries it as each role."""
OWN = {"put_secret", "delete_secret"}
"""What is named, not by an id: the same name means another thing to each account."""
INVITED = {"look_at_invitation", "accept_invitation"}
OPEN = {"get_index", "get_health", "get_readiness", "exchange_code", *INVITED, *SHARED}


def routes(api: Api) -> list[tuple[str, str, str]]:
    """Return the operation id, method and path of every route but those of operators."""
    return [
        (operation["operationId"], method.upper(), path)
        for path, operations in api.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if not path.startswith("/v1/admin/")
    ]


async def world(api: Api) -> dict[str, str]:
    """Make one of everything for Alice, and return the ids by the names that paths use."""
    run = await new_run(api.alice)
    agent = (await api.alice.post("/v1/agents", json={"name": "Hers"})).json()
    share = (await api.alice.post(f"/v1/threads/{run['thread_id']}/shares", json={})).json()
    key = (await api.alice.post("/v1/keys", json={"name": "Hers"})).json()
    invitation = (await api.alice.post("/v1/invitations", json={})).json()
    return {
        "key_id": key["id"],
        "user_id": ALICE.user_id,
        "invitation_id": invitation["id"],
        "message_id": run["message_id"],
        "project_id": run["project_id"],
        "thread_id": run["thread_id"],
        "run_id": run["id"],
        "agent_id": agent["id"],
        "approval_id": new_id(),
        "permission_id": new_id(),
        "deployment_id": new_id(),
        "share_id": share["id"],
        "snapshot_id": new_id(),
        "name": "SHOP_TOKEN",
        "path": "a.txt",
    }


async def test_no_route_answers_without_a_valid_token(api: Api) -> None:
    ids = await world(api)
    closed = [route for route in routes(api) if route[0] not in OPEN]
    assert len(closed) > 25
    wrong = ["", "Bearer", "Bearer wrong", f"Basic {ALICE_TOKEN}", ALICE_TOKEN, f"Bearer {ALICE_TOKEN}x"]
    for _, method, path in closed:
        for header in wrong if path == "/v1/me" else wrong[:3]:
            headers = {"Authorization": header} if header else {}
            answer = await api.stranger.request(method, path.format(**ids), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
            assert answer.headers["www-authenticate"] == "Bearer"
    unknown = await api.stranger.get("/v1/no/such/route")
    assert unknown.status_code == 401


async def test_a_token_in_the_address_is_worth_nothing(api: Api) -> None:
    for name in ("token", "access_token", "api_key"):
        assert (await api.stranger.get("/v1/me", params={name: ALICE_TOKEN})).status_code == 401


async def test_a_strangers_body_is_not_even_looked_at(api: Api) -> None:
    answer = await api.stranger.post("/v1/projects", content=b"{broken")
    assert answer.status_code == 401


async def test_what_is_open_tells_nothing(api: Api) -> None:
    assert (await api.stranger.get("/")).json() == snapshot(
        {"name": "factotum", "version": "0.1.0", "openapi": "/openapi.json"}
    )
    assert (await api.stranger.get("/healthz")).json() == {"status": "ok"}
    assert (await api.stranger.get("/openapi.json")).status_code == 200
    for path in ("/docs", "/redoc", "/v2"):
        assert (await api.stranger.get(path)).json()["code"] == "not_found"


async def test_the_schemes_name_may_be_written_anyhow(api: Api) -> None:
    answer = await api.stranger.get("/v1/me", headers={"Authorization": f"bEARER  {ALICE_TOKEN}"})
    assert answer.status_code == 200


async def test_another_accounts_things_do_not_exist(api: Api) -> None:
    ids = await world(api)
    before = await _seen(api, ids)
    for operation, method, path in routes(api):
        if "{" not in path or operation in SHARED | OWN:
            continue
        answer = await api.bob.request(method, path.format(**ids), **_body(operation))
        assert answer.status_code == 404, (operation, answer.text)
        what = path.split("/")[2].removesuffix("s")
        assert answer.json()["code"] == f"{what}_not_found", operation
        for text in (new_id(), "rubbish", "1", "%00", "null", ids["thread_id"].replace("-", "")):
            other = {**dict.fromkeys(ids, text), "path": "a.txt"}
            same = await api.alice.request(method, path.format(**other), **_body(operation))
            assert (same.status_code, same.json()["code"]) == (404, f"{what}_not_found"), (operation, text)
    assert await _seen(api, ids) == before
    for path in ("/v1/projects", "/v1/threads", "/v1/runs", "/v1/agents"):
        assert (await api.bob.get(path)).json()["items"] == []


async def test_others_ids_in_a_body_or_query_do_not_exist_either(api: Api) -> None:
    ids = await world(api)
    made = await api.bob.post("/v1/threads", json={"project_id": ids["project_id"]})
    assert (made.status_code, made.json()["code"]) == (404, "project_not_found")
    listed = await api.bob.get("/v1/threads", params={"project_id": ids["project_id"]})
    assert (listed.status_code, listed.json()["code"]) == (404, "project_not_found")
    own = (await api.bob.post("/v1/threads", json={})).json()["id"]
    run = await api.bob.post(f"/v1/threads/{own}/runs", json={"input": "x", "agent_id": ids["agent_id"]})
    assert (run.status_code, run.json()["code"]) == (404, "agent_not_found")


async def test_a_viewer_reads_and_changes_nothing(api: Api, admin_database_url: str) -> None:
    ids = await world(api)
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "viewer")
    before = await _seen(api, ids)
    for operation, method, path in routes(api):
        if "{" not in path or method == "GET" or operation in OWN:
            continue
        answer = await api.bob.request(method, path.format(**ids), **_body(operation))
        # A run that asks nothing is a conflict for everybody; one that works stands in the way of deletions.
        # That there is none to decide about is no secret: those that are there have tests of their own.
        missing = {404} if operation in NONE_YET | OF_ONE_ACCOUNT else set[int]()
        assert answer.status_code in {403, 409} | missing, (operation, answer.text)
    assert await _seen(api, ids) == before
    assert (await api.bob.get(f"/v1/runs/{ids['run_id']}")).status_code == 200


async def test_me_is_the_caller_and_its_account(api: Api) -> None:
    account = {"id": ALICE_ACCOUNT, "name": "Alice", "kind": "personal", "role": "owner"}
    assert (await api.alice.get("/v1/me")).json() == {
        "user_id": ALICE.user_id,
        "name": None,
        "account": account,
        "accounts": [account],
        "version": "0.1.0",
        "env_mode": "local",
        "network": {"mode": "off", "hosts": []},
    }


async def test_a_code_is_exchanged_once(api: Api) -> None:
    code = api.codes.issue()
    answer = await api.stranger.post("/v1/auth/exchange", json={"code": code})
    assert (answer.status_code, answer.json()) == (200, {"token": ALICE_TOKEN})
    again = await api.stranger.post("/v1/auth/exchange", json={"code": code})
    assert (again.status_code, again.json()["code"]) == (401, "code_invalid")


async def test_codes_grow_old_and_few(api: Api) -> None:
    time = 0.0
    codes = CodeBook("t", lifetime_seconds=900, capacity=2, clock=lambda: time)
    first, second, third = codes.issue(), codes.issue(), codes.issue()
    with pytest.raises(Unauthenticated):
        codes.redeem(first)
    time = 899.0
    assert codes.redeem(second) == "t"
    time = 901.0
    with pytest.raises(Unauthenticated):
        codes.redeem(third)


async def test_the_local_user_gets_one_account(api: Api, database: Database) -> None:
    await ensure_local_account(database)
    async with local_context(api.services, "local-token") as context:
        assert await context.authenticator.authenticate("local-token") == LOCAL_CALLER
        me = await context.accounts.me(LOCAL_CALLER)
    async with database.tenant(LOCAL_CALLER) as tx:
        assert [account.id for account in await Accounts(tx).list()] == [me.account.id]


async def test_tokens_are_not_kept() -> None:
    authenticator = TokenAuthenticator({"the-secret-token": ALICE})
    assert "the-secret-token" not in repr(vars(authenticator))


async def test_without_an_account_the_caller_is_told(api: Api, admin_database_url: str) -> None:
    await asyncio.to_thread(lose_member, admin_database_url, BOB.user_id)
    for answer in (await api.bob.get("/v1/me"), await api.bob.post("/v1/projects", json={"name": "x"})):
        assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")


def _body(operation: str) -> dict[str, Any]:
    if operation == "upload_file":
        return {"content": b"x"}
    return {"json": BODIES[operation]} if operation in BODIES else {}


async def _seen(api: Api, ids: dict[str, str]) -> list[object]:
    addresses = (
        f"/v1/projects/{ids['project_id']}",
        f"/v1/threads/{ids['thread_id']}",
        f"/v1/threads/{ids['thread_id']}/messages",
        f"/v1/runs/{ids['run_id']}",
        f"/v1/agents/{ids['agent_id']}",
    )
    return [(await api.alice.get(address)).json() for address in addresses]
