"""What people can ask about themselves. A new database has the tables already."""

from alembic import op

from exchange.core.model import ConsentKind
from exchange.store.tables import closing, disclosure, metadata, own_copy, own_copy_item

revision = "0021"
down_revision = "0017"


def upgrade() -> None:
    """Make what is not there yet; console and worker have every row, the portal none."""
    metadata.create_all(op.get_bind(), tables=[closing, disclosure, own_copy, own_copy_item], checkfirst=True)
    op.execute(
        "grant select, insert, update, delete on closing, disclosure, own_copy, own_copy_item to exchange_console"
    )
    op.execute("insert into closing (case_id, at) select id, moved_at from cases where state = 'closed'")
    kinds = ", ".join(f"'{kind}'" for kind in ConsentKind)
    op.execute("alter table consent drop constraint if exists ck_consent_kind")
    op.execute(f"alter table consent add constraint ck_consent_kind check (kind in ({kinds}))")
