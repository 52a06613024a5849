"""A participant and the ground rules that their link carries: agreeing to them, and whether they have changed since."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from exchange.core.errors import NotFound
from exchange.core.ground_rules import LANGUAGES
from exchange.core.model import Method
from exchange.steps import dialogue
from exchange.steps.visit import Visit
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work


async def agree(service: Service, visit: Visit, language: str) -> None:
    """The participant agrees through their own link to the rules that it carries. `Conflict` if they have changed."""
    carried = visit.payload.get("rules")
    if not carried or not visit.is_me:
        raise NotFound
    async with unit_of_work(service, visit.actor) as unit:
        s, k = t.portal_session, t.link
        mine = select(k.c.id).join(s, s.c.link_id == k.c.id).where(s.c.id == visit.id, s.c.state == "open")
        if await unit.maybe(mine.where(k.c.participant_id == visit.actor.id)) is None:
            raise NotFound
        await unit.case(visit.link.case_id)
        person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == visit.actor.id))
        await dialogue.agree(
            unit, person, UUID(carried["id"]), Method.LINK, language if language in LANGUAGES else "en"
        )


@dataclass(frozen=True)
class Standing:
    """How a visitor stands to the rules their link carries. `changed`: there are newer ones, which it does not hold."""

    agreed: bool
    changed: bool


async def standing(service: Service, visit: Visit) -> Standing:
    """Whether they agreed to the newest rules of their case; true where there are none."""
    a = t.rules_agreed
    async with reading(service) as conn:
        newest = await dialogue.newest_id(conn, visit.link.case_id)
        if newest is None:
            return Standing(agreed=True, changed=False)
        mine = select(a.c.id).where(a.c.rules_id == newest, a.c.participant_id == visit.link.participant_id)
        agreed = (await conn.execute(mine)).first() is not None
    return Standing(agreed, changed=visit.payload.get("rules", {}).get("id") != str(newest))
