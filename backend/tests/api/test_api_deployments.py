"""What a project shows to people: listed, withdrawn, and taken away with its project."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from factotum.bus.writer import RunLogWriter
from factotum.core.errors import Conflict, FactotumError, NotFound, Unavailable
from factotum.core.ids import new_id
from factotum.features.deployments import DeploymentService, PostgresDeploymentBook
from factotum.runs.upkeep import Cleaner
from factotum.sandbox.sites.gathering import Gathered
from factotum.store.deployments import MOST_OF_PROJECT, Deployments
from factotum.tools.builtin.publishing import Published, Site, Target
from tests.api.api_support import claim, finish, new_run
from tests.api.conftest import Api
from tests.fixtures_store import ALICE, ALICE_ACCOUNT, BOB, add_member


class Host:
    """A publisher that notes what it takes away, and can be down."""

    target: Target = "cloudflare"

    def __init__(self) -> None:
        self.withdrawn: list[str] = []
        self.is_down = False

    async def publish(self, site: Site, gathered: Gathered, folder: Path, *, key: str) -> Published:
        raise AssertionError("nothing is published here")

    async def withdraw(self, site: Site) -> None:
        if self.is_down:
            raise Unavailable("It is down.")
        self.withdrawn.append(site.name)


async def project(api: Api) -> str:
    """Make a project with a run at work, as it is when something is deployed."""
    return (await at_work(api))[0]


async def at_work(api: Api) -> tuple[str, str, RunLogWriter]:
    """Make a project with a run at work; return both, and the writer of the run's log."""
    made = str((await api.alice.post("/v1/projects", json={"name": "Shown"})).json()["id"])
    thread = (await api.alice.post("/v1/threads", json={"project_id": made})).json()["id"]
    run = str((await new_run(api.alice, thread))["id"])
    return made, run, await claim(api.services, run)


async def deployed(api: Api, project_id: str, name: str, target: Target = "cloudflare") -> Site:
    """Note a deployment as the tool does."""
    book, site = PostgresDeploymentBook(api.services.database), Site(project_id, name, target)
    await book.begin(site)
    await book.done(site, address=f"https://{name}.pages.dev", files=3, size=99)
    return site


async def shown(client: httpx.AsyncClient, project_id: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/projects/{project_id}/deployments")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_deployments_are_listed_and_their_local_addresses_are_new(api: Api) -> None:
    here = await project(api)
    assert await shown(api.alice, here) == []
    await PostgresDeploymentBook(api.services.database).begin(Site(here, "begun", "cloudflare"))
    there = await deployed(api, here, "there")
    mine = await deployed(api, here, "mine", "local")
    first, second = await shown(api.alice, here)
    assert (first["id"], first["address"], first["target"]) == (mine.id, None, "local")
    assert (second["id"], second["address"]) == (there.id, "https://there.pages.dev")
    assert (second["files"], second["size_bytes"]) == (3, 99)
    api.services.shelf.sign = lambda site_id, seconds: f"http://{site_id}/{seconds}"
    assert (await shown(api.alice, here))[0]["address"] == f"http://{mine.id}/86400"
    await deployed(api, here, "there")
    assert [each["name"] for each in await shown(api.alice, here)] == ["there", "mine"]


async def test_nobody_else_sees_or_withdraws_them(api: Api, admin_database_url: str) -> None:
    here = await project(api)
    site = await deployed(api, here, "mine", "local")
    place = f"/v1/projects/{here}/deployments"
    assert (await api.bob.get(place)).status_code == 404
    assert (await api.bob.delete(f"{place}/{site.id}")).status_code == 404
    assert (await api.stranger.get(place)).status_code == 401
    add_member(admin_database_url, ALICE_ACCOUNT, BOB.user_id, "viewer")
    assert len(await shown(api.bob, here)) == 1
    assert (await api.bob.delete(f"{place}/{site.id}")).status_code == 403
    assert len(await shown(api.alice, here)) == 1
    other = await project(api)
    missing = await api.alice.delete(f"/v1/projects/{other}/deployments/{site.id}")
    assert (missing.status_code, missing.json()["code"]) == (404, "deployment_not_found")
    assert (await api.alice.delete(f"{place}/no-id")).status_code in (404, 422)


async def test_withdrawing_takes_it_away_and_what_fails_is_tried_again(api: Api) -> None:
    host, database = Host(), api.services.database
    service = DeploymentService(database, [host], api.services.shelf)
    here = await project(api)
    one, two = await deployed(api, here, "one"), await deployed(api, here, "two")
    local = await deployed(api, here, "local", "local")
    await service.withdraw(ALICE, here, one.id)
    assert host.withdrawn == ["one"]
    host.is_down = True
    await service.withdraw(ALICE, here, two.id)
    await service.withdraw(ALICE, here, local.id)  # nobody here knows how: it stays for who does
    assert await shown(api.alice, here) == []
    assert await service.clean() == 0
    host.is_down = False
    cleaner = Cleaner(database, api.services.sandboxes, service)
    assert await cleaner.clean() == 1
    assert host.withdrawn == ["one", "two"]
    with pytest.raises(NotFound):
        await service.withdraw(ALICE, here, two.id)
    async with database.system() as tx:
        assert [each.name for each in await Deployments(tx).to_take_away(9)] == ["local"]
    assert await api.services.deployments.clean() == 1


async def test_one_that_is_made_again_while_it_goes_stays(api: Api) -> None:
    here = await project(api)
    site = await deployed(api, here, "one")
    async with api.services.database.tenant(ALICE) as tx:
        await Deployments(tx).withdraw(here, site.id)
    await deployed(api, here, "one")
    async with api.services.database.system() as tx:
        await Deployments(tx).forget(site.id)
    assert len(await shown(api.alice, here)) == 1


async def test_they_go_with_their_project(api: Api) -> None:
    host = Host()
    service = DeploymentService(api.services.database, [host], api.services.shelf)
    (here, run, writer), kept = await at_work(api), await project(api)
    await deployed(api, here, "gone")
    await deployed(api, kept, "kept")
    await finish(api.services, run, writer)
    assert (await api.alice.delete(f"/v1/projects/{here}")).status_code == 204
    assert (await api.alice.get(f"/v1/projects/{here}/deployments")).status_code == 404
    assert await service.clean() == 1
    assert host.withdrawn == ["gone"]
    assert await service.clean() == 0
    book = PostgresDeploymentBook(api.services.database)
    with pytest.raises(NotFound):
        await book.begin(Site(here, "late", "cloudflare"))
    with pytest.raises(NotFound):
        await book.begin(Site(new_id(), "never", "cloudflare"))


async def test_a_project_has_a_bounded_number(api: Api) -> None:
    here = await project(api)
    sites = [await deployed(api, here, f"site-{number}") for number in range(MOST_OF_PROJECT)]
    book = PostgresDeploymentBook(api.services.database)
    await book.begin(sites[3])
    with pytest.raises(Conflict) as caught:
        await book.begin(replace(sites[0], name="one-more"))
    error: FactotumError = caught.value
    assert error.stable_code == "deployments_full"
