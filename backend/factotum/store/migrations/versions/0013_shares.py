"""Shares: links that let anybody who has one read a path of a thread, and the role that reads for them.

`factotum_visitor` has no account. What it sees follows from the hash of a link's token in its claims: the one
share with that hash while it is good, that share's thread up to where it stood, and runs that had ended then.
It has no right to any column that tells of accounts, models, money or what else a project holds.
"""

from alembic import op

revision = "0013"
down_revision = "0011"

_TABLE = """
create table factotum.shares (
    id uuid primary key,
    account_id uuid not null,
    thread_id uuid not null,
    created_by uuid not null,
    token_hash text not null unique check (char_length(token_hash) = 64),
    title text not null check (char_length(title) <= 500),
    leaf_id uuid not null,
    last_position integer not null check (last_position > 0),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz check (expires_at > created_at),
    revoked_at timestamptz,
    foreign key (account_id, thread_id) references factotum.threads (account_id, id) on delete cascade
);
create index shares_of_thread on factotum.shares (thread_id, id);
"""

_OF_THE_LINK = """nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'share'"""

_POLICIES = f"""
alter table factotum.shares enable row level security, force row level security;
create policy reads on factotum.shares for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy creates on factotum.shares for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[])
        and created_by = (select factotum.uid()));
create policy changes on factotum.shares for update to factotum_tenant
    using (account_id = any ((select factotum.writable_accounts())::uuid[]))
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));

create policy visits on factotum.shares for select to factotum_visitor
    using (token_hash = (select {_OF_THE_LINK})
        and revoked_at is null and (expires_at is null or expires_at > clock_timestamp()));
create policy visits on factotum.threads for select to factotum_visitor
    using (id = (select shares.thread_id from factotum.shares));
create policy visits on factotum.messages for select to factotum_visitor
    using (thread_id = (select shares.thread_id from factotum.shares)
        and position <= (select shares.last_position from factotum.shares));
create policy visits on factotum.runs for select to factotum_visitor
    using (thread_id = (select shares.thread_id from factotum.shares)
        and ended_at <= (select shares.created_at from factotum.shares));
"""

_GRANTS = """
grant select, insert, update (revoked_at) on factotum.shares to factotum_tenant;
grant usage on schema factotum to factotum_visitor;
grant select (thread_id, title, leaf_id, last_position, created_at, expires_at)
    on factotum.shares to factotum_visitor;
grant select (id, project_id, leaf_id) on factotum.threads to factotum_visitor;
grant select (id, thread_id, parent_id, branch_id, run_id, position, role, parts, model, created_at)
    on factotum.messages to factotum_visitor;
grant select (id, thread_id, status, deliverables, started_at, ended_at)
    on factotum.runs to factotum_visitor;
"""


def upgrade() -> None:
    """Make the table, closed, and open what each role needs."""
    for statements in (_TABLE, _POLICIES, _GRANTS):
        op.execute(statements)
