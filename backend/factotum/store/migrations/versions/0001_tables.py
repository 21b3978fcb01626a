"""The tables: accounts, projects, threads, messages, runs, the ledger of tool calls, agents.

`account_id` stands on every row so that a policy is one comparison, and foreign keys are pairs with it, so
that a row can never point into another account (foreign keys are checked without regard to policies).
"""

from alembic import op

revision = "0001"
down_revision = None

_ACCOUNTS = """
create table factotum.accounts (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 200),
    kind text not null check (kind in ('personal', 'team')),
    created_at timestamptz not null default now()
);

create table factotum.account_members (
    account_id uuid not null references factotum.accounts on delete cascade,
    user_id uuid not null,
    role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
    created_at timestamptz not null default now(),
    primary key (account_id, user_id)
);
create index account_members_of_user on factotum.account_members (user_id) include (account_id, role);

create table factotum.agents (
    id uuid primary key,
    account_id uuid not null references factotum.accounts on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    model text check (char_length(model) between 1 and 200),
    instructions text not null default '' check (char_length(instructions) <= 100000),
    settings jsonb not null default '{}'
        check (jsonb_typeof(settings) = 'object' and pg_column_size(settings) <= 100000),
    created_at timestamptz not null default now(),
    unique (account_id, id)
);
"""

_THREADS = """
create table factotum.projects (
    id uuid primary key,
    account_id uuid not null references factotum.accounts on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (account_id, id)
);

create table factotum.threads (
    id uuid primary key,
    account_id uuid not null,
    project_id uuid not null,
    agent_id uuid,
    title text not null default '' check (char_length(title) <= 500),
    last_position integer not null default 0 check (last_position >= 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (account_id, id),
    foreign key (account_id, project_id) references factotum.projects (account_id, id) on delete cascade,
    foreign key (account_id, agent_id) references factotum.agents (account_id, id)
        on delete set null (agent_id)
) with (fillfactor = 80);
create index threads_of_project on factotum.threads (project_id, id);
create index threads_of_agent on factotum.threads (agent_id) where agent_id is not null;
"""

# A run's project is its thread's, copied when it is made; neither ever changes: one foreign key is enough.
_RUNS = """
create table factotum.runs (
    id uuid primary key,
    account_id uuid not null,
    project_id uuid not null,
    thread_id uuid not null,
    created_by uuid not null,
    agent_id uuid,
    status text not null default 'queued' check (status in
        ('queued', 'running', 'awaiting_input', 'stopping', 'finished', 'failed', 'stopped')),
    model text not null check (char_length(model) between 1 and 200),
    options jsonb not null default '{}' check (pg_column_size(options) <= 10000),
    attempt integer not null default 0 check (attempt >= 0),
    crashes integer not null default 0 check (crashes >= 0),
    step integer not null default 0 check (step >= 0),
    owner text check (char_length(owner) <= 200),
    lease_until timestamptz,
    stop_requested boolean not null default false,
    usage jsonb not null default '{}' check (pg_column_size(usage) <= 10000),
    plan jsonb check (pg_column_size(plan) <= 1000000),
    question jsonb check (pg_column_size(question) <= 1000000),
    answer jsonb check (pg_column_size(answer) <= 10000000),
    finish_reason text check (char_length(finish_reason) <= 100),
    error jsonb check (pg_column_size(error) <= 100000),
    deliverables jsonb not null default '[]' check (pg_column_size(deliverables) <= 1000000),
    log_seq bigint not null default 0 check (log_seq >= 0),
    idempotency_key text check (char_length(idempotency_key) between 1 and 255),
    created_at timestamptz not null default now(),
    queued_at timestamptz not null default now(),
    started_at timestamptz,
    ended_at timestamptz,
    unique (account_id, id),
    foreign key (account_id, thread_id) references factotum.threads (account_id, id) on delete cascade,
    foreign key (account_id, agent_id) references factotum.agents (account_id, id)
        on delete set null (agent_id),
    constraint ended_when_it_ended
        check ((status in ('finished', 'failed', 'stopped')) = (ended_at is not null)),
    constraint asks_when_it_waits check (status <> 'awaiting_input' or question is not null),
    constraint leased_when_it_runs
        check (status not in ('running', 'stopping') or (owner is not null and lease_until is not null))
) with (fillfactor = 70);
create index runs_of_thread on factotum.runs (thread_id, id);
create unique index one_running_run_of_thread on factotum.runs (thread_id)
    where status in ('running', 'stopping');
create unique index runs_idempotency on factotum.runs (account_id, idempotency_key)
    where idempotency_key is not null;
create index runs_leased on factotum.runs (id) where status in ('running', 'stopping');
create index runs_queued on factotum.runs (queued_at) where status = 'queued';
create index runs_of_agent on factotum.runs (agent_id) where agent_id is not null;

create function factotum.refuse_change_of_ended_run() returns trigger
language plpgsql set search_path = '' as $$
begin
    raise exception 'run % has ended, or its attempt would go back', old.id using errcode = '55000';
end $$;
create trigger ended_runs_stay before update on factotum.runs for each row
    when (new.attempt < old.attempt or (old.status in ('finished', 'failed', 'stopped')
        and row(new.status, new.attempt, new.usage, new.finish_reason, new.error, new.ended_at)
            is distinct from
            row(old.status, old.attempt, old.usage, old.finish_reason, old.error, old.ended_at)))
    execute function factotum.refuse_change_of_ended_run();
"""

# tool_calls.message_id is no foreign key: a call may run while its message is still being written.
_MESSAGES = """
create table factotum.messages (
    id uuid primary key,
    account_id uuid not null,
    thread_id uuid not null,
    run_id uuid,
    position integer not null check (position > 0),
    role text not null check (role in ('user', 'assistant', 'tool')),
    parts jsonb not null
        check (jsonb_typeof(parts) = 'array' and pg_column_size(parts) <= 20000000),
    created_at timestamptz not null default now(),
    unique (thread_id, position),
    foreign key (account_id, thread_id) references factotum.threads (account_id, id) on delete cascade,
    foreign key (account_id, run_id) references factotum.runs (account_id, id) on delete set null (run_id)
);
create index messages_of_run on factotum.messages (run_id) where run_id is not null;

create table factotum.tool_calls (
    run_id uuid not null,
    call_id text not null check (char_length(call_id) between 1 and 300),
    account_id uuid not null,
    message_id uuid not null,
    name text not null check (char_length(name) between 1 and 300),
    arguments jsonb not null
        check (jsonb_typeof(arguments) = 'object' and pg_column_size(arguments) <= 20000000),
    effect text not null check (effect in ('pure', 'idempotent', 'unsafe')),
    attempt integer not null check (attempt > 0),
    state text not null default 'pending' check (state in ('pending', 'started', 'finished')),
    outcome text check (outcome in ('ok', 'error', 'unknown', 'stopped')),
    output text check (octet_length(output) <= 20000000),
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    primary key (run_id, call_id),
    foreign key (account_id, run_id) references factotum.runs (account_id, id) on delete cascade,
    constraint finished_with_an_outcome
        check ((state = 'finished')
            = (outcome is not null and output is not null and finished_at is not null))
) with (fillfactor = 80);
"""


def upgrade() -> None:
    """Make the tables."""
    for statements in (_ACCOUNTS, _THREADS, _RUNS, _MESSAGES):
        op.execute(statements)
