"""Cases: the list, the whole story of one, and one person in it."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, bindparam, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import READS_INSIDE, Permission, Relation
from exchange.core.model import Actor, ConsentKind, FactKind, Policy, Role
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.dates import assessment_until
from exchange.store.read.emergencies import EmergencyRow, open_now
from exchange.store.read.names import FORM_OF_NAME, forms_of_name
from exchange.store.sealing import Opener, reader_of
from exchange.store.service import Service
from exchange.store.together import Together
from exchange.store.unit import reading

PAGE = 25


@dataclass(frozen=True)
class CaseRow:
    """A line of the list of cases. `people`: (side, agreed form of name)."""

    id: UUID
    reference: str
    type: str
    state: str
    moved_at: Any
    mine: bool
    cover: bool
    people: tuple[tuple[str, str], ...]
    team: tuple[str, ...]


@dataclass(frozen=True)
class CaseView:
    """Everything the case page tells. Names are opened; contents are not."""

    case: Row[Any]
    policy: Policy
    relation: Relation
    people: list[Row[Any]]
    names: dict[UUID, str]
    forms: dict[UUID, str]
    team: list[Row[Any]]
    cover: str
    messages: list[Row[Any]]
    facts: dict[tuple[UUID | None, str], Row[Any]]
    consents: dict[UUID, dict[ConsentKind, Row[Any]]]
    concerns: list[Row[Any]]
    staff: dict[UUID, str]
    assessment_until: Any
    tasks: list[Row[Any]] = field(default_factory=list)
    emergencies: list[EmergencyRow] = field(default_factory=list)
    summary: str = ""
    """What the case is about, for the team only."""

    def value(self, kind: FactKind, participant: UUID | None = None) -> str | None:
        """The newest value of a fact, None if nothing was recorded."""
        row = self.facts.get((participant, kind))
        return row.value if row else None

    @property
    def carved_out(self) -> bool:
        """Whether an exception counts for the order that is in force now."""
        return facts.carved_out(self.facts)


@dataclass(frozen=True)
class PersonView:
    """One participant for the team: how to reach them, needs, code agreed or not, decisions."""

    person: Row[Any]
    case: Row[Any]
    name: str
    form_of_name: str
    signature: str
    needs: str
    contact: dict[str, Any]
    contact_at: Any
    code_agreed: Row[Any] | None
    facts: dict[str, Row[Any]]
    consents: list[Row[Any]]
    feedback: list[tuple[Row[Any], str]]
    may_change: bool
    """Not in an emergency: then it is for reading."""


class Cases(list[CaseRow]):
    """One page of a list of cases, of `total`."""

    total: int = 0


async def case_list(
    service: Service, actor: Actor, *, show: str = "mine", search: str = "", page: int = 1, most: int = PAGE
) -> Cases:
    """A page of the cases by `mine`, `cover` or `all` that one may see, newest move first; search by reference."""
    access.require(actor, Permission.CASE_LIST)
    c, a = t.cases, t.assignment
    mine = select(a.c.id).where(a.c.case_id == c.c.id, a.c.account_id == actor.id, a.c.until.is_(None)).exists()
    cover = c.c.cover_id == actor.id
    emergency = near.in_emergency(c.c.id, actor.id)
    every = or_(mine, cover, emergency, literal(Role.SUPERVISOR in actor.roles))
    may_see = {"mine": or_(mine, emergency), "cover": cover}.get(show, every)
    query = select(c, mine.label("mine"), func.coalesce(cover, False).label("cover"))
    query = query.where(may_see, ~near.barred(c.c.id, actor.id))
    if search.strip():
        query = query.where(c.c.reference.icontains(search.strip(), autoescape=True))
    counted = select(func.count()).select_from(query.with_only_columns(c.c.id).subquery())
    listed = query.order_by(c.c.moved_at.desc(), c.c.id).limit(most).offset(most * (max(1, page) - 1))
    async with reading(service) as conn:
        rows, total = (await conn.execute(listed)).all(), (await conn.execute(counted)).scalar_one()
        ids = [r.id for r in rows]
        names = await forms_of_name(service, conn, ids)
        people, team = await _people_of(conn, ids), await _teams_of(conn, ids)
    found = Cases(
        CaseRow(
            r.id, r.reference, r.type, r.state, r.moved_at, r.mine, r.cover,
            tuple((p.side, names[p.id]) for p in people if p.case_id == r.id),
            tuple(m.display_name for m in team if m.case_id == r.id),
        )
        for r in rows
    )  # fmt: skip
    found.total = int(total)
    return found


async def case_view(service: Service, actor: Actor, case_id: UUID) -> CaseView:
    """The case page. `NotFound` for whoever may not see the case."""
    async with reading(service) as conn:
        near_to = await near.require(conn, actor, Permission.CASE_SEE, case_id)
        found = await _CASE_ROWS.read(conn, case=case_id)
        opener = await reader_of(service, conn, case_id)
        known = dict(await facts.newest_facts(conn, case_id))
        case, people = found["case"][0], found["people"]
        staff = {row.id: row.display_name for row in found["staff"]}
        told = opener.open(case.summary_sealed, "cases.summary", case_id) if near_to in READS_INSIDE else ""
        return CaseView(
            case=case,
            summary=told,
            policy=facts.policy_of(case),
            relation=near_to,
            people=people,
            names={p.id: opener.open(p.name_sealed, "participant.name", p.id) for p in people},
            forms={p.id: opener.open(p.form_of_name_sealed, FORM_OF_NAME, p.id) for p in people},
            team=found["team"],
            cover=staff.get(case.cover_id, ""),
            messages=found["messages"],
            facts=known,
            consents=await facts.consents_now(conn, [p.id for p in people]),
            concerns=found["concerns"],
            staff=staff,
            assessment_until=case.assessment_until,
            tasks=found["tasks"],
            emergencies=await open_now(conn, case_id),
        )


async def person_view(service: Service, actor: Actor, participant_id: UUID) -> PersonView:
    """The participant page, for the team only."""
    async with reading(service) as conn:
        case_id = await near.case_of_participant(conn, participant_id)
        near_to = await near.require(conn, actor, Permission.PERSON_SEE, case_id)
        opener = await reader_of(service, conn, case_id)
        found = await _PERSON_ROWS.read(conn, person=participant_id, case=case_id)
        person, contact = found["person"][0], next(iter(found["contact"]), None)
        known = await facts.newest_facts(conn, case_id)
        return PersonView(
            person=person,
            case=found["case"][0],
            name=opener.open(person.name_sealed, "participant.name", person.id),
            form_of_name=opener.open(person.form_of_name_sealed, FORM_OF_NAME, person.id),
            signature=opener.open(person.signature_sealed, "participant.signature", person.id),
            needs=opener.open(person.needs_sealed, "participant.needs", person.id),
            contact=_contact(opener, contact),
            contact_at=contact.at if contact else None,
            code_agreed=next(iter(found["code"]), None),
            facts={kind: row for (who, kind), row in known.items() if who == participant_id},
            consents=found["consents"],
            feedback=[(row, opener.open(row.text_sealed, "feedback.text", row.id)) for row in found["feedback"]],
            may_change=access.may(actor, Permission.CASE_CHANGE, near_to),
        )


def _contact(opener: Opener, row: Row[Any] | None) -> dict[str, Any]:
    told = opener.open(row.detail_sealed, "safe_contact.detail", row.id) if row else ""
    return dict(json.loads(told)) if told else {}


def _in_case(table: Any, *order: Any) -> Select[Any]:
    """What a table has about the case; made once for all requests."""
    return select(table).where(table.c.case_id == _CASE).order_by(*order)


def _of_person(table: Any, order: Any) -> Select[Any]:
    return select(table).where(table.c.participant_id == _PERSON).order_by(order)


def _team(cases: Any) -> Select[Any]:
    """Who is on the team now, with their names, the lead first."""
    a = t.assignment
    query = select(a, t.account.c.display_name).join(t.account, t.account.c.id == a.c.account_id)
    return query.where(a.c.case_id.in_(cases), a.c.until.is_(None)).order_by(a.c.part.desc(), a.c.since)


_CASE, _PERSON = bindparam("case", type_=Uuid), bindparam("person", type_=Uuid)
_CASE_ROWS = Together(
    case=select(t.cases, assessment_until().label("assessment_until")).where(t.cases.c.id == _CASE),
    people=_in_case(t.participant, t.participant.c.created_at),
    team=_team([_CASE]),
    messages=_in_case(t.message, t.message.c.created_at),
    concerns=_in_case(t.concern, t.concern.c.at.desc()),
    tasks=_in_case(t.task, t.task.c.at).where(t.task.c.done_at.is_(None)),
    staff=select(t.account.c.id, t.account.c.display_name),
)
_PERSON_ROWS = Together(
    person=select(t.participant).where(t.participant.c.id == _PERSON),
    case=select(t.cases).where(t.cases.c.id == _CASE),
    contact=_of_person(t.safe_contact, t.safe_contact.c.at.desc()).limit(1),
    code=select(t.code).where(t.code.c.participant_id == _PERSON),
    consents=_of_person(t.consent, t.consent.c.number.desc()),
    feedback=_of_person(t.feedback, t.feedback.c.at.desc()),
)


async def _people_of(conn: AsyncConnection, case_ids: list[UUID]) -> list[Row[Any]]:
    return await _all(conn, t.participant, t.participant.c.case_id.in_(case_ids), t.participant.c.created_at)


async def _teams_of(conn: AsyncConnection, case_ids: list[UUID]) -> list[Row[Any]]:
    return list((await conn.execute(_team(case_ids))).all())


async def _all(conn: AsyncConnection, table: Any, where: Any, order: Any) -> list[Row[Any]]:
    return list((await conn.execute(select(table).where(where).order_by(order))).all())
