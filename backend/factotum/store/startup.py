"""What must be true of a database before the service works on it."""

from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from factotum.core.errors import SetupFault
from factotum.store.revision import (
    OLDEST_CODE_SAYS,
    QUEUE_SCHEMA,
    SCHEMA,
    TENANT_ROLE,
    head_revision,
    queue_version,
)

_MIGRATE = "Run `factotum migrate`."


async def check_role(connection: AsyncConnection[Any]) -> None:
    """Raise SetupFault when the session's role could bypass row-level security or switch it off."""
    row = await _row(
        connection,
        sql.SQL(
            "select session_user::text as name, rolsuper or rolbypassrls as bypasses,"
            " coalesce(pg_has_role(session_user, (select nspowner from pg_catalog.pg_namespace"
            " where nspname = {}), 'member'), false) as owns"
            " from pg_catalog.pg_roles where rolname = session_user"
        ).format(sql.Literal(SCHEMA)),
    )
    hint = (
        "Give DATABASE_URL a user of its own (`factotum migrate` makes it), the owner MIGRATION_DATABASE_URL."
    )
    if row["bypasses"]:
        raise SetupFault(
            f"The database user {row['name']} may bypass row-level security, which keeps accounts apart.",
            hint=hint,
            code="database_role_bypasses",
        )
    if row["owns"]:
        raise SetupFault(
            f"The database user {row['name']} owns the schema and so could switch off its protection.",
            hint=hint,
            code="database_role_is_owner",
        )


async def check_schema(connection: AsyncConnection[Any]) -> None:
    """Raise SetupFault when the schema, or the queue's, is not one that this version works with.

    That is its own revision, or a newer one that is for this version too: so processes of the version before
    can still start while a deploy replaces them.
    """
    try:
        async with connection.transaction():
            await connection.execute(sql.SQL("set local role {}").format(sql.Identifier(TENANT_ROLE)))
            row = await _row(
                connection,
                sql.SQL(
                    "select (select version_num from {}.alembic_version) as revision,"
                    " obj_description(to_regnamespace({}), 'pg_namespace') as queue,"
                    " obj_description({}::regclass, 'pg_class') as oldest"
                ).format(
                    sql.Identifier(SCHEMA),
                    sql.Literal(QUEUE_SCHEMA),
                    sql.Literal(f"{SCHEMA}.alembic_version"),
                ),
            )
    except psycopg.errors.ProgrammingError as error:
        # No such role, schema or table, or no right to see it: nothing that a migration would not make.
        raise SetupFault("The database is not prepared.", hint=_MIGRATE, code="schema_missing") from error
    here, head = row["revision"], head_revision()
    if here is not None and here > head and _is_for(str(row["oldest"] or ""), head):
        return
    if here is None or here < head or row["queue"] != f"procrastinate {queue_version()}":
        raise SetupFault(
            f"The database is at revision {here}; needed: {head}, and Procrastinate {queue_version()}.",
            hint=_MIGRATE,
            code="schema_outdated",
        )
    if here > head:
        raise SetupFault(
            f"The database is at revision {here}, newer than {head}, which this version knows.",
            hint="Install the newer version again.",
            code="schema_too_new",
        )


def _is_for(comment: str, head: str) -> bool:
    oldest = comment.removeprefix(OLDEST_CODE_SAYS)
    return oldest != comment and oldest <= head


async def _row(connection: AsyncConnection[Any], query: sql.Composed) -> dict[str, Any]:
    row = await (await connection.execute(query)).fetchone()
    if row is None:
        raise SetupFault("The database is not prepared.", hint=_MIGRATE, code="schema_missing")
    return row
