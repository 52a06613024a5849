"""Whom the service tells by machine (core/webhooks.py): addresses, what is to be told, and what became of it."""

from sqlalchemy import Column, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from exchange.core.webhooks import Told
from exchange.store.tables.base import key, metadata, now, one_of, ref, sealed, when, word

# Address and secret are sealed to the service. `failed`: tries in a row that failed.
webhook = Table(
    "webhook",
    metadata,
    key(),
    sealed("address_sealed", nullable=False),
    sealed("secret_sealed", nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    word("state", default="on"),
    Column("failed", Integer, nullable=False, server_default=text("0")),
    ref("made_by", "account.id", nullable=True, index=False),
    now(),
    when("stopped_at"),
    one_of("state", ("on", "off", "stopped")),
)

# The outbox: written in the transaction of the act, emptied by the worker. Ids only; none of them is sent.
webhook_event = Table(
    "webhook_event",
    metadata,
    key(),
    word("kind"),
    Column("case_id", Uuid),
    Column("message_id", Uuid),
    Column("referral_id", Uuid),
    now(),
    one_of("kind", [kind.value for kind in Told]),
)

# One event for one webhook. `data`: the references that are sent. `status`: of the last answer, NULL where none came.
webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    key(),
    ref("webhook_id", "webhook.id", ondelete="CASCADE"),
    word("kind"),
    Column("data", JSONB, nullable=False),
    word("state", default="waiting"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("status", Integer),
    word("reason", nullable=True),
    when("due_at"),
    when("tried_at"),
    now(),
    one_of("state", ("waiting", "delivered", "dead")),
)
