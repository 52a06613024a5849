"""Somebody asks to take part, or a professional asks for others. What they tell is sealed to the service as it
arrives: the portal cannot read it again, staff who handle referrals can, each reading in the record (RULES rules 22,
23, end).

What is needed stands in `core/referrals.py`. A referral ends as a case, which takes its reference and keeps in its
diary who referred, or as "not for us" with a reason. Nobody named in it is a person of the case before staff add them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core import access, referrals
from exchange.core.access import Permission
from exchange.core.diary import Diary
from exchange.core.errors import BadInput, Conflict, NotFound, WaitAWhile
from exchange.core.model import VISITOR, Actor
from exchange.core.reference import new_reference
from exchange.core.referrals import LONGEST, Source
from exchange.steps import cases, diary
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.sealing import service_opener, service_seal
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

MOST_PER_HOUR = 100
_TRIES = 8


@dataclass(frozen=True)
class Referral:
    """One row of the list: no content."""

    id: UUID
    reference: str
    state: str
    created_at: datetime
    case_id: UUID | None
    source: Source


@dataclass(frozen=True)
class OpenReferral:
    """A referral that was opened: `answers` by the names of `referrals.FIELDS`, and why it was not for us, if so."""

    referral: Referral
    answers: dict[str, str]
    reason: str


async def save_referral(service: Service, untrusted_answers: Mapping[str, str], source: Source = Source.SELF) -> str:
    """Keep what somebody told us; the reference to tell them ("R-4H7Q"). Works without keys.

    Raises BadInput (its field named) and WaitAWhile when far more come in than any service gets.
    """
    answers = referrals.checked(source, untrusted_answers)
    for _ in range(_TRIES):
        try:
            return await _save(service, source, answers)
        except Conflict:
            continue  # this reference was given before
    raise Conflict


async def listed(service: Service, actor: Actor, *, state: str | None = "new") -> list[Referral]:
    """Referrals in one state (new, opened, not_for_us), or all with None; the longest waiting first."""
    access.require(actor, Permission.REFERRALS)
    query = select(t.referral).order_by(t.referral.c.created_at)
    query = query.where(~near.barred(t.referral.c.case_id, actor.id))
    if state is not None:
        query = query.where(t.referral.c.state == state)
    async with reading(service) as conn:
        return [_referral(row) for row in await conn.execute(query)]


async def read_referral(service: Service, actor: Actor, referral_id: UUID) -> OpenReferral:
    """What somebody told us; that it was read stands in the record. Once it is a case, for its team only."""
    access.require(actor, Permission.REFERRALS)
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(t.referral).where(t.referral.c.id == referral_id))
        if row.case_id and not (actor.id and await facts.on_the_team(unit.conn, row.case_id, actor.id)):
            raise NotFound
        opener = await service_opener(service, unit.conn)
        told = opener.open(row.detail_sealed, "referral.detail", row.id)
        reason = opener.open(row.reason_sealed, "referral.reason", row.id)
        unit.leaf("referral.read", referral=row.id, case=row.case_id)
    return OpenReferral(_referral(row), json.loads(told) if told else {}, reason)


async def open_case(service: Service, actor: Actor, referral_id: UUID) -> UUID:
    """Make it a case, led by the actor; the case's id. The case carries the referral's reference, so a
    referral becomes one case however often and from wherever this is asked."""
    access.require(actor, Permission.REFERRALS)
    async with reading(service) as conn:
        row = (await conn.execute(select(t.referral).where(t.referral.c.id == referral_id))).one_or_none()
    if row is None:
        raise NotFound
    if row.state != "new":
        raise Conflict("This referral has been decided already.")
    case_id = await _case_of(service, actor, row.reference)
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await _decide(unit, referral_id, state="opened", case_id=case_id)
        opener = await service_opener(service, unit.conn)
        told = json.loads(opener.open(row.detail_sealed, "referral.detail", row.id) or "{}")
        words = referrals.for_the_diary(Source(row.source), told)
        await diary.write(unit, service, case_id, Diary.REFERRED, row.source, words=words)
        unit.leaf("referral.opened", referral=referral_id, case=case_id)
    return case_id


async def not_for_us(service: Service, actor: Actor, referral_id: UUID, *, reason: str) -> None:
    """Decide that this service is not the right one, and why (rule 22)."""
    access.require(actor, Permission.REFERRALS)
    if not reason.strip():
        raise BadInput("Enter why this is not for us.", field="reason")
    async with unit_of_work(service, actor) as unit:
        opener = await service_opener(service, unit.conn)
        sealed = opener.seal(reason.strip()[:LONGEST], "referral.reason", referral_id)
        await _decide(unit, referral_id, state="not_for_us", reason_sealed=sealed)
        unit.leaf("referral.declined", referral=referral_id)


async def _save(service: Service, source: Source, answers: dict[str, str]) -> str:
    referral_id, reference = uuid4(), new_reference("R", 4)
    async with unit_of_work(service, VISITOR) as unit:
        await _not_too_many(unit, source)
        seal = await service_seal(unit.conn)
        sealed = seal.seal(json.dumps(answers, ensure_ascii=False), "referral.detail", referral_id)
        await unit.add(t.referral, id=referral_id, reference=reference, detail_sealed=sealed, source=source)
        unit.leaf("referral.received", referral=referral_id, kind=source)
    return reference


async def _not_too_many(unit: Unit, source: Source) -> None:
    """A form that anybody may send must not fill the store; what fills one form leaves the other open."""
    r = t.referral.c
    recent = select(func.count()).where(r.source == source, r.created_at > unit.now - timedelta(hours=1))
    if (await unit.one(recent))[0] >= MOST_PER_HOUR:
        raise WaitAWhile("Very many people are asking at the moment. Please ring us, or try again later.")


async def _case_of(service: Service, actor: Actor, reference: str) -> UUID:
    """A new case with this reference, or the one that an interrupted try of this actor has made."""
    try:
        return await cases.open_case(service, actor, reference=reference)
    except Conflict:
        made = select(t.cases.c.id).where(t.cases.c.reference == reference)
        async with reading(service) as conn:
            case_id = (await conn.execute(made)).scalar_one_or_none()
            if case_id is None or actor.id is None or not await facts.on_the_team(conn, case_id, actor.id):
                raise
        return UUID(str(case_id))


async def _decide(unit: Unit, referral_id: UUID, **values: Any) -> None:
    mine = update(t.referral).where(t.referral.c.id == referral_id, t.referral.c.state == "new")
    if not await unit.change(mine.values(decided_by=unit.actor.id, decided_at=func.now(), **values)):
        raise Conflict("This referral has been decided already.")


def _referral(row: Row[Any]) -> Referral:
    return Referral(row.id, row.reference, row.state, row.created_at, row.case_id, Source(row.source))
