"""Members of an account: invitations, the sessions of people we sign in ourselves, and who may change whom.

Nobody writes `account_members` but the functions below, which look at the caller's role under the account's
lock; and a trigger keeps the last owner, whoever asks. No key of a program changes members: `person_role`
knows people only. An invitation and a session are known by the hash of their token.
"""

from alembic import op

revision = "0017"
down_revision = "0016"

_TABLES = """
alter table factotum.account_members add column name text check (char_length(name) between 1 and 100);

create table factotum.invitations (
    id uuid primary key,
    account_id uuid not null references factotum.accounts on delete cascade,
    invited_by uuid not null,
    role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
    note text check (char_length(note) between 1 and 254),
    token_hash text not null unique check (char_length(token_hash) = 64),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
        check (expires_at > created_at and expires_at <= created_at + interval '31 days'),
    accepted_at timestamptz,
    accepted_by uuid,
    revoked_at timestamptz,
    constraint accepted_by_somebody check ((accepted_at is null) = (accepted_by is null)),
    constraint ended_once check (accepted_at is null or revoked_at is null)
);
create index invitations_of_account on factotum.invitations (account_id, id);

create table factotum.sessions (
    id uuid primary key,
    user_id uuid not null,
    token_hash text not null unique check (char_length(token_hash) = 64),
    created_at timestamptz not null default clock_timestamp(),
    last_used_at timestamptz not null default clock_timestamp()
) with (fillfactor = 80);
create index sessions_of_user on factotum.sessions (user_id);
"""

_CLAIMS = "nullif(current_setting('request.jwt.claims', true), '')::jsonb"
_A_PERSON = f"""user_id = factotum.uid() and (select {_CLAIMS} ->> 'access') is null
        and account_id = coalesce((select ({_CLAIMS} ->> 'account')::uuid), account_id)"""

_ROLES = f"""
create function factotum.person_role(wanted uuid) returns text
language sql stable security definer set search_path = '' as $$
    select role from factotum.account_members where account_id = wanted and {_A_PERSON}
$$;

create function factotum.led_accounts() returns uuid[]
language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(account_id), '{{}}') from factotum.account_members
    where role in ('owner', 'admin') and {_A_PERSON}
$$;

create function factotum.owned_accounts() returns uuid[]
language sql stable security definer set search_path = '' as $$
    select coalesce(array_agg(account_id), '{{}}') from factotum.account_members
    where role = 'owner' and {_A_PERSON}
$$;
"""

# The account's row is locked first, always: changes of one account's members wait for each other.
_TRIGGERS = """
create function factotum.keep_an_owner() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform from factotum.accounts where id = old.account_id for no key update;
    -- An account that is deleted takes its members with it, and is not found any more.
    if found and not exists (select from factotum.account_members where account_id = old.account_id
            and user_id <> old.user_id and role = 'owner') then
        raise exception 'the last owner of account %', old.account_id using errcode = 'P0001';
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end $$;
create trigger the_last_owner_stays before update of role on factotum.account_members for each row
    when (old.role = 'owner' and new.role <> 'owner') execute function factotum.keep_an_owner();
create trigger the_last_owner_is_kept before delete on factotum.account_members for each row
    when (old.role = 'owner') execute function factotum.keep_an_owner();

create function factotum.end_what_a_role_gave() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    update factotum.invitations set revoked_at = clock_timestamp()
    where account_id = old.account_id and invited_by = old.user_id
        and accepted_at is null and revoked_at is null
        and (tg_op = 'DELETE' or new.role not in ('owner', 'admin')
            or (new.role = 'admin' and role = 'owner'));
    if tg_op = 'DELETE' then
        update factotum.api_keys set revoked_at = clock_timestamp()
        where account_id = old.account_id and user_id = old.user_id and revoked_at is null;
        delete from factotum.sessions where user_id = old.user_id
            and not exists (select from factotum.account_members where user_id = old.user_id);
    end if;
    return null;
end $$;
create trigger a_role_ends after update of role or delete on factotum.account_members for each row
    execute function factotum.end_what_a_role_gave();
"""

_CHANGES = """
create function factotum.set_member_role(account uuid, member uuid, wanted text) returns text
language plpgsql security definer set search_path = '' as $$
declare
    mine text := factotum.person_role(account);
    theirs text;
begin
    if mine is null then
        return 'missing';
    end if;
    perform from factotum.accounts where id = account for no key update;
    mine := factotum.person_role(account);
    select role into theirs from factotum.account_members where account_id = account and user_id = member;
    if theirs is null then
        return 'missing';
    end if;
    if mine is null or mine not in ('owner', 'admin')
            or (mine = 'admin' and (theirs = 'owner' or wanted = 'owner')) then
        return 'forbidden';
    end if;
    update factotum.account_members set role = wanted
    where account_id = account and user_id = member and role <> wanted;
    return 'done';
end $$;

create function factotum.remove_member(account uuid, member uuid) returns text
language plpgsql security definer set search_path = '' as $$
declare
    mine text := factotum.person_role(account);
    theirs text;
begin
    if mine is null then
        return 'missing';
    end if;
    perform from factotum.accounts where id = account for no key update;
    mine := factotum.person_role(account);
    select role into theirs from factotum.account_members where account_id = account and user_id = member;
    if theirs is null then
        return 'missing';
    end if;
    if member <> factotum.uid() and (mine is null or mine not in ('owner', 'admin')
            or (mine = 'admin' and theirs = 'owner')) then
        return 'forbidden';
    end if;
    delete from factotum.account_members where account_id = account and user_id = member;
    return 'done';
end $$;

create function factotum.name_myself(account uuid, called text) returns text
language plpgsql security definer set search_path = '' as $$
begin
    if factotum.person_role(account) is null then
        return 'missing';
    end if;
    update factotum.account_members set name = called
    where account_id = account and user_id = factotum.uid();
    return 'done';
end $$;
"""

_INVITATIONS = """
create function factotum.invitation_of(digest text)
returns table (account_id uuid, account_name text, role text, expires_at timestamptz, state text)
language sql stable security definer set search_path = '' as $$
    select i.account_id, a.name, i.role, i.expires_at,
        case when i.revoked_at is not null then 'revoked' when i.accepted_at is not null then 'used'
            when i.expires_at <= clock_timestamp() then 'expired' else 'good' end
    from factotum.invitations i join factotum.accounts a on a.id = i.account_id where i.token_hash = digest
$$;

create function factotum.accept_invitation(digest text, person uuid, called text, most integer)
returns table (account uuid, outcome text)
language plpgsql security definer set search_path = '' as $$
declare
    invited factotum.invitations;
begin
    select i.account_id into account from factotum.invitations i where i.token_hash = digest;
    perform from factotum.accounts where id = account for no key update;
    select * into invited from factotum.invitations i where i.token_hash = digest for update;
    outcome := case when invited.id is null then 'unknown' when invited.revoked_at is not null then 'revoked'
        when invited.accepted_at is not null then 'used'
        when invited.expires_at <= clock_timestamp() then 'expired'
        when exists (select from factotum.account_members m
            where m.account_id = account and m.user_id = person) then 'member'
        when (select count(*) from factotum.account_members m where m.account_id = account) >= most
            then 'full'
        else 'joined' end;
    if outcome = 'joined' then
        insert into factotum.account_members (account_id, user_id, role, name)
        values (account, person, invited.role, coalesce(called, left(invited.note, 100)));
        update factotum.invitations set accepted_at = clock_timestamp(), accepted_by = person
        where id = invited.id;
    end if;
    return next;
end $$;
"""

_SESSIONS = """
create function factotum.open_session(session uuid, person uuid, digest text) returns void
language sql security definer set search_path = '' as $$
    insert into factotum.sessions (id, user_id, token_hash) values (session, person, digest)
$$;

create function factotum.session_of(digest text) returns table (id uuid, user_id uuid, unmarked boolean)
language sql stable security definer set search_path = '' as $$
    select s.id, s.user_id, s.last_used_at < clock_timestamp() - interval '1 hour'
    from factotum.sessions s where s.token_hash = digest
        and s.last_used_at > clock_timestamp() - interval '90 days'
        and exists (select from factotum.account_members m where m.user_id = s.user_id)
$$;

create function factotum.mark_session(session uuid) returns void
language sql security definer set search_path = '' as $$
    update factotum.sessions set last_used_at = clock_timestamp() where id = session
$$;

create function factotum.end_session(digest text) returns void
language sql security definer set search_path = '' as $$
    delete from factotum.sessions where token_hash = digest
$$;
"""

_FOR_TENANTS = (
    "led_accounts()",
    "owned_accounts()",
    "set_member_role(uuid, uuid, text)",
    "remove_member(uuid, uuid)",
    "name_myself(uuid, text)",
)
_FOR_THE_SYSTEM = (
    "invitation_of(text)",
    "accept_invitation(text, uuid, text, integer)",
    "open_session(uuid, uuid, text)",
    "session_of(text)",
    "mark_session(uuid)",
    "end_session(text)",
)
_FOR_NOBODY = ("person_role(uuid)", "keep_an_owner()", "end_what_a_role_gave()")

_POLICIES = """
alter table factotum.invitations enable row level security, force row level security;
alter table factotum.sessions enable row level security, force row level security;
create policy owner on factotum.invitations to current_user using (true) with check (true);
create policy owner on factotum.sessions to current_user using (true) with check (true);
create policy reads on factotum.invitations for select to factotum_tenant
    using (account_id = any ((select factotum.led_accounts())::uuid[]));
create policy creates on factotum.invitations for insert to factotum_tenant
    with check (account_id = any ((select factotum.led_accounts())::uuid[])
        and invited_by = (select factotum.uid())
        and (role <> 'owner' or account_id = any ((select factotum.owned_accounts())::uuid[])));
create policy changes on factotum.invitations for update to factotum_tenant
    using (account_id = any ((select factotum.led_accounts())::uuid[]));
grant select (id, account_id, invited_by, role, note, created_at, expires_at, accepted_at, accepted_by,
    revoked_at), insert, update (revoked_at) on factotum.invitations to factotum_tenant;
grant update (created_by, stop_requested) on factotum.runs to factotum_system;
"""


def upgrade() -> None:
    """Make the tables, closed; then the functions, for the one role that each is for."""
    for statements in (_TABLES, _ROLES, _TRIGGERS, _CHANGES, _INVITATIONS, _SESSIONS):
        op.execute(statements)
    for function in (*_FOR_TENANTS, *_FOR_THE_SYSTEM, *_FOR_NOBODY):
        op.execute(f"revoke all on function factotum.{function} from public")
    for functions, role in ((_FOR_TENANTS, "factotum_tenant"), (_FOR_THE_SYSTEM, "factotum_system")):
        for function in functions:
            op.execute(f"grant execute on function factotum.{function} to {role}")
    op.execute(_POLICIES)
