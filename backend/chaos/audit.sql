-- Notes every write to runs, messages and the ledger, with the process that made it: the checks compare it with
-- the run's owner at that very moment. Each process names itself in its connections (chaos.writer).
create schema chaos;
create table chaos.notes (
    id bigint generated always as identity primary key,
    at double precision not null default extract(epoch from clock_timestamp()),
    writer text not null default coalesce(current_setting('chaos.writer', true), ''),
    "table" text not null, operation text not null, run_id uuid,
    owner text, attempt integer, status text, old_owner text, old_attempt integer, old_status text,
    lease_left double precision, item text not null, change text not null, effect text not null default '',
    item_attempt integer
);
create index on chaos.notes (run_id);

create function chaos.note_run() returns trigger language plpgsql security definer set search_path = '' as $$
declare
    handed_over constant boolean := coalesce(new.lease_until = '-infinity', false);
    was_handed_over constant boolean := coalesce(old.lease_until = '-infinity', false);
begin
    -- The owner's own heartbeat says nothing; one of anybody else's would.
    if tg_op = 'UPDATE' and row(new.status, new.attempt, new.owner, new.step, handed_over)
            is not distinct from row(old.status, old.attempt, old.owner, old.step, was_handed_over)
        and (new.lease_until is not distinct from old.lease_until or split_part(old.owner, ':', 2)
            = split_part(current_setting('chaos.writer', true), ':', 2)) then
        return null;
    end if;
    insert into chaos.notes ("table", operation, run_id, owner, attempt, status, old_owner, old_attempt,
        old_status, lease_left, item, change)
    values ('runs', tg_op, new.id, new.owner, new.attempt, new.status, old.owner, coalesce(old.attempt, 0),
        coalesce(old.status, ''),
        case when old.lease_until = '-infinity' then -1
            else extract(epoch from old.lease_until - clock_timestamp()) end,
        new.id::text, case when handed_over and not was_handed_over then 'released' else new.step::text end);
    return null;
end $$;
create trigger chaos_note after insert or update on factotum.runs
    for each row execute function chaos.note_run();

create function chaos.note_message() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    written record := coalesce(new, old);
begin
    insert into chaos.notes ("table", operation, run_id, owner, attempt, status, old_owner, old_attempt,
        old_status, item, change)
    select 'messages', tg_op, written.run_id, runs.owner, runs.attempt, runs.status, runs.owner, runs.attempt,
        runs.status, written.id::text, written.role
    from (select) as one left join factotum.runs on runs.id = written.run_id;
    return null;
end $$;
create trigger chaos_note after insert or update or delete on factotum.messages
    for each row execute function chaos.note_message();

create function chaos.note_call() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    written record := coalesce(new, old);
begin
    insert into chaos.notes ("table", operation, run_id, owner, attempt, status, old_owner, old_attempt,
        old_status, item, change, effect, item_attempt)
    select 'tool_calls', tg_op, written.run_id, runs.owner, runs.attempt, runs.status, runs.owner,
        runs.attempt, runs.status, written.call_id, coalesce(old.state, '') || '>' || written.state,
        written.effect, written.attempt
    from (select) as one left join factotum.runs on runs.id = written.run_id;
    return null;
end $$;
create trigger chaos_note after insert or update or delete on factotum.tool_calls
    for each row execute function chaos.note_call();

-- Which workers have begun to take jobs.
create table chaos.workers (writer text primary key);
create function chaos.note_worker() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into chaos.workers values (current_setting('chaos.writer', true)) on conflict do nothing;
    return null;
end $$;
create trigger chaos_note after insert on queue.procrastinate_workers
    for each row execute function chaos.note_worker();
