"""Budgets: pools that one run or several draw from. Money in billionths of a US dollar, time in milliseconds.

`reserved` of a run is what it holds back of its pool for the step that is under way; the pool's own columns
are the sums, so that one statement on one row decides whether a step may begin.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

_TABLES = """
create table factotum.budgets (
    id uuid primary key,
    account_id uuid not null,
    run_id uuid not null unique,
    first jsonb not null check (pg_column_size(first) <= 10000),
    limit_nanos bigint check (limit_nanos >= 0),
    limit_tokens bigint check (limit_tokens >= 0),
    limit_steps bigint check (limit_steps >= 0),
    limit_millis bigint check (limit_millis >= 0),
    used_nanos bigint not null default 0 check (used_nanos >= 0),
    used_tokens bigint not null default 0 check (used_tokens >= 0),
    used_steps bigint not null default 0 check (used_steps >= 0),
    used_millis bigint not null default 0 check (used_millis >= 0),
    reserved_nanos bigint not null default 0 check (reserved_nanos >= 0),
    reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
    reserved_steps bigint not null default 0 check (reserved_steps >= 0),
    unique (account_id, id),
    foreign key (account_id, run_id) references factotum.runs (account_id, id) on delete cascade
) with (fillfactor = 70);
create index budgets_of_account on factotum.budgets (account_id);

alter table factotum.runs
    add column budget_id uuid,
    add column reserved jsonb check (pg_column_size(reserved) <= 1000),
    add foreign key (account_id, budget_id) references factotum.budgets (account_id, id)
        on delete set null (budget_id);
create index runs_of_budget on factotum.runs (budget_id) where budget_id is not null;
"""

_POLICIES = """
alter table factotum.budgets enable row level security, force row level security;
create policy reads on factotum.budgets for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy creates on factotum.budgets for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
create policy changes on factotum.budgets for update to factotum_tenant
    using (account_id = any ((select factotum.writable_accounts())::uuid[]))
    with check (account_id = any ((select factotum.writable_accounts())::uuid[]));
grant select, insert, update (limit_nanos, limit_tokens, limit_steps, limit_millis, used_nanos, used_tokens,
    used_steps, used_millis, reserved_nanos, reserved_tokens, reserved_steps)
    on factotum.budgets to factotum_tenant;
grant update (budget_id, reserved) on factotum.runs to factotum_tenant;
"""


def upgrade() -> None:
    """Make the table, let runs point at it, and open it to the tenants."""
    op.execute(_TABLES + _POLICIES)
