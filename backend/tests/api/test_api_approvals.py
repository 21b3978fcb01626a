"""Approvals over HTTP: what waits is shown, decided once and by its hash, and only by who may write."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from factotum.core.clock import now
from factotum.core.ids import new_id
from factotum.protocol.approvals import Approval
from factotum.protocol.messages import TextPart
from factotum.protocol.runs import Question
from factotum.runs.approvals import ApprovalExpiry
from factotum.store.approvals import Approvals
from factotum.store.messages import Messages
from factotum.store.runs import Runs
from factotum.store.tool_calls import ToolCalls
from tests.api.api_support import await_input, claim, following, frames_of, new_run, read_all
from tests.api.conftest import Api
from tests.fixtures_store import ALICE, ALICE_ACCOUNT, BOB, add_member

COMMAND: dict[str, JsonValue] = {"command": "git push", "folder": ".", "timeout_seconds": 60}


async def waiting(api: Api, *seconds: float) -> tuple[dict[str, Any], list[Approval]]:
    """Make a run that waits for one approval for each of `seconds`, its time."""
    run = await new_run(api.alice)
    await (await claim(api.services, run["id"])).close()
    async with api.services.database.tenant(ALICE) as tx:
        asking = await Messages(tx).append(run["thread_id"], "assistant", [TextPart(text="May I?")])
        for number in range(len(seconds or (60,))):
            await ToolCalls(tx).open(
                run["id"],
                1,
                call_id=f"call-{number}",
                message_id=asking.id,
                name="shell",
                arguments=COMMAND,
                effect="unsafe",
            )
        question = Question(reason="approval", text="May I?", call_id="call-0")
        await Runs(tx).await_input(run["id"], 1, question=question, log_seq=2)
        asked = [
            await Approvals(tx).request(
                run["id"],
                call_id=f"call-{number}",
                tool="shell",
                arguments=COMMAND,
                pattern="shell(git push*)",
                expires_at=now() + timedelta(seconds=each),
            )
            for number, each in enumerate(seconds or (60,))
        ]
    return run, asked


def at(run: dict[str, Any], approval: Approval | None = None) -> str:
    return f"/v1/runs/{run['id']}/approvals" + (f"/{approval.id}" if approval else "")


def approve(approval: Approval, **more: Any) -> dict[str, Any]:
    return {"decision": "approve", "arguments_hash": approval.arguments_hash, **more}


async def test_what_waits_is_listed_and_the_last_decision_lets_the_run_go_on(api: Api) -> None:
    run, (first, second) = await waiting(api, 60, 60)
    listed = (await api.alice.get(at(run))).json()["items"]
    assert [(item["id"], item["status"]) for item in listed] == [
        (first.id, "pending"),
        (second.id, "pending"),
    ]
    assert (listed[0]["arguments"], listed[0]["pattern"]) == (COMMAND, "shell(git push*)")
    approved = await api.alice.post(at(run, first), json=approve(first))
    assert approved.status_code == 200
    assert (approved.json()["status"], approved.json()["scope"]) == ("approved", "once")
    assert approved.json()["decided_by"] == ALICE.user_id
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).json()["status"] == "awaiting_input"
    denied = await api.alice.post(at(run, second), json={"decision": "deny", "reason": " Not today. "})
    assert (denied.json()["status"], denied.json()["reason"]) == ("denied", "Not today.")
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).json()["status"] == "queued"
    await (await claim(api.services, run["id"])).close()


async def test_who_follows_hears_of_decisions_and_who_comes_late_sees_what_waits(api: Api) -> None:
    run, (first, second) = await waiting(api, 60, 60)
    async with following(api.alice, run["id"]) as live:
        await api.alice.post(at(run, first), json=approve(first, arguments={"command": "git status"}))
        frames = frames_of(await live.until(b"approval.resolved"))
    event = frames[-1].parsed
    assert event.type == "approval.resolved"
    assert (event.approval_id, event.status, event.decided_by) == (first.id, "approved", ALICE.user_id)
    assert event.edited_arguments == COMMAND | {"command": "git status", "session": "", "blocking": True}
    snapshot = await api.services.follower.snapshot(ALICE, run["id"], 0)
    assert snapshot.approvals == (second,)
    assert snapshot.run.question is not None
    assert snapshot.run.question.reason == "approval"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"decision": "approve"}, 422, "hash_missing"),
        ({"decision": "approve", "arguments_hash": "0" * 64}, 409, "approval_changed"),
        ({"decision": "deny", "arguments_hash": "0" * 64}, 409, "approval_changed"),
        ({"decision": "approve", "arguments_hash": "short"}, 422, "invalid_input"),
        ({"decision": "perhaps"}, 422, "invalid_input"),
        ({"decision": "deny", "reason": "x" * 2001}, 422, "invalid_input"),
        ({"decision": "deny", "surprise": 1}, 422, "invalid_input"),
        ({}, 422, "invalid_input"),
    ],
)
async def test_a_decision_that_is_none_changes_nothing(
    api: Api, body: dict[str, Any], status: int, code: str
) -> None:
    run, (approval,) = await waiting(api)
    answer = await api.alice.post(at(run, approval), json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    (item,) = (await api.alice.get(at(run))).json()["items"]
    assert item["status"] == "pending"


async def test_edited_arguments_are_checked_by_the_tools_schema(api: Api) -> None:
    run, (approval,) = await waiting(api)
    for wrong in ({}, {"command": 7}, {"command": "ls", "sudo": True}):
        answer = await api.alice.post(at(run, approval), json=approve(approval, arguments=wrong))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_arguments"), wrong
    same = await api.alice.post(at(run, approval), json=approve(approval, arguments=COMMAND, scope="always"))
    assert (same.json()["edited_arguments"], same.json()["scope"]) == (None, "always")


async def test_an_approval_is_decided_once_whoever_comes_first(api: Api) -> None:
    run, (approval,) = await waiting(api)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(api.alice.post(at(run, approval), json=body))
            for body in (approve(approval), {"decision": "deny"}, approve(approval))
        ]
    answers = [task.result() for task in tasks]
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    refused = [answer.json()["code"] for answer in answers if answer.status_code == 409]
    assert refused == ["approval_decided"] * 2


async def test_strangers_find_nothing_and_viewers_may_only_look(api: Api, admin_database_url: str) -> None:
    run, (approval,) = await waiting(api)
    for answer in (await api.bob.get(at(run)), await api.bob.post(at(run, approval), json=approve(approval))):
        assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
    assert (await api.stranger.post(at(run, approval), json=approve(approval))).status_code == 401
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "viewer")
    assert len((await api.bob.get(at(run))).json()["items"]) == 1
    for body in (approve(approval), {"decision": "deny"}):
        refused = await api.bob.post(at(run, approval), json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    await asyncio.to_thread(add_member, admin_database_url, ALICE_ACCOUNT, BOB.user_id, "member")
    decided = await api.bob.post(at(run, approval), json=approve(approval))
    assert decided.json()["decided_by"] == BOB.user_id


async def test_an_id_that_is_none_or_anothers_is_not_found(api: Api) -> None:
    run, (approval,) = await waiting(api)
    other = await new_run(api.alice)
    for address in (f"{at(run)}/rubbish", f"{at(run)}/{new_id()}", f"{at(other)}/{approval.id}"):
        answer = await api.alice.post(address, json=approve(approval))
        assert (answer.status_code, answer.json()["code"]) == (404, "approval_not_found")
    assert (await api.alice.get(at(other))).json() == {"items": []}
    assert (await api.alice.get(f"/v1/runs/{new_id()}/approvals")).json()["code"] == "run_not_found"


async def test_a_text_is_no_decision(api: Api) -> None:
    run, _ = await waiting(api)
    answer = await api.alice.post(f"/v1/runs/{run['id']}/input", json={"text": "yes"})
    assert (answer.status_code, answer.json()["code"]) == (409, "run_awaits_approval")
    assert at(run) in answer.json()["hint"]
    more = await api.alice.post(f"/v1/threads/{run['thread_id']}/runs", json={"input": "More"})
    assert more.json()["code"] == "run_awaiting_input"
    assert at(run) in more.json()["hint"]
    other = await new_run(api.alice)
    await claim(api.services, other["id"])
    await await_input(api.services, other["id"])
    assert (await api.alice.post(f"/v1/runs/{other['id']}/input", json={"text": "b"})).status_code == 202


async def test_a_stop_closes_what_waits(api: Api) -> None:
    run, (approval, _) = await waiting(api, 60, 60)
    stopped = await api.alice.post(f"/v1/runs/{run['id']}/stop")
    assert stopped.json()["status"] == "stopped"
    items = (await api.alice.get(at(run))).json()["items"]
    assert [(item["status"], item["reason"], item["decided_by"]) for item in items] == [
        ("denied", "run stopped", None)
    ] * 2
    late = await api.alice.post(at(run, approval), json=approve(approval))
    assert (late.status_code, late.json()["code"]) == (409, "approval_decided")
    events = [frame.parsed for frame in frames_of(await read_all(api.alice, run["id"]))]
    assert [event.type for event in events[-3:]] == ["approval.resolved", "approval.resolved", "run.stopped"]
    assert getattr(events[-1], "not_executed", None) == ("shell", "shell")


async def test_what_nobody_decides_in_time_expires_and_the_run_goes_on(api: Api) -> None:
    run, (short, long) = await waiting(api, -1, 60)
    late = await api.alice.post(at(run, short), json=approve(short))
    assert (late.status_code, late.json()["code"]) == (409, "approval_expired")
    services = api.services
    expiry = ApprovalExpiry(services.database, services.queue, services.run_log)
    assert await expiry.sweep() == 1
    assert await expiry.sweep() == 0
    items = (await api.alice.get(at(run))).json()["items"]
    assert [item["status"] for item in items] == ["expired", "pending"]
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).json()["status"] == "awaiting_input"
    gone = await api.alice.post(at(run, short), json={"decision": "deny"})
    assert gone.json()["code"] == "approval_decided"
    await api.alice.post(at(run, long), json=approve(long))
    other, _ = await waiting(api, -1)
    assert await expiry.sweep() == 1
    assert (await api.alice.get(f"/v1/runs/{other['id']}")).json()["status"] == "queued"
    async with following(api.alice, other["id"]) as live:
        frames = frames_of(await live.until(b"approval.resolved"))
    assert getattr(frames[-1].parsed, "status", None) == "expired"


async def test_a_stopped_run_is_left_alone_when_the_time_is_over(api: Api) -> None:
    run, _ = await waiting(api, -1)
    async with api.services.database.tenant(ALICE) as tx:
        await Runs(tx).request_stop(run["id"])
    services = api.services
    assert await ApprovalExpiry(services.database, services.queue, services.run_log).sweep() == 1
    assert (await api.alice.get(at(run))).json()["items"][0]["status"] == "pending"


async def test_what_a_thread_allows_for_good_is_listed_and_taken_back(api: Api) -> None:
    run, (approval,) = await waiting(api)
    address = f"/v1/threads/{run['thread_id']}/permissions"
    assert (await api.alice.get(address)).json() == {"items": []}
    await api.alice.post(at(run, approval), json=approve(approval, scope="always"))
    (permission,) = (await api.alice.get(address)).json()["items"]
    assert (permission["pattern"], permission["decided_by"]) == ("shell(git push*)", ALICE.user_id)
    assert (await api.bob.get(address)).json()["code"] == "thread_not_found"
    one = f"{address}/{permission['id']}"
    assert (await api.bob.delete(one)).json()["code"] == "thread_not_found"
    assert (await api.alice.delete(f"{address}/{new_id()}")).json()["code"] == "permission_not_found"
    assert (await api.alice.delete(f"{address}/rubbish")).json()["code"] == "permission_not_found"
    assert (await api.alice.delete(one)).status_code == 204
    assert (await api.alice.get(address)).json() == {"items": []}
    assert (await api.alice.delete(one)).json()["code"] == "permission_not_found"


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"ask": ["shell("]}, "settings.policy.ask.0"),
        ({"deny": ["ok", ""]}, "settings.policy.deny.1"),
        ({"allow": "shell"}, "settings.policy.allow"),
        ({"default": "perhaps"}, "settings.policy.default"),
        ({"denied": []}, "settings.policy.denied"),
        ("shell", "settings.policy"),
    ],
)
async def test_an_agents_policy_is_checked_when_it_is_written(api: Api, policy: Any, field: str) -> None:
    made = await api.alice.post("/v1/agents", json={"name": "A", "settings": {"policy": policy}})
    assert (made.status_code, made.json()["code"]) == (422, "invalid_policy")
    assert made.json()["detail"].startswith(f"{field}: ")
    (wrong,) = made.json()["errors"]
    assert (wrong["field"], f"{field}: {wrong['problem']}") == (field, made.json()["detail"])
    good = await api.alice.post(
        "/v1/agents", json={"name": "A", "settings": {"policy": {"ask": ["shell"]}, "more": 1}}
    )
    assert good.json()["settings"]["policy"] == {"ask": ["shell"]}
    address = f"/v1/agents/{good.json()['id']}"
    changed = await api.alice.patch(address, json={"settings": {"policy": policy}})
    assert changed.json()["code"] == "invalid_policy"
    assert (await api.alice.get(address)).json() == good.json()


async def test_a_runs_own_restrictions_are_checked_and_kept(api: Api) -> None:
    run = await new_run(api.alice, options={"policy": {"ask": ["shell(git*)"], "deny": ["files.*"]}})
    assert run["options"]["policy"] == {"ask": ["shell(git*)"], "deny": ["files.*"]}
    for wrong in ({"ask": ["a b"]}, {"allow": ["shell"]}, {"default": "allow"}, {"ask": ["a"] * 31}):
        answer = await api.alice.post(
            f"/v1/threads/{run['thread_id']}/runs", json={"input": "x", "options": {"policy": wrong}}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
        assert answer.json()["errors"][0]["field"].startswith("options.policy.")
