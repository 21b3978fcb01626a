"""The database refuses what a handler forgot: no table, role or grant lets one account reach another."""

from collections.abc import Awaitable, Callable

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from factotum.core.errors import Conflict, Forbidden, NotFound
from factotum.core.ids import new_id
from factotum.protocol.messages import TextPart
from factotum.protocol.runs import Usage
from factotum.store.accounts import Accounts
from factotum.store.agents import Agents
from factotum.store.database import Database
from factotum.store.messages import Messages
from factotum.store.projects import Projects
from factotum.store.records import Caller
from factotum.store.runs import Runs
from factotum.store.threads import Threads
from factotum.store.tool_calls import ToolCalls
from factotum.store.tx import Tx
from tests.fixtures_store import add_member
from tests.store.world import World, build

ROLES = ("factotum_tenant", "factotum_system", "factotum_visitor", "factotum_app")


def test_every_table_has_forced_row_level_security_and_a_policy(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        rows = connection.execute("""
select relname, relrowsecurity, relforcerowsecurity,
    exists (select from pg_policy where polrelid = c.oid), relkind::text
from pg_class c where relnamespace = 'factotum'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
""").fetchall()
    assert len(rows) >= 9
    for name, enabled, forced, policed, kind in rows:
        assert (enabled, forced, policed, kind) == (True, True, True, "r"), name


def test_nothing_of_ours_is_in_public(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        rows = connection.execute("select relname from pg_class where relnamespace = 'public'::regnamespace")
        assert rows.fetchall() == []


def test_no_role_of_ours_can_bypass_or_owns_anything(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        roles = (
            connection.cursor(row_factory=dict_row)
            .execute("select * from pg_roles where rolname = any(%s)", (list(ROLES),))
            .fetchall()
        )
        owned = connection.execute(
            "select 1 from pg_class where relowner in (select oid from pg_roles where rolname = any(%s))",
            (list(ROLES),),
        ).fetchall()
    assert len(roles) == len(ROLES)
    for role in roles:
        powers = [role[power] for power in ("rolsuper", "rolbypassrls", "rolinherit", "rolcreaterole")]
        assert powers == [False] * 4
        assert role["rolcanlogin"] == (role["rolname"] == "factotum_app")
    assert owned == []


def test_the_queue_is_open_to_the_login_role_alone(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        for role in ("factotum_tenant", "factotum_system", "factotum_visitor"):
            assert _held(connection, role, "queue") == []
            assert connection.execute(
                "select has_schema_privilege(%s, 'queue', 'usage')", (role,)
            ).fetchone() == (False,)
        functions = connection.execute("""
select proname from pg_proc where pronamespace = 'queue'::regnamespace
    and has_function_privilege('factotum_tenant', oid, 'execute')""").fetchall()
    assert functions == []


def test_the_login_role_reaches_nothing_by_itself(admin_database_url: str, database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        assert _held(connection, "factotum_app", "factotum") == []
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select * from factotum.runs")


def test_the_system_role_reaches_little_and_no_content(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        assert _held(connection, "factotum_system", "factotum") == [
            "approvals",
            "deleted_projects",
            "deployments",
            "network_log",
            "runs",
        ]
        hidden = {
            "runs": ("plan", "question", "answer", "usage", "error", "deliverables"),
            "approvals": ("tool", "arguments", "edited_arguments", "pattern", "reason", "decided_by"),
            "deleted_projects": ("account_id",),
            "deployments": ("account_id", "address", "files"),
            "network_log": ("account_id", "thread_id", "host", "reason"),
        }
        for table, column in [(name, column) for name in hidden for column in hidden[name]]:
            row = connection.execute(
                "select has_column_privilege('factotum_system', %s, %s, 'select')",
                (f"factotum.{table}", column),
            ).fetchone()
            assert row == (False,), (table, column)


def test_the_visitor_role_reads_four_tables_and_nothing_private(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        assert _held(connection, "factotum_visitor", "factotum") == ["messages", "runs", "shares", "threads"]
        hidden = {
            "runs": ("account_id", "created_by", "model", "usage", "error", "question", "input", "plan"),
            "shares": ("account_id", "created_by", "token_hash"),
            "threads": ("account_id", "title"),
            "messages": ("account_id",),
        }
        for table, column in [(name, column) for name in hidden for column in hidden[name]]:
            row = connection.execute(
                "select has_column_privilege('factotum_visitor', %s, %s, 'select')",
                (f"factotum.{table}", column),
            ).fetchone()
            assert row == (False,), (table, column)
        writes = connection.execute("""
select table_name, column_name from information_schema.column_privileges
where grantee = 'factotum_visitor' and privilege_type <> 'SELECT'""").fetchall()
        assert writes == []


def test_definer_functions_pin_their_search_path(admin_database_url: str) -> None:
    with psycopg.connect(admin_database_url) as connection:
        rows = connection.execute("""
select proname, proconfig::text from pg_proc
where pronamespace = 'factotum'::regnamespace and prosecdef""").fetchall()
    assert rows
    assert all("search_path" in (config or "") for _, config in rows)


@pytest.mark.parametrize(
    "table",
    [
        "accounts",
        "account_members",
        "agents",
        "projects",
        "threads",
        "messages",
        "runs",
        "tool_calls",
        "approvals",
        "shares",
        "network_log",
        "images",
        "api_keys",
        "secrets",
        "invitations",
    ],
)
async def test_each_table_shows_a_caller_only_its_own(
    database: Database, alice: Caller, bob: Caller, admin_database_url: str, table: str
) -> None:
    await build(database, alice, "a11ce000-0000-7000-8000-00000000000a")
    await build(database, bob, "b0b00000-0000-7000-8000-00000000000a")
    count = sql.SQL("select count(*) from factotum.{}").format(sql.Identifier(table))
    account = sql.SQL("select distinct {} from factotum.{}").format(
        sql.Identifier("id" if table == "accounts" else "account_id"), sql.Identifier(table)
    )
    with psycopg.connect(admin_database_url) as connection:
        everything = connection.execute(count).fetchone()
    async with database.tenant(alice) as tx:
        mine = await (await tx.connection.execute(count)).fetchone()
        accounts = [
            next(iter(row.values())) for row in await (await tx.connection.execute(account)).fetchall()
        ]
    assert accounts == ["a11ce000-0000-7000-8000-00000000000a"]
    assert mine is not None
    assert everything is not None
    assert 0 < mine["count"] < everything[0]
    async with database.tenant(Caller(new_id())) as tx:
        assert (await (await tx.connection.execute(count)).fetchall()) == [{"count": 0}]


async def test_another_accounts_ids_look_missing(
    database: Database, alice: Caller, bob: Caller, bob_account: str
) -> None:
    theirs = await build(database, bob, bob_account)
    async with database.tenant(alice) as tx:
        for attempt in (
            lambda: Accounts(tx).get(bob_account),
            lambda: Projects(tx).get(theirs.project.id),
            lambda: Projects(tx).rename(theirs.project.id, "mine"),
            lambda: Projects(tx).delete(theirs.project.id),
            lambda: Threads(tx).get(theirs.thread.id),
            lambda: Threads(tx).create(theirs.project.id),
            lambda: Threads(tx).rename(theirs.thread.id, "mine"),
            lambda: Threads(tx).delete(theirs.thread.id),
            lambda: Messages(tx).get(theirs.message.id),
            lambda: Messages(tx).append(theirs.thread.id, "user", [TextPart(text="x")]),
            lambda: Runs(tx).get(theirs.run.id),
            lambda: Runs(tx).create(theirs.thread.id, created_by=alice.user_id, model="m"),
            lambda: Runs(tx).request_stop(theirs.run.id),
            lambda: Runs(tx).put_answer(theirs.run.id, "x"),
            lambda: Runs(tx).answer(theirs.run.id),
            lambda: Runs(tx).log_seq(theirs.run.id),
            lambda: Agents(tx).get(theirs.agent.id),
            lambda: Agents(tx).change(theirs.agent),
            lambda: Agents(tx).delete(theirs.agent.id),
        ):
            with pytest.raises(NotFound):
                await attempt()
        for write in (
            lambda: Runs(tx).hold(theirs.run.id, 1),
            lambda: Runs(tx).save_step(theirs.run.id, 1, step=9, usage=Usage(), plan=None, log_seq=9),
            lambda: Runs(tx).finish(theirs.run.id, 1, status="failed", usage=Usage(), log_seq=9),
            lambda: ToolCalls(tx).start(theirs.run.id, 1, "call-1"),
        ):
            with pytest.raises(Conflict):
                await write()
        assert await Messages(tx).list(theirs.thread.id) == []
        assert await Messages(tx).last(theirs.thread.id) == []
        assert await Runs(tx).list(theirs.thread.id) == []
        assert await ToolCalls(tx).for_run(theirs.run.id) == []
        assert await Projects(tx).list(account_id=bob_account) == []
        assert await Threads(tx).list(project_id=theirs.project.id) == []
        assert await Agents(tx).list() == []
    await theirs.assert_unchanged(database)


async def test_a_row_cannot_be_put_into_or_point_at_another_account(
    database: Database, alice: Caller, bob: Caller, alice_account: str, bob_account: str
) -> None:
    theirs, mine = await build(database, bob, bob_account), await build(database, alice, alice_account)
    with pytest.raises(Forbidden):
        async with database.tenant(alice) as tx:
            await Projects(tx).create(bob_account, "trojan")
    with pytest.raises(Forbidden):
        async with database.tenant(alice) as tx:
            await Agents(tx).create(bob_account, "trojan")
    for table, columns, values in (
        ("threads", "id, account_id, project_id", (new_id(), alice_account, theirs.project.id)),
        (
            "threads",
            "id, account_id, project_id, agent_id",
            (new_id(), alice_account, mine.project.id, theirs.agent.id),
        ),
    ):
        with pytest.raises(NotFound):
            async with database.tenant(alice) as tx:
                await _insert(tx.connection, table, columns, values)
    with pytest.raises(NotFound):
        async with database.tenant(alice) as tx:
            await Messages(tx).append(mine.thread.id, "user", [], run_id=theirs.run.id)
    with pytest.raises(Conflict):
        async with database.tenant(alice) as tx:
            await Messages(tx).append(mine.thread.id, "user", [], message_id=theirs.message.id)


async def test_a_run_cannot_be_made_in_anothers_name(
    database: Database, alice: Caller, bob: Caller, alice_account: str
) -> None:
    mine = await build(database, alice, alice_account)
    with pytest.raises(Forbidden):
        async with database.tenant(alice) as tx:
            await Runs(tx).create(mine.thread.id, created_by=bob.user_id, model="m")


async def test_a_viewer_reads_and_changes_nothing(
    database: Database, alice: Caller, bob: Caller, alice_account: str, admin_database_url: str
) -> None:
    world = await build(database, alice, alice_account)
    add_member(admin_database_url, alice_account, bob.user_id, "viewer")
    async with database.tenant(bob) as tx:
        assert await Threads(tx).get(world.thread.id) == world.thread
        assert (await Messages(tx).list(world.thread.id))[0] == world.message
        assert (await Runs(tx).get(world.run.id)).id == world.run.id
        assert len(await ToolCalls(tx).for_run(world.run.id)) == 1
    await _refuse_all_writes(database, bob, world)
    await world.assert_unchanged(database)
    add_member(admin_database_url, alice_account, bob.user_id, "member")
    async with database.tenant(bob) as tx:
        assert (await Threads(tx).rename(world.thread.id, "shared")).title == "shared"


async def _refuse_all_writes(database: Database, caller: Caller, world: World) -> None:
    writes: tuple[Callable[[Tx], Awaitable[object]], ...] = (
        lambda tx: Projects(tx).create(world.account_id, "x"),
        lambda tx: Projects(tx).rename(world.project.id, "x"),
        lambda tx: Projects(tx).delete(world.project.id),
        lambda tx: Threads(tx).create(world.project.id),
        lambda tx: Threads(tx).rename(world.thread.id, "x"),
        lambda tx: Threads(tx).delete(world.thread.id),
        lambda tx: Messages(tx).append(world.thread.id, "user", [TextPart(text="x")]),
        lambda tx: Runs(tx).create(world.thread.id, created_by=caller.user_id, model="m"),
        lambda tx: Runs(tx).request_stop(world.run.id),
        lambda tx: Agents(tx).create(world.account_id, "x"),
        lambda tx: Agents(tx).change(world.agent),
        lambda tx: Agents(tx).delete(world.agent.id),
    )
    for write in writes:
        with pytest.raises(Forbidden):
            async with database.tenant(caller) as tx:
                await write(tx)
    with pytest.raises(Conflict):
        async with database.tenant(caller) as tx:
            await Runs(tx).hold(world.run.id, 1)


async def _insert(
    connection: psycopg.AsyncConnection[object], table: str, columns: str, values: tuple[str, ...]
) -> None:
    await connection.execute(
        sql.SQL("insert into factotum.{} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns.split(", "))),
            sql.SQL(", ").join(map(sql.Literal, values)),
        )
    )


def _held(connection: psycopg.Connection, role: str, schema: str) -> list[str]:
    rows = connection.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace and relkind in ('r', 'p', 'v')"
        " and (has_table_privilege(%s, oid, 'select, insert, update, delete, truncate, references, trigger')"
        " or has_any_column_privilege(%s, oid, 'select, insert, update')) order by 1",
        (schema, role, role),
    ).fetchall()
    return [str(row[0]) for row in rows]
