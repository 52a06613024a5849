"""The risk assessments of a case, and one of them as it was made: for the team."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from exchange.core.access import Permission
from exchange.core.assessment import Answered, Section, from_told
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.read.names import staff_names
from exchange.store.sealing import reader_of
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class Assessments:
    """All of a case, the newest first: no content."""

    case: Row[Any]
    rows: list[Row[Any]]
    staff: dict[UUID, str]
    days: int
    """How long one is current at most, by the case's policy."""


@dataclass(frozen=True)
class AssessmentView:
    """One as it was made. `told`: (person's form of name, "" for the case, and the sections as they were kept)."""

    case: Row[Any]
    row: Row[Any]
    who: str
    why: str
    told: list[tuple[str, list[dict[str, Any]]]] = field(repr=False)

    @property
    def parts(self) -> list[tuple[str, list[tuple[Section, list[Answered]]]]]:
        """The same, read."""
        return [(name, from_told(sections)) for name, sections in self.told]


async def assessments_of(service: Service, actor: Actor, case_id: UUID) -> Assessments:
    """When one was made, by whom, what followed and until when, for whoever may see the case."""
    a, c = t.assessment, t.cases
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
        case = (await conn.execute(select(*t.plain(c)).where(c.c.id == case_id))).one()
        query = select(*t.plain(a)).where(a.c.case_id == case_id).order_by(a.c.at.desc(), a.c.id)
        rows = list((await conn.execute(query)).all())
        return Assessments(case, rows, await staff_names(conn), policy_of(case).assessment_days)


async def assessment_view(service: Service, actor: Actor, assessment_id: UUID) -> AssessmentView:
    """One of them, opened. `NotFound` for whoever may not see its case."""
    a, p, q, c = t.assessment, t.assessment_part, t.participant, t.cases
    async with reading(service) as conn:
        row = (await conn.execute(select(a).where(a.c.id == assessment_id))).one_or_none()
        if row is None:
            raise NotFound
        await near.require(conn, actor, Permission.PERSON_SEE, row.case_id)
        opener = await reader_of(service, conn, row.case_id)
        query = select(p, q.c.form_of_name_sealed).join(q, q.c.id == p.c.participant_id, isouter=True)
        parts = await conn.execute(
            query.where(p.c.assessment_id == row.id).order_by(q.c.created_at.nulls_first(), q.c.id)
        )
        found = []
        for part in parts:
            told = opener.open(part.told_sealed, "assessment_part.told", part.id)
            name = opener.open(part.form_of_name_sealed or None, "participant.form_of_name", part.participant_id)
            found.append((name, json.loads(told)["sections"] if told else []))
        case = (await conn.execute(select(*t.plain(c)).where(c.c.id == row.case_id))).one()
        staff = await staff_names(conn)
        why = opener.open(row.why_sealed, "assessment.why", row.id)
        return AssessmentView(case, row, staff.get(row.recorded_by, ""), why, found)
