"""The form of the risk assessment, for an administrator: the draft, changed piece by piece, and using it."""

from typing import Any, Literal

from pydantic import Field

from exchange.core import assessment
from exchange.core.access import Permission
from exchange.core.assessment import Kind, Question, Section
from exchange.steps import assessment_form
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Line, Word


class Texts(Asked):
    """One text in both languages."""

    en: Line
    cy: Line


class DraftForm(Answer):
    """The draft, or the form in use where none was begun, and which version is in use."""

    version: int
    changed: bool
    form: dict[str, Any]


class NewSection(Asked):
    """A section; without an id a new one. Its questions stay."""

    id: Line = ""
    title: Texts
    each_person: bool = False


class NewQuestion(Asked):
    """A question; without an id a new one. `choices` for a choice only."""

    id: Line = ""
    section: Line
    kind: Kind
    words: Texts
    choices: list[Texts] = Field(default_factory=list, max_length=assessment.MOST_CHOICES)
    needed: bool = False


class Part(Asked):
    """A section or a question, by its id."""

    id: Word


class Moving(Part):
    """One place up (-1) or down (1)."""

    by: Literal[-1, 1]


class NewVersion(Answer):
    """The version that is in use from now on."""

    version: int


async def draft(call: Call) -> DraftForm:
    """The draft of the form for risk assessments."""
    found = await assessment_form.draft(call.service, call.actor)
    return DraftForm(version=found.used.number, changed=found.changed, form=assessment.plain(found.form))


async def put_section(call: Call, asked: NewSection) -> None:
    """Change a section of the draft, or add one."""
    section = Section(asked.id, asked.title.model_dump(), asked.each_person)
    await assessment_form.put_section(call.service, call.actor, section)


async def put_question(call: Call, asked: NewQuestion) -> None:
    """Change a question of the draft, or add one."""
    choices = tuple(one.model_dump() for one in asked.choices)
    question = Question(asked.id, asked.kind, asked.words.model_dump(), choices, asked.needed)
    await assessment_form.put_question(call.service, call.actor, asked.section, question)


async def take_out(call: Call, asked: Part) -> None:
    """Take a section with its questions, or a question, out of the draft."""
    await assessment_form.take_out(call.service, call.actor, asked.id)


async def move(call: Call, asked: Moving) -> None:
    """Move a section or a question of the draft."""
    await assessment_form.move(call.service, call.actor, asked.id, by=asked.by)


async def begin_with_house(call: Call) -> None:
    """Make the house's own form the draft."""
    await assessment_form.begin_with_house(call.service, call.actor)


async def use(call: Call) -> NewVersion:
    """Use the draft from now on. Older assessments stay as they are. Needs the step-up."""
    return NewVersion(version=await assessment_form.use(call.service, call.actor))


async def drop(call: Call) -> None:
    """Throw the draft away."""
    await assessment_form.drop(call.service, call.actor)


ADMINISTER = Permission.ADMINISTER
PLACE = "/service/assessment-form"
ENDPOINTS = [
    Endpoint("GET", PLACE, draft, ADMINISTER),
    Endpoint("DELETE", PLACE, drop, ADMINISTER, status=204),
    Endpoint("PUT", PLACE + "/sections", put_section, ADMINISTER, status=204),
    Endpoint("PUT", PLACE + "/questions", put_question, ADMINISTER, status=204),
    Endpoint("POST", PLACE + "/take-out", take_out, ADMINISTER, status=204),
    Endpoint("POST", PLACE + "/move", move, ADMINISTER, status=204),
    Endpoint("POST", PLACE + "/house", begin_with_house, ADMINISTER, status=204),
    Endpoint("POST", PLACE + "/use", use, ADMINISTER),
]
