"""Staff accounts, their sessions and tokens. Secrets are hashes, or sealed to the service's key pair."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from exchange.store.tables.base import key, metadata, now, ref, when

account = Table(
    "account",
    metadata,
    key(),
    Column("login", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("password_hash", Text),
    # The TOTP secret wrapped by the root key provider; `totp_last` is the last time step used (no replay).
    Column("totp_wrapped", LargeBinary),
    Column("totp_last", Integer, nullable=False, server_default=text("0")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("wrong_attempts", Integer, nullable=False, server_default=text("0")),
    when("wait_until"),
    Column("language", Text, nullable=False, server_default=text("'en'")),
    now("created_at"),
)

account_session = Table(
    "account_session",
    metadata,
    key(),
    ref("account_id", "account.id", ondelete="CASCADE"),
    Column("cookie_hash", LargeBinary, nullable=False, unique=True),
    Column("second_factor", Boolean, nullable=False, server_default=text("false")),
    when("stepped_up_at"),
    now("created_at"),
    now("last_used_at"),
    when("ended_at"),
)

api_token = Table(
    "api_token",
    metadata,
    key(),
    ref("account_id", "account.id", ondelete="CASCADE"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    when("stepped_up_at"),
    now("created_at"),
    when("expires_at"),
    when("revoked_at"),
)
