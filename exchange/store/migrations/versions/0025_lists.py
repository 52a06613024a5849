"""What lists of thousands of cases are read by: the newest fact of a kind, act and case of a leaf."""

from importlib.resources import files

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """One index instead of another that it begins with; the record's own columns. A new database has the index."""
    op.execute("create index if not exists ix_fact_case_id_kind_number on fact (case_id, kind, number)")
    op.execute("drop index if exists ix_fact_case_id")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("ledger_columns.sql").read_bytes())
