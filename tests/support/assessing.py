"""A risk assessment made with whatever form is in use: the first answer to everything."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from exchange.core import assessment
from exchange.core.assessment import Form
from exchange.core.model import Actor
from exchange.steps import assessing, assessment_form
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.service import Service
from exchange.store.unit import now_of, reading


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
    days: int | None = None,
) -> UUID:
    """An assessment that holds for `days`, by default as long as the rules of the case allow; its id."""
    async with reading(service) as conn:
        used, now = await assessment_form.in_use(conn), await now_of(conn)
        if days is None:
            days = policy_of(
                (await conn.execute(select(t.cases.c.policy).where(t.cases.c.id == case))).one()
            ).assessment_days
    answers = answers_to(used.form, await people_of(service, case), words)
    made = {"version": used.number, "value": value, "why": words, "until": now + timedelta(days=days)}
    return await assessing.assess(service, actor, case, answers=answers, **made)
