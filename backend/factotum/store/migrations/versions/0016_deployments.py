"""Deployments: which folders of which projects are shown where, for people and for taking them away.

A row outlives its project on purpose: what is shown outside must be taken away before it is forgotten. A
worker writes them while a run of the project is at work, and takes away what was withdrawn or has lost its
project; the account and the address are not its to read.
"""

from alembic import op

revision = "0016"
down_revision = "0013"

_TABLE = """
create table factotum.deployments (
    id uuid primary key,
    account_id uuid not null references factotum.accounts on delete cascade,
    project_id uuid not null,
    name text not null check (char_length(name) between 1 and 40),
    target text not null check (target in ('cloudflare', 'local')),
    address text not null default '' check (char_length(address) <= 2000),
    files integer not null default 0 check (files >= 0),
    size_bytes bigint not null default 0 check (size_bytes >= 0),
    created_at timestamptz not null default clock_timestamp(),
    deployed_at timestamptz,
    withdrawn_at timestamptz
);
create index deployments_of_project on factotum.deployments (project_id, id);
create index deployments_of_account on factotum.deployments (account_id);
create index deployments_to_take_away on factotum.deployments (withdrawn_at) where withdrawn_at is not null;

alter table factotum.deployments enable row level security, force row level security;
create policy reads on factotum.deployments for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy withdraws on factotum.deployments for update to factotum_tenant
    using (account_id = any ((select factotum.writable_accounts())::uuid[]))
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
create policy keeps on factotum.deployments for select to factotum_system using (true);
create policy notes on factotum.deployments for insert to factotum_system with check (true);
create policy renews on factotum.deployments for update to factotum_system using (true) with check (true);
create policy forgets on factotum.deployments for delete to factotum_system using (true);

grant select, update (withdrawn_at) on factotum.deployments to factotum_tenant;
grant select (id, project_id, name, target, withdrawn_at), insert, delete,
    update (address, files, size_bytes, deployed_at, withdrawn_at) on factotum.deployments to factotum_system;
"""


def upgrade() -> None:
    """Make the table, closed, and open what each role needs."""
    op.execute(_TABLE)
