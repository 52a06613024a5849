"""Which marks of a message a facilitator has looked at and left."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class Left:
    """The marks left as they are; `(kind, words) in left`."""

    message: UUID
    opener: Opener = field(repr=False)
    keyed: frozenset[bytes] = field(repr=False)

    def __contains__(self, mark: tuple[str, str]) -> bool:
        return bool(self.keyed) and keyed(self.opener, self.message, *mark) in self.keyed


async def marks_left(service: Service, actor: Actor, message_id: UUID) -> Left:
    """For the case team only, like the words themselves."""
    async with reading(service) as conn:
        case = (await conn.execute(select(t.message.c.case_id).where(t.message.c.id == message_id))).scalar()
        if case is None:
            raise NotFound
        await near.require(conn, actor, Permission.CONTENT, case)
        rows = await conn.execute(select(t.mark_left.c.keyed).where(t.mark_left.c.message_id == message_id))
        return Left(message_id, await opener_of(service, conn, case), frozenset(rows.scalars()))


def keyed(opener: Opener, message_id: UUID, kind: str, words: str) -> bytes:
    """By which the words of a mark are known again, however they are spaced and written."""
    return opener.keyed(f"{kind} {' '.join(words.split()).casefold()}", "mark_left.keyed", message_id)
