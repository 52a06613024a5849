"""What runs the service: settings, keys, tasks for staff, mail sent, objects to be reaped."""

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from exchange.store.tables.base import key, metadata, now, one_of, ref, when, word

service_setting = Table(
    "service_setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
    now(),
)

key_pair = Table(
    "key_pair",
    metadata,
    key(),
    Column("public", LargeBinary, nullable=False),
    # The private key wrapped by the root key provider; NULL once destroyed.
    Column("private_wrapped", LargeBinary),
    # The field key sealed to `public`; NULL once destroyed.
    Column("field_key_sealed", LargeBinary),
    Column("root_key_name", Text, nullable=False),
    now(),
)

# What a person must do that no message state says by itself: follow-ups, "asked for a new link", "call me".
task = Table(
    "task",
    metadata,
    key(),
    ref("case_id", "cases.id", nullable=True),
    ref("message_id", "message.id", nullable=True),
    ref("participant_id", "participant.id", nullable=True),
    ref("account_id", "account.id", nullable=True),
    word("kind"),
    now(),
    when("due_at"),
    when("done_at"),
    ref("done_by", "account.id", nullable=True, index=False),
)

mail_sent = Table(
    "mail_sent",
    metadata,
    key(),
    ref("account_id", "account.id", nullable=True),
    word("kind"),
    Column("count", BigInteger, nullable=False),
    now(),
)

# What reading an object back found last, and when (`steps/scrub.py`). `found_at`: since when it is not whole.
scrub = Table(
    "scrub",
    metadata,
    Column("object_key", Text, primary_key=True),
    word("state"),
    when("found_at"),
    now("read_at"),
    one_of("state", ("whole", "missing", "changed")),
)

# Objects that are to go: written in the transaction that drops their last use, emptied by the reaper.
# `after` NULL: not yet owned by a committed row; the reaper takes it when the upload is gone.
reap = Table(
    "reap",
    metadata,
    Column("object_key", Text, primary_key=True),
    when("after"),
    Column("done", Boolean, nullable=False, server_default=text("false")),
    now(),
)
