"""The ground rules of an exchange: written by the team, agreed to by each participant, asked anew when they change.

The words lie sealed to the case, so a `submit` link carries them; the portal knows only which version is the newest
and who agreed to it. Who has not agreed to the newest does not send (`core/gate.py`, condition "rules").
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import ground_rules
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict
from exchange.core.ground_rules import LANGUAGES, Rules
from exchange.core.model import Actor, ActorKind, Method
from exchange.steps import wording
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import Opener, opener_of, reader_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

BY_STAFF = (Method.PAPER, Method.IN_PERSON, Method.PHONE, Method.WRITING)


@dataclass(frozen=True)
class Version:
    """One version: its words, when it was written and by whom, and who agreed to it."""

    row: Row[Any]
    rules: Rules
    agreed: dict[UUID, Row[Any]]


def template() -> Rules:
    """The house's own lines, to begin from."""
    return Rules(*(wording.ground_rules(language) for language in LANGUAGES))


async def write(service: Service, actor: Actor, case_id: UUID, untrusted: Rules) -> UUID:
    """The ground rules from now on; everybody is asked anew. Its id; `Conflict` where nothing is changed."""
    rules, row = ground_rules.checked(untrusted), uuid4()
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.FACT, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        before = await _newest(unit.conn, case_id)
        if before is not None and _opened(opener, before) == rules:
            raise Conflict("These are the ground rules already. Nothing was changed.")
        sealed = opener.seal(json.dumps(rules.plain()), "ground_rules.text", row)
        await unit.add(t.ground_rules, id=row, case_id=case_id, text_sealed=sealed, written_by=actor.id)
        await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(moved_at=func.now()))
        unit.leaf("rules.written", case=case_id, count=max(len(rules.en), len(rules.cy)))
    return row


async def read(service: Service, actor: Actor, case_id: UUID) -> list[Version]:
    """Every version, newest first, for the team."""
    g, a = t.ground_rules, t.rules_agreed
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.PERSON_SEE, case_id)
        opener = await reader_of(service, conn, case_id)
        rows = (await conn.execute(select(g).where(g.c.case_id == case_id).order_by(g.c.number.desc()))).all()
        mine = select(a).where(a.c.rules_id.in_([row.id for row in rows]))
        agreed = (await conn.execute(mine)).all()
    return [
        Version(row, _opened(opener, row), {one.participant_id: one for one in agreed if one.rules_id == row.id})
        for row in rows
    ]


async def record(service: Service, actor: Actor, participant_id: UUID, rules_id: UUID, method: Method) -> None:
    """Somebody agreed to the newest rules on paper, face to face or on the phone; by the team."""
    if method not in BY_STAFF:
        raise BadInput("Choose how they told you.", field="method")
    async with unit_of_work(service, actor) as unit:
        person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == participant_id))
        await unit.case(person.case_id)
        await near.require(unit.conn, actor, Permission.CONSENT, person.case_id)
        await agree(unit, person, rules_id, method, person.language)


async def carried(unit: Unit, opener: Opener, person: Row[Any]) -> dict[str, Any]:
    """What a link for writing carries: the rules in both languages, nothing where there are none."""
    newest = await _newest(unit.conn, person.case_id)
    return {} if newest is None else {"rules": {"id": str(newest.id), **_opened(opener, newest).plain()}}


async def agree(unit: Unit, person: Row[Any], rules_id: UUID, method: Method, language: str) -> None:
    """Write it down, inside the caller's unit that has locked the case. `Conflict` for rules that have changed."""
    a = t.rules_agreed
    if await newest_id(unit.conn, person.case_id) != rules_id:
        raise Conflict("The ground rules have changed since. Look at the new ones first.")
    mine = select(a.c.id).where(a.c.rules_id == rules_id, a.c.participant_id == person.id)
    if await unit.maybe(mine) is not None:
        return
    # a participant's own row names no member of staff: the portal's role has no right to that column
    by_staff = {"recorded_by": unit.actor.id} if unit.actor.kind is ActorKind.STAFF else {}
    told = {"rules_id": rules_id, "participant_id": person.id, "method": method, "language": language}
    await unit.add(a, id=uuid4(), **told, **by_staff)
    await unit.change(update(t.cases).where(t.cases.c.id == person.case_id).values(moved_at=func.now()))
    unit.leaf("rules.agreed", case=person.case_id, participant=person.id, method=method, language=language)


async def newest_id(conn: AsyncConnection, case_id: UUID) -> UUID | None:
    """The ground rules of a case as they stand, None where there are none."""
    g = t.ground_rules
    query = select(g.c.id).where(g.c.case_id == case_id).order_by(g.c.number.desc()).limit(1)
    return (await conn.execute(query)).scalar_one_or_none()


async def _newest(conn: AsyncConnection, case_id: UUID) -> Row[Any] | None:
    g = t.ground_rules
    return (
        await conn.execute(select(g).where(g.c.case_id == case_id).order_by(g.c.number.desc()).limit(1))
    ).one_or_none()


def _opened(opener: Opener, row: Row[Any]) -> Rules:
    told = opener.open(row.text_sealed, "ground_rules.text", row.id)
    return ground_rules.from_plain(json.loads(told)) if told else Rules()
