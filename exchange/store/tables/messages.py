"""Messages and their bytes: uploads in pieces, revisions in parts. Only sealed objects are named here."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from exchange.core.model import Kind, State
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

message = Table(
    "message",
    metadata,
    key(),
    Column("reference", Text, nullable=False, unique=True),
    ref("case_id", "cases.id"),
    ref("author_id", "participant.id"),
    ref("recipient_id", "participant.id"),
    word("kind"),
    word("state", default=State.RECEIVING),
    now("state_since"),
    # Where a concern found it, and whether the author withdrew meanwhile (the freeze erases nothing).
    word("state_before", nullable=True),
    when("withdrawn_at"),
    when("expires_at"),
    ref("put_in_by", "account.id", nullable=True),
    # Why processing refused it: a code of `media.limits`; and how far processing is, 0..100.
    word("rejected_code", nullable=True),
    Column("progress", Integer, nullable=False, server_default=text("0")),
    # When the run that is under way began.
    when("working_since"),
    # How often it was put in: a returned or rejected message that is put in again starts the next round.
    Column("round", Integer, nullable=False, server_default=text("1")),
    # Rule 13: a letter never to be sent. Decided when it is begun, and for ever (`never_sent.sql`).
    Column("never_sent", Boolean, nullable=False, server_default=text("false")),
    # "What I would like to know": one question, which goes the way of every message.
    Column("asks", Boolean, nullable=False, server_default=text("false")),
    sealed("title_sealed"),
    ref("replaces_id", "message.id", nullable=True),
    ref("answers_id", "message.id", nullable=True),
    now("created_at"),
    one_of("kind", Kind),
    one_of("state", State),
    Index("ix_message_state_since", "state", "state_since"),
)

# One file (or typed text) of an original. The data key is sealed to the case; `key_wrapped` holds it for
# the visitor's session or link while the upload is under way, NULL afterwards.
upload = Table(
    "upload",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("round", Integer, nullable=False, server_default=text("1")),
    ref("account_id", "account.id", nullable=True),
    ref("link_id", "link.id", nullable=True),
    Column("size", BigInteger),
    Column("received", BigInteger, nullable=False, server_default=text("0")),
    sealed("name_sealed"),
    Column("key_sealed", LargeBinary),
    Column("key_wrapped", LargeBinary),
    # Under the same key: the name, and whether it was recorded in the visitor's page.
    Column("about_wrapped", LargeBinary),
    Column("typed", Boolean, nullable=False, server_default=text("false")),
    word("state", default="open"),
    when("expires_at"),
    when("confirmed_at"),
    now("created_at"),
    one_of("state", ("open", "complete", "confirmed", "gone")),
)

piece = Table(
    "piece",
    metadata,
    Column("upload_id", Uuid, ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("object_key", Text, nullable=False),
    # Pending until the object is durable and the offset committed.
    Column("durable", Boolean, nullable=False, server_default=text("false")),
    Column("sha256", Text),
    now(),
)

# A letter being written through a `submit` link: sealed under the link's draft key and to the case.
draft = Table(
    "draft",
    metadata,
    Column("link_id", Uuid, ForeignKey("link.id", ondelete="CASCADE"), primary_key=True),
    Column("text_wrapped", LargeBinary, nullable=False),
    sealed("text_sealed", nullable=False),
    now(),
)

revision = Table(
    "revision",
    metadata,
    key(),
    ref("message_id", "message.id"),
    Column("number", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("manifest", JSONB, nullable=False),
    Column("key_sealed", LargeBinary),
    Column("clean", Boolean, nullable=False, server_default=text("false")),
    ref("made_by", "account.id", nullable=True, index=False),
    sealed("change_sealed"),
    # What was taken out of the round's clean revision to make this one (`core.edits`), with the reasons.
    sealed("edits_sealed"),
    Column("round", Integer, nullable=False, server_default=text("1")),
    # What the author's preview and the paper consent name: short, read aloud (rule 20).
    Column("version_code", Text, nullable=False),
    now(),
    UniqueConstraint("message_id", "number"),
    UniqueConstraint("message_id", "digest"),
)

part = Table(
    "part",
    metadata,
    key(),
    ref("revision_id", "revision.id", ondelete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("object_key", Text, nullable=False),
    # The context is bound to the revision that sealed the bytes: later revisions may share the object.
    Column("sealed_in", Uuid, nullable=False),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("position", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("revision_id", "name"),
)
