"""The wording library: what people are shown when they consent, in the service's own words, by version (rule 5).

Somebody writes a draft, in both languages; somebody else approves exactly those words, from now or from a day on. What
was approved is never changed. A consent names the version and the language that the person was shown, so that it can be
told years later; `require` refuses a yes to anything else. Where the service has no words of its own in force, or they
lack a line that must be there (`core/wordings.py`), the house's are shown (`steps/wording.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access, wordings
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, NotFound, Refused, StepUpNeeded
from exchange.core.model import Actor, ActorKind, ConsentKind
from exchange.core.wordings import Standing, Version
from exchange.steps import wording
from exchange.steps.wording import Wording
from exchange.store import tables as t
from exchange.store.read.names import staff_names
from exchange.store.service import Service
from exchange.store.unit import Unit, now_of, reading, unit_of_work

SHOWN = ("name", "kind", "number", "words", "written_at", "approved_at", "from_at", "retired_at")
"""The columns that the portal reads: no member of staff."""


@dataclass(frozen=True)
class Shelf:
    """One consent's words: which are in force (`current` None: the house's), every version, how many said yes to each.

    `given`: by name, the house's texts too; how many times somebody agreed, and nobody's name.
    """

    kind: ConsentKind
    current: Version | None
    versions: list[tuple[Version, Standing]]
    given: Mapping[str, int]
    staff: Mapping[UUID, str]


async def in_use(service: Service, kind: ConsentKind, language: str = "en") -> Wording:
    """What people are shown now for this consent, in this language; its id is what a consent names."""
    async with reading(service) as conn:
        return await _in_use(conn, kind, language)


async def read(service: Service, name: str, language: str = "en") -> Wording:
    """The words of a version that was in force at some time, as they were shown. NotFound for a draft too."""
    async with reading(service) as conn:
        return await read_with(conn, name, language)


async def read_with(conn: AsyncConnection, name: str, language: str) -> Wording:
    """`read` over a connection that is open already."""
    row = (await conn.execute(_shown().where(t.wording.c.name == name))).one_or_none()
    if row is None:
        return wording.wording(name, language)
    version = _version(row)
    if not version.began(await now_of(conn)):
        raise NotFound
    return _as_shown(version, language)


async def require(unit: Unit, kind: ConsentKind, name: str, language: str) -> None:
    """Refuse a yes that names no words of this consent that people were ever shown, in a language they have.

    A participant says yes to what stands on their page now: BadInput where that was changed meanwhile.
    """
    if language not in wordings.LANGUAGES:
        raise BadInput("Say in which language they were shown the words.", field="language")
    try:
        found = await read_with(unit.conn, name, language)
    except NotFound:
        raise BadInput("These are no words that people are shown. Load the page again.", field="wording") from None
    k = t.wording.c
    own = await unit.maybe(select(k.kind).where(k.name == name))
    if not (own.kind == kind if own is not None else wordings.of_the_house(name, kind)):
        raise BadInput("These are the words of another decision. Load the page again.", field="wording")
    if unit.actor.kind is ActorKind.PARTICIPANT and found.id != (await _in_use(unit.conn, kind, language)).id:
        raise BadInput("The words have changed since you opened this page. Please read them again.", field="wording")


async def shelves(service: Service, actor: Actor) -> list[Shelf]:
    """Every consent, with its versions, the newest first."""
    return await _shelves(service, actor, tuple(ConsentKind))


async def shelf(service: Service, actor: Actor, kind: ConsentKind) -> Shelf:
    """One consent's versions, the newest first."""
    (found,) = await _shelves(service, actor, (kind,))
    return found


async def _shelves(service: Service, actor: Actor, kinds: tuple[ConsentKind, ...]) -> list[Shelf]:
    access.require(actor, Permission.WORDING)
    w, c = t.wording, t.consent.c
    counted = select(c.kind, c.wording, func.count()).where(c.kind.in_(kinds), c.given).group_by(c.kind, c.wording)
    async with reading(service) as conn:
        now, staff = await now_of(conn), await staff_names(conn)
        of_these = select(w).where(w.c.kind.in_(kinds)).order_by(w.c.number)
        versions = [_version(row) for row in await conn.execute(of_these)]
        given: dict[str, dict[str, int]] = {}
        for kind, name, number in (await conn.execute(counted)).all():
            given.setdefault(kind, {})[name] = number
    return [_shelf(kind, versions, given.get(kind, {}), staff, now) for kind in kinds]


def _shelf(
    kind: ConsentKind, versions: list[Version], given: Mapping[str, int], staff: Mapping[UUID, str], now: datetime
) -> Shelf:
    found = [one for one in versions if one.kind is kind]
    current = wordings.in_force(found, wording.floor(kind), now)
    return Shelf(kind, current, [(one, wordings.standing(one, current, now)) for one in reversed(found)], given, staff)


async def draft(service: Service, actor: Actor, kind: ConsentKind, untrusted_own: Mapping[str, str]) -> str:
    """Write the draft of the next version, or write it anew; its name. `untrusted_own`: own lines by language."""
    access.require(actor, Permission.WORDING)
    fixed = wording.floor(kind)
    own = wordings.checked(untrusted_own, fixed)
    async with unit_of_work(service, actor) as unit:
        known = await _draft(unit, kind)
        said = {"words": wordings.as_plain(own, fixed), "written_by": actor.id, "written_at": func.now()}
        if known is None:
            number = await _next(unit, kind)
            name = wordings.name_of(kind, number)
            await unit.change(insert(t.wording).values(name=name, kind=kind, number=number, **said))
        else:
            name = known.name
            await unit.change(update(t.wording).where(t.wording.c.name == name).values(**said))
        unit.leaf("wording.drafted", scope=kind, wording=name)
    return name


async def drop(service: Service, actor: Actor, kind: ConsentKind) -> None:
    """Throw the draft away."""
    access.require(actor, Permission.WORDING)
    async with unit_of_work(service, actor) as unit:
        known = await _draft(unit, kind)
        if known is None:
            raise NotFound
        await unit.change(delete(t.wording).where(t.wording.c.name == known.name))
        unit.leaf("wording.dropped", scope=kind, wording=known.name)


async def approve(
    service: Service, actor: Actor, kind: ConsentKind, digest: str, *, from_at: datetime | None = None
) -> None:
    """Approve the draft that has this digest: somebody who did not write it. `from_at`: when it begins, now without it.

    Asks for a fresh second factor. Raises Conflict where the draft was changed meanwhile.
    """
    _with_second_factor(actor)
    async with unit_of_work(service, actor) as unit:
        known = await _draft(unit, kind)
        if known is None:
            raise NotFound
        version = _version(known)
        if version.digest != digest:
            raise Conflict("The draft was changed meanwhile. Please read it again.")
        if known.written_by == actor.id:
            raise Refused("You wrote these words. Somebody else must approve them.")
        if not wordings.holds(version, wording.floor(kind)):
            raise BadInput("A line that must be there is missing. Save the draft again.", field="en")
        if from_at is not None and from_at <= unit.now:
            raise BadInput("The date must be in the future. Leave it empty to begin now.", field="from_at-day")
        begins = from_at or unit.now
        said = {"approved_by": actor.id, "approved_at": func.now(), "from_at": begins}
        await unit.change(update(t.wording).where(t.wording.c.name == known.name).values(**said))
        unit.leaf("wording.approved", scope=kind, wording=known.name, digest=digest, since=begins)


async def retire(service: Service, actor: Actor, name: str) -> None:
    """End a version, or one that was to begin: from now on the house's words are shown. Asks for a second factor."""
    _with_second_factor(actor)
    w = t.wording
    async with unit_of_work(service, actor) as unit:
        row = await unit.one(select(w).where(w.c.name == name).with_for_update())
        if row.approved_at is None or row.retired_at is not None:
            raise Conflict("This version is not in force, and will not be. Nothing was changed.")
        await unit.change(update(w).where(w.c.name == name).values(retired_at=func.now(), retired_by=actor.id))
        unit.leaf("wording.retired", scope=row.kind, wording=name)


def _with_second_factor(actor: Actor) -> None:
    access.require(actor, Permission.WORDING)
    if not actor.stepped_up:
        raise StepUpNeeded


async def _in_use(conn: AsyncConnection, kind: ConsentKind, language: str) -> Wording:
    rows = (await conn.execute(_shown().where(t.wording.c.kind == kind, t.wording.c.approved_at.is_not(None)))).all()
    versions = [_version(row) for row in rows]
    found = wordings.in_force(versions, wording.floor(kind), await now_of(conn)) if versions else None
    return wording.current(kind, language) if found is None else _as_shown(found, language)


def _as_shown(version: Version, language: str) -> Wording:
    shown = language if language in wordings.LANGUAGES else "en"
    return Wording(version.name, shown, version.lines(shown))


async def _draft(unit: Unit, kind: ConsentKind) -> Row[Any] | None:
    w = t.wording
    return await unit.maybe(select(w).where(w.c.kind == kind, w.c.approved_at.is_(None)).with_for_update())


async def _next(unit: Unit, kind: ConsentKind) -> int:
    """One more than the newest; two who begin at once clash on the number, and one of them is told."""
    w = t.wording
    row = await unit.one(select(func.coalesce(func.max(w.c.number), 0).label("newest")).where(w.c.kind == kind))
    return int(row.newest) + 1


def _shown() -> Select[Any]:
    return select(*(t.wording.c[name] for name in SHOWN))


def _version(row: Row[Any]) -> Version:
    found = dict(row._mapping)
    own, fixed = wordings.from_plain(found["words"])
    kept = {name: found.get(name) for name in ("written_at", *SHOWN[5:], "written_by", "approved_by")}
    return Version(found["name"], ConsentKind(found["kind"]), found["number"], own, fixed, **kept)  # type: ignore[arg-type]  # columns of these names
