"""One transaction: the handle that repositories run their SQL on."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.rows import DictRow

from factotum.core.errors import FactotumError, Forbidden, NotFound
from factotum.store.revision import SCHEMA, SYSTEM_ROLE

Params = Mapping[str, Any] | Sequence[Any] | None


class Tx:
    """A transaction under one role. It commits when its `async with` block ends, or rolls back if it raised.

    In rows ids are text and JSON is its text, undecoded.
    """

    def __init__(self, connection: AsyncConnection[DictRow], role: str) -> None:
        self.connection = connection
        self.role = role

    async def one(self, query: LiteralString, params: Params = None) -> DictRow | None:
        """Run `query` and return its first row, or None."""
        cursor = await self.connection.execute(query, params)
        return await cursor.fetchone()

    async def all(self, query: LiteralString, params: Params = None) -> list[DictRow]:
        """Run `query` and return its rows."""
        cursor = await self.connection.execute(query, params)
        return await cursor.fetchall()

    async def run(self, query: LiteralString, params: Params = None) -> int:
        """Run `query` and return how many rows it touched."""
        cursor = await self.connection.execute(query, params)
        return cursor.rowcount

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """What fails inside is undone alone; the transaction goes on."""
        async with self.connection.transaction():
            yield

    @asynccontextmanager
    async def as_login(self) -> AsyncGenerator[AsyncConnection[DictRow]]:
        """Be the login role for a while, in the same transaction: the way to write a job into `queue`."""
        await self.connection.execute("set local role none")
        yield self.connection
        # After an error the transaction can only be rolled back, which ends every role it took.
        await self._become(self.role)

    @asynccontextmanager
    async def as_system(self) -> AsyncGenerator[None]:
        """Be the role of the narrow work across tenants for a while, in the same transaction."""
        await self._become(SYSTEM_ROLE)
        yield
        await self._become(self.role)

    async def _become(self, role: str) -> None:
        await self.connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))

    async def refusal(self, table: LiteralString, row_id: str, missing: NotFound) -> FactotumError:
        """Say why a change touched no row: `missing` if the caller cannot see the row, else Forbidden."""
        query = sql.SQL("select 1 from {} where id = %s").format(sql.Identifier(SCHEMA, table))
        cursor = await self.connection.execute(query, (row_id,))
        if await cursor.fetchone() is None:
            return missing
        return Forbidden(
            "You may read this account, but not change it.",
            hint="Ask an owner or admin of the account for more rights.",
        )
