"""What fairness and expiry need to know of a run: whether it has a job, and since when it waits for a person.

`enqueued` is true while a queued run's job is on its way to a worker; one without a job waits for room.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

_COLUMNS = """
alter table factotum.runs
    add column enqueued boolean not null default false,
    add column waits_since timestamptz;
"""

# Not even the owner of the table sees its rows while row-level security is forced.
_FILL = """
alter table factotum.runs no force row level security;
update factotum.runs set enqueued = status = 'queued',
    waits_since = case when status = 'awaiting_input' then now() end
where status in ('queued', 'awaiting_input');
alter table factotum.runs force row level security;
"""

_INDEXES = """
create index runs_parked on factotum.runs (account_id, (started_at is null), queued_at, id)
    where status = 'queued' and not enqueued;
create index runs_taken on factotum.runs (account_id)
    where status in ('running', 'stopping') or (status = 'queued' and enqueued);
create index runs_waiting on factotum.runs (waits_since) where status = 'awaiting_input';
create index runs_with_key on factotum.runs (created_at) where idempotency_key is not null;
"""

# The system forgets old keys.
_RIGHTS = """
grant update (enqueued, waits_since) on factotum.runs to factotum_tenant;
grant select (enqueued, waits_since, idempotency_key), update (enqueued, idempotency_key)
    on factotum.runs to factotum_system;
"""


def upgrade() -> None:
    """Add the columns, say what is known of present runs, then indexes and rights."""
    for statements in (_COLUMNS, _FILL, _INDEXES, _RIGHTS):
        op.execute(statements)
