"""Risk assessments: the form in use, those of a case, one as it was made, and making the next."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from exchange.core import assessment
from exchange.core.access import Permission
from exchange.steps import assessing, assessment_form
from exchange.store import read
from exchange.store.unit import reading
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made, Moment, Word, Words


class FormInUse(Answer):
    """The form: its version (0 is the house's own), and its sections of questions in both languages."""

    version: int
    form: dict[str, Any]


class AssessmentLine(Answer):
    """One assessment; `version` is the form it was made with."""

    id: UUID
    version: int
    value: str
    until: datetime | None
    recorded_by: UUID
    at: datetime


class AssessmentList(Answer):
    """All of a case, the newest first."""

    assessments: list[AssessmentLine]


class Told(Answer):
    """About the case (no name) or one person: each section with its questions as they were asked, and answers."""

    form_of_name: str
    sections: list[dict[str, Any]]


class AssessmentStory(AssessmentLine):
    """One assessment as it was made."""

    case_id: UUID
    why: str
    parts: list[Told]


class NewAssessment(Asked):
    """An assessment. A question about each person is answered under its id, "_" and the person's id without dashes."""

    version: int = Field(ge=0, le=1_000_000, description="The form that was answered; it must be the one in use.")
    answers: dict[str, Words]
    value: Word
    why: Words
    until: Moment | None = None


async def form_in_use(call: Call) -> FormInUse:
    """The form with which risk is assessed now."""
    async with reading(call.service) as conn:
        used = await assessment_form.in_use(conn)
    return FormInUse(version=used.number, form=assessment.plain(used.form))


async def assessments(call: Call) -> AssessmentList:
    """The risk assessments of a case."""
    found = await read.assessments_of(call.service, call.actor, call.id("case"))
    return AssessmentList(assessments=[AssessmentLine.model_validate(row) for row in found.rows])


async def see(call: Call) -> AssessmentStory:
    """One risk assessment, in the words in which it was asked."""
    found = await read.assessment_view(call.service, call.actor, call.id("assessment"))
    parts = [Told(form_of_name=name, sections=told) for name, told in found.told]
    return AssessmentStory.model_validate({**found.row._mapping, "why": found.why, "parts": parts})


async def assess(call: Call, asked: NewAssessment) -> Made:
    """Assess the risk of a case. Earlier assessments stay as they are."""
    return Made(id=await assessing.assess(call.service, call.actor, call.id("case"), **asked.model_dump()))


ENDPOINTS = [
    Endpoint("GET", "/assessment-form", form_in_use, Permission.CASE_LIST),
    Endpoint("GET", "/cases/{case}/assessments", assessments, Permission.CASE_SEE),
    Endpoint("POST", "/cases/{case}/assessments", assess, Permission.FACT, status=201),
    Endpoint("GET", "/assessments/{assessment}", see, Permission.PERSON_SEE),
]
