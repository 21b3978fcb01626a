"""The pool of connections, and the transactions made on it. Law: no statement runs outside a role of its own.

A transaction begins with one round trip that sets its role, its claims and its time limits; all of them end
with it, so nothing is left on a connection that a pooler may hand to somebody else.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from factotum.core.errors import InvalidInput
from factotum.core.tasks import cancellations
from factotum.store.connection import CONNECT_SECONDS, NOTICING, RECONNECT_SECONDS, NoAnswer, PromptConnection
from factotum.store.faults import connection_fault, translated
from factotum.store.records import Caller
from factotum.store.revision import SYSTEM_ROLE, TENANT_ROLE, VISITOR_ROLE
from factotum.store.startup import check_role, check_schema
from factotum.store.tx import Tx

_IDLE_IN_TRANSACTION_SECONDS = 10
"""A process that is stopped in the middle of a transaction loses it, and its locks, before its leases end."""
_SERVERS_OWN_SECONDS = 3
"""How much longer than `statement_timeout` an answer is waited for: only a server that hangs lets it pass."""


class Database:
    """A pool for one process. Open it before use, close it at the end; one per event loop.

    `pooler` is for an address of a transaction pooler: then no statement is prepared. Times are seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        pooler: bool = False,
        application_name: str = "factotum",
        statement_timeout: float = 15,
        lock_timeout: float = 5,
        pool_timeout: float = 5,
        begin_timeout: float = 5,
    ) -> None:
        self._url = url
        self._begin_timeout = begin_timeout
        self._answer_timeout = statement_timeout + _SERVERS_OWN_SECONDS
        self._limits = {
            "statement_timeout": f"{statement_timeout * 1000:.0f}",
            "lock_timeout": f"{lock_timeout * 1000:.0f}",
            "idle_in_transaction_session_timeout": f"{_IDLE_IN_TRANSACTION_SECONDS * 1000}",
        }
        self._options: dict[str, Any] = {
            "autocommit": True,  # BEGIN is ours: it travels together with the role and the claims.
            "prepare_threshold": None if pooler else 5,
            "application_name": application_name,
            "connect_timeout": CONNECT_SECONDS,
            **NOTICING,
            "row_factory": dict_row,
        }
        self._pool: AsyncConnectionPool[PromptConnection[DictRow]] = AsyncConnectionPool(
            url,
            connection_class=PromptConnection[DictRow],
            kwargs=self._options,
            min_size=1,
            max_size=pool_size,
            max_waiting=pool_size * 100,
            timeout=pool_timeout,
            reconnect_timeout=RECONNECT_SECONDS,
            configure=self._configure,
            open=False,
            name=application_name,
        )
        self._system_begin = self._begin(SYSTEM_ROLE, "")

    @property
    def url(self) -> str:
        """The address that the pool signs in at; it holds the password."""
        return self._url

    async def open(self) -> None:
        """Check the database and fill the pool.

        Raises SetupFault when the role could bypass row-level security or the schema is not this version's,
        Unavailable when the database cannot be reached.
        """
        try:
            connection = await PromptConnection[DictRow].connect(self._url, **self._options)
        except psycopg.OperationalError as error:
            raise connection_fault(error) from error
        try:
            async with connection:
                await check_role(connection)
                await check_schema(connection)
            await self._pool.open(wait=True, timeout=CONNECT_SECONDS)
        except psycopg.Error as error:
            await self._pool.close()
            raise translated(error) from error
        except asyncio.CancelledError:
            await self._pool.close()
            raise

    async def close(self) -> None:
        """Give the connections back. Closing twice does nothing."""
        await self._pool.close()

    @asynccontextmanager
    async def tenant(self, caller: Caller) -> AsyncGenerator[Tx]:
        """A transaction in which `caller` sees and changes what its account memberships allow, and no more.

        Raises Unavailable when the database is down, busy or full; Conflict, NotFound, Forbidden or
        InvalidInput when the database refuses a statement (store/faults.py).
        """
        async with self._transaction(self._begin(TENANT_ROLE, _claims(caller)), TENANT_ROLE) as tx:
            yield tx

    @asynccontextmanager
    async def system(self) -> AsyncGenerator[Tx]:
        """A transaction across tenants that can only claim, lease and sweep runs. Raises as `tenant`."""
        async with self._transaction(self._system_begin, SYSTEM_ROLE) as tx:
            yield tx

    @asynccontextmanager
    async def visitor(self, token_hash: str) -> AsyncGenerator[Tx]:
        """A transaction that reads what the link with this hash of a token shares, and nothing without one.

        Raises as `tenant`.
        """
        claims = json.dumps({"share": token_hash})
        async with self._transaction(self._begin(VISITOR_ROLE, claims), VISITOR_ROLE) as tx:
            yield tx

    def _begin(self, role: str, claims: str) -> sql.Composed:
        values = {"role": role, "request.jwt.claims": claims, **self._limits}
        calls = sql.SQL(", ").join(
            sql.SQL("set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
            for name, value in values.items()
        )
        return sql.SQL("begin; select {}").format(calls)

    @asynccontextmanager
    async def _transaction(self, begin: sql.Composed, role: str) -> AsyncGenerator[Tx]:
        try:
            connection = await self._started(begin)
            try:
                async with connection:
                    yield Tx(connection, role)
            finally:
                await self._pool.putconn(connection)
        except psycopg.Error as error:
            raise translated(error) from error

    async def _started(self, begin: sql.Composed) -> PromptConnection[DictRow]:
        """Take a connection and begin on it.

        After a restart of the database the pool holds dead ones: the first that fails has the others checked,
        and one more is tried, since nothing has been done yet. One that hangs is not tried again, nor is a
        pool that has none to give.
        """
        try:
            return await self._try_start(begin)
        except (NoAnswer, PoolTimeout):
            raise
        except psycopg.OperationalError:
            await self._pool.check()
            return await self._try_start(begin)

    async def _try_start(self, begin: sql.Composed) -> PromptConnection[DictRow]:
        before = cancellations()
        connection = await self._pool.getconn()
        try:
            if cancellations() > before:  # The pool waits by `asyncio.wait_for`.
                raise asyncio.CancelledError
            await connection.execute(begin, prepare=False)
        except BaseException:
            await self._pool.putconn(connection)
            raise
        return connection

    async def _configure(self, connection: PromptConnection[DictRow]) -> None:
        """Read ids and JSON as text: what a repository returns is validated from JSON text in one pass."""
        for name in ("uuid", "json", "jsonb"):
            connection.adapters.register_loader(name, TextLoader)
        connection.begin_seconds = self._begin_timeout
        connection.answer_seconds = self._answer_timeout


def _claims(caller: Caller) -> str:
    try:
        claims = {"sub": str(uuid.UUID(caller.user_id)), "account": caller.account_id, "access": caller.scope}
        return json.dumps({name: value for name, value in claims.items() if value is not None})
    except ValueError:
        raise InvalidInput("The caller's id is not a UUID.") from None
