"""Accounts, projects, threads and agents: made, read in pages, changed, deleted."""

import asyncio

import pytest

from factotum.core.errors import Conflict, InvalidInput, NotFound
from factotum.core.ids import new_id
from factotum.protocol.runs import Usage
from factotum.store.accounts import Accounts
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.projects import Projects
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.threads import Threads
from tests.fixtures_store import add_member
from tests.store.world import build


async def test_a_new_user_gets_one_personal_account(database: Database) -> None:
    carol = Caller(new_id())

    async def ensure() -> str:
        async with database.tenant(carol) as tx:
            account = await Accounts(tx).ensure_personal(new_id(), "Carol")
        assert (account.kind, account.role, account.name) == ("personal", "owner", "Carol")
        return account.id

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ensure()) for _ in range(5)]
    assert len({task.result() for task in tasks}) == 1
    async with database.tenant(carol) as tx:
        assert [account.id for account in await Accounts(tx).list()] == [tasks[0].result()]


async def test_an_account_id_cannot_be_taken_over(database: Database, alice_account: str) -> None:
    with pytest.raises(Conflict):
        async with database.tenant(Caller(new_id())) as tx:
            await Accounts(tx).ensure_personal(alice_account, "Mallory")


async def test_shared_accounts_are_listed_with_the_role(
    database: Database, alice: Caller, bob_account: str, admin_database_url: str
) -> None:
    add_member(admin_database_url, bob_account, alice.user_id, "viewer")
    async with database.tenant(alice) as tx:
        assert [(a.name, a.role) for a in await Accounts(tx).list()] == [
            ("Alice", "owner"),
            ("Bob", "viewer"),
        ]


async def test_projects(
    database: Database, alice: Caller, alice_account: str, bob_account: str, admin_database_url: str
) -> None:
    add_member(admin_database_url, bob_account, alice.user_id, "member")
    async with database.tenant(alice) as tx:
        projects = Projects(tx)
        made = [
            await projects.create(account, "p") for account in (alice_account, bob_account, alice_account)
        ]
        assert await projects.list() == made[::-1]
        assert await projects.list(account_id=alice_account) == [made[2], made[0]]
        assert await projects.list(after=made[2].id, limit=1) == [made[1]]
        assert (await projects.rename(made[0].id, "q\x00")).name == "q\ufffd"
        await projects.delete(made[0].id)
        with pytest.raises(NotFound) as caught:
            await projects.delete(made[0].id)
        assert caught.value.stable_code == "project_not_found"
    for name in ("", "x" * 201):
        with pytest.raises(InvalidInput):
            async with database.tenant(alice) as tx:
                await Projects(tx).create(alice_account, name)


async def test_threads(database: Database, alice: Caller, alice_account: str) -> None:
    async with database.tenant(alice) as tx:
        threads = Threads(tx)
        first, second = [await Projects(tx).create(alice_account, "p") for _ in range(2)]
        made = [await threads.create(project.id) for project in (first, second, first)]
        assert await threads.list() == made[::-1]
        assert await threads.list(project_id=first.id) == [made[2], made[0]]
        assert await threads.list(project_id=first.id, after=made[2].id) == [made[0]]
        assert (await threads.rename(made[0].id, "t")).title == "t"
        with pytest.raises(NotFound) as caught:
            await threads.create(new_id())
        assert caught.value.stable_code == "project_not_found"
        with pytest.raises(NotFound) as caught:
            await threads.get(new_id())
        assert caught.value.stable_code == "thread_not_found"


async def test_an_agent_can_be_deleted_after_its_runs_ended(
    database: Database, alice: Caller, alice_account: str
) -> None:
    world = await build(database, alice, alice_account)
    async with database.tenant(alice) as tx:
        agents = Agents(tx)
        changed = world.agent.model_copy(
            update={"model": "x", "instructions": "Be brief.", "settings": {"b": [2]}}
        )
        assert await agents.change(changed) == changed
        assert await agents.list(account_id=alice_account) == [changed]
        await Runs(tx).finish(world.run.id, 1, status="finished", usage=Usage(), log_seq=1)
    async with database.tenant(alice) as tx:
        await Agents(tx).delete(world.agent.id)
        assert (await Threads(tx).get(world.thread.id)).agent_id is None
        assert (await Runs(tx).get(world.run.id)).status == "finished"
        with pytest.raises(NotFound) as caught:
            await Agents(tx).get(world.agent.id)
        assert caught.value.stable_code == "agent_not_found"
