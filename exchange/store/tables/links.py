"""Links, sessions and grants (DESIGN sections 7 and 8).

Nothing here opens anything without a secret that only the visitor has: `payload` and `key_wrapped` are
wrapped under the link's secret, then under the session's cookie. `secret_sealed` lets the facilitator
show the link again until it is claimed; it is sealed to the case, not readable by the portal.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from exchange.core.model import Purpose
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

link = Table(
    "link",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("participant_id", "participant.id"),
    ref("message_id", "message.id", nullable=True),
    word("purpose"),
    Column("lookup_hash", LargeBinary, nullable=False, unique=True),
    word("state", default="live"),
    Column("payload", LargeBinary),
    Column("secret_sealed", LargeBinary),
    Column("wrong_attempts", Integer, nullable=False, server_default=text("0")),
    when("wait_until"),
    word("channel", nullable=True),
    word("code_channel", nullable=True),
    # Landing binds the link to one browser before it is claimed.
    Column("claimed_by_cookie", LargeBinary),
    ref("made_by", "account.id", nullable=True, index=False),
    now("created_at"),
    when("expires_at"),
    when("claimed_at"),
    when("ended_at"),
    one_of("purpose", Purpose),
    one_of("state", ("live", "claimed", "done", "expired", "locked", "revoked")),
)

portal_session = Table(
    "portal_session",
    metadata,
    key(),
    ref("link_id", "link.id"),
    Column("cookie_hash", LargeBinary, nullable=False),
    word("state", default="open"),
    Column("payload", LargeBinary),
    # The session's own HPKE key pair; the private half is wrapped under the cookie.
    Column("public", LargeBinary),
    Column("private_wrapped", LargeBinary),
    Column("is_me", Boolean),
    Column("wrong_attempts", Integer, nullable=False, server_default=text("0")),
    when("wait_until"),
    when("until"),
    now("created_at"),
    now("last_used_at"),
    when("ended_at"),
    one_of("state", ("open", "locked", "ended")),
    # One live session per link: the claim is one INSERT guarded by one UPDATE.
    Index("uq_portal_session_open", "link_id", unique=True, postgresql_where=text("state <> 'ended'")),
)

# One data key for one link or session. `view` needs all three currents, `preview` the approval only: the
# foreign keys are MATCH SIMPLE, so a check makes the other two NOT NULL for a view.
grant = Table(
    "access_grant",
    metadata,
    key(),
    word("purpose"),
    ref("message_id", "message.id"),
    Column("digest", Text, nullable=False),
    Column("share_message_id", Uuid),
    Column("share_digest", Text),
    Column("receive_message_id", Uuid),
    ref("link_id", "link.id"),
    ref("session_id", "portal_session.id", nullable=True),
    ref("release_id", "release.id", nullable=True),
    word("form", default="link"),
    Column("key_wrapped", LargeBinary, nullable=False),
    # Wrapped under the secret of a link that may be opened again in another browser, for as long as the grant lives.
    Column("key_again", LargeBinary),
    when("until"),
    now(),
    ForeignKeyConstraint(
        ["message_id", "digest"],
        ["approval_current.message_id", "approval_current.digest"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["share_message_id", "share_digest"],
        ["share_current.message_id", "share_current.digest"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(["receive_message_id"], ["receive_current.message_id"], ondelete="CASCADE"),
    one_of("purpose", ("view", "preview")),
    CheckConstraint(
        "purpose = 'preview' or (share_message_id = message_id and share_digest = digest"
        " and receive_message_id = message_id and share_digest is not null"
        " and share_message_id is not null and receive_message_id is not null)",
        name="all_three",
    ),
    one_of("form", ("link", "session", "sealed")),
    Index("uq_access_grant_link", "link_id", "message_id", unique=True),
)

# When an access was last written to the ledger, per session and part: renewed every ten minutes of use.
access_leaf = Table(
    "access_leaf",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("part_id", Uuid, primary_key=True),
    Column("grant_id", Uuid, primary_key=True),
    now(),
)

# What a participant tells the facilitator through the portal, sealed to the case.
feedback = Table(
    "feedback",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("participant_id", "participant.id"),
    ref("message_id", "message.id", nullable=True),
    word("kind"),
    sealed("text_sealed"),
    now(),
)
