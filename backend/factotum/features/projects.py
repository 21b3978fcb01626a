"""Projects: make, list, rename, delete together with their workspace."""

import logging

from factotum.core.errors import Conflict, FactotumError
from factotum.core.frozen import Frozen
from factotum.features.accounts import own_account
from factotum.features.ids import cursor
from factotum.features.pages import Name, Page, PageRequest, next_after
from factotum.sandbox.port import SandboxProvider
from factotum.store.activity import Activity
from factotum.store.database import Database
from factotum.store.projects import Projects
from factotum.store.records import Caller, Project

_log = logging.getLogger(__name__)


class NewProject(Frozen):
    """What a project is made of."""

    name: Name


class ProjectChange(Frozen):
    """What can be changed of a project."""

    name: Name


class ProjectPage(Page[Project]):
    """A page of projects, newest first."""


class ProjectService:
    """The caller's projects."""

    def __init__(self, database: Database, sandboxes: SandboxProvider) -> None:
        self._database = database
        self._sandboxes = sandboxes

    async def create(self, caller: Caller, new: NewProject) -> Project:
        """Make one in the caller's own account."""
        async with self._database.tenant(caller) as tx:
            account = await own_account(tx)
            return await Projects(tx).create(account.id, new.name)

    async def get(self, caller: Caller, project_id: str) -> Project:
        """Return one. Raises NotFound (`project_not_found`)."""
        async with self._database.tenant(caller) as tx:
            return await Projects(tx).get(project_id)

    async def list(self, caller: Caller, page: PageRequest) -> ProjectPage:
        """Return a page. Raises InvalidInput (`invalid_cursor`)."""
        async with self._database.tenant(caller) as tx:
            found = await Projects(tx).list(after=cursor(page.after), limit=page.limit)
        last = found[-1].id if found else ""
        return ProjectPage(items=tuple(found), next=next_after(found, page.limit, last))

    async def change(self, caller: Caller, project_id: str, change: ProjectChange) -> Project:
        """Rename it. Raises NotFound, Forbidden."""
        async with self._database.tenant(caller) as tx:
            return await Projects(tx).rename(project_id, change.name)

    async def delete(self, caller: Caller, project_id: str) -> None:
        """Delete it with its threads and messages and, once that is certain, its workspace.

        Raises NotFound, Forbidden, Conflict (`project_busy`) while a run of it has not ended.
        """
        async with self._database.tenant(caller) as tx:
            busy = await Activity(tx).unended_run_of_project(project_id)
            if busy is not None:
                raise Conflict(
                    "A run of this project has not ended.",
                    hint=f"Stop it first: POST /v1/runs/{busy}/stop.",
                    code="project_busy",
                )
            await Projects(tx).delete(project_id)
        try:
            await self._sandboxes.delete(project_id)
        except (FactotumError, OSError):
            # The project is gone either way; failing now would only tell the caller to delete it again.
            _log.warning("the workspace of the deleted project %s is left behind", project_id, exc_info=True)
