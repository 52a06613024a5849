"""What people can ask about themselves. A new database has the tables already."""

from alembic import op

from exchange.core.model import ConsentKind
from exchange.store.tables import closing, disclosure, metadata, own_copy, own_copy_item, rectification

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal none."""
    made = [closing, disclosure, own_copy, own_copy_item, rectification]
    metadata.create_all(op.get_bind(), tables=made, checkfirst=True)
    for table in made:
        op.execute(f"grant select, insert, update, delete on {table.name} to exchange_console")
    op.execute("insert into closing (case_id, at) select id, moved_at from cases where state = 'closed'")
    kinds = ", ".join(f"'{kind}'" for kind in ConsentKind)
    op.execute("alter table consent drop constraint if exists ck_consent_kind")
    op.execute(f"alter table consent add constraint ck_consent_kind check (kind in ({kinds}))")
