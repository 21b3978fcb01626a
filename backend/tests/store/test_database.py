"""The pool and its transactions: what is checked at the start, what they may become, how they fail."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from factotum.core.errors import (
    Conflict,
    FactotumError,
    Forbidden,
    InvalidInput,
    NotFound,
    SetupFault,
    Unavailable,
)
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.projects import Projects
from factotum.store.records import Caller
from factotum.store.threads import Threads


async def refused(url: str) -> FactotumError:
    database = Database(url)
    with pytest.raises(FactotumError) as caught:
        await database.open()
    await database.close()
    return caught.value


async def test_a_superuser_is_refused(admin_database_url: str) -> None:
    fault = await refused(admin_database_url)
    assert isinstance(fault, SetupFault)
    assert fault.stable_code == "database_role_bypasses"


async def test_the_owner_of_the_schema_is_refused(database_url: str, admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        connection.execute("alter schema factotum owner to factotum_app")
    assert (await refused(database_url)).stable_code == "database_role_is_owner"


async def test_a_database_that_was_not_migrated_is_refused(
    postgres: EmbeddedPostgres, empty_database: str, template_database: str
) -> None:
    fault = await refused(postgres.service_url(database=empty_database))
    assert (fault.stable_code, fault.hint) == ("schema_missing", "Run `factotum migrate`.")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("update factotum.alembic_version set version_num = '0001'", "schema_outdated"),
        (
            "update factotum.alembic_version set version_num = '9999';"
            " comment on table factotum.alembic_version is 'for code from revision 9998'",
            "schema_too_new",
        ),
        (
            "update factotum.alembic_version set version_num = '9999';"
            " comment on table factotum.alembic_version is null",
            "schema_too_new",
        ),
        ("delete from factotum.alembic_version", "schema_outdated"),
        ("comment on schema queue is 'procrastinate 3.0.0'", "schema_outdated"),
    ],
)
async def test_another_revision_is_refused(
    database_url: str, admin_database_url: str, statement: str, code: str
) -> None:
    with psycopg.connect(admin_database_url) as connection:
        connection.execute(statement.encode())
    assert (await refused(database_url)).stable_code == code


async def test_a_newer_revision_is_worked_with_where_it_allows_that(
    database_url: str, admin_database_url: str, alice: Caller
) -> None:
    """As in a deploy, which migrates first: processes of the version before may still start."""
    with psycopg.connect(admin_database_url) as connection:
        connection.execute("update factotum.alembic_version set version_num = '9999'")
    opened = Database(database_url)
    await opened.open()
    async with opened.tenant(alice) as tx:
        assert await tx.one("select 1 as one")
    await opened.close()


async def test_wrong_addresses_are_explained(database_url: str, postgres: EmbeddedPostgres) -> None:
    address = conninfo_to_dict(database_url)
    for change, code in (
        ({"password": "wrong"}, "database_login_refused"),
        ({"user": "nobody_known"}, "database_login_refused"),
        ({"dbname": "no_such_database"}, "database_missing"),
        ({"port": 1}, "database_unavailable"),
    ):
        url = make_conninfo("", **{**address, **change})
        assert (await refused(url)).stable_code == code


async def test_a_transaction_is_its_caller_and_leaves_nothing_behind(
    database: Database, alice: Caller
) -> None:
    async with database.tenant(alice) as tx:
        assert await tx.one(
            "select current_user as role, factotum.uid() as uid, current_setting('statement_timeout') as t"
        ) == {
            "role": "factotum_tenant",
            "uid": alice.user_id,
            "t": "15s",
        }
    async with database.system() as tx:
        assert await tx.one(
            "select current_user as role, current_setting('request.jwt.claims') as claims"
        ) == {
            "role": "factotum_system",
            "claims": "",
        }


async def test_a_caller_must_be_a_uuid(database: Database) -> None:
    with pytest.raises(InvalidInput):
        async with database.tenant(Caller("'; drop table factotum.runs; --")):
            pass


async def test_what_raises_is_rolled_back(database: Database, alice: Caller, alice_account: str) -> None:
    async def work() -> None:
        async with database.tenant(alice) as tx:
            await Projects(tx).create(alice_account, "Work")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    async with database.tenant(alice) as tx:
        assert await Projects(tx).list() == []


async def test_a_cancelled_transaction_is_rolled_back_and_its_connection_used_again(
    database_url: str, alice: Caller, alice_account: str
) -> None:
    database = Database(database_url, pool_size=1)
    await database.open()

    async def work() -> None:
        async with database.tenant(alice) as tx:
            await Projects(tx).create(alice_account, "Work")
            await tx.one("select pg_sleep(30)")

    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5), database.tenant(alice) as tx:
        assert await Projects(tx).list() == []
    await database.close()


async def test_a_job_is_written_in_the_callers_transaction(
    database: Database, alice: Caller, alice_account: str, admin_database_url: str
) -> None:
    defer = """
select * from procrastinate_defer_jobs_v1(array[
    row('q', 't', 0, 'lock', null, '{}'::jsonb, null)::procrastinate_job_to_defer_v1])"""

    async def submit(name: str) -> None:
        async with database.tenant(alice) as tx:
            async with tx.as_login() as connection:
                await connection.execute(defer)
            await Projects(tx).create(alice_account, name)

    await submit("Work")
    with pytest.raises(InvalidInput):
        await submit("")
    with psycopg.connect(admin_database_url) as connection:
        assert connection.execute("select count(*) from queue.procrastinate_jobs").fetchone() == (1,)
    for transaction in (database.tenant(alice), database.system()):
        with pytest.raises(Forbidden):
            async with transaction as tx:
                await tx.one("select * from queue.procrastinate_jobs")


async def test_what_the_database_says_becomes_an_error_of_ours(database: Database, alice: Caller) -> None:
    for state, kind, code in (
        ("53100", Unavailable, "disk_full"),
        ("25006", Unavailable, "database_read_only"),
        ("40001", Unavailable, "database_busy"),
        ("40P01", Unavailable, "database_busy"),
        ("55P03", Unavailable, "database_busy"),
        ("53300", Unavailable, "database_unavailable"),
        ("57P01", Unavailable, "database_unavailable"),
        ("22P02", InvalidInput, "invalid_input"),
        ("23514", InvalidInput, "invalid_input"),
        ("23505", Conflict, "conflict"),
        ("23503", NotFound, "not_found"),
        ("42501", Forbidden, "forbidden"),
    ):
        raising = f"do $$ begin raise exception 'x' using errcode = '{state}'; end $$"
        with pytest.raises(kind) as caught:
            async with database.tenant(alice) as tx:
                await tx.connection.execute(raising.encode())
        assert caught.value.stable_code == code
        assert caught.value.hint
        assert caught.value.retryable == (kind is Unavailable)


async def test_a_fault_of_ours_is_not_dressed_up(database: Database, alice: Caller) -> None:
    with pytest.raises(psycopg.errors.SyntaxError):
        async with database.tenant(alice) as tx:
            await tx.run("selekt")


async def test_slow_statements_and_a_full_pool_are_ended(database_url: str, alice: Caller) -> None:
    database = Database(database_url, pool_size=1, statement_timeout=0.2, pool_timeout=0.2)
    await database.open()
    with pytest.raises(Unavailable) as caught:
        async with database.tenant(alice) as tx:
            await tx.one("select pg_sleep(30)")
    assert caught.value.stable_code == "database_busy"
    async with database.tenant(alice):
        with pytest.raises(Unavailable) as caught:
            async with database.tenant(alice):
                pass
    assert caught.value.stable_code == "database_unavailable"
    await database.close()
    with pytest.raises(Unavailable):
        async with database.tenant(alice):
            pass


async def test_connections_that_died_are_replaced(
    database: Database, alice: Caller, admin_database_url: str
) -> None:
    async with database.tenant(alice), database.tenant(alice), database.tenant(alice):
        pass
    with psycopg.connect(admin_database_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'factotum-tests'"
        )
    async with database.tenant(alice) as tx:
        assert await Projects(tx).list() == []


async def test_a_server_that_goes_without_a_word_is_given_up_soon(database_url: str, alice: Caller) -> None:
    """A machine that is gone ends no connection: the system must be told how long to wait for it."""
    address = conninfo_to_dict(database_url)
    async with relay(f"{address['host']}/.s.PGSQL.{address['port']}") as port:
        database = Database(make_conninfo(database_url, host="127.0.0.1", port=port))
        await database.open()
        async with database.tenant(alice) as tx:
            with socket.socket(fileno=os.dup(tx.connection.pgconn.socket)) as held:
                assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
                assert held.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                times = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
                idle, pause, count = (held.getsockopt(socket.IPPROTO_TCP, each) for each in times)
                assert idle + pause * count == 25
        await database.close()


@asynccontextmanager
async def relay(path: str) -> AsyncGenerator[int]:
    """Lead connections to a port of this machine on to a Unix socket; the port is given."""
    ended: list[asyncio.Event] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()
        await writer.wait_closed()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(end := asyncio.Event())
        behind = await asyncio.open_unix_connection(path)
        async with asyncio.TaskGroup() as group:
            group.create_task(pipe(reader, behind[1]))
            group.create_task(pipe(behind[0], writer))
        end.set()

    async with await asyncio.start_server(lead, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    for end in ended:
        await end.wait()


@pytest.mark.parametrize("pooler", [True, False])
async def test_behind_a_pooler_nothing_is_prepared(
    database_url: str, alice: Caller, alice_account: str, pooler: bool
) -> None:
    database = Database(database_url, pool_size=1, pooler=pooler)
    await database.open()
    async with database.tenant(alice) as tx:
        project = await Projects(tx).create(alice_account, "Work")
        thread = await Threads(tx).create(project.id)
    for _ in range(8):
        async with database.tenant(alice) as tx:
            await Messages(tx).append(thread.id, "user", [])
            await Messages(tx).last(thread.id)
    async with database.tenant(alice) as tx:
        prepared = await tx.one("select count(*) as n from pg_prepared_statements")
    assert prepared is not None
    assert (prepared["n"] == 0) is pooler
    await database.close()


async def test_a_cancellation_that_comes_with_the_connection_is_not_lost(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    await database.open()
    went_on = False

    async def use() -> None:
        nonlocal went_on
        async with database.system():
            went_on = True

    async with database.system():
        waiting = asyncio.create_task(use())
        await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not went_on
    async with database.system():
        pass  # its connection went back
    await database.close()


async def test_who_slept_in_a_transaction_is_told_of_a_lost_connection(database: Database) -> None:
    async def sleep() -> None:
        async with database.system() as tx:
            await tx.all("select set_config('idle_in_transaction_session_timeout', '50', true)")
            await asyncio.sleep(0.3)
            await tx.all("select 1 as one")

    with pytest.raises(Unavailable) as caught:
        await sleep()
    assert caught.value.stable_code == "database_unavailable"
