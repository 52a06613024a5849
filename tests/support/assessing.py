"""A risk assessment made with whatever form is in use: the first answer to everything."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from exchange.core import assessment
from exchange.core.assessment import Form
from exchange.core.model import Actor
from exchange.steps import assessing, assessment_form
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading


def answers_to(form: Form, people: tuple[UUID, ...], words: str = "Nothing to say.") -> dict[str, str]:
    """An answer to every question."""
    return {one.name: (*one.question.codes, words)[0] for one in assessment.asked(form, people)}


async def people_of(service: Service, case: UUID) -> tuple[UUID, ...]:
    """The people whom the form asks about."""
    p = t.participant
    async with reading(service) as conn:
        rows = await conn.execute(select(p.c.id).where(p.c.case_id == case).order_by(p.c.created_at, p.c.id))
        return tuple(rows.scalars())


async def assess(
    service: Service,
    actor: Actor,
    case: UUID,
    *,
    words: str = "Nothing to say.",
    value: str = "current",
    days: int = 30,
) -> UUID:
    """An assessment; its id."""
    async with reading(service) as conn:
        used = await assessment_form.in_use(conn)
        now: datetime = (await conn.execute(select(func.now()))).scalar_one()
    answers = answers_to(used.form, await people_of(service, case), words)
    made = {"version": used.number, "value": value, "why": words, "until": now + timedelta(days=days)}
    return await assessing.assess(service, actor, case, answers=answers, **made)
