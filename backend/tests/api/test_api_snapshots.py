"""/v1/projects/{id}/snapshots: versions of a workspace, over real sandboxes."""

from typing import Any

import httpx

from factotum.core.ids import new_id
from factotum.features.snapshots import SnapshotService
from factotum.runs.keeping import AFTER_RUN
from factotum.testing.memory_sandbox import MemorySandboxProvider
from tests.api.api_support import claim, finish, new_run
from tests.api.conftest import Api
from tests.fixtures_store import ALICE, ALICE_ACCOUNT, BOB, add_member
from tests.needs import needs_sandbox


async def place(api: Api) -> tuple[str, str]:
    """Make a project with a thread; return where its snapshots are, and where its files."""
    await needs_sandbox(api.services.sandboxes)
    project = (await api.alice.post("/v1/projects", json={"name": "Versions"})).json()["id"]
    thread = (await api.alice.post("/v1/threads", json={"project_id": project})).json()["id"]
    return f"/v1/projects/{project}/snapshots", f"/v1/threads/{thread}/files"


async def listed(client: httpx.AsyncClient, snapshots: str) -> list[dict[str, Any]]:
    answer = await client.get(snapshots)
    assert answer.status_code == 200, answer.text
    assert answer.json()["supported"] is True
    return list(answer.json()["items"])


async def test_a_version_is_taken_put_back_and_deleted(api: Api) -> None:
    snapshots, files = await place(api)
    assert await listed(api.alice, snapshots) == []
    await api.alice.put(f"{files}/plan.md", content=b"one")
    taken = await api.alice.post(snapshots, json={"note": "first"})
    assert taken.status_code == 201, taken.text
    first = taken.json()
    assert (first["reason"], first["note"], first["size_bytes"], first["run_id"]) == (
        "asked",
        "first",
        3,
        None,
    )
    await api.alice.put(f"{files}/plan.md", content=b"two")
    restored = await api.alice.post(f"{snapshots}/{first['id']}/restore")
    assert restored.status_code == 204, restored.text
    assert (await api.alice.get(f"{files}/plan.md")).content == b"one"
    before, kept = await listed(api.alice, snapshots)
    assert (before["reason"], kept) == ("before_restore", first)
    await api.alice.post(f"{snapshots}/{before['id']}/restore")
    assert (await api.alice.get(f"{files}/plan.md")).content == b"two"
    for _ in range(2):
        assert (await api.alice.delete(f"{snapshots}/{first['id']}")).status_code == 204
    gone = await api.alice.post(f"{snapshots}/{first['id']}/restore")
    assert (gone.status_code, gone.json()["code"]) == (404, "snapshot_not_found")
    assert (await api.alice.post(snapshots, json={"note": "x" * 201})).status_code == 422


async def test_nothing_is_put_back_under_a_run(api: Api) -> None:
    snapshots, files = await place(api)
    await api.alice.put(f"{files}/a.txt", content=b"a")
    taken = (await api.alice.post(snapshots, json={})).json()["id"]
    run = await new_run(api.alice, files.split("/")[3])
    busy = await api.alice.post(f"{snapshots}/{taken}/restore")
    assert (busy.status_code, busy.json()["code"]) == (409, "project_busy")
    assert run["id"] in busy.json()["hint"]
    await finish(api.services, run["id"], await claim(api.services, run["id"]))
    assert (await api.alice.post(f"{snapshots}/{taken}/restore")).status_code == 204


async def test_a_viewer_sees_them_and_a_stranger_nothing(api: Api, admin_database_url: str) -> None:
    snapshots, files = await place(api)
    await api.alice.put(f"{files}/a.txt", content=b"a")
    taken = (await api.alice.post(snapshots, json={})).json()["id"]
    assert (await api.bob.get(snapshots)).status_code == 404
    add_member(admin_database_url, ALICE_ACCOUNT, BOB.user_id, "viewer")
    assert len(await listed(api.bob, snapshots)) == 1
    for answer in (
        await api.bob.post(snapshots, json={}),
        await api.bob.post(f"{snapshots}/{taken}/restore"),
        await api.bob.delete(f"{snapshots}/{taken}"),
    ):
        assert answer.status_code == 403, answer.text
    assert len(await listed(api.alice, snapshots)) == 1


async def test_what_a_run_left_names_the_run_and_what_cannot_be_says_so(api: Api) -> None:
    snapshots, files = await place(api)
    await api.alice.put(f"{files}/a.txt", content=b"a")
    project, run = snapshots.split("/")[3], new_id()
    sandbox = await api.services.sandboxes.open(project)
    await sandbox.snapshots.keep(f"{AFTER_RUN} {run}")
    (kept,) = await listed(api.alice, snapshots)
    assert (kept["reason"], kept["run_id"], kept["note"]) == ("after_run", run, "")
    # A note of a person's own is only words.
    asked = await api.alice.post(snapshots, json={"note": f"{AFTER_RUN} {run}"})
    assert (asked.json()["reason"], asked.json()["run_id"]) == ("asked", None)
    without = SnapshotService(api.services.database, MemorySandboxProvider())
    assert (await without.list(ALICE, project)).supported is False
