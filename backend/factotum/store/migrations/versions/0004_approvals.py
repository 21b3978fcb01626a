"""Approvals: calls that wait for a person, who may read and decide them, and how their time runs out."""

from alembic import op

revision = "0004"
down_revision = "0003"

_TABLE = """
create table factotum.approvals (
    id uuid primary key,
    account_id uuid not null,
    thread_id uuid not null,
    run_id uuid not null,
    call_id text not null check (char_length(call_id) between 1 and 300),
    tool text not null check (char_length(tool) between 1 and 300),
    arguments jsonb not null
        check (jsonb_typeof(arguments) = 'object' and pg_column_size(arguments) <= 20000000),
    arguments_hash text not null check (char_length(arguments_hash) = 64),
    pattern text not null check (char_length(pattern) between 1 and 500),
    status text not null default 'pending' check (status in ('pending', 'approved', 'denied', 'expired')),
    scope text check (scope in ('once', 'always')),
    edited_arguments jsonb
        check (jsonb_typeof(edited_arguments) = 'object' and pg_column_size(edited_arguments) <= 20000000),
    approved_hash text check (char_length(approved_hash) = 64),
    reason text not null default '' check (char_length(reason) <= 2000),
    decided_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    decided_at timestamptz,
    revoked_at timestamptz,
    unique (run_id, call_id),
    foreign key (account_id, run_id) references factotum.runs (account_id, id) on delete cascade,
    foreign key (account_id, thread_id) references factotum.threads (account_id, id) on delete cascade,
    constraint decided_once check ((status = 'pending') = (decided_at is null)),
    constraint approved_by_somebody check ((status = 'approved')
        = (approved_hash is not null and scope is not null and decided_by is not null)
        and (status = 'approved' or (approved_hash is null and scope is null and edited_arguments is null)))
);
create index approvals_of_thread on factotum.approvals (thread_id) where scope = 'always';
create index approvals_due on factotum.approvals (expires_at) where status = 'pending';
"""

# Who decides is the caller; the system only lets time run out, and learns nothing of the call itself.
_POLICIES = """
alter table factotum.approvals enable row level security, force row level security;
create policy reads on factotum.approvals for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy creates on factotum.approvals for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]) and status = 'pending');
create policy changes on factotum.approvals for update to factotum_tenant
    using (account_id = any ((select factotum.writable_accounts())::uuid[]))
    with check (account_id = any ((select factotum.writable_accounts())::uuid[])
        and (status <> 'approved' or revoked_at is not null or decided_by = (select factotum.uid())));
create policy expires on factotum.approvals for select to factotum_system using (true);
create policy lets_expire on factotum.approvals for update to factotum_system
    using (status = 'pending') with check (status = 'expired');
grant select, insert, update (status, scope, edited_arguments, approved_hash, reason, decided_by, decided_at,
    revoked_at) on factotum.approvals to factotum_tenant;
grant select (id, run_id, call_id, status, expires_at) on factotum.approvals to factotum_system;
grant update (status, decided_at) on factotum.approvals to factotum_system;
grant update (queued_at) on factotum.runs to factotum_system;
"""


def upgrade() -> None:
    """Make the table, closed, and open what each role needs."""
    op.execute(_TABLE)
    op.execute(_POLICIES)
