"""Secrets in the database: sealed, bounded, and each account's own."""

import asyncio

import psycopg
import pytest

from factotum.core.errors import Conflict, Forbidden, NotFound
from factotum.store.database import Database
from factotum.store.network_log import NetworkLog
from factotum.store.records import Caller
from factotum.store.secrets import MOST_SECRETS, Secrets
from tests.fixtures_store import add_member
from tests.store.world import build, connection

SEALED = b"s" * 40


async def test_a_secret_is_put_changed_used_and_deleted(
    database: Database, alice: Caller, alice_account: str
) -> None:
    async with database.tenant(alice) as tx:
        secrets = Secrets(tx, alice_account)
        made = await secrets.put("KEY", ["api.example.com"], SEALED)
        assert (made.name, made.hosts, made.last_used_at) == ("KEY", ("api.example.com",), None)
    async with database.tenant(alice) as tx:
        secrets = Secrets(tx, alice_account)
        again = await secrets.put("KEY", ["b.example.com"], b"t" * 40)
        assert again.created_at == made.created_at
        assert again.updated_at > made.updated_at
        moved = await secrets.change_hosts("KEY", ["*.example.com", "x.org"])
        assert moved.hosts == ("*.example.com", "x.org")
        (sealed,) = await secrets.sealed()
        assert (sealed.name, sealed.hosts, sealed.sealed) == ("KEY", moved.hosts, b"t" * 40)
        assert "ttt" not in repr(sealed)
        await secrets.put("ANOTHER", ["x.org"], SEALED)
        await secrets.used({"KEY"})
        another, key = await secrets.list()
        assert (another.name, key.name) == ("ANOTHER", "KEY")
        assert another.last_used_at is None
        assert key.last_used_at is not None
        await secrets.delete("KEY")
        for missing in (secrets.delete("KEY"), secrets.change_hosts("KEY", ["x.org"])):
            with pytest.raises(NotFound) as caught:
                await missing
            assert caught.value.stable_code == "secret_not_found"


async def test_another_account_sees_and_changes_nothing(
    database: Database, alice: Caller, bob: Caller, alice_account: str, admin_database_url: str
) -> None:
    async with database.tenant(alice) as tx:
        await Secrets(tx, alice_account).put("KEY", ["x.org"], SEALED)
    for role in (None, "viewer"):
        if role is not None:
            add_member(admin_database_url, alice_account, bob.user_id, role)
        async with database.tenant(bob) as tx:
            theirs = Secrets(tx, alice_account)
            assert len(await theirs.list()) == len(await theirs.sealed()) == (0 if role is None else 1)
            for write in (theirs.delete("KEY"), theirs.change_hosts("KEY", ["evil.test"])):
                with pytest.raises(NotFound):
                    await write
            await theirs.used({"KEY"})
        with pytest.raises(Forbidden):
            async with database.tenant(bob) as tx:
                await Secrets(tx, alice_account).put("NEW", ["x.org"], SEALED)
    async with database.tenant(alice) as tx:
        (kept,) = await Secrets(tx, alice_account).list()
        assert (kept.hosts, kept.last_used_at) == (("x.org",), None)


async def test_an_account_has_so_many_even_at_once(
    database: Database, alice: Caller, alice_account: str
) -> None:
    async with database.tenant(alice) as tx:
        for number in range(MOST_SECRETS - 1):
            await Secrets(tx, alice_account).put(f"KEY_{number}", ["x.org"], SEALED)

    async def put(name: str) -> str:
        try:
            async with database.tenant(alice) as tx:
                return (await Secrets(tx, alice_account).put(name, ["x.org"], SEALED)).name
        except Conflict as fault:
            return fault.stable_code

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(put(name)) for name in ("A", "B", "C")]
    assert sorted(task.result() for task in tasks)[1:] == ["secrets_full", "secrets_full"]
    assert await put("KEY_1") == "KEY_1"


async def test_the_network_log_names_the_secrets_of_a_connection(
    database: Database, alice: Caller, alice_account: str
) -> None:
    world = await build(database, alice, alice_account)
    used = connection(world.run.id).model_copy(update={"secrets": ("A", "B")})
    async with database.tenant(alice) as tx:
        assert await NetworkLog(tx).add(world.run.id, [used]) == 1
        assert (await NetworkLog(tx).list(world.thread.id))[0] == used


def test_the_system_role_reads_no_secret(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as admin:
        for role in ("factotum_system", "factotum_visitor"):
            row = admin.execute(
                "select has_any_column_privilege(%s, 'factotum.secrets', 'select')", (role,)
            ).fetchone()
            assert row == (False,)
