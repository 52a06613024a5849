"""Cases from another system come in as a table: looked at first, then all of it or nothing (`core/case_table.py`).

`plan` changes nothing. `carry_out` reads the table anew and opens the cases in one transaction, by the same steps as
everybody's, each with its leaves. A case whose reference is here already is left as it is, whosever it is and whatever
became of it: so the same table may come in twice, and what was erased does not come back.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access, case_table
from exchange.core.case_table import CaseTable, NewCase
from exchange.core.csv_table import Problem
from exchange.core.errors import BadInput
from exchange.core.model import Actor
from exchange.steps import cases, team
from exchange.steps.cases import SafeContact
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, now_of, reading, unit_of_work


class TableHasMistakes(BadInput):
    """There are mistakes in this table, so nothing of it was put in."""


@dataclass(frozen=True)
class Planned:
    """What would become of one case: opened for this facilitator, or left because its reference is here (`there`)."""

    case: NewCase
    facilitator: str
    lead: UUID
    there: bool


@dataclass(frozen=True)
class Plan:
    """What would happen, in the table's order; or everything that is wrong, and then nothing would."""

    cases: tuple[Planned, ...]
    problems: tuple[Problem, ...]

    @property
    def new(self) -> tuple[Planned, ...]:
        """The cases that would be opened."""
        return tuple(one for one in self.cases if not one.there)


async def plan(service: Service, actor: Actor, untrusted: bytes) -> Plan:
    """What the table would do. Nothing is changed and nothing kept."""
    access.require_import(actor)
    async with reading(service) as conn:
        return await _plan(conn, await _read(service, untrusted, await now_of(conn)))


async def carry_out(service: Service, actor: Actor, untrusted: bytes) -> Plan:
    """Open every case of the table that is not here yet; what was done. `TableHasMistakes`: nothing was.

    `Conflict`: somebody used one of the references at the same moment; nothing was done.
    """
    access.require_import(actor)
    async with unit_of_work(service, actor) as unit:
        found = await _plan(unit.conn, await _read(service, untrusted, unit.now))
        if found.problems:
            raise TableHasMistakes
        for one in found.new:
            await _open(unit, one)
        unit.leaf("cases.imported", count=len(found.new))
    return found


async def _read(service: Service, untrusted: bytes, now: datetime) -> CaseTable:
    today = now.astimezone(service.settings.zone).date()
    # a large one takes most of a second
    return await asyncio.to_thread(case_table.parse, untrusted, today)


async def _plan(conn: AsyncConnection, table: CaseTable) -> Plan:
    accounts = await _accounts(conn, {case.facilitator.casefold() for case in table.cases})
    wrong = [Problem(case.line, "facilitator", "no_account") for case in table.cases if _of(accounts, case) is None]
    if table.problems or wrong:
        return Plan((), (*table.problems, *wrong))
    there = await _there(conn, {case.reference for case in table.cases})
    found = [
        Planned(case, lead.display_name, lead.id, case.reference in there)
        for case in table.cases
        if (lead := _of(accounts, case)) is not None
    ]
    return Plan(tuple(found), ())


def _of(accounts: Mapping[str, Row[Any]], case: NewCase) -> Row[Any] | None:
    return accounts.get(case.facilitator.casefold())


async def _accounts(conn: AsyncConnection, logins: Iterable[str]) -> dict[str, Row[Any]]:
    """Who can look after a case, of those who sign in by these names."""
    a = t.account
    asked = select(a.c.id, a.c.login, a.c.display_name, a.c.active, a.c.roles).where(func.lower(a.c.login).in_(logins))
    rows: list[Row[Any]] = [*await conn.execute(asked)]
    return {row.login.casefold(): row for row in rows if team.facilitates(row)}


async def _there(conn: AsyncConnection, references: Iterable[str]) -> set[str]:
    known = select(t.cases.c.reference).where(t.cases.c.reference.in_(references))
    return set((await conn.execute(known)).scalars())


async def _open(unit: Unit, one: Planned) -> None:
    """The case and its people, as somebody would put them in one by one."""
    opener = await cases.begin(unit, type_=one.case.type, lead=one.lead, reference=one.case.reference)
    for who in one.case.people:
        contact = SafeContact(who.means, who.address, who.hours, who.words, who.who_may_answer)
        person = cases.NewPerson(
            side=who.side,
            name=who.name,
            form_of_name=who.form_of_name,
            contact=contact,
            custody=who.custody,
            under_18=who.of_age is not None,
            needs=who.needs,
            language=who.language,
            of_age_at=_begins(unit, who.of_age),
        )
        await cases.put_person(unit, opener, opener.owner, person)


def _begins(unit: Unit, day: date | None) -> datetime | None:
    return datetime.combine(day, time(), unit.service.settings.zone) if day else None
