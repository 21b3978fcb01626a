"""Threads."""

from builtins import list as list_of
from typing import LiteralString

from factotum.core.errors import NotFound
from factotum.core.ids import new_id
from factotum.store.jsonb import clean_text
from factotum.store.paging import newest_in_accounts, page
from factotum.store.records import Thread, ThreadFilter
from factotum.store.tx import Tx

_COLUMNS = (
    "id, account_id, project_id, agent_id, title, last_position, leaf_id, pinned_at, archived_at, "
    "created_at, updated_at"
)
_KEPT = """(%(archived)s = 'with' or (archived_at is not null) = (%(archived)s = 'only'))
        and (%(search)s = '' or title ilike %(search)s)"""
# Whole conditions, so that the few pinned threads are found in their own index.
_WHERE: dict[bool | None, LiteralString] = {
    None: _KEPT,
    True: f"{_KEPT} and pinned_at is not null",
    False: f"{_KEPT} and pinned_at is null",
}
_PAGE: dict[bool | None, LiteralString] = {
    pinned: newest_in_accounts("threads", _COLUMNS, where=where) for pinned, where in _WHERE.items()
}
_PAGE_OF_PROJECT: dict[bool | None, LiteralString] = {
    pinned: f"""
select {_COLUMNS} from factotum.threads
where project_id = %(project)s and {where}
    and id < coalesce(%(after)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
order by id desc limit %(limit)s"""
    for pinned, where in _WHERE.items()
}


EVERY = ThreadFilter()
"""All that are not archived."""


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
        self,
        *,
        project_id: str | None = None,
        which: ThreadFilter = EVERY,
        after: str | None = None,
        limit: int = 50,
    ) -> list_of[Thread]:
        """Return a page, newest first: those after the thread with id `after`, of one project or of all."""
        bounds = {
            "project": project_id,
            "account": None,
            "after": after,
            "limit": page(limit),
            "archived": which.archived,
            "search": _pattern(which.search),
        }
        queries = _PAGE if project_id is None else _PAGE_OF_PROJECT
        rows = await self._tx.all(queries[which.pinned], bounds)
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

    async def put(
        self, thread_id: str, *, pinned: bool | None = None, archived: bool | None = None
    ) -> Thread:
        """Pin it or archive it, or take that back; None leaves it. Raises NotFound, Forbidden.

        Its place among pinned ones, and when it was put away, stay when it is done twice.
        """
        row = await self._tx.one(
            f"""
update factotum.threads set
    pinned_at = case when %(pinned)s::boolean is null then pinned_at
        when %(pinned)s then coalesce(pinned_at, now()) end,
    archived_at = case when %(archived)s::boolean is null then archived_at
        when %(archived)s then coalesce(archived_at, now()) end
where id = %(thread)s returning {_COLUMNS}""",
            {"thread": thread_id, "pinned": pinned, "archived": archived},
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


def _pattern(search: str) -> str:
    text = clean_text(search).strip()
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return f"%{text}%" if text else ""


def thread_missing() -> NotFound:
    """Return the error for a thread that does not exist, or not for this caller."""
    return NotFound("There is no such thread.", code="thread_not_found")
