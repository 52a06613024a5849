"""Messages and answers as one thread: what answers what, which questions are open, and what one person has of it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from exchange.core.model import State

_GONE = frozenset({State.WITHDRAWN, State.SUPERSEDED, State.ERASED})
HANDED = frozenset({State.RELEASED, State.OPENED})


def answers_to(messages: Iterable[Any]) -> dict[UUID, list[Any]]:
    """The answers to each message, in their order; what was taken back, replaced or erased answers nothing."""
    found: dict[UUID, list[Any]] = {}
    for one in messages:
        if one.answers_id is not None and one.state not in _GONE:
            found.setdefault(one.answers_id, []).append(one)
    return found


def open_questions(messages: Sequence[Any]) -> list[Any]:
    """Questions that reached the other person and that nobody has begun to answer, the oldest first."""
    answered = answers_to(messages)
    return [one for one in messages if one.asks and one.state in HANDED and one.id not in answered]


def of_person(messages: Iterable[Any], person: UUID, released: Collection[UUID]) -> list[Any]:
    """What one person wrote, and what was handed over to them; nothing that is only on its way to them (rule 1)."""
    return [
        one
        for one in messages
        if one.author_id == person or (one.recipient_id == person and one.id in released and not one.never_sent)
    ]
