"""A case's diary: inviting, preparation, plan, closing; what the gate does not read."""

from datetime import datetime
from uuid import UUID

from exchange.core.access import Permission
from exchange.core.diary import Diary
from exchange.steps import diary
from exchange.store import read
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Word, Words


class NewEntry(Asked):
    """An entry about the case, or about one person in it."""

    kind: Diary
    value: Word
    participant: UUID | None = None
    words: Words = ""


class EntryLine(Answer):
    """An entry. The words are for the team."""

    id: UUID
    participant_id: UUID | None
    kind: Diary
    value: str
    words: str
    who: str
    at: datetime


class Entries(Answer):
    """The diary, newest first; the newest entry of a kind (about a person) is what counts."""

    entries: list[EntryLine]


async def entries(call: Call) -> Entries:
    """The diary of a case."""
    found = await read.diary_of(call.service, call.actor, call.id("case"))
    return Entries(entries=[EntryLine.model_validate(one) for one in found])


async def write(call: Call, asked: NewEntry) -> None:
    """Write in a case's diary. What came before stays."""
    await diary.record(call.service, call.actor, call.id("case"), **asked.model_dump())


ENDPOINTS = [
    Endpoint("GET", "/cases/{case}/diary", entries, Permission.CASE_SEE),
    Endpoint("POST", "/cases/{case}/diary", write, Permission.FACT, status=204),
]
