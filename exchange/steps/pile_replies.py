"""A reply out of a scanned pile becomes a message: the way of every letter, from intake and the gate on (rule 20).

Each page is one file of the message, sealed to its case like every upload. A break in between loses nothing: the pages
are in the pile until the message was sent, and whoever goes on begins with the same message.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from exchange.core import packs
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict
from exchange.core.model import Actor, CaseState, Kind, State
from exchange.core.piles import LeftOver
from exchange.steps import intake, pile_reading, replies, upload
from exchange.steps.piles import key_of, require_part, waits_no_more
from exchange.store import piles
from exchange.store import tables as t
from exchange.store.sealing import seal_of, service_opener
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work


async def put_in(service: Service, actor: Actor, pile_id: UUID, part_id: UUID) -> UUID:
    """Put a reply in as a scanned letter, from whoever was handed the sheets to who wrote to them; the message's id.

    Raises `Refused` with the reasons of the gate, BadInput for pages that are nobody's reply; then nothing was changed.
    """
    async with unit_of_work(service, actor) as unit:
        part = await require_part(unit, pile_id, part_id, Permission.PUT_IN)
        if part.answers_id is None:
            raise BadInput("Nobody knows yet whose reply these pages are. Enter the code of its sheet first.")
        m = t.message
        printed = await unit.one(select(m.c.id, m.c.author_id, m.c.recipient_id).where(m.c.id == part.answers_id))
        going_on = select(m.c.id).where(m.c.id == part.message_id, m.c.state == State.RECEIVING)
        begun = await unit.maybe(going_on)
        key = await key_of(service, unit.conn, part)
    message_id = begun.id if begun else await _begin(service, actor, part, printed)
    await _upload(service, actor, part, message_id, key)

    async def done(unit: Unit, _message: Row[Any]) -> None:
        if not await piles.discard_parts(unit, t.pile_part.c.id == part_id, "put_in"):
            raise Conflict("Somebody else has dealt with these pages already.")
        await waits_no_more(unit, part)
        about = {"upload": pile_id, "part_id": part_id, "case": part.case_id, "message": message_id}
        unit.leaf("pile.reply_put_in", pages=part.pages, **about)

    await intake.finish(service, actor, message_id, also=done)
    return UUID(str(message_id))


async def assign(service: Service, actor: Actor, pile_id: UUID, part_id: UUID, untrusted_code: str) -> bool:
    """Say by the code, typed from the sheet, whose reply left-over pages are; whether they are for the actor to put in.

    False for another team's case: it has a task now. Raises BadInput for what is no code that went out.
    """
    code = packs.checked(untrusted_code)
    async with unit_of_work(service, actor) as unit:
        part = await require_part(unit, pile_id, part_id, Permission.PUT_IN)
        printed = await replies.went_out(unit, code)
        if part.case_id is not None or printed is None or printed.case_state == CaseState.ERASED:
            raise BadInput(replies.NOT_OURS, field="code")
        key = (await service_opener(service, unit.conn)).open_key(part.key_sealed, "pile_part.key", part_id)
        sealed = (await seal_of(unit.conn, printed.case_id)).seal_key(key, "pile_part.key", part_id)
        why = LeftOver.CLOSED if printed.case_state == CaseState.CLOSED else None
        known = {"case_id": printed.case_id, "answers_id": printed.id, "why": why, "key_sealed": sealed}
        p = t.pile_part
        nobodys = update(p).where(p.c.id == part_id, p.c.case_id.is_(None), p.c.state == "there")
        if not await unit.change(nobodys.values(**known)):
            raise Conflict("Somebody else has dealt with these pages already.")
        unit.leaf("pile.assigned", upload=pile_id, part_id=part_id, case=printed.case_id, message=printed.id)
        pile = await unit.one(select(t.pile).where(t.pile.c.id == pile_id))
        return not await pile_reading.hand_on(unit, pile, printed)


async def _begin(service: Service, actor: Actor, part: Row[Any], printed: Row[Any]) -> UUID:
    async def theirs(unit: Unit, message: Row[Any]) -> None:
        p = t.pile_part
        mine = (p.c.id == part.id) & (p.c.state == "there") & p.c.message_id.is_not_distinct_from(part.message_id)
        if not await unit.change(update(p).where(mine).values(message_id=message.id)):
            raise Conflict("Somebody else is putting these pages in at this moment.")

    return await intake.begin_message(
        service, actor, part.case_id, author=printed.recipient_id, recipient=printed.author_id, kind=Kind.LETTER,
        answers=printed.id, also=theirs,
    )  # fmt: skip


async def _upload(service: Service, actor: Actor, part: Row[Any], message_id: UUID, key: bytes) -> None:
    """Every page as one file; what an earlier try left of it goes first."""
    u, g = t.upload, t.pile_page
    async with reading(service) as conn:
        before = (await conn.execute(select(u.c.id).where(u.c.message_id == message_id, u.c.state != "gone"))).scalars()
        left = list(before)
        pages = (await conn.execute(select(g).where(g.c.part_id == part.id).order_by(g.c.number))).all()
    for upload_id in left:
        await upload.drop_upload(service, actor, upload_id)
    for position, page in enumerate(pages):
        name = piles.page_name(page.number)
        body = await piles.reader(service, part.pile_id, part.id, page, key, name=name).whole()
        begun = await upload.begin_upload(
            service, actor, message_id, size=len(body), untrusted_name=f"{name}.jpg", position=position
        )
        await upload.append(service, actor, begun, 0, _once(body))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
