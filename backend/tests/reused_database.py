"""How a test's database is made fit for the next one: a tenth of what a new one costs.

What a template is given: the rows it has, kept aside; a mark that says when somebody changed the schema,
which nothing here could undo; and a function that empties all tables and puts the kept rows back.
"""

import psycopg

_PREPARE = """
create schema reuse;
create table reuse.schema_changes (tag text);
create table reuse.kept (name text);

do $$
declare
    each record;
    rows bigint;
begin
    for each in select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema', 'reuse')
    loop
        execute format('select count(*) from %s', each.name) into rows;
        if rows > 0 then
            execute format('create table reuse.%I as table %s', each.name, each.name);
            insert into reuse.kept values (each.name);
        end if;
    end loop;
end
$$;

create function reuse.clear(most bigint) returns boolean
language plpgsql set session_replication_role = replica as $$
declare
    each record;
    gone bigint;
begin
    if exists (select from reuse.schema_changes) then
        return false;
    end if;
    for each in select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema', 'reuse')
    loop
        execute format('delete from %s', each.name);
        get diagnostics gone = row_count;
        most := most - gone;
    end loop;
    for each in select name from reuse.kept loop
        execute format('insert into %s table reuse.%I', each.name, each.name);
    end loop;
    perform setval(seqrelid::regclass, seqstart, false) from pg_sequence;
    return most > 0;
end
$$;

create function reuse.note() returns event_trigger language plpgsql security definer as $$
begin
    insert into reuse.schema_changes values (tg_tag);
end
$$;
create event trigger note_changes on ddl_command_end execute function reuse.note();
create event trigger note_drops on sql_drop execute function reuse.note();
alter event trigger note_changes enable always;
alter event trigger note_drops enable always;
delete from reuse.schema_changes;
"""
_END_OTHERS = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""
_MOST_ROWS = 5_000
"""A database that a test filled is slower than a new one: what is deleted stays on its pages for a while."""


def prepare(admin_url: str) -> None:
    """Make a database one that can be emptied, with what it holds now as what will stay."""
    with psycopg.connect(admin_url) as connection:
        connection.execute(_PREPARE)


def emptied(admin_url: str) -> bool:
    """End all connections to a database and bring it back to what it held.

    False: it must not be used again, since its schema was changed or much was deleted.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(_END_OTHERS)
        return connection.execute("select reuse.clear(%s)", (_MOST_ROWS,)).fetchone() == (True,)
