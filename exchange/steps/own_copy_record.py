"""When something of one person was opened, and by whom in the words of a role: from the record, for that person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.export import Filter
from exchange.core.model import ActorKind, Role
from exchange.core.own_copy import ACTS_OF_OPENING, Line
from exchange.store import ledger_read
from exchange.store import tables as t


async def opened(
    conn: AsyncConnection, person: Row[Any], referral: UUID | None, time: Callable[[datetime | None], str]
) -> tuple[tuple[Line, ...], ...]:
    """What of theirs was opened by staff, and what they opened themselves. Never what the other person opened."""
    roles = await _roles(conn, person.case_id)
    m = t.message
    own = await conn.execute(select(m.c.id, m.c.reference).where(m.c.author_id == person.id))
    mine = {str(row.id): str(row.reference) for row in own}
    links = await conn.execute(select(t.link.c.id).where(t.link.c.participant_id == person.id))
    about = {*mine, *(str(row.id) for row in links), str(person.id), str(referral)}
    found = []
    for entry in await ledger_read.leaves(conn, filters=Filter(case=str(person.case_id))):
        leaf = entry.leaf
        who = _who(leaf, person.id, roles)
        if leaf["act"] in ACTS_OF_OPENING and who and (who == "you" or _about(leaf) & about):
            what = Line("what", ACTS_OF_OPENING[leaf["act"]], coded=True)
            message = Line("message", mine.get(str(leaf.get("message")), ""))
            found.append((Line("at", time(entry.at)), Line("who", who, coded=True), what, message))
    return tuple(found)


def _who(leaf: dict[str, Any], person: UUID, roles: dict[str, str]) -> str:
    """ "you", or a role of staff; "" for anybody else, who is not in this list."""
    actor = leaf["actor"]
    if actor["kind"] == ActorKind.PARTICIPANT:
        return "you" if actor.get("id") == str(person) else ""
    return roles.get(str(actor.get("id")), "colleague") if actor["kind"] == ActorKind.STAFF else ""


def _about(leaf: dict[str, Any]) -> set[str]:
    """Whose it was: a link's entry names the message too, which may be somebody else's."""
    if leaf["act"] == "link.shown":
        return {str(leaf.get("link"))}
    return {str(leaf[name]) for name in ("message", "participant", "referral") if isinstance(leaf.get(name), str)}


async def _roles(conn: AsyncConnection, case_id: UUID) -> dict[str, str]:
    """Account to role: what they are or were to the case, else what they are in the service."""
    a, s = t.account, t.assignment
    team = {str(row.account_id) for row in await conn.execute(select(s.c.account_id).where(s.c.case_id == case_id))}
    rows = await conn.execute(select(a.c.id, a.c.roles))
    return {
        str(row.id): "facilitator" if str(row.id) in team
        else "supervisor" if Role.SUPERVISOR.value in row.roles else "colleague"
        for row in rows
    }  # fmt: skip
