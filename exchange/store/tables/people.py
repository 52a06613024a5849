"""Staff accounts, their sessions and tokens. Secrets are hashes, or sealed to the service's key pair."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from exchange.store.tables.base import key, metadata, now, ref, when

account = Table(
    "account",
    metadata,
    key(),
    Column("login", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    # Where the neutral daily e-mail goes; staff only.
    Column("email", Text),
    Column("password_hash", Text),
    # Until when a password given by somebody else may be used; NULL once its owner has chosen one.
    when("password_until"),
    # The TOTP secret wrapped by the root key provider; `totp_last` is the last time step used (no replay).
    Column("totp_wrapped", LargeBinary),
    # A second factor being set up: it counts for nothing until a code of it was typed.
    Column("totp_pending", LargeBinary),
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
    Column("scope", Text, CheckConstraint("scope in ('witness')", name="scope")),
    when("stepped_up_at"),
    now("created_at"),
    when("expires_at"),
    when("revoked_at"),
)

# A passkey (WebAuthn credential). `sign_count` is the authenticator's counter as it was last seen: one that
# does not rise means that there is a copy, and `suspended_at` switches the passkey off.
passkey = Table(
    "passkey",
    metadata,
    key(),
    ref("account_id", "account.id", ondelete="CASCADE"),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False, server_default=text("0")),
    Column("label", Text, nullable=False),
    now("created_at"),
    when("last_used_at"),
    when("suspended_at"),
)

# What an authenticator is asked to sign: the hash of 32 random bytes, for one purpose and session, used once.
passkey_challenge = Table(
    "passkey_challenge",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    ref("session_id", "account_session.id", nullable=True, ondelete="CASCADE"),
    Column("purpose", Text, nullable=False),
    now(),
)
