"""Cases from a table, and messages that lay in the wrong case.

How to reach somebody may come from a table that was put in at the machine itself, by no account. A new database has
column, table and words so already.
"""

from alembic import op

from exchange.store.tables import metadata, refiling
from exchange.store.tables.decisions import CONCERNS

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """The portal is told nothing of either."""
    op.execute("alter table safe_contact alter column recorded_by drop not null")
    metadata.create_all(op.get_bind(), tables=[refiling], checkfirst=True)
    op.execute("grant select, insert, update, delete on refiling to exchange_console")
    kinds = ", ".join(f"'{kind}'" for kind in CONCERNS)
    op.execute("alter table concern drop constraint if exists ck_concern_kind")
    op.execute(f"alter table concern add constraint ck_concern_kind check (kind in ({kinds}))")
