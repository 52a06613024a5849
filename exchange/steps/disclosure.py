"""Recording that something of a case was passed on: to which authority, on what basis, with whose consent (rule 15)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, select

from exchange.core.access import Permission
from exchange.core.disclosure import Disclosure, consents_for
from exchange.core.model import Actor, ConsentKind
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.read.names import staff_names
from exchange.store.sealing import opener_of, reader_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work


@dataclass(frozen=True)
class Disclosed:
    """One that was recorded; the texts for the team only. `people`: forms of name of those concerned."""

    row: Row[Any]
    authority: str
    what: str
    duty: str
    people: list[str]
    by: str


async def record(service: Service, actor: Actor, case_id: UUID, asked: Disclosure) -> UUID:
    """Record it. Raises BadInput (field), `Refused` without the consents, `NotForSentences` always for those."""
    d, row = t.disclosure, uuid4()
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.DISCLOSE, case_id)
        p = t.participant
        people = {one.id for one in await unit.all(select(p.c.id).where(p.c.case_id == case_id))}
        stands_on = consents_for(asked, await _free(unit, case_id, people), people)
        opener = await opener_of(service, unit.conn, case_id)
        await unit.add(
            d,
            id=row,
            case_id=case_id,
            kind=asked.kind,
            basis=asked.basis,
            authority_sealed=opener.seal(asked.authority.strip(), "disclosure.authority", row),
            what_sealed=opener.seal(asked.what.strip(), "disclosure.what", row),
            duty_sealed=opener.seal(asked.duty.strip(), "disclosure.duty", row) if asked.duty.strip() else None,
            concerned=list(dict.fromkeys(asked.concerned)),
            consents=stands_on,
            recorded_by=actor.id,
        )
        about = {"case": case_id, "participant": list(asked.concerned), "request": row}
        unit.leaf("disclosure.recorded", aim=asked.kind, reason=asked.basis, consent=stands_on or None, **about)
    return row


async def of_case(service: Service, actor: Actor, case_id: UUID) -> list[Disclosed]:
    """What was passed on of a case, newest first, for its team."""
    d, p = t.disclosure, t.participant
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.PERSON_SEE, case_id)
        opener = await reader_of(service, conn, case_id)
        people = await conn.execute(select(p.c.id, p.c.form_of_name_sealed).where(p.c.case_id == case_id))
        names = {one.id: opener.open(one.form_of_name_sealed, "participant.form_of_name", one.id) for one in people}
        staff = await staff_names(conn)
        rows = (await conn.execute(select(d).where(d.c.case_id == case_id).order_by(d.c.at.desc()))).all()
    return [
        Disclosed(
            row,
            opener.open(row.authority_sealed, "disclosure.authority", row.id),
            opener.open(row.what_sealed, "disclosure.what", row.id),
            opener.open(row.duty_sealed, "disclosure.duty", row.id),
            [names[one] for one in row.concerned],
            staff.get(row.recorded_by, ""),
        )
        for row in rows
    ]


async def _free(unit: Unit, case_id: UUID, people: set[UUID]) -> dict[UUID, UUID]:
    """Each person's newest consent to a disclosure, if it is a yes that was not used: one yes, one disclosure."""
    d = t.disclosure
    used = {one for row in await unit.all(select(d.c.consents).where(d.c.case_id == case_id)) for one in row.consents}
    newest = {one: k.get(ConsentKind.DISCLOSE) for one, k in (await facts.consents_now(unit.conn, people)).items()}
    return {one: row.id for one, row in newest.items() if row is not None and row.given and row.id not in used}
