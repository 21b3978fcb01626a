"""Procrastinate's tables, in a schema of their own, kept at the version of the installed package.

The schema's comment remembers the version: a new database takes the package's whole schema, an older one the
migrations that came since. Source: https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html
"""

from pathlib import Path
from typing import LiteralString, cast

from procrastinate.schema import SchemaManager
from psycopg import Connection, sql

from factotum.store.revision import QUEUE_SCHEMA, queue_version

_SCHEMA = sql.Identifier(QUEUE_SCHEMA)


def ensure_queue(connection: Connection) -> None:
    """Bring schema `queue` to the installed version of Procrastinate. Doing it again changes nothing."""
    connection.execute(sql.SQL("create schema if not exists {}").format(_SCHEMA))
    here = recorded_version(connection)
    if here == queue_version():
        return
    connection.execute(sql.SQL("set local search_path = {}, pg_catalog").format(_SCHEMA))
    if here is None:
        connection.execute(SchemaManager.get_schema())
    else:
        for script in _newer_than(here):
            connection.execute(cast("LiteralString", script.read_text(encoding="utf-8")))
    connection.execute("set local search_path to default")
    connection.execute(
        sql.SQL("comment on schema {} is {}").format(_SCHEMA, sql.Literal(f"procrastinate {queue_version()}"))
    )


def recorded_version(connection: Connection) -> str | None:
    """Return the version of Procrastinate that schema `queue` was brought to, or None when it is empty."""
    row = connection.execute(
        "select obj_description(to_regnamespace(%s), 'pg_namespace')", (QUEUE_SCHEMA,)
    ).fetchone()
    return None if row is None or row[0] is None else str(row[0]).removeprefix("procrastinate ")


def _newer_than(here: str) -> list[Path]:
    """List the package's migrations after version `here`; their names begin with `MM.mm.pp_`."""
    scripts = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [script for script in scripts if _numbers(script.name.partition("_")[0]) > _numbers(here)]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
