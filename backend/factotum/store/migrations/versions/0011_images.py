"""Images that models are shown, once a thread: what a message refers to by the hash of its bytes."""

from alembic import op

revision = "0011"
down_revision = "0010"

_TABLE = """
create table factotum.images (
    thread_id uuid not null,
    id text not null check (id ~ '^[0-9a-f]{64}$'),
    account_id uuid not null,
    data bytea not null check (octet_length(data) between 1 and 1000000),
    created_at timestamptz not null default clock_timestamp(),
    primary key (thread_id, id),
    foreign key (account_id, thread_id) references factotum.threads (account_id, id) on delete cascade
);
create index images_of_account on factotum.images (account_id, thread_id);
alter table factotum.images enable row level security, force row level security;
create policy reads on factotum.images for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy creates on factotum.images for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
create policy removes on factotum.images for delete to factotum_tenant
    using (account_id = any ((select factotum.writable_accounts())::uuid[]));
grant select, insert, delete on factotum.images to factotum_tenant;
"""


def upgrade() -> None:
    """Make the table, closed, and open what a tenant needs."""
    op.execute(_TABLE)
