"""What was recorded about a case or a person before: facts with their notes, and who may be put on a case."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from exchange.core import access
from exchange.core.access import READS_INSIDE, Permission
from exchange.core.model import Actor, FactKind, Role
from exchange.store import near
from exchange.store import tables as t
from exchange.store.facts import newest_facts
from exchange.store.read.names import staff_names
from exchange.store.sealing import reader_of
from exchange.store.service import Service
from exchange.store.unit import reading


@dataclass(frozen=True)
class FactHistory:
    """All that was recorded of one kind, newest first: (row, note); notes are opened for the team only.

    `form_of_name` is the participant's, "" for a fact about the case. `now` is the value in force, None if none is.
    """

    case: Row[Any]
    form_of_name: str
    rows: list[tuple[Row[Any], str]]
    now: str | None
    staff: dict[UUID, str]
    on_the_team: bool


async def fact_history(
    service: Service, actor: Actor, case_id: UUID, kind: FactKind, participant: UUID | None = None
) -> FactHistory:
    """The page of one kind of fact, for whoever may see the case."""
    f = t.fact
    about = f.c.participant_id.is_(None) if participant is None else f.c.participant_id == participant
    async with reading(service) as conn:
        team = await near.require(conn, actor, Permission.CASE_SEE, case_id) in READS_INSIDE
        opener = await reader_of(service, conn, case_id)
        query = select(f).where(f.c.case_id == case_id, f.c.kind == kind, about).order_by(f.c.number.desc())
        rows = (await conn.execute(query)).all()
        sealed = select(t.participant.c.form_of_name_sealed).where(t.participant.c.id == participant)
        name = (await conn.execute(sealed)).scalar_one_or_none() if participant else None
        known = (await newest_facts(conn, case_id)).get((participant, kind))
        return FactHistory(
            case=(await conn.execute(select(t.cases).where(t.cases.c.id == case_id))).one(),
            form_of_name=opener.open(name, "participant.form_of_name", participant) if participant else "",
            rows=[(r, opener.open(r.note_sealed, "fact.note", r.id) if team else "") for r in rows],
            now=known.value if known else None,
            staff=await staff_names(conn),
            on_the_team=team,
        )


async def case_of(service: Service, actor: Actor, participant: UUID) -> UUID:
    """The case of a participant, for whoever may see it; `NotFound` for everybody else."""
    async with reading(service) as conn:
        case_id = await near.case_of_participant(conn, participant)
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
    return case_id


async def staff_accounts(service: Service, actor: Actor) -> list[tuple[UUID, str]]:
    """(account, display name) of everybody who can sign in, whatever their roles, by name."""
    access.require(actor, Permission.SUPERVISE)
    a = t.account
    query = select(a.c.id, a.c.display_name).where(a.c.active).order_by(a.c.display_name)
    async with reading(service) as conn:
        return [(row.id, row.display_name) for row in await conn.execute(query)]


async def case_workers(service: Service, actor: Actor) -> list[tuple[UUID, str]]:
    """(account, display name) of everybody who can be put on a case, by name."""
    access.require(actor, Permission.CASE_LIST)
    a = t.account
    able = a.c.roles.overlap([Role.FACILITATOR.value, Role.SUPERVISOR.value])
    query = select(a.c.id, a.c.display_name).where(a.c.active, able).order_by(a.c.display_name)
    async with reading(service) as conn:
        return [(row.id, row.display_name) for row in await conn.execute(query)]
