"""The record as auditors read it, and a case's part of it as its team does. Reading it is recorded first.

Nothing here opens anything: the record holds ids, numbers and fixed words (`core/leaf.py`). An export is
written up to the newest checkpoint; what is filtered says so (DESIGN section 9).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotFound
from exchange.core.export import Filter
from exchange.core.model import Actor
from exchange.store import ledger, ledger_read, near
from exchange.store import tables as t
from exchange.store.ledger_read import NothingSigned, Recorded
from exchange.store.read.names import staff_names
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

PAGE = 50


@dataclass(frozen=True)
class Shown:
    """One page of the record: entries newest first, the size of the whole, and names of staff by id.

    `more` is the number to go on below, None at the end.
    """

    entries: list[Recorded]
    size: int
    staff: dict[UUID, str]
    more: int | None


@dataclass(frozen=True)
class Signature:
    """The newest checkpoint: over how many entries, when, whose key, and its text."""

    size: int
    at: datetime
    key_name: str
    note: str


async def search(service: Service, actor: Actor, filters: Filter | None, *, below: int | None = None) -> Shown:
    """A page of the record for an auditor. A leaf says that it was read, and whom it was narrowed to."""
    access.require(actor, Permission.RECORD)
    await _note_reading(service, actor, filters)
    async with reading(service) as conn:
        return await _page(conn, filters, below)


async def entry(service: Service, actor: Actor, index: int) -> tuple[Recorded, dict[UUID, str]]:
    """One entry for an auditor, and names of staff by id. Raises NotFound. That it was read is recorded."""
    access.require(actor, Permission.RECORD)
    async with unit_of_work(service, actor) as unit:
        found = await ledger_read.leaves(unit.conn, index, index + 1)
        if not found:
            raise NotFound
        unit.leaf("record.read", scope="filtered", index=index)
        return found[0], await staff_names(unit.conn)


async def of_case(service: Service, actor: Actor, case_id: UUID, *, below: int | None = None) -> Shown:
    """A page of one case's record for those who see the case."""
    filters = Filter(case=str(case_id))
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
    await _note_reading(service, actor, filters)
    async with reading(service) as conn:
        return await _page(conn, filters, below)


async def newest_signature(service: Service, actor: Actor) -> Signature | None:
    """The newest checkpoint, None before the first."""
    access.require(actor, Permission.RECORD_WITNESS)
    async with reading(service) as conn:
        last = await ledger.newest(conn)
    if last is None:
        return None
    return Signature(last.size, last.at, _signer_of(last.note), last.note)


async def export(service: Service, actor: Actor, filters: Filter | None, *, table: bool = False) -> AsyncIterator[str]:
    """The lines of an export, or of a table (CSV), once a leaf says that it was taken. StepUpNeeded, NothingSigned."""
    access.require(actor, Permission.RECORD_EXPORT)
    async with reading(service) as conn:
        if await ledger.newest(conn) is None:
            raise NothingSigned
    async with unit_of_work(service, actor) as unit:
        scope = "filtered" if filters else "complete"
        unit.leaf("record.exported", scope=scope, form="csv" if table else None, **_named(filters))
    return _lines(service, filters, table)


async def find_case(service: Service, actor: Actor, untrusted: str) -> str:
    """The id of a case by its reference or id, as the record names it. BadInput (field case)."""
    access.require(actor, Permission.RECORD)
    wanted = untrusted.strip()
    known = _uuid(wanted)
    named = (
        or_(t.cases.c.reference == wanted.upper(), t.cases.c.id == known)
        if known
        else (t.cases.c.reference == wanted.upper())
    )
    async with reading(service) as conn:
        found = (await conn.execute(select(t.cases.c.id).where(named))).scalar_one_or_none()
        if found and (await conn.execute(select(near.barred(found, actor.id)))).scalar_one():
            _unknown("case")
    return str(found) if found else _id(wanted, "case")


async def find_person(service: Service, actor: Actor, untrusted: str) -> tuple[str, str]:
    """("account" or "participant", id) by a member of staff's sign-in name or anybody's id. BadInput."""
    access.require(actor, Permission.RECORD)
    wanted = untrusted.strip()
    staff = t.account.c.login == wanted.casefold()
    known = _uuid(wanted)
    async with reading(service) as conn:
        query = select(t.account.c.id).where(or_(staff, t.account.c.id == known) if known else staff)
        found = (await conn.execute(query)).scalar_one_or_none()
    return ("account", str(found)) if found else ("participant", _id(wanted, "person"))


async def _note_reading(service: Service, actor: Actor, filters: Filter | None) -> None:
    async with unit_of_work(service, actor) as unit:
        unit.leaf("record.read", scope="filtered" if filters else "complete", **_named(filters))


def _named(filters: Filter | None) -> dict[str, str]:
    """What of a filter a leaf says: ids and times, not the action looked for."""
    wanted = {} if filters is None else filters.wanted()
    return {name: value for name, value in wanted.items() if name not in ("act", "outcome")}


async def _page(conn: AsyncConnection, filters: Filter | None, below: int | None) -> Shown:
    found = await ledger_read.leaves(conn, 0, below, filters, limit=PAGE + 1, newest_first=True)
    entries = found[:PAGE]
    more = entries[-1].index if len(found) > PAGE else None
    return Shown(entries, await ledger_read.size(conn), await staff_names(conn), more)


async def _lines(service: Service, filters: Filter | None, table: bool) -> AsyncIterator[str]:
    async with reading(service) as conn:
        lines = ledger_read.table(conn, filters) if table else ledger_read.export(conn, filters)
        async for line in lines:
            yield line


def _signer_of(note: str) -> str:
    """The name of the key on the last signature line (C2SP signed-note: "— name base64")."""
    return note.rstrip("\n").rsplit("\n", 1)[-1].removeprefix("— ").split(" ", 1)[0]


def _id(untrusted: str, field: str) -> str:
    known = _uuid(untrusted)
    if known is None:
        _unknown(field)
    return str(known)


def _unknown(field: str) -> NoReturn:
    raise BadInput("Nothing of this name is known. Enter a reference, a sign-in name or a number.", field=field)


def _uuid(untrusted: str) -> UUID | None:
    try:
        return UUID(untrusted)
    except ValueError:
        return None
