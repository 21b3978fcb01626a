"""Deployments: what a project shows to people, and taking it away."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from factotum.core.errors import FactotumError
from factotum.core.frozen import Frozen
from factotum.sandbox.sites.shelf import Shelf
from factotum.store.database import Database
from factotum.store.deployments import Deployments
from factotum.store.projects import Projects
from factotum.store.records import Caller, Deployment, WithdrawnSite
from factotum.tools.builtin.publishing import LOCAL_SECONDS, Publisher, Site

_log = logging.getLogger(__name__)

_BATCH = 20


class ShownDeployment(Frozen):
    """A folder that is shown. `address` is null where this process cannot say it."""

    id: str
    name: str
    target: Literal["cloudflare", "local"]
    address: str | None
    files: int
    size_bytes: int
    deployed_at: datetime | None


class DeploymentList(Frozen):
    """All deployments of a project, the newest first."""

    items: tuple[ShownDeployment, ...]


class PostgresDeploymentBook:
    """What workers note. Implements the deploy tool's DeploymentBook."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, site: Site) -> None:
        """Note a site before it is shown."""
        async with self._database.system() as tx:
            await Deployments(tx).begin(site.id, site.project_id, site.name, site.target)

    async def done(self, site: Site, *, address: str, files: int, size: int) -> None:
        """Note what it shows; an address that was signed is made anew for whoever asks."""
        kept = "" if site.target == "local" else address
        async with self._database.system() as tx:
            await Deployments(tx).done(site.id, address=kept, files=files, size=size)


class DeploymentService:
    """Lists and withdraws. `publishers` are those that the settings allow."""

    def __init__(self, database: Database, publishers: Iterable[Publisher], shelf: Shelf) -> None:
        self._database = database
        self._publishers = {publisher.target: publisher for publisher in publishers}
        self._shelf = shelf

    async def list(self, caller: Caller, project_id: str) -> DeploymentList:
        """Return a project's. Raises NotFound (`project_not_found`)."""
        async with self._database.tenant(caller) as tx:
            await Projects(tx).get(project_id)
            found = await Deployments(tx).list(project_id)
        return DeploymentList(items=tuple(self._shown(each) for each in found))

    async def withdraw(self, caller: Caller, project_id: str, deployment_id: str) -> None:
        """Take one away; what cannot be taken away now is tried again by the workers.

        Raises NotFound (`project_not_found`, `deployment_not_found`), Forbidden.
        """
        async with self._database.tenant(caller) as tx:
            await Projects(tx).get(project_id)
            found = await Deployments(tx).withdraw(project_id, deployment_id)
        await self._take_away(found)

    async def clean(self) -> int:
        """Take away what was withdrawn, or has lost its project; return how many. Raises Unavailable."""
        async with self._database.system() as tx:
            waiting = await Deployments(tx).to_take_away(_BATCH)
        return sum([await self._take_away(each) for each in waiting])

    async def _take_away(self, deployment: WithdrawnSite) -> bool:
        publisher = self._publishers.get(deployment.target)
        if publisher is None:
            _log.warning("deployment %s stays: %s is not set up", deployment.id, deployment.target)
            return False
        try:
            await publisher.withdraw(Site(deployment.project_id, deployment.name, deployment.target))
        except (FactotumError, OSError) as fault:
            _log.warning("deployment %s stays for now: %s", deployment.id, fault)
            return False
        async with self._database.system() as tx:
            await Deployments(tx).forget(deployment.id)
        return True

    def _shown(self, deployment: Deployment) -> ShownDeployment:
        address = deployment.address or None
        if deployment.target == "local" and self._shelf.sign is not None:
            address = self._shelf.sign(deployment.id, LOCAL_SECONDS)
        return ShownDeployment(
            id=deployment.id,
            name=deployment.name,
            target=deployment.target,
            address=address,
            files=deployment.files,
            size_bytes=deployment.size_bytes,
            deployed_at=deployment.deployed_at,
        )
