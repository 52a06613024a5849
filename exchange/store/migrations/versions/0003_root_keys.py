"""Root keys that follow one another: every wrap names its key, the service names the key in use."""

from importlib.resources import files

from alembic import op

revision = "0003"
down_revision = "0002"

# 0x02 ‖ length of the name ‖ name ‖ what was there (exchange/core/rootwrap.py)
_NAMED = "'\\x02'::bytea || set_byte('\\x00'::bytea, 0, length(:key)) || convert_to(:key, 'SQL_ASCII') || :wrap"


def upgrade() -> None:
    """Name what was wrapped before, then guard it."""
    named = "exists (select from key_pair)"
    first = "(select root_key_name from key_pair order by at limit 1)"
    _prefix("key_pair", "private_wrapped", "root_key_name")
    for column in ("totp_wrapped", "totp_pending"):
        _prefix("account", column, first)
    op.execute(
        f"insert into service_setting (name, value) select 'root_key', to_jsonb({first}) where {named}"
        " on conflict (name) do nothing"
    )
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        cursor.execute(files("exchange.store").joinpath("root_wraps.sql").read_bytes())


def _prefix(table: str, column: str, key: str) -> None:
    value = _NAMED.replace(":key", key).replace(":wrap", column)
    op.execute(f"update {table} set {column} = {value} where get_byte({column}, 0) = 1")  # noqa: S608
