"""Threads and the messages in them."""

from typing import Annotated, Self

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from factotum.core.errors import Conflict
from factotum.core.frozen import Frozen
from factotum.features.accounts import own_account
from factotum.features.ids import cursor, named
from factotum.features.pages import Page, PageRequest, next_after
from factotum.protocol.runs import Run, RunStatus
from factotum.store.activity import Activity
from factotum.store.database import Database
from factotum.store.projects import Projects
from factotum.store.records import Caller, Thread, ThreadFilter
from factotum.store.runs import Runs
from factotum.store.threads import EVERY, Threads
from factotum.store.tx import Tx

Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
_PROJECT_NAME_LENGTH = 200


class NewThread(Frozen):
    """What a thread is made of. Without `project_id` it gets a project of its own."""

    project_id: str | None = None
    title: Title = ""


class ThreadChange(Frozen):
    """What can be changed of a thread; what is left out stays as it is."""

    title: Title | None = None
    pinned: bool | None = None
    archived: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.title is None and self.pinned is None and self.archived is None:
            raise PydanticCustomError("no_change", "Give a title, `pinned` or `archived`")
        return self


class ThreadPage(Page[Thread]):
    """A page of threads, newest first."""


class RunPage(Page[Run]):
    """A page of runs, newest first."""


class ThreadService:
    """The caller's threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, caller: Caller, new: NewThread) -> Thread:
        """Make one. Raises NotFound (`project_not_found`), Forbidden."""
        async with self._database.tenant(caller) as tx:
            if new.project_id is None:
                project_id = await _own_project(tx, new.title)
            else:
                project_id = named("project", new.project_id)
            return await Threads(tx).create(project_id, title=new.title)

    async def get(self, caller: Caller, thread_id: str) -> Thread:
        """Return one. Raises NotFound (`thread_not_found`)."""
        async with self._database.tenant(caller) as tx:
            return await Threads(tx).get(thread_id)

    async def list(
        self,
        caller: Caller,
        page: PageRequest,
        *,
        project_id: str | None = None,
        which: ThreadFilter = EVERY,
    ) -> ThreadPage:
        """Return a page, of one project or of all. Raises NotFound (`project_not_found`), InvalidInput."""
        async with self._database.tenant(caller) as tx:
            if project_id is not None:
                await Projects(tx).get(named("project", project_id))
            found = await Threads(tx).list(
                project_id=project_id, which=which, after=cursor(page.after), limit=page.limit
            )
        last = found[-1].id if found else ""
        return ThreadPage(items=tuple(found), next=next_after(found, page.limit, last))

    async def change(self, caller: Caller, thread_id: str, change: ThreadChange) -> Thread:
        """Give it another title, pin it, archive it. Raises NotFound, Forbidden."""
        async with self._database.tenant(caller) as tx:
            threads = Threads(tx)
            if change.title is not None:
                await threads.rename(thread_id, change.title)
            return await threads.put(thread_id, pinned=change.pinned, archived=change.archived)

    async def delete(self, caller: Caller, thread_id: str) -> None:
        """Delete it with its messages and runs; the project and its files stay.

        Raises NotFound, Forbidden, Conflict (`thread_busy`) while a run of it has not ended.
        """
        async with self._database.tenant(caller) as tx:
            busy = await Activity(tx).unended_run_of_thread(thread_id)
            if busy is not None:
                raise Conflict(
                    "A run of this thread has not ended.",
                    hint=f"Stop it first: POST /v1/runs/{busy}/stop.",
                    code="thread_busy",
                )
            await Threads(tx).delete(thread_id)

    async def runs(
        self, caller: Caller, thread_id: str, page: PageRequest, *, status: RunStatus | None = None
    ) -> RunPage:
        """Return a page of the thread's runs. Raises NotFound, InvalidInput (`invalid_cursor`)."""
        async with self._database.tenant(caller) as tx:
            await Threads(tx).get(thread_id)
            found = await Runs(tx).list(thread_id, status=status, after=cursor(page.after), limit=page.limit)
        return _run_page(found, page)

    async def all_runs(self, caller: Caller, page: PageRequest, *, status: RunStatus | None) -> RunPage:
        """Return a page of the runs of all threads. Raises InvalidInput (`invalid_cursor`)."""
        async with self._database.tenant(caller) as tx:
            found = await Runs(tx).list_all(status=status, after=cursor(page.after), limit=page.limit)
        return _run_page(found, page)


async def _own_project(tx: Tx, title: str) -> str:
    account = await own_account(tx)
    name = title[:_PROJECT_NAME_LENGTH].strip() or "Untitled"
    return (await Projects(tx).create(account.id, name)).id


def _run_page(found: "list[Run]", page: PageRequest) -> RunPage:
    last = found[-1].id if found else ""
    return RunPage(items=tuple(found), next=next_after(found, page.limit, last))
