"""Other ways to sign in: an account at an OpenID provider, recovery codes. No secret, only hashes."""

from sqlalchemy import Column, LargeBinary, Table, Text, UniqueConstraint

from exchange.store.tables.base import key, metadata, now, ref, when

# Which account here is which subject of which provider. Made by an administrator and never from an e-mail address;
# (issuer, subject) is the only pair that OpenID Connect promises to be one person's for ever.
sign_on = Table(
    "sign_on",
    metadata,
    key(),
    ref("account_id", "account.id", ondelete="CASCADE"),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    now("linked_at"),
    when("last_used_at"),
    UniqueConstraint("issuer", "subject"),
    UniqueConstraint("account_id"),
)

# A browser that was sent to the provider: found by the hash of its cookie, used once. State, nonce and PKCE
# verifier are derived from that cookie and stand nowhere.
sign_on_attempt = Table(
    "sign_on_attempt",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("issuer", Text, nullable=False),
    now(),
)

# A code on paper that replaces a lost second factor once.
recovery_code = Table(
    "recovery_code",
    metadata,
    key(),
    ref("account_id", "account.id", ondelete="CASCADE"),
    Column("hash", LargeBinary, nullable=False),
    now("made_at"),
    when("used_at"),
    # When an administrator asked its owner whether it was them.
    when("seen_at"),
)
