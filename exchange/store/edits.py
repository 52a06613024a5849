"""Reading what is to be taken out of a message: the list of edits, the version it is about, how far the making is."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.edits import Edit, Why, from_json
from exchange.core.errors import NotFound
from exchange.store import tables as t
from exchange.store.sealing import Opener


@dataclass(frozen=True)
class Wanted:
    """One edit of the list. `words`: the facilitator's own about the reason."""

    id: UUID
    edit: Edit
    why: Why
    words: str
    account: UUID
    at: Any


async def wanted(conn: AsyncConnection, opener: Opener, message: Row[Any]) -> list[Wanted]:
    """The list of this round, oldest first."""
    e = t.edit
    mine = select(e).where(e.c.message_id == message.id, e.c.round == message.round).order_by(e.c.at, e.c.id)
    return [
        Wanted(
            row.id,
            from_json(opener.open(row.place_sealed, "edit.place", row.id)),
            Why(row.reason),
            opener.open(row.words_sealed, "edit.words", row.id),
            row.account_id,
            row.at,
        )
        for row in (await conn.execute(mine)).all()
    ]


def taken_out(opener: Opener, revision: Row[Any] | None) -> list[Edit]:
    """What was taken out to make this revision."""
    told = opener.open(revision.edits_sealed, "revision.edits", revision.id) if revision is not None else ""
    return [from_json(json.dumps(one)) for one in json.loads(told or "[]")]


async def clean_revision(conn: AsyncConnection, message: Row[Any]) -> Row[Any]:
    """The first clean revision of this round, which every edit is about; `NotFound` before there is one."""
    r = t.revision
    mine = select(r).where(r.c.message_id == message.id, r.c.round == message.round, r.c.made_by.is_(None))
    found = (await conn.execute(mine.order_by(r.c.number).limit(1))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def newest_revision(conn: AsyncConnection, message_id: UUID) -> Row[Any] | None:
    """The newest revision of a message."""
    query = select(t.revision).where(t.revision.c.message_id == message_id)
    return (await conn.execute(query.order_by(t.revision.c.number.desc()).limit(1))).one_or_none()


async def parts_of(conn: AsyncConnection, revision_id: UUID) -> list[Row[Any]]:
    """The parts of a revision in their order."""
    query = select(t.part).where(t.part.c.revision_id == revision_id).order_by(t.part.c.position)
    return list((await conn.execute(query)).all())


async def last_making(conn: AsyncConnection, message_id: UUID) -> Row[Any] | None:
    """The making of a new version that was asked for last."""
    mine = select(t.making).where(t.making.c.message_id == message_id).order_by(t.making.c.at.desc()).limit(1)
    return (await conn.execute(mine)).one_or_none()
