"""A letter being written through a `submit` link: kept as one writes, sealed, gone once it is sent.

The words lie wrapped under the link's own draft key (only secret and code lead to it) and sealed to the case.
Keeping a draft decides nothing, so it has no leaf; sending it has.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from exchange.core import keys
from exchange.core.errors import BadInput, NotFound
from exchange.core.sealed import context
from exchange.steps.intake import MOST_CHARACTERS
from exchange.steps.putting_in import Visitor, submit_link
from exchange.steps.visit import Visit
from exchange.store import tables as t
from exchange.store.sealing import SERVICE, Seal, seal_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading


@dataclass(frozen=True)
class Draft:
    """What was written so far, and when it was kept."""

    text: str = field(repr=False)
    at: datetime


async def save(service: Service, visit: Visit, untrusted_text: str) -> datetime:
    """Keep what was written so far; when it was kept. `LinkDead`, `SessionLocked` where writing is over."""
    text = untrusted_text.replace("\r\n", "\n").replace("\x00", "")
    if len(text) > MOST_CHARACTERS:
        raise BadInput("The letter is longer than this service takes. Please split it in two.", field="text")
    async with reading(service) as conn:
        link = await submit_link(conn, visit.actor)
        seal = await seal_of(conn, link.case_id)
        values = {
            "text_wrapped": keys.wrap(_key(visit), text.encode("utf-8", "replace"), _of(visit)),
            "text_sealed": seal.seal(text, "draft.text", link.id),
            "at": func.now(),
        }
        kept = insert(t.draft).values(link_id=link.id, **values)
        found = await conn.execute(
            kept.on_conflict_do_update(index_elements=["link_id"], set_=values).returning(t.draft.c.at)
        )
        at: datetime = found.scalar_one()
        return at


async def prefill(unit: Unit, seal: Seal, case_id: UUID, link_id: UUID, draft_key: bytes, text: str) -> None:
    """A draft that is there when a new link is opened: the words that the author changes."""
    kept = insert(t.draft).values(
        link_id=link_id,
        text_wrapped=keys.wrap(keys.derive(draft_key, "draft"), text.encode(), _bound(case_id, link_id)),
        text_sealed=seal.seal(text, "draft.text", link_id),
    )
    await unit.change(kept)


async def load(service: Service, visit: Visit) -> Draft | None:
    """What was written so far, or None."""
    async with reading(service) as conn:
        row = (await conn.execute(select(*t.plain(t.draft)).where(t.draft.c.link_id == visit.link.id))).one_or_none()
    if row is None:
        return None
    return Draft(keys.unwrap(_key(visit), row.text_wrapped, _of(visit)).decode(), row.at)


async def drop(service: Service, visit: Visit) -> None:
    """Forget it."""
    async with reading(service) as conn:
        await conn.execute(delete(t.draft).where(t.draft.c.link_id == visit.link.id))


def visitor(visit: Visit) -> Visitor:
    """The author at work through this visit's link: the same key at each visit that goes on."""
    return Visitor(visit.link.id, keys.derive(_carried(visit), "upload"))


def _key(visit: Visit) -> bytes:
    return keys.derive(_carried(visit), "draft")


def _carried(visit: Visit) -> bytes:
    if "draft_key" not in visit.payload:
        raise NotFound
    return bytes.fromhex(visit.payload["draft_key"])


def _of(visit: Visit) -> bytes:
    return _bound(visit.link.case_id, visit.link.id)


def _bound(case_id: UUID, link_id: UUID) -> bytes:
    return context(SERVICE, str(case_id), str(link_id), "text", "draft")
