"""Over HTTP: messages into a run, queued runs, edits, retries, and the paths of a thread."""

from typing import Any

from factotum.core.ids import new_id
from factotum.protocol.messages import TextPart
from factotum.store.messages import Messages
from tests.api.api_support import await_input, claim, finish, new_run, new_thread
from tests.api.conftest import Api
from tests.fixtures_store import ALICE


async def done(api: Api, thread_id: str, task: str, answer: str) -> dict[str, Any]:
    """Have a run answer a task."""
    run = await new_run(api.alice, thread_id, input=task)
    await answered(api, run, answer)
    return run


async def answered(api: Api, run: dict[str, Any], answer: str) -> None:
    """Let a worker answer and end a queued run."""
    writer = await claim(api.services, run["id"])
    async with api.services.database.tenant(ALICE) as tx:
        await Messages(tx).append(run["thread_id"], "assistant", [TextPart(text=answer)], run_id=run["id"])
    await finish(api.services, run["id"], writer)


async def texts(api: Api, thread_id: str, **params: Any) -> list[str]:
    page = (await api.alice.get(f"/v1/threads/{thread_id}/messages", params=params)).json()
    return [item["parts"][0]["text"] for item in page["items"]]


async def test_a_message_is_sent_into_a_run(api: Api) -> None:
    run = await new_run(api.alice)
    writer = await claim(api.services, run["id"])
    address = f"/v1/threads/{run['thread_id']}/messages"
    for delivery in ("steer", "interrupt", None):
        body = {"text": f"by {delivery}", **({"delivery": delivery} if delivery else {})}
        sent = await api.alice.post(address, json=body)
        assert (sent.status_code, sent.json()["outcome"]) == (202, "sent")
        assert sent.headers["location"] == f"/v1/runs/{run['id']}"
    unread = (await api.alice.get(f"/v1/runs/{run['id']}")).json()["unread"]
    assert [(each["text"], each["delivery"]) for each in unread] == [
        ("by steer", "steer"),
        ("by interrupt", "interrupt"),
        ("by None", "steer"),
    ]
    assert await texts(api, run["thread_id"]) == ["Do it"]
    await writer.close()


async def test_a_message_is_an_answer_a_task_or_only_stands(api: Api) -> None:
    thread = await new_thread(api.alice)
    address = f"/v1/threads/{thread}/messages"
    key = {"Idempotency-Key": "k"}
    stored = [await api.alice.post(address, json={"text": "Hm."}, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in stored] == [201, 201]
    assert stored[0].json() == stored[1].json()
    started = await api.alice.post(address, json={"text": "Do it", "delivery": "interrupt"})
    assert (started.status_code, started.json()["outcome"]) == (202, "queued")
    run = started.json()["run"]
    await (await claim(api.services, run["id"])).close()
    await await_input(api.services, run["id"])
    answered = await api.alice.post(address, json={"text": "a", "delivery": "steer"})
    assert (answered.json()["outcome"], answered.json()["run"]["id"]) == ("answered", run["id"])
    for body in ({"text": ""}, {"text": "x", "delivery": "fly"}, {"text": "x", "agent_id": "rubbish"}):
        refused = await api.alice.post(address, json=body)
        assert refused.status_code in {404, 422}
    assert (await api.bob.post(address, json={"text": "x", "delivery": "steer"})).status_code == 404


async def test_queued_runs_are_seen_changed_and_taken_back(api: Api) -> None:
    first = await new_run(api.alice)
    thread = first["thread_id"]
    second, third = [await new_run(api.alice, thread, input=text) for text in ("two", "three")]
    await (await claim(api.services, first["id"])).close()
    address = f"/v1/threads/{thread}/runs"
    queued = (await api.alice.get(address, params={"status": "queued"})).json()["items"]
    assert [(run["id"], run["input"]) for run in queued] == [(third["id"], "three"), (second["id"], "two")]
    changed = await api.alice.patch(f"/v1/runs/{second['id']}", json={"input": "zwei"})
    assert (changed.status_code, changed.json()["input"]) == (200, "zwei")
    refused = await api.alice.patch(f"/v1/runs/{first['id']}", json={"input": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "run_not_waiting_its_turn")
    assert (await api.bob.patch(f"/v1/runs/{second['id']}", json={"input": "x"})).status_code == 404
    assert (await api.alice.post(f"/v1/runs/{third['id']}/stop")).json()["status"] == "stopped"
    queued = (await api.alice.get(address, params={"status": "queued"})).json()["items"]
    assert [run["id"] for run in queued] == [second["id"]]


async def test_an_edit_makes_a_sibling_and_both_paths_can_be_read(api: Api) -> None:
    thread = await new_thread(api.alice)
    await done(api, thread, "red?", "Red.")
    await done(api, thread, "blue?", "Blue.")
    address = f"/v1/threads/{thread}/messages"
    items = (await api.alice.get(address)).json()["items"]
    old = items[2]
    made = await api.alice.post(f"{address}/{old['id']}/edit", json={"text": "green?"})
    assert made.status_code == 202
    refused = await api.alice.post(f"{address}/{old['id']}/edit", json={"text": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "run_in_progress")
    refused = await api.alice.post(f"/v1/threads/{thread}/branch", json={"message_id": old["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "run_in_progress")
    await answered(api, made.json(), "Green.")
    new = (await api.alice.get(address)).json()["items"]
    assert [item["parts"][0]["text"] for item in new] == ["red?", "Red.", "green?", "Green."]
    assert new[2]["siblings"] == [old["id"], new[2]["id"]]
    assert new[0]["siblings"] == [new[0]["id"]]
    assert await texts(api, thread, leaf=old["id"]) == ["red?", "Red.", "blue?", "Blue."]
    chosen = await api.alice.post(f"/v1/threads/{thread}/branch", json={"message_id": old["id"]})
    assert (chosen.status_code, chosen.json()["leaf_id"]) == (200, items[3]["id"])
    assert await texts(api, thread) == ["red?", "Red.", "blue?", "Blue."]


async def test_a_retry_answers_the_same_message_with_another_model(api: Api) -> None:
    thread = await new_thread(api.alice)
    run = await done(api, thread, "red?", "Red.")
    address = f"/v1/threads/{thread}/messages"
    asked, reply = (await api.alice.get(address)).json()["items"]
    made = (
        await api.alice.post(f"{address}/{reply['id']}/retry", json={"model": "anthropic/scripted"})
    ).json()
    assert (made["model"], made["message_id"], made["input"]) == ("anthropic/scripted", asked["id"], None)
    await answered(api, made, "Dark red.")
    again = (await api.alice.post(f"/v1/runs/{run['id']}/retry", json={})).json()
    assert (again["model"], again["message_id"]) == (run["model"], asked["id"])
    await answered(api, again, "Light red.")
    items = (await api.alice.get(address)).json()["items"]
    assert [item["parts"][0]["text"] for item in items] == ["red?", "Light red."]
    assert items[1]["siblings"].index(reply["id"]) == 0
    assert len(items[1]["siblings"]) == 3
    refused = await api.alice.post(f"{address}/{reply['id']}/edit", json={"text": "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "message_not_editable")


async def test_messages_are_read_backwards_too(api: Api) -> None:
    thread = await new_thread(api.alice)
    for number in range(5):
        await api.alice.post(f"/v1/threads/{thread}/messages", json={"text": str(number)})
    address = f"/v1/threads/{thread}/messages"
    page = (await api.alice.get(address, params={"before": "end", "limit": 2})).json()
    assert [item["parts"][0]["text"] for item in page["items"]] == ["3", "4"]
    assert (page["previous"], page["next"]) == ("4", None)
    assert await texts(api, thread, before=page["previous"], limit=2) == ["1", "2"]
    first = (await api.alice.get(address, params={"before": "2"})).json()
    assert ([item["position"] for item in first["items"]], first["previous"]) == ([1], None)
    for params in ({"before": "rubbish"}, {"before": "-1"}):
        refused = await api.alice.get(address, params=params)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor")


async def test_unknown_messages_are_said_to_be(api: Api) -> None:
    thread = await new_thread(api.alice)
    other = await new_thread(api.alice)
    elsewhere = (await api.alice.post(f"/v1/threads/{other}/messages", json={"text": "x"})).json()["id"]
    address = f"/v1/threads/{thread}"
    for unknown in (new_id(), "rubbish", elsewhere):
        for answer in (
            await api.alice.get(f"{address}/messages", params={"leaf": unknown}),
            await api.alice.post(f"{address}/branch", json={"message_id": unknown}),
            await api.alice.post(f"{address}/messages/{unknown}/edit", json={"text": "x"}),
            await api.alice.post(f"{address}/messages/{unknown}/retry", json={}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "message_not_found")
    assert (await api.bob.get(f"{address}/messages", params={"leaf": elsewhere})).status_code == 404
    assert (await api.bob.post(f"{address}/branch", json={"message_id": elsewhere})).status_code == 404
