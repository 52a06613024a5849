"""Since when supervisors know that a referral is due to be erased. A new database has the column already."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """The portal's role is told nothing of it."""
    op.execute("alter table referral add column if not exists notice_at timestamptz")
