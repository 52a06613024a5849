"""One link as the page that hands it over tells it: nothing of what it opens."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Actor, Channel
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import forms_of_name
from exchange.store.service import Service
from exchange.store.unit import reading

ONE_PHONE = frozenset({Channel.PHONE, Channel.TEXT})
HIDDEN = frozenset({"payload", "secret_sealed", "lookup_hash", "claimed_by_cookie"})


@dataclass(frozen=True)
class LinkView:
    """The link's row without anything secret, whose it is, and the case's reference."""

    link: Row[Any]
    person: str
    reference: str
    same_way: bool


async def link_view(service: Service, actor: Actor, link_id: UUID) -> LinkView:
    """For the team of the case; `NotFound` for everybody else."""
    shown = [column for column in t.link.c if column.name not in HIDDEN]
    async with reading(service) as conn:
        query = select(*shown, t.cases.c.reference).join(t.cases, t.cases.c.id == t.link.c.case_id)
        row: Any = (await conn.execute(query.where(t.link.c.id == link_id))).one_or_none()
        if row is None:
            raise NotFound
        await near.require(conn, actor, Permission.CASE_CHANGE, row.case_id)
        names = await forms_of_name(service, conn, [row.case_id])
    same_way = reach_one_device(row.channel, row.code_channel)
    return LinkView(row, names[row.participant_id], row.reference, same_way)


async def links_of_case(service: Service, actor: Actor, case_id: UUID) -> list[Row[Any]]:
    """The links of a case, newest first, for its team."""
    shown = [column for column in t.link.c if column.name not in HIDDEN]
    query = select(*shown).where(t.link.c.case_id == case_id).order_by(t.link.c.created_at.desc())
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_CHANGE, case_id)
        return list((await conn.execute(query)).all())


def reach_one_device(channel: str | None, code_channel: str | None) -> bool:
    """Whether link and code come to the same phone, mailbox or letter box (DESIGN section 8)."""
    if not channel or not code_channel or channel == Channel.IN_PERSON:
        return False
    return channel == code_channel or {channel, code_channel} <= ONE_PHONE
