"""Names on lists: opened in one go per case, by forms agreed with the person, never logged."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.store import tables as t
from exchange.store.sealing import Opener, reader_of
from exchange.store.service import Service


async def forms_of_name(service: Service, conn: AsyncConnection, cases: Iterable[UUID]) -> dict[UUID, str]:
    """The agreed form of name of every participant of these cases, by participant id."""
    wanted = set(cases)
    openers: dict[UUID, Opener] = {case: await reader_of(service, conn, case) for case in wanted}
    rows = await conn.execute(
        select(t.participant.c.id, t.participant.c.case_id, t.participant.c.form_of_name_sealed).where(
            t.participant.c.case_id.in_(wanted)
        )
    )
    return {
        row.id: openers[row.case_id].open(row.form_of_name_sealed, "participant.form_of_name", row.id) for row in rows
    }


async def staff_names(conn: AsyncConnection) -> dict[UUID, str]:
    """Display names of all accounts."""
    rows = await conn.execute(select(t.account.c.id, t.account.c.display_name))
    return {row.id: row.display_name for row in rows}
