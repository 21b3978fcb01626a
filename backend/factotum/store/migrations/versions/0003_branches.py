"""A thread is a tree, and a run can be written to while it goes on.

`branch_id` is the id of the message that begins a branch: the first child of a message goes on with its
branch, every other child begins one of its own. So a path is a few ranges of one index, however long it is.
`leaf_branch` is the branch that the next message at the thread's leaf goes on with; null: it begins one.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

_COLUMNS = """
alter table factotum.messages add column parent_id uuid, add column branch_id uuid;
alter table factotum.threads add column leaf_id uuid, add column leaf_branch uuid;
alter table factotum.runs
    add column input text check (octet_length(input) between 1 and 20000000),
    add column message_id uuid,
    add column unread jsonb not null default '[]'
        check (jsonb_typeof(unread) = 'array' and pg_column_size(unread) <= 20000000),
    add column has_unread boolean not null generated always as (unread <> '[]') stored;
"""

# Not even the owner of these tables sees their rows while row-level security is forced.
_FILL = """
alter table factotum.messages no force row level security;
alter table factotum.threads no force row level security;
alter table factotum.runs no force row level security;

update factotum.messages set parent_id = placed.parent_id, branch_id = placed.branch_id
from (
    select id, lag(id) over (partition by thread_id order by position) as parent_id,
        first_value(id) over (partition by thread_id order by position) as branch_id
    from factotum.messages
) as placed where placed.id = messages.id;

update factotum.threads set leaf_id = last.id, leaf_branch = last.branch_id
from factotum.messages as last
where last.thread_id = threads.id and last.position = threads.last_position;

update factotum.runs set message_id = opening.id
from (
    select distinct on (run_id) run_id, id from factotum.messages
    where run_id is not null and role = 'user' order by run_id, position
) as opening where opening.run_id = runs.id;

alter table factotum.messages force row level security;
alter table factotum.threads force row level security;
alter table factotum.runs force row level security;
"""

_RULES = """
alter table factotum.messages alter column branch_id set not null,
    add unique (thread_id, id),
    add foreign key (thread_id, parent_id) references factotum.messages (thread_id, id);
create index messages_of_parent on factotum.messages (thread_id, parent_id);
create index messages_of_branch on factotum.messages (branch_id, position);
create index messages_that_branch on factotum.messages (thread_id) where id = branch_id;
create index runs_unended on factotum.runs (thread_id, id) where ended_at is null;

grant update (leaf_id, leaf_branch) on factotum.threads to factotum_tenant;
grant update (input, message_id, unread) on factotum.runs to factotum_tenant;
grant select (has_unread) on factotum.runs to factotum_system;
"""


def upgrade() -> None:
    """Add the columns, place what is stored, then the rules."""
    for statements in (_COLUMNS, _FILL, _RULES):
        op.execute(statements)
