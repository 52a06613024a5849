"""What a visitor's page says of their own uploads: wrapped for them, granted to the portal."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column where it is not there yet, and let the portal write and read it."""
    op.execute("alter table upload add column if not exists about_wrapped bytea")
    op.execute(
        "grant select (about_wrapped), insert (about_wrapped), update (about_wrapped) on upload to exchange_portal"
    )
