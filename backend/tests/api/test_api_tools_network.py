"""The tools and what was reached, over HTTP."""

from factotum.core.ids import new_id
from tests.api.conftest import Api


async def test_tools_are_listed_with_the_reason_for_those_that_are_not_offered(api: Api) -> None:
    tools = {tool["name"]: tool for tool in (await api.alice.get("/v1/tools")).json()["items"]}
    assert tools["shell"]["offered"]
    assert tools["read_webpage"]["offered"]
    assert tools["web_search"] == {
        "name": "web_search",
        "family": "web",
        "summary": tools["web_search"]["summary"],
        "effect": "pure",
        "deadline_seconds": 60,
        "offered": False,
        "reason": "No search provider is set up.",
        "setting": "TAVILY_API_KEY, EXA_API_KEY or FACTOTUM_SEARXNG_URL",
    }
    settings = {"policy": {"deny": ["shell.*"]}}
    agent = (await api.alice.post("/v1/agents", json={"name": "A", "settings": settings})).json()
    seen = (await api.alice.get("/v1/tools", params={"agent_id": agent["id"]})).json()["items"]
    assert {tool["name"] for tool in seen if tool["family"] == "shell" and tool["offered"]} == set()
    assert next(tool for tool in seen if tool["name"] == "shell")["reason"].startswith("The agent's policy")
    for other in (new_id(), "nonsense"):
        missing = await api.alice.get("/v1/tools", params={"agent_id": other})
        assert (missing.status_code, missing.json()["code"]) == (404, "agent_not_found")
    assert (await api.bob.get("/v1/tools", params={"agent_id": agent["id"]})).status_code == 404


async def test_the_network_log_of_a_thread_is_its_peoples(api: Api) -> None:
    thread = (await api.alice.post("/v1/threads", json={})).json()
    path = f"/v1/threads/{thread['id']}/network"
    assert (await api.alice.get(path)).json() == {"items": [], "next": None}
    assert (await api.bob.get(path)).status_code == 404
    assert (await api.alice.get(path, params={"after": "x"})).json()["code"] == "invalid_cursor"


async def test_network_rules_are_checked_when_they_are_written(api: Api) -> None:
    good = {"network": {"mode": "allow", "hosts": ["pypi.org"]}}
    assert (await api.alice.post("/v1/agents", json={"name": "A", "settings": good})).status_code == 201
    wrong: list[tuple[dict[str, object] | str, str]] = [
        ({"mode": "sometimes"}, ".mode"),
        ({"mode": "allow", "hosts": ["x", "http://x"]}, ".hosts.1"),
        ({"mode": "open", "x": 1}, ".x"),
        ("open", ""),
    ]
    for bad, where in wrong:
        refused = await api.alice.post("/v1/agents", json={"name": "A", "settings": {"network": bad}})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_network"), bad
        assert refused.json()["errors"][0]["field"] == f"settings.network{where}"
    thread = (await api.alice.post("/v1/threads", json={})).json()
    body: dict[str, object] = {"input": "Hello.", "options": {"network": {"mode": "allow", "hosts": ["a b"]}}}
    assert (await api.alice.post(f"/v1/threads/{thread['id']}/runs", json=body)).status_code == 422
    body["options"] = {"network": {"mode": "off"}}
    run = (await api.alice.post(f"/v1/threads/{thread['id']}/runs", json=body)).json()
    assert run["options"]["network"] == {"mode": "off", "hosts": []}
