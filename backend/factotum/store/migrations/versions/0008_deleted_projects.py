"""Which projects were deleted lately: each host looks here for workspaces of theirs that it still keeps."""

from alembic import op

revision = "0008"
down_revision = "0007"

_TABLE = """
create table factotum.deleted_projects (
    project_id uuid primary key,
    account_id uuid not null,
    deleted_at timestamptz not null default now()
);
create index deleted_projects_by_age on factotum.deleted_projects (deleted_at);
alter table factotum.deleted_projects enable row level security, force row level security;
create policy creates on factotum.deleted_projects for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
create policy sweeps on factotum.deleted_projects for select to factotum_system using (true);
create policy forgets on factotum.deleted_projects for delete to factotum_system using (true);
grant insert on factotum.deleted_projects to factotum_tenant;
grant select (project_id, deleted_at), delete on factotum.deleted_projects to factotum_system;
"""


def upgrade() -> None:
    """Make the table; nobody reads it but the sweep."""
    op.execute(_TABLE)
