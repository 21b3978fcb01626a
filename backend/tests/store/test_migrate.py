"""Migrations: from nothing, again, at once, and what they refuse."""

import asyncio

import psycopg
import pytest
from alembic.script import ScriptDirectory

from factotum.core.errors import SetupFault, Unavailable
from factotum.embedded.postgres import EmbeddedPostgres
from factotum.protocol.messages import TextPart
from factotum.store.branches import Branches
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.migrate import current_revision, head_revision, migrate
from factotum.store.projects import Projects
from factotum.store.records import Caller, Thread
from factotum.store.revision import SCRIPTS, queue_version
from factotum.store.runs import Runs
from factotum.store.threads import Threads


def test_the_line_of_revisions_never_forks() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [head_revision()]


def test_a_new_database_is_brought_to_head_and_again_changes_nothing(
    postgres: EmbeddedPostgres, empty_database: str
) -> None:
    admin, service = (
        postgres.admin_url(database=empty_database),
        postgres.service_url(database=empty_database),
    )
    assert current_revision(admin) is None
    migrate(admin, service)
    assert current_revision(admin) == head_revision()
    before = _catalogue(admin)
    migrate(admin, service)
    assert _catalogue(admin) == before


async def test_migrators_at_once_are_safe(postgres: EmbeddedPostgres, empty_database: str) -> None:
    admin, service = (
        postgres.admin_url(database=empty_database),
        postgres.service_url(database=empty_database),
    )
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(asyncio.to_thread(migrate, admin, service))
    database = Database(service)
    await database.open()
    await database.close()


def test_a_failed_migration_leaves_nothing(postgres: EmbeddedPostgres, empty_database: str) -> None:
    admin = postgres.admin_url(database=empty_database)
    with pytest.raises(SetupFault) as caught:
        migrate(admin, f"postgresql://nobody_yet@/{empty_database}")
    assert caught.value.stable_code == "database_url_invalid"
    assert current_revision(admin) is None


def test_an_owner_as_the_service_is_refused(postgres: EmbeddedPostgres, empty_database: str) -> None:
    admin = postgres.admin_url(database=empty_database)
    with pytest.raises(SetupFault) as caught:
        migrate(admin, admin)
    assert caught.value.stable_code == "database_role_is_owner"


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1/x", "host=", "rubbish"])
def test_an_address_without_a_user_is_refused(url: str) -> None:
    with pytest.raises(SetupFault) as caught:
        migrate("postgresql://postgres@127.0.0.1:1/x", url)
    assert caught.value.stable_code == "database_url_invalid"


def test_an_older_program_refuses_a_newer_database(
    postgres: EmbeddedPostgres, admin_database_url: str, database_url: str
) -> None:
    with psycopg.connect(admin_database_url) as connection:
        connection.execute("update factotum.alembic_version set version_num = '9999'")
    with pytest.raises(SetupFault) as caught:
        migrate(admin_database_url, database_url)
    assert caught.value.stable_code == "schema_too_new"


def test_an_older_queue_takes_only_the_migrations_since(admin_database_url: str, database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        connection.execute("comment on schema queue is 'procrastinate 3.9.0'")
    migrate(admin_database_url, database_url)
    with psycopg.connect(admin_database_url) as connection:
        row = connection.execute("select obj_description('queue'::regnamespace, 'pg_namespace')").fetchone()
    assert row == (f"procrastinate {queue_version()}",)


def test_a_database_that_is_down_is_said_to_be() -> None:
    with pytest.raises(Unavailable) as caught:
        migrate("postgresql://postgres@127.0.0.1:1/x", "postgresql://factotum_app:x@127.0.0.1:1/x")
    assert caught.value.stable_code == "database_unavailable"


def _catalogue(admin_url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(admin_url) as connection:
        return connection.execute(
            "select oid, relname, relacl::text, xmin::text from pg_class"
            " where relnamespace in ('factotum'::regnamespace) order by oid"
        ).fetchall()


_AS_IT_WAS_AT_2 = """
drop trigger the_last_owner_stays on factotum.account_members;
drop trigger the_last_owner_is_kept on factotum.account_members;
drop trigger a_role_ends on factotum.account_members;
drop function factotum.set_member_role, factotum.remove_member, factotum.name_myself, factotum.invitation_of,
    factotum.accept_invitation, factotum.open_session, factotum.session_of, factotum.mark_session,
    factotum.end_session, factotum.person_role, factotum.keep_an_owner, factotum.end_what_a_role_gave;
drop table factotum.invitations, factotum.sessions;
drop function factotum.led_accounts, factotum.owned_accounts;
alter table factotum.account_members drop column name;
drop table factotum.deployments;
drop function factotum.key_of, factotum.mark_key;
drop table factotum.api_keys;
drop index factotum.runs_of_account_by_time;
drop table factotum.shares cascade;  -- with the policies of other tables that look into it
alter table factotum.messages drop column parent_id, drop column branch_id;
alter table factotum.threads drop column leaf_id, drop column leaf_branch;
alter table factotum.runs drop column has_unread, drop column input, drop column message_id,
    drop column unread;
drop index factotum.runs_unended;
drop table factotum.secrets;
drop table factotum.images;
drop table factotum.approvals;
alter table factotum.runs drop column budget_id, drop column reserved;
drop table factotum.budgets;
alter table factotum.messages drop column model;
alter table factotum.threads drop column pinned_at, drop column archived_at;
alter table factotum.runs drop column enqueued, drop column waits_since;
drop index factotum.runs_with_key;
drop table factotum.deleted_projects;
drop table factotum.network_log;
update factotum.alembic_version set version_num = '0002';
"""


async def test_threads_of_before_become_paths(
    database: Database, alice: Caller, alice_account: str, admin_database_url: str, database_url: str
) -> None:
    threads: list[Thread] = []
    async with database.tenant(alice) as tx:
        project = await Projects(tx).create(alice_account, "Work")
        for _ in range(3):
            threads.append(await Threads(tx).create(project.id))
        run, _ = await Runs(tx).create(threads[0].id, created_by=alice.user_id, model="m")
        for number in range(4):
            for thread in threads[:2]:
                run_id = run.id if thread is threads[0] and number else None
                await Messages(tx).append(thread.id, "user", [TextPart(text=str(number))], run_id=run_id)
    with psycopg.connect(admin_database_url) as connection:
        connection.execute(_AS_IT_WAS_AT_2)
    await asyncio.to_thread(migrate, admin_database_url, database_url)
    async with database.tenant(alice) as tx:
        for thread, count in zip(threads, (4, 4, 0), strict=True):
            stored = await Messages(tx).list(thread.id)
            parents = [None, *(message.id for message in stored)]
            assert [message.parent_id for message in stored] == parents[:count]
            assert await Branches(tx).path(thread.id) == stored
            assert (await Threads(tx).get(thread.id)).leaf_id == parents[-1]
            more = await Messages(tx).append(thread.id, "user", [TextPart(text="more")])
            assert await Branches(tx).path(thread.id) == [*stored, more]
        stored = await Messages(tx).list(threads[0].id)
        assert (await Runs(tx).get(run.id)).message_id == stored[1].id
        rows = await tx.all("select distinct branch_id from factotum.messages")
    assert len(rows) == 3
