"""Projects, threads and messages over HTTP."""

from factotum.core.ids import new_id
from tests.api.conftest import Api


async def test_a_project_is_made_read_renamed_listed_and_deleted(api: Api) -> None:
    made = await api.alice.post("/v1/projects", json={"name": "  Work "})
    assert made.status_code == 201
    project = made.json()
    assert project["name"] == "Work"
    address = f"/v1/projects/{project['id']}"
    assert (await api.alice.get(address)).json() == project
    renamed = await api.alice.patch(address, json={"name": "Play"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Play")
    listed = (await api.alice.get("/v1/projects")).json()
    assert [item["name"] for item in listed["items"]] == ["Play"]
    assert listed["next"] is None
    deleted = await api.alice.delete(address)
    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = await api.alice.get(address)
    assert (gone.status_code, gone.json()["code"]) == (404, "project_not_found")


async def test_lists_are_read_page_by_page_newest_first(api: Api) -> None:
    names = [f"p{number}" for number in range(5)]
    for name in names:
        await api.alice.post("/v1/projects", json={"name": name})
    seen: list[str] = []
    after: str | None = None
    for _ in range(3):
        page = (
            await api.alice.get("/v1/projects", params={"limit": 2, **({"after": after} if after else {})})
        ).json()
        seen += [item["name"] for item in page["items"]]
        after = page["next"]
    assert seen == names[::-1]
    assert after is None


async def test_a_thread_without_a_project_gets_one_of_its_own(api: Api) -> None:
    named = (await api.alice.post("/v1/threads", json={"title": "Primes"})).json()
    untitled = (await api.alice.post("/v1/threads", json={})).json()
    projects = (await api.alice.get("/v1/projects")).json()["items"]
    assert {item["id"]: item["name"] for item in projects} == {
        named["project_id"]: "Primes",
        untitled["project_id"]: "Untitled",
    }


async def test_threads_are_listed_by_project_renamed_and_deleted(api: Api) -> None:
    project = (await api.alice.post("/v1/projects", json={"name": "P"})).json()
    first = (await api.alice.post("/v1/threads", json={"project_id": project["id"], "title": "one"})).json()
    await api.alice.post("/v1/threads", json={"title": "elsewhere"})
    mine = (await api.alice.get("/v1/threads", params={"project_id": project["id"]})).json()
    assert [item["id"] for item in mine["items"]] == [first["id"]]
    assert len((await api.alice.get("/v1/threads")).json()["items"]) == 2
    changed = await api.alice.patch(f"/v1/threads/{first['id']}", json={"title": "two"})
    assert changed.json()["title"] == "two"
    assert (await api.alice.get(f"/v1/threads/{first['id']}")).json()["title"] == "two"
    untouched = await api.alice.patch(f"/v1/threads/{first['id']}", json={})
    assert (untouched.status_code, untouched.json()["code"]) == (422, "invalid_input")
    assert (await api.alice.delete(f"/v1/threads/{first['id']}")).status_code == 204
    assert (await api.alice.delete(f"/v1/threads/{first['id']}")).json()["code"] == "thread_not_found"
    assert (await api.alice.get(f"/v1/projects/{project['id']}")).status_code == 200


async def test_messages_are_posted_and_read_by_position(api: Api) -> None:
    thread = (await api.alice.post("/v1/threads", json={})).json()["id"]
    address = f"/v1/threads/{thread}/messages"
    posted = [await api.alice.post(address, json={"text": f"text {number}"}) for number in range(3)]
    assert [answer.status_code for answer in posted] == [201, 201, 201]
    assert [(answer.json()["position"], answer.json()["role"]) for answer in posted][2] == (3, "user")
    page = (await api.alice.get(f"/v1/threads/{thread}/messages", params={"limit": 2})).json()
    assert [item["parts"][0]["text"] for item in page["items"]] == ["text 0", "text 1"]
    assert page["next"] == "2"
    rest = (await api.alice.get(f"/v1/threads/{thread}/messages", params={"after": page["next"]})).json()
    assert [item["position"] for item in rest["items"]] == [3]
    assert rest["next"] is None


async def test_what_a_text_column_cannot_hold_is_replaced_and_not_an_error(api: Api) -> None:
    made = await api.alice.post("/v1/threads", json={"title": "a\x00b"})
    assert (made.status_code, made.json()["title"]) == (201, "a\ufffdb")
    posted = await api.alice.post(f"/v1/threads/{made.json()['id']}/messages", json={"text": "a\x00b"})
    assert posted.json()["parts"][0]["text"] == "a\ufffdb"


async def test_unknown_projects_and_cursors_are_told_apart(api: Api) -> None:
    for unknown in (new_id(), "rubbish"):
        listed = await api.alice.get("/v1/threads", params={"project_id": unknown})
        assert (listed.status_code, listed.json()["code"]) == (404, "project_not_found")
        made = await api.alice.post("/v1/threads", json={"project_id": unknown})
        assert (made.status_code, made.json()["code"]) == (404, "project_not_found")
    thread = (await api.alice.post("/v1/threads", json={})).json()["id"]
    for address in (
        "/v1/projects",
        "/v1/threads",
        "/v1/runs",
        "/v1/agents",
        f"/v1/threads/{thread}/messages",
    ):
        refused = await api.alice.get(address, params={"after": "rubbish"})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_cursor")


async def test_threads_are_pinned_archived_and_searched(api: Api) -> None:
    async def titles(**params: str) -> list[str]:
        answer = await api.alice.get("/v1/threads", params=params)
        return [item["title"] for item in answer.json()["items"]]

    made = {
        title: (await api.alice.post("/v1/threads", json={"title": title})).json()["id"]
        for title in ("Ten primes", "A PRIME of 100%", "Colours")
    }
    top = await api.alice.patch(f"/v1/threads/{made['Colours']}", json={"pinned": True})
    assert top.json()["pinned_at"] is not None
    again = await api.alice.patch(f"/v1/threads/{made['Colours']}", json={"pinned": True, "title": "Hues"})
    assert (again.json()["pinned_at"], again.json()["title"]) == (top.json()["pinned_at"], "Hues")
    assert await titles(pinned="true") == ["Hues"]
    assert await titles(pinned="false") == ["A PRIME of 100%", "Ten primes"]
    assert await titles(search=" prime ") == ["A PRIME of 100%", "Ten primes"]
    assert await titles(search="0%") == ["A PRIME of 100%"]
    assert await titles(search="_") == []
    away = await api.alice.patch(f"/v1/threads/{made['Ten primes']}", json={"archived": True})
    assert away.json()["archived_at"] is not None
    assert await titles() == ["Hues", "A PRIME of 100%"]
    assert await titles(archived="only") == ["Ten primes"]
    assert await titles(archived="with", search="prime") == ["A PRIME of 100%", "Ten primes"]
    assert await titles(project_id=away.json()["project_id"], archived="only", pinned="false") == [
        "Ten primes"
    ]
    back = await api.alice.patch(
        f"/v1/threads/{made['Ten primes']}", json={"archived": False, "pinned": False}
    )
    assert back.json()["archived_at"] is None
    assert len(await titles()) == 3
    assert (await api.alice.get("/v1/threads", params={"archived": "maybe"})).status_code == 422
    foreign = await api.bob.patch(f"/v1/threads/{made['Colours']}", json={"pinned": False})
    assert foreign.json()["code"] == "thread_not_found"
