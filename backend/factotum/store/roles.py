"""The roles of the database: three group roles that cannot sign in, and the login role that may become each.

Law: none of the four is a superuser, has BYPASSRLS or owns a table. Every step may be repeated.
"""

from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict

from factotum.core.errors import SetupFault
from factotum.store.revision import QUEUE_SCHEMA, SCHEMA, SYSTEM_ROLE, TENANT_ROLE, VISITOR_ROLE

_GROUPS = (TENANT_ROLE, SYSTEM_ROLE, VISITOR_ROLE)
_INHERIT_OPTION_SINCE = 160_000
_SUPABASE_POOLER = ".pooler.supabase.com"


@dataclass(frozen=True, slots=True)
class Login:
    """The role that the service signs in as, read from its database address."""

    name: str
    password: str | None


def login_of(service_url: str) -> Login:
    """Read the login role from the service's address. Raises SetupFault when it names none."""
    try:
        parts = conninfo_to_dict(service_url)
    except psycopg.ProgrammingError:
        raise SetupFault("DATABASE_URL is not a database address.", code="database_url_invalid") from None
    name = str(parts.get("user") or "")
    if str(parts.get("host") or "").endswith(_SUPABASE_POOLER):
        # Supabase's pooler takes "role.project" and signs in as "role".
        name = name.partition(".")[0]
    if not name:
        raise SetupFault(
            "DATABASE_URL names no user.",
            hint="Use postgresql://USER:PASSWORD@HOST/DATABASE with a user that only this service has.",
            code="database_url_invalid",
        )
    password = parts.get("password")
    return Login(name=name, password=None if password is None else str(password))


def ensure_group_roles(connection: Connection) -> None:
    """Make the roles that transactions become, where they are missing."""
    for name in _GROUPS:
        _create(
            connection,
            name,
            sql.SQL("create role {} nologin noinherit nobypassrls").format(sql.Identifier(name)),
        )


def ensure_login_role(connection: Connection, login: Login) -> None:
    """Make the login role if it is missing (an existing one keeps its password), and grant what it needs.

    Raises SetupFault when the role could bypass row-level security, or must be made and no password is given.
    """
    _refuse_owner(connection, login)
    if not _exists(connection, login.name):
        _create_login(connection, login)
    _refuse_powerful(connection, login.name)
    _grant(connection, login.name)
    _set_search_path(connection, login.name)


def _refuse_owner(connection: Connection, login: Login) -> None:
    row = connection.execute("select current_user::text").fetchone()
    if row is not None and row[0] == login.name:
        raise SetupFault(
            f"The service would sign in as {login.name}, the owner, who could switch off its protection.",
            hint="Put the owner's address in MIGRATION_DATABASE_URL and another user's in DATABASE_URL; "
            "`factotum migrate` makes that user.",
            code="database_role_is_owner",
        )


def _create_login(connection: Connection, login: Login) -> None:
    if not login.password:
        raise SetupFault(
            f"The database has no user {login.name}, and DATABASE_URL gives no password to make it with.",
            hint="Add a password to DATABASE_URL.",
            code="database_url_invalid",
        )
    # Hashed here, so that the password itself never reaches the server's log of statements.
    verifier = connection.pgconn.encrypt_password(
        login.password.encode(), login.name.encode(), b"scram-sha-256"
    ).decode()
    _create(
        connection,
        login.name,
        sql.SQL("create role {} login noinherit nobypassrls password {}").format(
            sql.Identifier(login.name), sql.Literal(verifier)
        ),
    )


def _create(connection: Connection, name: str, statement: sql.Composed) -> None:
    """Roles belong to the whole cluster: migrators of two databases may make the same one at once."""
    if _exists(connection, name):
        return
    try:
        with connection.transaction():
            connection.execute(statement)
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return


def _exists(connection: Connection, name: str) -> bool:
    row = connection.execute("select 1 from pg_catalog.pg_roles where rolname = %s", (name,)).fetchone()
    return row is not None


def _refuse_powerful(connection: Connection, login: str) -> None:
    powerful = connection.execute(
        "select rolname from pg_catalog.pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls)",
        ([login, *_GROUPS],),
    ).fetchall()
    if powerful:
        names = ", ".join(str(row[0]) for row in powerful)
        raise SetupFault(
            f"The database role {names} may bypass row-level security.",
            hint="Name another user in DATABASE_URL, or take SUPERUSER and BYPASSRLS from it.",
            code="database_role_bypasses",
        )


def _grant(connection: Connection, login: str) -> None:
    role, queue = sql.Identifier(login), sql.Identifier(QUEUE_SCHEMA)
    if connection.info.server_version >= _INHERIT_OPTION_SINCE:
        option: LiteralString = "with inherit false, set true"
    else:
        option = ""
        connection.execute(sql.SQL("alter role {} noinherit").format(role))
    for group in _GROUPS:
        _grant_membership(connection, login, group, option)
    for statement in (
        "revoke all on all functions in schema {queue} from public",
        "grant usage on schema {queue} to {role}",
        "grant select, insert, update, delete on all tables in schema {queue} to {role}",
        "grant usage, select, update on all sequences in schema {queue} to {role}",
        "grant execute on all functions in schema {queue} to {role}",
    ):
        connection.execute(sql.SQL(statement).format(queue=queue, role=role))


def _grant_membership(connection: Connection, login: str, group: str, option: LiteralString) -> None:
    held = connection.execute(
        "select 1 from pg_catalog.pg_auth_members m where m.roleid = %s::regrole and m.member = %s::regrole"
        # As JSON, since the two options are columns from PostgreSQL 16 on only.
        " and not (to_jsonb(m) @> '{\"inherit_option\": true}')"
        " and not (to_jsonb(m) @> '{\"set_option\": false}')",
        (sql.Identifier(group).as_string(connection), sql.Identifier(login).as_string(connection)),
    ).fetchone()
    if held is None:
        connection.execute(
            sql.SQL("grant {} to {} " + option).format(sql.Identifier(group), sql.Identifier(login))
        )


def _set_search_path(connection: Connection, login: str) -> None:
    """Procrastinate's SQL names its tables without a schema."""
    wanted = f"search_path={SCHEMA}, {QUEUE_SCHEMA}"
    row = connection.execute(
        "select %s = any(rolconfig) from pg_catalog.pg_roles where rolname = %s", (wanted, login)
    ).fetchone()
    if row is None or not row[0]:
        connection.execute(
            sql.SQL("alter role {} set search_path = {}, {}").format(
                sql.Identifier(login), sql.Identifier(SCHEMA), sql.Identifier(QUEUE_SCHEMA)
            )
        )
