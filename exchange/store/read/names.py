"""Names on lists: opened in one go, by forms agreed with the person, never logged."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.store import tables as t
from exchange.store.sealing import field_keys_of
from exchange.store.service import Service

FORM_OF_NAME = "participant.form_of_name"


async def forms_of_name(service: Service, conn: AsyncConnection, cases: Iterable[UUID]) -> dict[UUID, str]:
    """The agreed form of name of every participant of these cases, by participant id."""
    wanted = set(cases)
    if not wanted:
        return {}
    readers = await field_keys_of(service, conn, wanted)
    p = t.participant
    rows = await conn.execute(select(p.c.id, p.c.case_id, p.c.form_of_name_sealed).where(p.c.case_id.in_(wanted)))
    return {row.id: readers[row.case_id].open(row.form_of_name_sealed, FORM_OF_NAME, row.id) for row in rows}


async def staff_names(conn: AsyncConnection) -> dict[UUID, str]:
    """Display names of all accounts."""
    rows = await conn.execute(select(t.account.c.id, t.account.c.display_name))
    return {row.id: row.display_name for row in rows}
