"""Threads."""

from builtins import list as list_of

from factotum.core.errors import NotFound
from factotum.core.ids import new_id
from factotum.store.jsonb import clean_text
from factotum.store.paging import newest_in_accounts, page
from factotum.store.records import Thread
from factotum.store.tx import Tx

_COLUMNS = "id, account_id, project_id, agent_id, title, last_position, leaf_id, created_at, updated_at"
_PAGE = newest_in_accounts("threads", _COLUMNS)
_PAGE_OF_PROJECT = f"""
select {_COLUMNS} from factotum.threads
where project_id = %(project)s and id < coalesce(%(after)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by id desc limit %(limit)s"""


class Threads:
    """Queries on threads, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def create(
        self, project_id: str, *, title: str = "", agent_id: str | None = None, thread_id: str | None = None
    ) -> Thread:
        """Make one in a project. Raises NotFound (`project_not_found`, or for the agent), Forbidden."""
        row = await self._tx.one(
            f"""
insert into factotum.threads (id, account_id, project_id, agent_id, title)
select %s::uuid, account_id, id, %s::uuid, %s from factotum.projects where id = %s
returning {_COLUMNS}""",
            (thread_id or new_id(), agent_id, clean_text(title), project_id),
        )
        if row is None:
            raise NotFound("There is no such project.", code="project_not_found")
        return Thread.model_validate(row)

    async def get(self, thread_id: str) -> Thread:
        """Return one. Raises NotFound (`thread_not_found`)."""
        row = await self._tx.one(f"select {_COLUMNS} from factotum.threads where id = %s", (thread_id,))
        if row is None:
            raise thread_missing()
        return Thread.model_validate(row)

    async def list(
        self, *, project_id: str | None = None, after: str | None = None, limit: int = 50
    ) -> list_of[Thread]:
        """Return a page, newest first: those after the thread with id `after`, of one project or of all."""
        bounds = {"project": project_id, "account": None, "after": after, "limit": page(limit)}
        rows = await self._tx.all(_PAGE if project_id is None else _PAGE_OF_PROJECT, bounds)
        return [Thread.model_validate(row) for row in rows]

    async def rename(self, thread_id: str, title: str) -> Thread:
        """Change its title. Raises NotFound, Forbidden."""
        row = await self._tx.one(
            f"update factotum.threads set title = %s, updated_at = now() where id = %s returning {_COLUMNS}",
            (clean_text(title), thread_id),
        )
        if row is None:
            raise await self._tx.refusal("threads", thread_id, thread_missing())
        return Thread.model_validate(row)

    async def title_if_untitled(self, thread_id: str, title: str) -> bool:
        """Give it a title unless it has one, and say whether it got it: what a person chose stays."""
        return bool(
            await self._tx.run(
                "update factotum.threads set title = %s where id = %s and title = ''",
                (clean_text(title), thread_id),
            )
        )

    async def delete(self, thread_id: str) -> None:
        """Delete it with its messages and runs. Raises NotFound, Forbidden."""
        if not await self._tx.run("delete from factotum.threads where id = %s", (thread_id,)):
            raise await self._tx.refusal("threads", thread_id, thread_missing())


def thread_missing() -> NotFound:
    """Return the error for a thread that does not exist, or not for this caller."""
    return NotFound("There is no such thread.", code="thread_not_found")
