"""`factotum migrate`: brings a database to the state this version of the code needs.

Everything happens in one transaction under an advisory lock: two migrators at once are safe, one that dies
changes nothing, a second run finds nothing to do. Revisions go forward only: to go back, restore a backup.
"""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from factotum.core.errors import FactotumError, SetupFault
from factotum.store.connection import NOTICING
from factotum.store.faults import connection_fault, translated
from factotum.store.queue_schema import ensure_queue
from factotum.store.revision import (
    OLDEST_CODE_SAYS,
    QUEUE_SCHEMA,
    SCHEMA,
    SCRIPTS,
    head_revision,
    oldest_code,
)
from factotum.store.roles import Login, ensure_group_roles, ensure_login_role, login_of

__all__ = ["current_revision", "head_revision", "migrate"]

_LOCK = 0x666163746F74756D
_CONNECT_SECONDS = 10


def migrate(admin_url: str, service_url: str) -> None:
    """Create or upgrade the schema, and the role that `service_url` signs in as.

    `admin_url` signs in as the schema's owner, who may create roles. It blocks: in a coroutine call it by
    `asyncio.to_thread`. Raises SetupFault when a person must act, Unavailable when the database is down.
    """
    login = login_of(service_url)
    with _connected(admin_url) as raw:
        engine = create_engine("postgresql+psycopg://", creator=lambda: raw, poolclass=NullPool)
        with engine.begin() as connection:
            raw.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            _migrate(connection, raw, login)


def current_revision(admin_url: str) -> str | None:
    """Return the revision that the database is at, or None when it was never migrated."""
    with _connected(admin_url) as raw:
        if raw.execute("select to_regclass(%s)", (f"{SCHEMA}.alembic_version",)).fetchone() == (None,):
            return None
        row = raw.execute(
            sql.SQL("select version_num from {}.alembic_version").format(sql.Identifier(SCHEMA))
        ).fetchone()
    return None if row is None else str(row[0])


@contextmanager
def _connected(admin_url: str) -> Generator[psycopg.Connection]:
    try:
        # No end for an answer: a migration may take long, and whoever runs it is there to end it.
        raw = psycopg.connect(
            admin_url, connect_timeout=_CONNECT_SECONDS, application_name="factotum-migrate", **NOTICING
        )
    except psycopg.OperationalError as error:
        raise connection_fault(error) from error
    try:
        with raw:
            yield raw
    except psycopg.Error as error:
        raise _explained(error) from error


def _migrate(connection: Connection, raw: psycopg.Connection, login: Login) -> None:
    _refuse_newer(raw)
    ensure_group_roles(raw)
    for schema in (SCHEMA, QUEUE_SCHEMA):
        raw.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    _ensure_vector(raw)
    command.upgrade(_config(connection), "head")
    raw.execute(
        sql.SQL("comment on table {}.alembic_version is {}").format(
            sql.Identifier(SCHEMA), sql.Literal(OLDEST_CODE_SAYS + oldest_code())
        )
    )
    ensure_queue(raw)
    ensure_login_role(raw, login)


def _refuse_newer(raw: psycopg.Connection) -> None:
    """An older version of the service must not touch a newer database."""
    row = raw.execute("select to_regclass(%s)", (f"{SCHEMA}.alembic_version",)).fetchone()
    if row == (None,):
        return
    here = raw.execute(
        sql.SQL("select version_num from {}.alembic_version").format(sql.Identifier(SCHEMA))
    ).fetchone()
    if here is not None and str(here[0]) > head_revision():
        raise SetupFault(
            f"The database is at revision {here[0]}, newer than {head_revision()}, which this version knows.",
            hint="Install the newer version again; there is no way back but a backup.",
            code="schema_too_new",
        )


def _ensure_vector(raw: psycopg.Connection) -> None:
    """Make pgvector usable: in schema `extensions`, Supabase's place for it, unless it is there already."""
    if raw.execute("select 1 from pg_extension where extname = 'vector'").fetchone() is not None:
        return
    raw.execute("create schema if not exists extensions")
    try:
        with raw.transaction():
            raw.execute("create extension vector with schema extensions")
    except (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported):
        raise SetupFault(
            "This PostgreSQL server lacks the extension pgvector.",
            hint="Install it on the server (packages are named like postgresql-18-pgvector), then try again.",
            code="pgvector_missing",
        ) from None
    except psycopg.errors.InsufficientPrivilege:
        raise SetupFault(
            "The owner in MIGRATION_DATABASE_URL may not create the extension pgvector.",
            hint="Let a superuser run: create extension vector with schema extensions",
            code="pgvector_missing",
        ) from None


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _explained(error: psycopg.Error) -> FactotumError | psycopg.Error:
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return SetupFault(
            "The owner in MIGRATION_DATABASE_URL may not do what a migration needs.",
            hint=f"It must own schema {SCHEMA} and be able to create roles and schemas. The database said: "
            + str(error.diag.message_primary or ""),
            code="migration_not_allowed",
        )
    return translated(error)
