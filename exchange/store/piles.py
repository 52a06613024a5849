"""The objects of scanned piles: what they are called, what they are bound to, and how they go."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, select, update

from exchange.store import tables as t
from exchange.store.parts import PartReader, SealedPart, part_context
from exchange.store.reaper import to_reap
from exchange.store.service import Service
from exchange.store.unit import Unit

FILE = "file"
JPEG = "image/jpeg"


def file_key(pile: UUID) -> str:
    """The object of the file as it was put in."""
    return f"pile/{pile}/{FILE}"


def page_key(pile: UUID, part: UUID, number: int) -> str:
    """The object of one page."""
    return f"pile/{pile}/{part}/{page_name(number)}"


def page_name(number: int) -> str:
    """What a page is called, by its place in the pile."""
    return f"page-{number:03d}"


def bound(pile: UUID, part: UUID, name: str) -> bytes:
    """The context: that of a part of a message, the pile in the place of case and message (docs/sealed-format.md)."""
    return part_context(pile, pile, part, name)


def reader(service: Service, pile: UUID, part: UUID, row: Row[Any], key: bytes, *, name: str) -> PartReader:
    """Reads a sealed object of a pile; `row` has `object_key` and `size`."""
    return PartReader(service, SealedPart(name, JPEG, row.size, "", row.object_key, part), pile, pile, key)


async def discard_parts(unit: Unit, which: Any, state: str) -> list[Row[Any]]:
    """These parts that are there open no more: keys destroyed, pages to be reaped. The caller writes the leaf.

    A pile of which nothing is there any more goes with its last part.
    """
    p, g = t.pile_part, t.pile_page
    gone = {"state": state, "key_sealed": None, "ended_at": func.now()}
    parts = await unit.all(update(p).where(which, p.c.state == "there").values(**gone).returning(*t.plain(p)))
    pages = select(g.c.object_key).where(g.c.part_id.in_([part.id for part in parts]))
    for page in await unit.all(pages):
        await to_reap(unit, page.object_key)
    for pile in sorted({part.pile_id for part in parts}):
        await _settle(unit, pile)
    return parts


async def discard_pile(unit: Unit, pile: UUID) -> None:
    """The file itself: its key destroyed, its object to be reaped. Its parts are the caller's."""
    gone = {"state": "gone", "key_sealed": None, "name_sealed": None, "ended_at": func.now()}
    mine = update(t.pile).where(t.pile.c.id == pile, t.pile.c.state != "gone").values(**gone)
    for row in await unit.all(mine.returning(t.pile.c.object_key)):
        await to_reap(unit, row.object_key)


async def _settle(unit: Unit, pile: UUID) -> None:
    # two parts that end at the same moment must not both think that the other one is there
    await unit.one(select(t.pile.c.id).where(t.pile.c.id == pile).with_for_update())
    p = t.pile_part
    if await unit.maybe(select(p.c.id).where(p.c.pile_id == pile, p.c.state == "there").limit(1)) is None:
        await discard_pile(unit, pile)


HELD = exists().where(t.legal_hold.c.case_id == t.pile_part.c.case_id, t.legal_hold.c.lifted_at.is_(None))
"""SQL: a part of a case of which nothing may be erased."""
