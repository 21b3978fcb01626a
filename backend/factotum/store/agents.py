"""An account's definitions of agents."""

from builtins import list as list_of
from typing import Any

from pydantic import JsonValue, TypeAdapter

from factotum.core.errors import NotFound
from factotum.core.ids import new_id
from factotum.store.jsonb import clean_text, encode
from factotum.store.paging import newest_in_accounts, page
from factotum.store.records import Agent
from factotum.store.tx import Tx

_COLUMNS = "id, account_id, name, model, instructions, settings, created_at"
_PAGE = newest_in_accounts("agents", _COLUMNS)
_SETTINGS: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class Agents:
    """Queries on agents, in a tenant's transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def create(
        self,
        account_id: str,
        name: str,
        *,
        model: str | None = None,
        instructions: str = "",
        settings: dict[str, JsonValue] | None = None,
    ) -> Agent:
        """Make one. Raises Forbidden where the caller may not write, also when the account does not exist."""
        row = await self._tx.one(
            f"""
insert into factotum.agents (id, account_id, name, model, instructions, settings)
values (%s, %s, %s, %s, %s, %s) returning {_COLUMNS}""",
            (
                new_id(),
                account_id,
                clean_text(name),
                model,
                clean_text(instructions),
                encode(_SETTINGS, settings or {}),
            ),
        )
        return _agent(row or {})

    async def get(self, agent_id: str) -> Agent:
        """Return one. Raises NotFound (`agent_not_found`)."""
        row = await self._tx.one(f"select {_COLUMNS} from factotum.agents where id = %s", (agent_id,))
        if row is None:
            raise _missing()
        return _agent(row)

    async def list(
        self, *, account_id: str | None = None, after: str | None = None, limit: int = 50
    ) -> list_of[Agent]:
        """Return a page, newest first: those after the agent with id `after`, of one account or of all."""
        rows = await self._tx.all(
            _PAGE,
            {"account": account_id, "after": after, "limit": page(limit)},
        )
        return [_agent(row) for row in rows]

    async def change(self, agent: Agent) -> Agent:
        """Store its name, model, instructions and settings. Raises NotFound, Forbidden."""
        row = await self._tx.one(
            f"""
update factotum.agents set name = %s, model = %s, instructions = %s, settings = %s
where id = %s returning {_COLUMNS}""",
            (
                clean_text(agent.name),
                agent.model,
                clean_text(agent.instructions),
                encode(_SETTINGS, agent.settings),
                agent.id,
            ),
        )
        if row is None:
            raise await self._tx.refusal("agents", agent.id, _missing())
        return _agent(row)

    async def delete(self, agent_id: str) -> None:
        """Delete it; threads and runs that named it stay. Raises NotFound, Forbidden."""
        if not await self._tx.run("delete from factotum.agents where id = %s", (agent_id,)):
            raise await self._tx.refusal("agents", agent_id, _missing())


def _agent(row: dict[str, Any]) -> Agent:
    return Agent.model_validate({**row, "settings": _SETTINGS.validate_json(row["settings"])})


def _missing() -> NotFound:
    return NotFound("There is no such agent.", code="agent_not_found")
