"""What somebody looked at for a copy is known again when it is made.

A copy that is under way has nothing of that: it is looked through once more. A new database has the column already.
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """One column; the console has its rights on the whole table."""
    op.execute("alter table own_copy_item add column if not exists seen bytea")
