"""API keys: what programs sign in with, stored as hashes; and the index that usage is summed by.

A key acts for whoever made it, in one account. That holds in the database too: `account` and `access` in a
transaction's claims narrow what the functions of 0002 return. Nobody can list keys to sign in with:
`key_of` answers for the hash of one that the caller already has.
"""

from alembic import op

revision = "0015"
down_revision = "0014"

_TABLE = """
create table factotum.api_keys (
    id uuid primary key,
    account_id uuid not null references factotum.accounts on delete cascade,
    user_id uuid not null,
    name text not null check (char_length(name) between 1 and 200),
    prefix text not null check (char_length(prefix) between 1 and 20),
    key_hash text not null unique check (char_length(key_hash) = 64),
    scope text not null check (scope in ('read', 'write')),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz check (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at timestamptz
) with (fillfactor = 80);
create index api_keys_of_account on factotum.api_keys (account_id, id);
create index runs_of_account_by_time on factotum.runs (account_id, created_at);
"""

_CLAIMS = "nullif(current_setting('request.jwt.claims', true), '')::jsonb"
_IN_ITS_ACCOUNT = f"""user_id = factotum.uid()
        and account_id = coalesce((select ({_CLAIMS} ->> 'account')::uuid), account_id)"""
_MAY_WRITE = f"(select {_CLAIMS} ->> 'access') is distinct from 'read'"


def _accounts(name: str, condition: str) -> str:
    return f"""
create or replace function factotum.{name}() returns uuid[]
language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(account_id), '{{}}')
    from factotum.account_members where {_IN_ITS_ACCOUNT}{condition}
$$;
"""


_FUNCTIONS = (
    _accounts("readable_accounts", "")
    + _accounts("writable_accounts", f" and role <> 'viewer' and {_MAY_WRITE}")
    + _accounts("managed_accounts", f" and role in ('owner', 'admin') and {_MAY_WRITE}")
    + """
create function factotum.key_of(digest text)
returns table (id uuid, user_id uuid, account_id uuid, scope text, expires_at timestamptz, state text,
    unmarked boolean)
language sql stable security definer set search_path = '' as $$
    select k.id, k.user_id, k.account_id, k.scope, k.expires_at,
        case when k.revoked_at is not null or m.user_id is null then 'revoked'
            when k.expires_at <= clock_timestamp() then 'expired' else 'good' end,
        coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true)
    from factotum.api_keys k left join factotum.account_members m
        on m.account_id = k.account_id and m.user_id = k.user_id
    where k.key_hash = digest
$$;

create function factotum.mark_key(digest text) returns void
language sql security definer set search_path = '' as $$
    update factotum.api_keys set last_used_at = clock_timestamp()
    where key_hash = digest and coalesce(last_used_at < clock_timestamp() - interval '1 minute', true)
$$;

revoke all on function factotum.key_of(text), factotum.mark_key(text) from public;
grant execute on function factotum.key_of(text), factotum.mark_key(text) to factotum_system;
"""
)

_POLICIES = """
alter table factotum.api_keys enable row level security, force row level security;
create policy owner on factotum.api_keys to current_user using (true) with check (true);
create policy reads on factotum.api_keys for select to factotum_tenant
    using (account_id = any ((select factotum.readable_accounts())::uuid[]));
create policy creates on factotum.api_keys for insert to factotum_tenant
    with check (account_id = any ((select factotum.writable_accounts())::uuid[])
        and user_id = (select factotum.uid()));
create policy changes on factotum.api_keys for update to factotum_tenant
    using (account_id = any ((select factotum.managed_accounts())::uuid[])
        or (user_id = (select factotum.uid())
            and account_id = any ((select factotum.writable_accounts())::uuid[])));
grant select (id, account_id, user_id, name, prefix, scope, created_at, expires_at, last_used_at, revoked_at),
    insert, update (revoked_at) on factotum.api_keys to factotum_tenant;
"""


def upgrade() -> None:
    """Make the table, closed; narrow what keys reach; open what each role needs."""
    for statements in (_TABLE, _FUNCTIONS, _POLICIES):
        op.execute(statements)
