"""Alembic's entry: runs the revisions on the connection and in the transaction that `migrate` hands over."""

from alembic import context
from sqlalchemy import Connection

from factotum.store.revision import SCHEMA


def _upgrade(connection: Connection) -> None:
    context.configure(connection=connection, version_table_schema=SCHEMA, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()


_upgrade(context.config.attributes["connection"])
