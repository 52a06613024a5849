"""For administrators: how the keys stand. Nothing here is secret."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor
from exchange.store import ledger, ledger_read
from exchange.store import tables as t
from exchange.store.sealing import follow
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class KeysState:
    """How keys stand: the root key in use, how many key pairs each root key wraps, how many were destroyed.

    `confirmed` is when the recovery sheet of the root key in use was confirmed, None if it was not.
    """

    root_key: str
    wrapped: list[tuple[str, int]]
    destroyed: int
    confirmed: datetime | None
    signed_at: datetime | None
    signed_size: int
    size: int


async def keys_state(service: Service, actor: Actor) -> KeysState:
    """The administrator's page about keys; nothing here is secret."""
    access.require(actor, Permission.ADMINISTER)
    k, s = t.key_pair, t.service_setting
    async with reading(service) as conn:
        name = await follow(service, conn) if service.keys else ""
        whole = k.c.private_wrapped.is_not(None)
        count = select(k.c.root_key_name, func.count().label("pairs")).where(whole).group_by(k.c.root_key_name)
        gone = select(func.count()).select_from(k).where(~whole)
        confirmed = select(s.c.value, s.c.at).where(s.c.name == "recovery_confirmed")
        sheet = (await conn.execute(confirmed)).one_or_none()
        last = await ledger.newest(conn)
        size = await ledger_read.size(conn)
        return KeysState(
            root_key=name,
            wrapped=[(row.root_key_name, row.pairs) for row in await conn.execute(count)],
            destroyed=int((await conn.execute(gone)).scalar_one()),
            confirmed=sheet.at if sheet and sheet.value == name else None,
            signed_at=last.at if last else None,
            signed_size=last.size if last else 0,
            size=size,
        )
