"""The network log: pages, newest first, for whoever may read the thread; old rows go."""

import psycopg
import pytest

from factotum.core.errors import Forbidden
from factotum.store.database import Database
from factotum.store.network_log import NetworkLog
from factotum.store.records import Caller
from tests.store.world import build, connection


async def test_pages_for_who_may_read_the_thread(
    database: Database, alice: Caller, bob: Caller, alice_account: str
) -> None:
    world = await build(database, alice, alice_account)
    made = [connection(world.run.id, f"{number}.example.com") for number in range(3)]
    async with database.tenant(alice) as tx:
        log = NetworkLog(tx)
        assert await log.add(world.run.id, made) == 3
        assert await log.add(world.run.id, made) == 0  # a second time changes nothing
        first = await log.list(world.thread.id, limit=2)
        assert first == [made[2], made[1]]
        rest = await log.list(world.thread.id, after=first[-1].id)
        assert [each.host for each in rest] == ["0.example.com", "example.com"]
    async with database.tenant(bob) as tx:
        assert await NetworkLog(tx).list(world.thread.id) == []
        assert await NetworkLog(tx).add(world.run.id, [connection(world.run.id)]) == 0


async def test_nobody_writes_into_another_account(
    database: Database, alice: Caller, bob: Caller, alice_account: str
) -> None:
    world = await build(database, alice, alice_account)
    with pytest.raises(Forbidden):
        async with database.tenant(bob) as tx:
            await tx.run(
                """
insert into factotum.network_log (id, account_id, thread_id, run_id, at, method, host, port, verdict, reason,
    bytes_sent, bytes_received, seconds)
values (gen_random_uuid(), %s, %s, %s, now(), 'GET', 'a', 80, 'allowed', '', 0, 0, 0)""",
                (alice_account, world.thread.id, world.run.id),
            )


async def test_old_rows_are_forgotten_and_a_thread_takes_its_own_along(
    database: Database, alice: Caller, alice_account: str, admin_database_url: str
) -> None:
    world = await build(database, alice, alice_account)
    async with database.tenant(alice) as tx:
        old = connection(world.run.id).model_copy(update={"at": world.run.created_at.replace(year=2020)})
        await NetworkLog(tx).add(world.run.id, [old])
    async with database.system() as tx:
        assert await NetworkLog(tx).forget(30, 100) == 1
        assert await NetworkLog(tx).forget(30, 100) == 0
    with psycopg.connect(admin_database_url) as admin:
        admin.execute("delete from factotum.threads where id = %s", (world.thread.id,))
        assert admin.execute("select count(*) from factotum.network_log").fetchone() == (0,)
