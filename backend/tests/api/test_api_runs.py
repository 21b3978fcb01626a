"""Runs over HTTP: submit once, look, answer, stop; what is refused and with which code."""

import asyncio

import pytest

from factotum.core.ids import new_id
from factotum.protocol.runs import RunOptions
from tests.api.api_support import await_input, claim, finish, new_run, new_thread
from tests.api.conftest import Api


async def test_a_task_becomes_a_queued_run_and_a_message(api: Api) -> None:
    thread = await new_thread(api.alice)
    answer = await api.alice.post(
        f"/v1/threads/{thread}/runs",
        json={"input": "Write primes.csv", "options": {"dialect": "tag", "step_limit": 3}},
    )
    run = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/runs/{run['id']}"
    assert (run["status"], run["model"], run["attempt"]) == ("queued", "openai/scripted", 0)
    options = RunOptions(dialect="tag", step_limit=3, fallback_models=())
    assert run["options"] == options.model_dump(mode="json")
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).json() == run
    (message,) = (await api.alice.get(f"/v1/threads/{thread}/messages")).json()["items"]
    assert (message["run_id"], message["parts"][0]["text"]) == (run["id"], "Write primes.csv")


async def test_the_same_key_gives_the_same_run_also_when_both_come_at_once(api: Api) -> None:
    thread = await new_thread(api.alice)

    async def submit(key: str, where: str = thread) -> tuple[int, str]:
        answer = await api.alice.post(
            f"/v1/threads/{where}/runs", json={"input": "x"}, headers={"Idempotency-Key": key}
        )
        return answer.status_code, str(answer.json().get("id", answer.json().get("code")))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(submit("k" * 200)) for _ in range(4)]
    answers = [task.result() for task in tasks]
    assert sorted(status for status, _ in answers) == [200, 200, 200, 202]
    assert len({run_id for _, run_id in answers}) == 1
    assert len((await api.alice.get(f"/v1/threads/{thread}/messages")).json()["items"]) == 1
    assert (await submit("other"))[0] == 202
    elsewhere = await new_thread(api.alice)
    assert await submit("k" * 200, elsewhere) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "k" * 201, "a\tb"])
async def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    thread = await new_thread(api.alice)
    answer = await api.alice.post(
        f"/v1/threads/{thread}/runs", json={"input": "x"}, headers={"Idempotency-Key": key}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_idempotency_key")
    assert (await api.alice.get("/v1/runs")).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"input": "x", "model": "no/such-model"}, 422, "model_unknown"),
        ({"input": "x", "model": ""}, 422, "invalid_input"),
        ({"input": "x", "agent_id": "rubbish"}, 404, "agent_not_found"),
        ({"input": "x", "agent_id": new_id()}, 404, "agent_not_found"),
        ({"input": ""}, 422, "invalid_input"),
        ({}, 422, "invalid_input"),
        ({"input": "x", "options": {"step_limit": 0}}, 422, "invalid_input"),
        ({"input": "x", "options": {"dialect": "yaml"}}, 422, "invalid_input"),
        ({"input": "x", "options": {"surprise": 1}}, 422, "invalid_input"),
        ({"input": 7}, 422, "invalid_input"),
    ],
)
async def test_a_wrong_task_is_refused_and_leaves_nothing(
    api: Api, body: dict[str, object], status: int, code: str
) -> None:
    thread = await new_thread(api.alice)
    answer = await api.alice.post(f"/v1/threads/{thread}/runs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await api.alice.get(f"/v1/threads/{thread}/messages")).json()["items"] == []


async def test_an_agent_gives_the_model_of_a_run(api: Api) -> None:
    agent = (await api.alice.post("/v1/agents", json={"name": "A", "model": "anthropic/scripted"})).json()
    run = await new_run(api.alice, agent_id=agent["id"])
    assert (run["agent_id"], run["model"]) == (agent["id"], "anthropic/scripted")


async def test_runs_are_listed_by_thread_and_by_status(api: Api) -> None:
    thread = await new_thread(api.alice)
    first = await new_run(api.alice, thread)
    second = await new_run(api.alice, thread)
    other = await new_run(api.alice)
    await api.alice.post(f"/v1/runs/{second['id']}/stop")

    async def ids(address: str, **query: str | int) -> list[str]:
        page = (await api.alice.get(address, params=query)).json()
        return [item["id"] for item in page["items"]]

    assert await ids(f"/v1/threads/{thread}/runs") == [second["id"], first["id"]]
    assert await ids("/v1/runs") == [other["id"], second["id"], first["id"]]
    assert await ids("/v1/runs", status="stopped") == [second["id"]]
    assert await ids("/v1/runs", limit=1, after=other["id"]) == [second["id"]]
    wrong = await api.alice.get("/v1/runs", params={"status": "lost"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "status")


async def test_a_waiting_run_is_answered_before_the_thread_takes_another(api: Api) -> None:
    run = await new_run(api.alice)
    early = await api.alice.post(f"/v1/runs/{run['id']}/input", json={"text": "b"})
    assert (early.status_code, early.json()["code"]) == (409, "run_not_waiting")
    await claim(api.services, run["id"])
    await await_input(api.services, run["id"])
    waiting = (await api.alice.get(f"/v1/runs/{run['id']}")).json()
    assert (waiting["status"], waiting["question"]["text"]) == ("awaiting_input", "Which?")
    refused = await api.alice.post(f"/v1/threads/{run['thread_id']}/runs", json={"input": "More"})
    assert (refused.status_code, refused.json()["code"]) == (409, "run_awaiting_input")
    assert run["id"] in refused.json()["hint"]
    answered = await api.alice.post(f"/v1/runs/{run['id']}/input", json={"text": "b"})
    assert (answered.status_code, answered.json()["status"]) == (202, "queued")
    again = await api.alice.post(f"/v1/runs/{run['id']}/input", json={"text": "b"})
    assert (again.status_code, again.json()["code"]) == (409, "run_not_waiting")


async def test_stopping_a_run_that_nobody_carries_ends_it_at_once(api: Api) -> None:
    run = await new_run(api.alice)
    stopped = await api.alice.post(f"/v1/runs/{run['id']}/stop")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "stopped")
    again = await api.alice.post(f"/v1/runs/{run['id']}/stop")
    assert (again.status_code, again.json()) == (200, stopped.json())


async def test_stopping_waits_until_the_run_has_ended(api: Api) -> None:
    run = await new_run(api.alice)
    writer = await claim(api.services, run["id"])
    stopping = asyncio.create_task(api.alice.post(f"/v1/runs/{run['id']}/stop"))
    await asyncio.sleep(0.3)
    assert not stopping.done()
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).json()["status"] == "stopping"
    await finish(api.services, run["id"], writer)
    answer = await stopping
    assert (answer.status_code, answer.json()["status"]) == (200, "finished")


async def test_stopping_says_when_it_takes_longer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factotum.api.routes.runs._STOP_SECONDS", 0.2)
    run = await new_run(api.alice)
    await claim(api.services, run["id"])
    answer = await api.alice.post(f"/v1/runs/{run['id']}/stop")
    assert (answer.status_code, answer.json()["status"]) == (202, "stopping")


async def test_what_a_run_still_works_on_cannot_be_deleted(api: Api) -> None:
    run = await new_run(api.alice)
    for address, code in (
        (f"/v1/threads/{run['thread_id']}", "thread_busy"),
        (f"/v1/projects/{run['project_id']}", "project_busy"),
    ):
        refused = await api.alice.delete(address)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert f"/v1/runs/{run['id']}/stop" in refused.json()["hint"]
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).status_code == 200
    await api.alice.post(f"/v1/runs/{run['id']}/stop")
    assert (await api.alice.delete(f"/v1/threads/{run['thread_id']}")).status_code == 204
    assert (await api.alice.get(f"/v1/runs/{run['id']}")).json()["code"] == "run_not_found"
    assert (await api.alice.delete(f"/v1/projects/{run['project_id']}")).status_code == 204


async def test_the_caller_of_a_run_gives_the_results_of_its_tools(api: Api) -> None:
    run = await new_run(api.alice, options={"execute_tools": False, "xml_adding_strategy": "inline_edit"})
    assert run["options"]["execute_tools"] is False
    at = f"/v1/runs/{run['id']}/input"
    early = await api.alice.post(at, json={"results": {"call_1": "x"}})
    assert (early.status_code, early.json()["code"]) == (409, "run_not_waiting")
    await claim(api.services, run["id"])
    await await_input(api.services, run["id"], reason="tool_results")
    results = {"call_1": "x"}
    wrongs: list[dict[str, object]] = [
        {},
        {"text": "a", "results": results},
        {"results": {}},
        {"results": {"one": "x"}},
    ]
    for wrong in wrongs:
        assert (await api.alice.post(at, json=wrong)).status_code == 422
    given = await api.alice.post(at, json={"results": {"call_1": "x"}})
    assert (given.status_code, given.json()["status"]) == (202, "queued")


async def test_results_answer_no_other_question(api: Api) -> None:
    run = await new_run(api.alice)
    await claim(api.services, run["id"])
    await await_input(api.services, run["id"])
    refused = await api.alice.post(f"/v1/runs/{run['id']}/input", json={"results": {"call_1": "x"}})
    assert (refused.status_code, refused.json()["code"]) == (409, "run_wants_text")


@pytest.mark.parametrize(
    "options",
    [{"max_xml_tool_calls": 0}, {"max_auto_continues": 101}, {"xml_adding_strategy": "nowhere"}],
)
async def test_options_out_of_range_are_refused(api: Api, options: dict[str, object]) -> None:
    thread = (await api.alice.post("/v1/threads", json={})).json()["id"]
    refused = await api.alice.post(f"/v1/threads/{thread}/runs", json={"input": "x", "options": options})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == f"options.{next(iter(options))}"


async def test_the_browser_of_a_run_is_seen_by_those_who_see_the_run(api: Api) -> None:
    run = await new_run(api.alice)
    address = f"/v1/runs/{run['id']}/browser/frame"
    none = await api.alice.get(address)
    assert (none.status_code, none.json()["code"]) == (404, "frame_not_found")
    await api.services.frames.keep(str(run["id"]), b"\xff\xd8\xffpicture")
    seen = await api.alice.get(address)
    assert (seen.status_code, seen.content) == (200, b"\xff\xd8\xffpicture")
    assert seen.headers["content-type"] == "image/jpeg"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["content-security-policy"] == "sandbox"
    assert seen.headers["cache-control"] == "no-store"
    other = await api.bob.get(address)
    assert (other.status_code, other.json()["code"]) == (404, "run_not_found")
