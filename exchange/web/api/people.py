"""Participants: who they are, how to reach them safely, their code, their facts, their decisions."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import Channel, ConsentKind, FactKind, Method, Receiving, Side
from exchange.steps import cases, consent, facts, wordings
from exchange.steps.cases import SafeContact
from exchange.steps.consent import Said
from exchange.store import read
from exchange.web.api.cases import ConsentLine, FactLine
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Code, Digest, Language, Line, Made, Moment, Word, Words


class Contact(Asked):
    """How somebody can be reached without danger."""

    means: Channel
    address: Line = ""
    hours: Line = ""
    words: Words = Field("", description="What may be said to whoever answers.")
    who_may_answer: Words = ""


class NewPerson(Asked):
    """Somebody to add to a case. `form_of_name` is what the other person may see."""

    side: Side
    name: Line
    form_of_name: Line
    contact: Contact
    custody: bool = False
    under_18: bool = False
    needs: Words = ""
    language: Language = "en"


class ChangedPerson(Asked):
    """What is recorded of a person, in full. `knowing`: they know what another form of name tells, and want it so."""

    name: Line
    form_of_name: Line
    needs: Words = ""
    custody: bool = False
    knowing: bool = False


class NewCode(Asked):
    """A code to agree: made here, unless one is given."""

    how: Channel
    digits: bool = False
    code: Code | None = None


class CodeShown(Answer):
    """The code, to tell the person by another way than the link."""

    code: str


class Heard(Answer):
    """What the person told the facilitator through a link."""

    kind: str
    at: datetime
    text: str


class PersonStory(Answer):
    """One participant, for the team. Whether a code was agreed, and how; the code itself is shown apart."""

    id: UUID
    case_id: UUID
    side: Side
    name: str
    form_of_name: str
    signature: str
    needs: str
    custody: bool
    under_18: bool
    language: str
    contact: dict[str, Any]
    contact_at: datetime | None
    code_agreed_how: str | None
    code_agreed_at: datetime | None
    facts: list[FactLine]
    consents: list[ConsentLine]
    feedback: list[Heard]


class NewFact(Asked):
    """A fact that the gate reads, about the case or, with `participant`, about a person."""

    kind: FactKind
    value: Word
    participant: UUID | None = None
    until: Moment | None = Field(None, description="When it ends by itself.")
    note: Words = ""


class AboutWhom(Asked):
    """Whose facts; without a participant, the case's."""

    participant: UUID | None = None


class FactNote(FactLine):
    """A fact with its note, which is for the team only."""

    note: str


class FactsOfKind(Answer):
    """All that was recorded of one kind, newest first."""

    facts: list[FactNote]


class NewConsent(Asked):
    """A participant's decision. `share` names message and digest, `receive` the message."""

    kind: ConsentKind
    given: bool
    method: Method
    wording: Annotated[Line, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")] = Field(
        description="The id of the text that was agreed to; see GET /wordings/{kind}."
    )
    language: Literal["en", "cy"] = Field("en", description="The language in which they were shown it.")
    note: Words = ""
    message: UUID | None = None
    digest: Digest | None = None
    how_to_receive: Receiving | None = None
    author_may_learn: list[Literal["offered", "accepted", "opened"]] = Field(
        default_factory=list[Literal["offered", "accepted", "opened"]], max_length=3
    )
    paper_code: Code = Field("", description="The version code printed on the paper, for the method paper.")
    read_back: bool = Field(False, description="A dictated letter was read to its author word for word.")


class InLanguage(Asked):
    """Which language."""

    language: Language = "en"


class Text(Answer):
    """A text that people agree to."""

    id: str
    language: str
    paragraphs: list[str]


async def add_person(call: Call, asked: NewPerson) -> Made:
    """Add a participant with how to reach them safely."""
    told = asked.model_dump(exclude={"contact"})
    made = await cases.add_participant(
        call.service, call.actor, call.id("case"), contact=_contact(asked.contact), **told
    )
    return Made(id=made)


async def see_person(call: Call) -> PersonStory:
    """One participant, for the team of the case."""
    view = await read.person_view(call.service, call.actor, call.id("participant"))
    row, code = view.person, view.code_agreed
    return PersonStory(
        **{name: getattr(row, name) for name in ("id", "case_id", "side", "custody", "under_18", "language")},
        **{
            name: getattr(view, name)
            for name in ("name", "form_of_name", "signature", "needs", "contact", "contact_at")
        },
        code_agreed_how=code.agreed_how if code else None,
        code_agreed_at=code.at if code else None,
        facts=[FactLine.model_validate(fact) for fact in view.facts.values()],
        consents=[ConsentLine.model_validate(one) for one in view.consents],
        feedback=[Heard(kind=one.kind, at=one.at, text=text) for one, text in view.feedback],
    )


async def change_person(call: Call, asked: ChangedPerson) -> None:
    """Correct what is recorded of a participant."""
    await cases.change_participant(call.service, call.actor, call.id("participant"), **asked.model_dump())


async def set_contact(call: Call, asked: Contact) -> None:
    """Record anew how to reach a participant safely."""
    await cases.set_safe_contact(call.service, call.actor, call.id("participant"), _contact(asked))


async def agree_code(call: Call, asked: NewCode) -> CodeShown:
    """Agree a new code with a participant; the old one stops working."""
    code = await cases.agree_code(call.service, call.actor, call.id("participant"), **asked.model_dump())
    return CodeShown(code=code)


async def show_code(call: Call) -> CodeShown:
    """The code that was agreed. That it was read stands in the record."""
    code = await cases.read_code(call.service, call.actor, call.id("participant"))
    if not code:
        raise NotFound("No code was agreed with this person.")
    return CodeShown(code=code)


async def record_fact(call: Call, asked: NewFact) -> None:
    """Record a fact: assessment, pause, hold, contact order, status, preparation, support."""
    told = asked.model_dump(include={"participant", "until", "note"})
    await facts.record_fact(call.service, call.actor, call.id("case"), asked.kind, asked.value, **told)


async def facts_of_kind(call: Call, asked: AboutWhom) -> FactsOfKind:
    """What was recorded of one kind of fact, newest first."""
    kind = call.word("kind")
    if kind not in tuple(FactKind):
        raise NotFound
    found = await read.fact_history(call.service, call.actor, call.id("case"), FactKind(kind), asked.participant)
    rows = [FactLine.model_validate(row).model_dump() | {"note": note} for row, note in found.rows]
    return FactsOfKind(facts=[FactNote.model_validate(row) for row in rows])


async def record_consent(call: Call, asked: NewConsent) -> None:
    """Record a participant's decision, given or withdrawn, with how and to which words."""
    said = Said(
        asked.method,
        asked.wording,
        asked.language,
        note=asked.note,
        how_to_receive=asked.how_to_receive,
        author_may_learn=tuple(asked.author_may_learn),
        paper_code=asked.paper_code,
        read_back=asked.read_back,
    )
    person, about = call.id("participant"), asked.message
    await consent.record(
        call.service, call.actor, person, asked.kind, asked.given, said, message_id=about, digest=asked.digest
    )


async def wording_now(call: Call, asked: InLanguage) -> Text:
    """The text in use for a consent, with the id to record it under."""
    return Text.model_validate(await wordings.in_use(call.service, consent_kind(call), asked.language))


def consent_kind(call: Call) -> ConsentKind:
    """The consent that the address names; NotFound where it is none."""
    kind = call.word("kind")
    if kind not in tuple(ConsentKind):
        raise NotFound
    return ConsentKind(kind)


def _contact(asked: Contact) -> SafeContact:
    return SafeContact(**asked.model_dump())


CHANGE = Permission.CASE_CHANGE
ENDPOINTS = [
    Endpoint("POST", "/cases/{case}/participants", add_person, CHANGE, status=201),
    Endpoint("GET", "/participants/{participant}", see_person, CHANGE),
    Endpoint("PUT", "/participants/{participant}", change_person, CHANGE, status=204),
    Endpoint("PUT", "/participants/{participant}/safe-contact", set_contact, CHANGE, status=204),
    Endpoint("POST", "/participants/{participant}/code", agree_code, CHANGE, status=201),
    Endpoint("POST", "/participants/{participant}/code/show", show_code, CHANGE),
    Endpoint("POST", "/cases/{case}/facts", record_fact, Permission.CASE_SEE, status=204),
    Endpoint("GET", "/cases/{case}/facts/{kind}", facts_of_kind, Permission.CASE_SEE),
    Endpoint("POST", "/participants/{participant}/consents", record_consent, Permission.CONSENT, status=204),
    Endpoint("GET", "/wordings/{kind}", wording_now, Permission.HOME),
]
