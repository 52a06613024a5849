"""A pile of replies on paper, scanned in one go (rule 20): put in, looked at, thrown away. See docs/decisions/0030.

The file is sealed to the service as it comes, and is its owner's: whoever put it in. A worker takes it apart
(`pile_reading.py`); of what it finds everybody sees the replies of their own cases, its owner besides what is nobody's
reply yet. Of another team's reply its owner sees that it is there, how many pages it has, and that its team knows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access, keys
from exchange.core.access import Permission, Relation
from exchange.core.errors import BadInput, Conflict, NotFound
from exchange.core.model import WORKER, Actor
from exchange.core.piles import KEPT, MOST_BYTES, WARNED, PileTooLarge
from exchange.steps.freshness import require_fresh
from exchange.steps.hold import refuse_if_held
from exchange.store import near, parts, piles
from exchange.store import tables as t
from exchange.store.read.names import forms_of_name
from exchange.store.sealing import Opener, opener_of, service_opener
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

TASK = "reply_scanned"
NAME_LENGTH = 100
MOST_SHOWN = 100


@dataclass(frozen=True)
class PileView:
    """One pile for whoever asks: `mine` if they put it in, `parts` as far as they may know of them."""

    pile: Row[Any]
    mine: bool
    name: str = field(repr=False)
    parts: list["PartView"]

    @property
    def late_at(self) -> datetime:
        """From when on it is late."""
        late: datetime = self.pile.at + WARNED
        return late

    @property
    def until(self) -> datetime:
        """When what is left of it is thrown away."""
        until: datetime = self.pile.at + KEPT
        return until


@dataclass(frozen=True)
class PartView:
    """Pages in a row. `open`: the actor may look at them; then it says of which case they are, from whom to whom."""

    part: Row[Any]
    open: bool
    numbers: tuple[int, ...] = ()
    reference: str = ""
    from_name: str = field(default="", repr=False)
    to_name: str = field(default="", repr=False)

    @property
    def certain(self) -> bool:
        """It is known whose reply it is, and nothing speaks against putting it in."""
        return self.part.answers_id is not None and self.part.why is None


async def put_in(service: Service, actor: Actor, untrusted: bytes, untrusted_name: str) -> UUID:
    """Seal a scanned pile as it came; its id. A worker takes it apart. BadInput for an empty one, TooLarge."""
    access.require(actor, Permission.CASE_OPEN)
    if not untrusted:
        raise BadInput("Choose a file first.", field="file")
    if len(untrusted) > MOST_BYTES:
        raise PileTooLarge
    name = "".join(char for char in untrusted_name[:NAME_LENGTH] if char.isprintable())
    pile, key = uuid4(), keys.new_data_key()
    named = piles.file_key(pile)
    await parts.announce(service, [named])
    size, _ = await parts.put_bytes(service.objects, named, key, piles.bound(pile, pile, piles.FILE), untrusted)
    async with unit_of_work(service, actor) as unit:
        await parts.own(unit.conn, [named])
        opener = await service_opener(service, unit.conn)
        sealed = {
            "name_sealed": opener.seal(name, "pile.name", pile), "key_sealed": opener.seal_key(key, "pile.key", pile),
        }  # fmt: skip
        await unit.add(t.pile, id=pile, account_id=actor.id, object_key=named, size=size, **sealed)
        unit.leaf("pile.put_in", upload=pile, size=size)
        await unit.defer("read_pile", pile=pile)
    return pile


async def all_of(service: Service, actor: Actor) -> list[PileView]:
    """The piles that are there and of which the actor may know something, newest first."""
    access.require(actor, Permission.CASE_OPEN)
    p = t.pile
    async with reading(service) as conn:
        theirs = select(t.pile_part.c.pile_id).where(t.pile_part.c.state == "there", _of_my_cases(actor))
        mine = or_(p.c.account_id == actor.id, p.c.id.in_(theirs))
        there = select(p).where(p.c.state != "gone", mine).order_by(p.c.at.desc()).limit(MOST_SHOWN)
        return await _views(service, conn, actor, list((await conn.execute(there)).all()))


async def look(service: Service, actor: Actor, pile_id: UUID) -> PileView:
    """One pile; `NotFound` for whoever may know nothing of it."""
    access.require(actor, Permission.CASE_OPEN)
    async with reading(service) as conn:
        there = select(t.pile).where(t.pile.c.id == pile_id, t.pile.c.state != "gone")
        row = (await conn.execute(there)).one_or_none()
        found = await _views(service, conn, actor, [row] if row else [])
    if not found or not (found[0].mine or found[0].parts):
        raise NotFound
    return found[0]


async def open_page(service: Service, actor: Actor, pile_id: UUID, part_id: UUID, number: int) -> bytes:
    """One page (JPEG) as the workshop made it, for whoever may see it; its leaf before its first byte."""
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        part = await require_part(unit, pile_id, part_id, Permission.CONTENT)
        g = t.pile_page
        page = await unit.one(select(g).where(g.c.part_id == part_id, g.c.number == number))
        key = await key_of(service, unit.conn, part)
        unit.leaf("pile.opened", upload=pile_id, part_id=part_id, case=part.case_id, page=number)
    return await piles.reader(service, pile_id, part_id, page, key, name=piles.page_name(number)).whole()


async def throw_away(service: Service, actor: Actor, pile_id: UUID, part_id: UUID) -> None:
    """These pages are not put in. `OnHold` while nothing of their case may be erased."""
    async with unit_of_work(service, actor) as unit:
        part = await require_part(unit, pile_id, part_id, Permission.PUT_IN)
        if part.case_id is not None:
            await unit.case(part.case_id)  # before the part, as everywhere
            await refuse_if_held(unit, part.case_id)
        if not await piles.discard_parts(unit, t.pile_part.c.id == part_id, "away"):
            raise Conflict("Somebody else has dealt with these pages already.")
        await waits_no_more(unit, part)
        unit.leaf("pile.thrown_away", upload=pile_id, part_id=part_id, case=part.case_id, pages=part.pages)


async def throw_file_away(service: Service, actor: Actor, pile_id: UUID) -> None:
    """A file that could not be read. `Conflict` where it was, for then each of its parts is decided about."""
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(t.pile).where(t.pile.c.id == pile_id).with_for_update())
        if row.account_id != actor.id:
            raise NotFound
        if row.state != "refused":
            raise Conflict
        await piles.discard_pile(unit, pile_id)
        unit.leaf("pile.thrown_away", upload=pile_id, pages=0)


async def run_out(service: Service) -> int:
    """Worker: throw away what nobody decided about for too long, but nothing of a case on hold; how many piles.

    The paper is there still, so whoever was told of pages is told to collect that.
    """
    p = t.pile
    async with reading(service) as conn:
        over = select(p.c.id).where(p.c.state != "gone", p.c.at < func.now() - KEPT)
        due = list((await conn.execute(over)).scalars())
    for pile_id in due:
        async with unit_of_work(service, WORKER) as unit:
            row = await unit.one(select(p).where(p.c.id == pile_id))
            gone = await piles.discard_parts(unit, (t.pile_part.c.pile_id == pile_id) & ~piles.HELD, "away")
            for part in gone:
                await waits_no_more(unit, part, to_collect=True)
            if row.state in ("waiting", "refused"):
                await piles.discard_pile(unit, pile_id)
            unit.leaf("pile.expired", upload=pile_id, count=len(gone))
    return len(due)


async def require_part(unit: Unit, pile_id: UUID, part_id: UUID, permission: Permission) -> Row[Any]:
    """A part that is there, with its pile's owner, for whoever may do this with it; `NotFound` for all others.

    Pages of a case are for its team, whoever put the pile in; pages of none are their owner's. It is not locked: what
    changes it asks again whether it is there.
    """
    access.require(unit.actor, Permission.CASE_OPEN)
    p = t.pile_part
    query = select(p, t.pile.c.account_id).join(t.pile, t.pile.c.id == p.c.pile_id)
    part = await unit.one(query.where(p.c.id == part_id, p.c.pile_id == pile_id, p.c.state == "there"))
    related = await near.relation(unit.conn, part.case_id, unit.actor.id) if part.case_id else Relation.NONE
    if not _may(unit.actor, part, part.account_id, related, permission):
        raise NotFound
    return part


async def key_of(service: Service, conn: AsyncConnection, part: Row[Any]) -> bytes:
    """What a part's pages are sealed with."""
    opener = await opener_of(service, conn, part.case_id) if part.case_id else await service_opener(service, conn)
    return opener.open_key(part.key_sealed, "pile_part.key", part.id)


async def waits_no_more(unit: Unit, part: Row[Any], *, to_collect: bool = False) -> None:
    """Nobody is to look for these pages any more; or for the paper instead, of which the other task tells."""
    k = t.task
    mine = (k.c.message_id == part.answers_id, k.c.kind == TASK, k.c.done_at.is_(None))
    done: dict[str, Any] = {"kind": "reply_came"} if to_collect else {"done_at": func.now(), "done_by": unit.actor.id}
    await unit.change(k.update().where(*mine).values(**done))


def _may(actor: Actor, part: Row[Any], owner: UUID, related: Relation, permission: Permission) -> bool:
    if part.case_id is None:
        return bool(owner == actor.id)
    return access.may(actor, permission, related)


def _of_my_cases(actor: Actor) -> Any:
    """SQL: parts of cases of which the actor is on the team; asked again of each by `_may`."""
    a, c, p = t.assignment, t.cases, t.pile_part
    assigned = select(a.c.case_id).where(a.c.account_id == actor.id, a.c.until.is_(None))
    covered = select(c.c.id).where(c.c.cover_id == actor.id)
    return or_(p.c.case_id.in_(assigned), p.c.case_id.in_(covered))


async def _views(service: Service, conn: AsyncConnection, actor: Actor, rows: Collection[Row[Any]]) -> list[PileView]:
    p, g, m = t.pile_part, t.pile_page, t.message
    query = (
        select(*t.plain(p), m.c.author_id, m.c.recipient_id, t.cases.c.reference)
        .join(m, m.c.id == p.c.answers_id, isouter=True)
        .join(t.cases, t.cases.c.id == p.c.case_id, isouter=True)
    )
    of = p.c.pile_id.in_([row.id for row in rows])
    there = query.where(of, p.c.state == "there").order_by(p.c.position)
    found: Sequence[Any] = (await conn.execute(there)).all()
    related = await near.relations(conn, {one.case_id for one in found if one.case_id}, actor.id)
    owners = {row.id: row.account_id for row in rows}
    seen = {
        one.id
        for one in found
        if _may(actor, one, owners[one.pile_id], related.get(one.case_id, Relation.NONE), Permission.PUT_IN)
    }
    names = await forms_of_name(service, conn, {one.case_id for one in found if one.id in seen and one.case_id})
    numbered = select(g.c.part_id, g.c.number).where(g.c.part_id.in_(seen)).order_by(g.c.number)
    pages = (await conn.execute(numbered)).all()
    opener = await service_opener(service, conn) if rows else None
    views = []
    for row in rows:
        mine = row.account_id == actor.id
        listed = [
            _part(one, names, tuple(page.number for page in pages if page.part_id == one.id), is_open=one.id in seen)
            for one in found
            if one.pile_id == row.id and (mine or one.id in seen)
        ]
        views.append(PileView(row, mine, _name(opener, row) if mine else "", listed))
    return views


def _name(opener: Opener | None, row: Row[Any]) -> str:
    return opener.open(row.name_sealed, "pile.name", row.id) if opener else ""


def _part(one: Row[Any], names: dict[UUID, str], numbers: tuple[int, ...], *, is_open: bool) -> PartView:
    """From whom to whom is the other way round than what went out."""
    if not is_open:
        return PartView(one, False)
    people = names.get(one.recipient_id, ""), names.get(one.author_id, "")
    return PartView(one, True, numbers, one.reference or "", *people)
