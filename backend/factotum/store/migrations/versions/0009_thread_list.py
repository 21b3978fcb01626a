"""Keeping the list of threads in order: what stands at its top, and what was put away."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("""
alter table factotum.threads add column pinned_at timestamptz, add column archived_at timestamptz;
create index threads_pinned on factotum.threads (account_id, id) where pinned_at is not null;
grant update (pinned_at, archived_at) on factotum.threads to factotum_tenant;
""")


def downgrade() -> None:
    op.execute("alter table factotum.threads drop column pinned_at, drop column archived_at")
