"""A database of its own for each test: a clone of one that was migrated once a process, or an emptied one.

Alice and Bob each have a personal account. `database` is open; whoever needs only the addresses takes
`database_url` (the service's) and `admin_database_url` (the owner's).
"""

import uuid
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg import sql

from factotum.embedded.postgres import EmbeddedPostgres
from factotum.store.database import Database
from factotum.store.migrate import migrate
from factotum.store.records import Caller
from tests.reused_database import emptied, prepare

ALICE = Caller("a11ce000-0000-7000-8000-000000000001")
BOB = Caller("b0b00000-0000-7000-8000-000000000001")
ALICE_ACCOUNT = "a11ce000-0000-7000-8000-00000000000a"
BOB_ACCOUNT = "b0b00000-0000-7000-8000-00000000000a"


def administer(postgres: EmbeddedPostgres, statement: str, *names: str) -> None:
    """Run a statement about whole databases; `{}` takes the next of `names`."""
    with psycopg.connect(postgres.admin_url(database="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # pyright: ignore[reportArgumentType] - statements are written in tests only


def add_member(admin_url: str, account_id: str, user_id: str, role: str) -> None:
    """Make a user a member of an account, with `role`, as the owner of the schema."""
    with psycopg.connect(admin_url) as connection:
        connection.execute(
            "insert into factotum.account_members (account_id, user_id, role) values (%s, %s, %s)"
            " on conflict (account_id, user_id) do update set role = excluded.role",
            (account_id, user_id, role),
        )


def lose_member(admin_url: str, user_id: str) -> None:
    """Take a user out of every account, past the trigger that keeps the last owner."""
    with psycopg.connect(admin_url, options="-c session_replication_role=replica") as connection:
        connection.execute("delete from factotum.account_members where user_id = %s", (user_id,))


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """Yield the name of a new database that nobody migrated."""
    name = f"empty_{uuid.uuid4().hex}"
    administer(postgres, "create database {}", name)
    yield name
    administer(postgres, "drop database {} with (force)", name)


@pytest.fixture(scope="session")
def template_database(postgres: EmbeddedPostgres) -> str:
    """Return the name of a migrated database with Alice's and Bob's accounts."""
    name = f"template_{uuid.uuid4().hex}"
    administer(postgres, "create database {}", name)
    admin_url = postgres.admin_url(database=name)
    migrate(admin_url, postgres.service_url(database=name))
    for caller, account, title in ((ALICE, ALICE_ACCOUNT, "Alice"), (BOB, BOB_ACCOUNT, "Bob")):
        with psycopg.connect(admin_url) as connection:
            connection.execute("insert into factotum.accounts values (%s, %s, 'personal')", (account, title))
        add_member(admin_url, account, caller.user_id, "owner")
    prepare(admin_url)
    return name


@pytest.fixture(scope="session")
def idle_databases() -> list[str]:
    """Return the names of databases that tests have left as they found them."""
    return []


@pytest.fixture
def database_name(
    postgres: EmbeddedPostgres, template_database: str, idle_databases: list[str]
) -> Iterator[str]:
    """Yield the name of this test's own database."""
    if not idle_databases:
        idle_databases.append(f"test_{uuid.uuid4().hex}")
        statement = "create database {} template {} strategy file_copy"
        administer(postgres, statement, idle_databases[-1], template_database)
    name = idle_databases.pop()
    yield name
    if emptied(postgres.admin_url(database=name)):
        idle_databases.append(name)
    else:
        administer(postgres, "drop database {} with (force)", name)


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, database_name: str) -> str:
    """Return the service's address of this test's database."""
    return postgres.service_url(database=database_name)


@pytest.fixture
def admin_database_url(postgres: EmbeddedPostgres, database_name: str) -> str:
    """Return the owner's address of this test's database: past row-level security, to look and prepare."""
    return postgres.admin_url(database=database_name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Yield this test's database, open."""
    opened = Database(database_url, application_name="factotum-tests")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def alice() -> Caller:
    """Return Alice, owner of `alice_account`."""
    return ALICE


@pytest.fixture
def bob() -> Caller:
    """Return Bob, owner of `bob_account`."""
    return BOB


@pytest.fixture
def alice_account() -> str:
    """Return the id of Alice's personal account."""
    return ALICE_ACCOUNT


@pytest.fixture
def bob_account() -> str:
    """Return the id of Bob's personal account."""
    return BOB_ACCOUNT
