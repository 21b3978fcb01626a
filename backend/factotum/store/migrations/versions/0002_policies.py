"""Who may see and change which row: row-level security, forced on every table, and column grants.

A caller is the `sub` of the transaction's claims. Members read, all but viewers write. The schema's owner has
policies on the two tables that the functions below read in its name; elsewhere not even the owner sees a row.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_FUNCTIONS = """
create function factotum.uid() returns uuid
language sql stable set search_path = '' as $$
    select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;

create function factotum.readable_accounts() returns uuid[]
language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(account_id), '{}')
    from factotum.account_members where user_id = factotum.uid()
$$;

create function factotum.writable_accounts() returns uuid[]
language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(account_id), '{}')
    from factotum.account_members where user_id = factotum.uid() and role <> 'viewer'
$$;

create function factotum.managed_accounts() returns uuid[]
language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(account_id), '{}')
    from factotum.account_members where user_id = factotum.uid() and role in ('owner', 'admin')
$$;

create function factotum.ensure_personal_account(wanted uuid, title text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
    me uuid := factotum.uid();
    mine uuid;
begin
    if me is null then
        raise exception 'no caller' using errcode = '42501';
    end if;
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(me::text, 0));
    select a.id into mine
    from factotum.accounts a join factotum.account_members m on m.account_id = a.id
    where m.user_id = me and m.role = 'owner' and a.kind = 'personal' order by a.id limit 1;
    if mine is null then
        insert into factotum.accounts (id, name, kind) values (wanted, title, 'personal')
        returning id into mine;
        insert into factotum.account_members (account_id, user_id, role) values (mine, me, 'owner');
    end if;
    return mine;
end $$;

revoke all on all functions in schema factotum from public;
grant execute on function factotum.uid(), factotum.readable_accounts(), factotum.writable_accounts(),
    factotum.managed_accounts(), factotum.ensure_personal_account(uuid, text) to factotum_tenant;
"""

_TABLES = (
    "alembic_version",
    "accounts",
    "account_members",
    "agents",
    "projects",
    "threads",
    "messages",
    "runs",
    "tool_calls",
)

# One array a statement, computed once (an initplan) and usable as an index condition.
_READ = "= any ((select factotum.readable_accounts())::uuid[])"
_WRITE = "= any ((select factotum.writable_accounts())::uuid[])"
_MANAGE = "= any ((select factotum.managed_accounts())::uuid[])"

_OWNER = """
create policy owner on factotum.alembic_version to current_user using (true) with check (true);
create policy owner on factotum.accounts to current_user using (true) with check (true);
create policy owner on factotum.account_members to current_user using (true) with check (true);
"""

_ACCOUNTS = f"""
create policy version on factotum.alembic_version for select to factotum_tenant using (true);
create policy reads on factotum.accounts for select to factotum_tenant using (id {_READ});
create policy manages on factotum.accounts for update to factotum_tenant
    using (id {_MANAGE}) with check (id {_MANAGE});
create policy reads on factotum.account_members for select to factotum_tenant using (account_id {_READ});
"""

# A worker acts as a run's creator: nobody may name another one.
_RUNS = f"""
create policy reads on factotum.runs for select to factotum_tenant using (account_id {_READ});
create policy changes on factotum.runs for update to factotum_tenant
    using (account_id {_WRITE}) with check (account_id {_WRITE});
create policy creates on factotum.runs for insert to factotum_tenant
    with check (account_id {_WRITE} and created_by = (select factotum.uid()));
create policy sweeps on factotum.runs for select to factotum_system using (true);
create policy claims on factotum.runs for update to factotum_system using (true) with check (true);
"""

_GRANTS = """
grant usage on schema factotum to factotum_tenant, factotum_system;
grant select on all tables in schema factotum to factotum_tenant;
grant update (name) on factotum.accounts to factotum_tenant;
grant insert, delete, update (name, model, instructions, settings) on factotum.agents to factotum_tenant;
grant insert, delete, update (name, updated_at) on factotum.projects to factotum_tenant;
grant insert, delete, update (title, agent_id, last_position, updated_at)
    on factotum.threads to factotum_tenant;
grant insert on factotum.messages to factotum_tenant;
grant insert, update (attempt, state, outcome, output, started_at, finished_at)
    on factotum.tool_calls to factotum_tenant;
grant insert, update (status, step, crashes, owner, lease_until, stop_requested, usage, plan, question,
    answer, finish_reason, error, deliverables, log_seq, queued_at, ended_at)
    on factotum.runs to factotum_tenant;
grant select (id, account_id, project_id, thread_id, created_by, agent_id, status, model, attempt, step,
    owner, crashes, lease_until, stop_requested, log_seq, created_at, queued_at, started_at, ended_at)
    on factotum.runs to factotum_system;
grant update (status, attempt, crashes, owner, lease_until, error, log_seq, started_at, ended_at)
    on factotum.runs to factotum_system;
"""


def upgrade() -> None:
    """Close every table, then open what each role needs."""
    op.execute(_FUNCTIONS)
    for table in _TABLES:
        op.execute(f"alter table factotum.{table} enable row level security, force row level security")
    op.execute(_OWNER + _ACCOUNTS + _RUNS)
    for table in ("agents", "projects", "threads", "messages", "tool_calls"):
        op.execute(f"""
create policy reads on factotum.{table} for select to factotum_tenant using (account_id {_READ});
create policy creates on factotum.{table} for insert to factotum_tenant with check (account_id {_WRITE});
""")
    for table in ("agents", "projects", "threads", "tool_calls"):
        op.execute(f"""
create policy changes on factotum.{table} for update to factotum_tenant
    using (account_id {_WRITE}) with check (account_id {_WRITE});
""")
    for table in ("agents", "projects", "threads"):
        op.execute(f"""
create policy deletes on factotum.{table} for delete to factotum_tenant using (account_id {_WRITE});
""")
    op.execute(_GRANTS)
