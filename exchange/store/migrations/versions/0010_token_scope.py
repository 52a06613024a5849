"""Tokens that may do one thing only. A new database has the column from the first migration already."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column where it is not there yet; older tokens stay as they are."""
    op.execute("alter table api_token add column if not exists scope text check (scope in ('witness'))")
