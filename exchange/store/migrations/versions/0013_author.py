"""Spoken reasons, and the service's own words before writing. A new database has the table already."""

from alembic import op

from exchange.store.tables import metadata, spoken

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal what lets an author listen."""
    metadata.create_all(op.get_bind(), tables=[spoken], checkfirst=True)
    op.execute("grant select, insert, update, delete on spoken to exchange_console")
    op.execute("grant select (id, message_id, state, name, media_type, size, object_key) on spoken to exchange_portal")
    op.execute(
        "create policy portal_reads_words on service_setting for select to exchange_portal"
        " using (name in ('guidance_en', 'guidance_cy'))"
    )
