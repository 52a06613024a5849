"""Assessing the risk of a case with the service's form (rule 11): what was asked, in the words in which it was asked,
what was answered, what follows, and when it is looked at again.

What is told about each person is sealed for itself, so that it can go with that person. The gate reads the fact that
comes with it (`steps/facts.py`); nothing here is changed later, an assessment is only followed by the next.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from exchange.core import assessment
from exchange.core.access import Permission
from exchange.core.assessment import Form
from exchange.core.errors import BadInput, Conflict, Refused
from exchange.core.model import CASE_FACTS, Actor, CaseState, FactKind
from exchange.steps import assessment_form, facts
from exchange.store import near
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

LONGEST = 10_000


async def assess(
    service: Service,
    actor: Actor,
    case_id: UUID,
    *,
    version: int,
    answers: Mapping[str, str],
    value: str,
    why: str,
    until: datetime | None,
) -> UUID:
    """Record an assessment made with this version of the form; its id.

    `answers`: by the names of `assessment.asked`. `value`: of the fact, "current" or "none". `until`: when it is done
    again, within what the case's policy allows. Raises BadInput, and Conflict where the form was changed meanwhile.
    """
    if value not in CASE_FACTS[FactKind.ASSESSMENT]:
        raise BadInput("Choose one of the answers.", field="value")
    if not why.strip() or len(why) > LONGEST:
        raise BadInput("Write it in a few words, so that it can be understood later.", field="why")
    row = uuid4()
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.FACT, case_id)
        if case.state != CaseState.OPEN:
            raise Refused("The case is closed.")
        _in_time(until, unit.now, policy_of(case).assessment_days, value)
        used = await assessment_form.in_use(unit.conn)
        if used.number != version:
            raise Conflict("The form was changed meanwhile. Load it again; what you entered must be entered anew.")
        people = await people_of(unit, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        made = {"version": version, "value": value, "until": until, "recorded_by": actor.id}
        sealed = opener.seal(why.strip(), "assessment.why", row)
        await unit.add(t.assessment, id=row, case_id=case_id, why_sealed=sealed, **made)
        await _keep(unit, opener, row, case_id, used.form, people, answers)
        await facts.add(unit, case_id, FactKind.ASSESSMENT, value, until=until)
        unit.leaf("assessment.made", case=case_id, number=version, value=value, until=until)
    return row


async def people_of(unit: Unit, case_id: UUID) -> tuple[UUID, ...]:
    """The people whom the form asks about, in the order in which they were added."""
    p = t.participant
    rows = await unit.all(select(p.c.id).where(p.c.case_id == case_id).order_by(p.c.created_at, p.c.id))
    return tuple(row.id for row in rows)


def _in_time(until: datetime | None, now: datetime, days: int, value: str) -> None:
    if until is None:
        if value == "current":
            raise BadInput("Say when it must be done again.", field="until-day")
        return
    if until <= now:
        raise BadInput("The date must be in the future.", field="until-day")
    # the last day counts to its end
    if until > now + timedelta(days=days + 1):
        raise BadInput("The rules of the case want it sooner than that.", field="until-day")


async def _keep(
    unit: Unit,
    opener: Opener,
    row: UUID,
    case_id: UUID,
    form: Form,
    people: tuple[UUID, ...],
    answers: Mapping[str, str],
) -> None:
    """What was told about the case, and about each person for itself."""
    if set(answers) - {one.name for one in assessment.asked(form, people)}:
        raise BadInput("The form has changed. Please load it again.", field="answers")
    found = assessment.wrong(form, people, answers)
    if found:
        raise BadInput("Answer every question that needs an answer.", field=next(iter(found)))
    for person in (None, *people):
        told = json.dumps(assessment.told(form, people, answers, person), ensure_ascii=False)
        part = uuid4()
        sealed = opener.seal(told, "assessment_part.told", part)
        about = {"assessment_id": row, "case_id": case_id, "participant_id": person}
        await unit.add(t.assessment_part, id=part, **about, told_sealed=sealed)
