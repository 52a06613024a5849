"""What the service counts, and whom it tells. A new database has the tables already."""

from alembic import op

from exchange.store.tables import figure, metadata, webhook, webhook_delivery, webhook_event

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Make what is not there yet. The portal says that a referral came in, and reads nothing of all this."""
    made = [figure, webhook, webhook_event, webhook_delivery]
    metadata.create_all(op.get_bind(), tables=made, checkfirst=True)
    for table in made:
        op.execute(f"grant select, insert, update, delete on {table.name} to exchange_console")
    op.execute("grant insert (kind, referral_id) on webhook_event to exchange_portal")
