"""What has arrived for a message that is being put in, so that one can go on after a lost connection."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import reader_of
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class Arrived:
    """One file: its name as it was given (hostile), and sizes in bytes (`size` None: not told yet)."""

    id: UUID
    untrusted_name: str
    received: int
    size: int | None
    typed: bool
    complete: bool

    @property
    def percent(self) -> int:
        """How much of it is here, 0 to 100."""
        return 100 if self.complete else int(100 * self.received / self.size) if self.size else 0


async def uploads_of(service: Service, actor: Actor, message_id: UUID) -> list[Arrived]:
    """The files of this round in their order, taken-away ones left out. For staff who may put in."""
    u, m = t.upload, t.message
    async with reading(service) as conn:
        message = (await conn.execute(select(m).where(m.c.id == message_id))).one_or_none()
        if message is None:
            raise NotFound
        await near.require(conn, actor, Permission.PUT_IN, message.case_id)
        opener = await reader_of(service, conn, message.case_id)
        mine = (u.c.message_id == message_id) & (u.c.round == message.round) & (u.c.state != "gone")
        rows = await conn.execute(select(u).where(mine).order_by(u.c.position, u.c.created_at))
        return [
            Arrived(
                id=row.id,
                untrusted_name=opener.open(row.name_sealed, "upload.name", row.id),
                received=row.received,
                size=row.size,
                typed=row.typed,
                complete=row.state != "open",
            )
            for row in rows
        ]
