"""The form of the risk assessment: the house's own until the service writes its own, version by version (rule 11).

An administrator works on a draft, which is nobody else's and counts for nothing; using it makes the next version.
Versions are never changed or removed, and an assessment keeps the words it was made with (`steps/assessing.py`).
"""

import functools
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import access, assessment
from exchange.core.access import Permission
from exchange.core.assessment import Form, Question, Section
from exchange.core.errors import BadInput
from exchange.core.model import Actor
from exchange.steps import settings
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

DRAFT = "assessment_draft"


@dataclass(frozen=True)
class Version:
    """A form in use: 0 is the house's own, which has no date."""

    number: int
    form: Form
    at: datetime | None = None


@dataclass(frozen=True)
class Draft:
    """What an administrator works on; `changed`: it is not the form in use."""

    form: Form
    used: Version
    changed: bool


async def in_use(conn: AsyncConnection) -> Version:
    """The newest version."""
    f = t.assessment_form
    row = (await conn.execute(select(f).order_by(f.c.number.desc()).limit(1))).first()
    return Version(row.number, assessment.from_plain(row.form), row.at) if row else Version(0, house())


async def draft(service: Service, actor: Actor) -> Draft:
    """The draft, or the form in use where none was begun."""
    access.require(actor, Permission.ADMINISTER)
    async with reading(service) as conn:
        return await _draft(conn)


async def put_section(service: Service, actor: Actor, section: Section) -> None:
    """Change a section of the draft, or add one (id ""). Its questions stay."""
    assessment.checked_words(section.title, "title")
    async with _drafting(service, actor) as work:
        named = section.id or work.form.new_id("s")
        if section.id:
            work.form.section(section.id)
        work.form = work.form.with_section(Section(named, section.title, section.each_person))


async def put_question(service: Service, actor: Actor, section_id: str, question: Question) -> None:
    """Change a question of the draft, or add one (id "")."""
    assessment.checked_question(question)
    async with _drafting(service, actor) as work:
        if question.id:
            work.form.question(question.id)
        named = question.id or work.form.new_id("q")
        asked = Question(named, question.kind, question.words, question.choices, question.needed)
        work.form = work.form.with_question(section_id, asked)


async def take_out(service: Service, actor: Actor, an_id: str) -> None:
    """A section with its questions, or one question, out of the draft."""
    async with _drafting(service, actor) as work:
        work.form = work.form.without(an_id)


async def move(service: Service, actor: Actor, an_id: str, *, by: int) -> None:
    """A section or a question one place up (-1) or down (1)."""
    async with _drafting(service, actor) as work:
        work.form = work.form.moved(an_id, by)


async def begin_with_house(service: Service, actor: Actor) -> None:
    """Make the house's own form the draft."""
    async with _drafting(service, actor) as work:
        work.form = house()


async def use(service: Service, actor: Actor) -> int:
    """Make the draft the next version, from now on; its number. What was assessed before stays as it is."""
    access.require_administrator(actor)
    async with unit_of_work(service, actor) as unit:
        found = await _draft(unit.conn, lock=True)
        if not found.changed:
            raise BadInput("This is the form in use already.", field="form")
        number = found.used.number + 1
        form = assessment.plain(assessment.checked(found.form))
        await unit.add(t.assessment_form, number=number, form=form, made_by=actor.id)
        await unit.change(delete(t.service_setting).where(t.service_setting.c.name == DRAFT))
        unit.leaf("service.changed", kind="assessment_form", number=number)
    return number


async def drop(service: Service, actor: Actor) -> None:
    """Throw the draft away."""
    access.require(actor, Permission.ADMINISTER)
    async with unit_of_work(service, actor) as unit:
        await unit.change(delete(t.service_setting).where(t.service_setting.c.name == DRAFT))
        unit.leaf("service.changed", kind=DRAFT)


@functools.cache
def house() -> Form:
    """The house's own form (`wording/assessment.toml`)."""
    text = files("exchange").joinpath("wording", "assessment.toml").read_text(encoding="utf-8")
    stored: dict[str, Any] = tomllib.loads(text)
    for section in stored["sections"]:
        section["questions"] = [{"choices": (), "needed": False} | one for one in section["questions"]]
    return assessment.checked(assessment.from_plain(stored))


@dataclass
class _Work:
    """A draft that is being changed."""

    form: Form


@asynccontextmanager
async def _drafting(service: Service, actor: Actor) -> AsyncIterator[_Work]:
    """Changes the draft within one transaction: what `form` is when the block ends."""
    access.require(actor, Permission.ADMINISTER)
    async with unit_of_work(service, actor) as unit:
        work = _Work((await _draft(unit.conn, lock=True)).form)
        yield work
        await settings.put(unit, DRAFT, assessment.plain(work.form))
        unit.leaf("service.changed", kind=DRAFT)


async def _draft(conn: AsyncConnection, *, lock: bool = False) -> Draft:
    s, used = t.service_setting, await in_use(conn)
    query = select(s.c.value).where(s.c.name == DRAFT)
    stored = (await conn.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    form = assessment.from_plain(stored) if stored else used.form
    return Draft(form, used, form != used.form)
