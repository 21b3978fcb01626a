"""Secrets of an account: sealed values, where they may go; and which of them a connection used."""

from alembic import op

revision = "0014"
down_revision = "0013"

_TABLE = """
create table factotum.secrets (
    account_id uuid not null references factotum.accounts (id) on delete cascade,
    name text not null check (name ~ '^[A-Z][A-Z0-9_]{0,63}$'),
    hosts text[] not null check (cardinality(hosts) between 1 and 20),
    sealed bytea not null check (octet_length(sealed) between 29 and 8300),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    last_used_at timestamptz,
    primary key (account_id, name)
);
alter table factotum.secrets enable row level security, force row level security;
create policy reads on factotum.secrets for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy creates on factotum.secrets for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
create policy changes on factotum.secrets for update to factotum_tenant
    using (account_id = any ((select factotum.writable_accounts())::uuid[]))
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
create policy deletes on factotum.secrets for delete to factotum_tenant
    using (account_id = any ((select factotum.writable_accounts())::uuid[]));
grant select, insert, delete, update (hosts, sealed, updated_at, last_used_at)
    on factotum.secrets to factotum_tenant;
alter table factotum.network_log add column secrets text[] not null default '{}'
    check (cardinality(secrets) <= 100);
"""


def upgrade() -> None:
    """Make the table, closed, and open what each role needs."""
    op.execute(_TABLE)
