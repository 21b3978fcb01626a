"""Which model wrote a message: a fallback's name where the run's own was away."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("alter table factotum.messages add column model text check (length(model) <= 200)")


def downgrade() -> None:
    op.execute("alter table factotum.messages drop column model")
