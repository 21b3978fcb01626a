"""Projects."""

from builtins import list as list_of

from factotum.core.errors import NotFound
from factotum.core.ids import new_id
from factotum.store.jsonb import clean_text
from factotum.store.paging import newest_in_accounts, page
from factotum.store.records import Project
from factotum.store.tx import Tx

_COLUMNS = "id, account_id, name, created_at, updated_at"
_PAGE = newest_in_accounts("projects", _COLUMNS)


class Projects:
    """Queries on projects, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def create(self, account_id: str, name: str, *, project_id: str | None = None) -> Project:
        """Make one. Raises Forbidden where the caller may not write, also when the account does not exist."""
        row = await self._tx.one(
            f"insert into factotum.projects (id, account_id, name) values (%s, %s, %s) returning {_COLUMNS}",
            (project_id or new_id(), account_id, clean_text(name)),
        )
        return Project.model_validate(row)

    async def get(self, project_id: str) -> Project:
        """Return one. Raises NotFound (`project_not_found`)."""
        row = await self._tx.one(f"select {_COLUMNS} from factotum.projects where id = %s", (project_id,))
        if row is None:
            raise _missing()
        return Project.model_validate(row)

    async def list(
        self, *, account_id: str | None = None, after: str | None = None, limit: int = 50
    ) -> list_of[Project]:
        """Return a page, newest first: those after the project with id `after`, of one account or of all."""
        rows = await self._tx.all(
            _PAGE,
            {"account": account_id, "after": after, "limit": page(limit)},
        )
        return [Project.model_validate(row) for row in rows]

    async def rename(self, project_id: str, name: str) -> Project:
        """Change its name. Raises NotFound, Forbidden."""
        row = await self._tx.one(
            f"update factotum.projects set name = %s, updated_at = now() where id = %s returning {_COLUMNS}",
            (clean_text(name), project_id),
        )
        if row is None:
            raise await self._tx.refusal("projects", project_id, _missing())
        return Project.model_validate(row)

    async def delete(self, project_id: str) -> None:
        """Delete it with its threads, messages and runs. Raises NotFound, Forbidden."""
        gone = await self._tx.one(
            "delete from factotum.projects where id = %s returning account_id", (project_id,)
        )
        if gone is not None:
            # Hosts that keep a workspace of it look here (runs/upkeep.py).
            await self._tx.run(
                "insert into factotum.deleted_projects (project_id, account_id) values (%s, %s)",
                (project_id, gone["account_id"]),
            )
        else:
            raise await self._tx.refusal("projects", project_id, _missing())


def _missing() -> NotFound:
    return NotFound("There is no such project.", code="project_not_found")
