"""What sandboxes reached, or tried to: for whoever may read the thread; forgotten by age."""

from alembic import op

revision = "0010"
down_revision = "0009"

_TABLE = """
create table factotum.network_log (
    id uuid primary key,
    account_id uuid not null,
    thread_id uuid not null,
    run_id uuid not null,
    at timestamptz not null,
    method text not null check (char_length(method) between 1 and 40),
    host text not null check (char_length(host) <= 253),
    port integer not null check (port between 1 and 65535),
    verdict text not null check (verdict in ('allowed', 'refused', 'failed')),
    reason text not null check (char_length(reason) <= 100),
    bytes_sent bigint not null,
    bytes_received bigint not null,
    seconds double precision not null,
    foreign key (account_id, thread_id) references factotum.threads (account_id, id) on delete cascade
);
create index network_log_of_thread on factotum.network_log (thread_id, id);
create index network_log_of_account on factotum.network_log (account_id, thread_id);
create index network_log_by_age on factotum.network_log (at);
alter table factotum.network_log enable row level security, force row level security;
create policy reads on factotum.network_log for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy creates on factotum.network_log for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
create policy sweeps on factotum.network_log for select to factotum_system using (true);
create policy forgets on factotum.network_log for delete to factotum_system using (true);
grant select, insert on factotum.network_log to factotum_tenant;
grant select (id, at), delete on factotum.network_log to factotum_system;
"""


def upgrade() -> None:
    """Make the table, closed, and open what each role needs."""
    op.execute(_TABLE)
