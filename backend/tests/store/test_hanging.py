"""A Postgres that hangs without dying: every wait for it ends, its connections are replaced, it goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import psycopg
import pytest

from factotum.core.errors import Unavailable
from factotum.core.tasks import all_of
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.store.connection import NoAnswer, PromptConnection
from factotum.store.database import Database
from factotum.store.projects import Projects
from factotum.store.records import Caller
from tests.stopped import stopped

NAME = "factotum-hanging"
POOL = 3


@pytest.fixture
async def hasty(database_url: str) -> AsyncIterator[Database]:
    """Yield a database that is given up after half a second, and after 3.5 inside of a transaction."""
    opened = Database(
        database_url,
        pool_size=POOL,
        application_name=NAME,
        statement_timeout=0.5,
        begin_timeout=0.5,
        pool_timeout=0.5,
    )
    await opened.open()
    yield opened
    await opened.close()


async def _refused(database: Database, caller: Caller) -> str:
    with pytest.raises(Unavailable) as caught:
        async with database.tenant(caller):
            raise AssertionError("it began")
    assert caught.value.hint
    return caught.value.stable_code


async def test_who_asks_is_refused_until_it_goes_on(
    hasty: Database, alice: Caller, alice_account: str, postgres: EmbeddedPostgres, admin_database_url: str
) -> None:
    async with hasty.tenant(alice), hasty.tenant(alice):
        pass  # several connections wait in the pool
    with stopped(postgres.pid):
        async with asyncio.timeout(20):
            refusals = await all_of([_refused(hasty, alice) for _ in range(3 * POOL)])
    assert set(refusals) == {"database_unavailable"}
    async with asyncio.timeout(20):
        await _works_again(hasty, alice, alice_account)
    with psycopg.connect(admin_database_url, autocommit=True) as connection:
        query = "select count(*) from pg_stat_activity where application_name = %s"
        for _ in range(100):
            row = connection.execute(query, (NAME,)).fetchone()
            if row is not None and row[0] <= POOL:
                break
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("connections were left behind")


async def _works_again(database: Database, caller: Caller, account: str) -> None:
    """Have all connections of the pool used at once, with no more patience than a caller has."""
    while True:
        try:
            async with database.tenant(caller), database.tenant(caller), database.tenant(caller) as tx:
                await Projects(tx).create(account, "Work")
        except Unavailable:
            await asyncio.sleep(0.1)
        else:
            break
    async with database.tenant(caller) as tx:
        assert [project.name for project in await Projects(tx).list()] == ["Work"]


async def test_what_a_transaction_began_is_rolled_back(
    hasty: Database, alice: Caller, alice_account: str, postgres: EmbeddedPostgres
) -> None:
    async def work() -> None:
        async with hasty.tenant(alice) as tx:
            await Projects(tx).create(alice_account, "First")
            with stopped(postgres.pid):
                async with tx.savepoint():
                    await Projects(tx).create(alice_account, "Second")

    async with asyncio.timeout(20):
        with pytest.raises(Unavailable) as caught:
            await work()
    assert caught.value.stable_code == "database_unavailable"
    async with asyncio.timeout(20), hasty.tenant(alice) as tx:
        assert await Projects(tx).list() == []


async def test_a_commit_is_waited_for_no_longer(
    hasty: Database, alice: Caller, alice_account: str, postgres: EmbeddedPostgres
) -> None:
    async def work() -> None:
        with ExitStack() as held:
            async with hasty.tenant(alice) as tx:
                await Projects(tx).create(alice_account, "Work")
                held.enter_context(stopped(postgres.pid))

    async with asyncio.timeout(20):
        with pytest.raises(Unavailable):
            await work()
    # Nobody could know: it was only late, and it was done once.
    async with asyncio.timeout(20):
        while True:
            async with hasty.tenant(alice) as tx:
                if names := [project.name for project in await Projects(tx).list()]:
                    break
            await asyncio.sleep(0.05)
    assert names == ["Work"]


async def test_a_cancelled_statement_does_not_wait_for_a_server_that_hears_nothing(
    hasty: Database, alice: Caller, postgres: EmbeddedPostgres
) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with hasty.tenant(alice) as tx:
            begun.set()
            await tx.one("select pg_sleep(0.4)")

    working = asyncio.create_task(work())
    await begun.wait()
    with stopped(postgres.pid):
        await asyncio.sleep(0.1)
        working.cancel()
        done, _ = await asyncio.wait({working}, timeout=7)
    assert done
    assert working.cancelled()
    async with asyncio.timeout(20), hasty.tenant(alice) as tx:
        assert await tx.one("select 1 as one") == {"one": 1}


async def test_the_servers_own_limit_comes_first(hasty: Database, alice: Caller) -> None:
    with pytest.raises(Unavailable) as caught:
        async with hasty.tenant(alice) as tx:
            await tx.one("select pg_sleep(3)")
    assert caught.value.stable_code == "database_busy"


async def test_an_opening_that_is_given_up_leaves_nothing_at_work(database_url: str) -> None:
    """As the heartbeat does when the server is slow: it is cut short at any place."""
    for thousandths in range(0, 60, 2):
        database = Database(database_url, application_name=NAME)
        opening = asyncio.create_task(database.open())
        await asyncio.sleep(thousandths / 1000)
        opening.cancel()
        await asyncio.wait({opening})
        if not opening.cancelled():
            await database.close()
        assert [task for task in asyncio.all_tasks() if task.get_name().startswith(NAME)] == []


async def test_who_listens_waits_without_an_end(database_url: str) -> None:
    """As the queue does: an answer that nobody owes is not late."""
    listening = await PromptConnection.connect(database_url, autocommit=True)
    telling = await PromptConnection.connect(database_url, autocommit=True)
    listening.begin_seconds = telling.begin_seconds = 0.2
    async with listening, telling:
        await listening.execute("listen heard")

        async def hear() -> str:
            return (await anext(listening.notifies())).payload

        hearing = asyncio.create_task(hear())
        await asyncio.sleep(0.5)
        await telling.execute("notify heard, 'yes'")
        async with asyncio.timeout(10):
            assert await hearing == "yes"
        with pytest.raises(NoAnswer):
            await telling.execute("select pg_sleep(10)")
        assert telling.closed
