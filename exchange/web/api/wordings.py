"""The wording library: every version of what people agree to, who may change it, and the words that a consent names."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.model import ConsentKind
from exchange.core.wordings import LONGEST, Standing, Version
from exchange.steps import wordings
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.people import InLanguage, Text, consent_kind
from exchange.web.api.shapes import Answer, Asked, Moment


class WordingVersion(Answer):
    """One version: its words in both languages as people are shown them, and how many yes there were to it.

    `digest`: of exactly these words; whoever approves a draft names it.
    """

    id: str
    number: int
    standing: Standing
    en: list[str]
    cy: list[str]
    digest: str
    from_at: datetime | None
    retired_at: datetime | None
    given: int


class WordingShelf(Answer):
    """The versions of one consent, the newest first; `in_force` is None where the house's words are."""

    kind: ConsentKind
    in_force: str | None
    versions: list[WordingVersion]


class WordingShelves(Answer):
    """All of them."""

    wordings: list[WordingShelf]


class Draft(Asked):
    """The service's own lines in both languages, one per line; what must be said is added."""

    en: Annotated[str, Field(max_length=LONGEST)]
    cy: Annotated[str, Field(max_length=LONGEST)]


class Drafted(Answer):
    """The version that it will be."""

    id: str


class Approval(Asked):
    """Exactly which words, and from when; from now without it."""

    digest: Annotated[str, Field(max_length=64)]
    from_at: Moment | None = None


async def library(call: Call) -> WordingShelves:
    """The service's own words of every consent, by version, with counts."""
    found = await wordings.shelves(call.service, call.actor)
    return WordingShelves(wordings=[_shelf(one) for one in found])


async def shown(call: Call, asked: InLanguage) -> Text:
    """The words that a consent names, as they were shown; of the house's texts too, and years later."""
    consent_kind(call)
    return Text.model_validate(await wordings.read(call.service, call.word("wording"), asked.language))


async def versions(call: Call) -> WordingShelf:
    """The versions of one consent, its draft too."""
    return _shelf(await wordings.shelf(call.service, call.actor, consent_kind(call)))


async def draft(call: Call, asked: Draft) -> Drafted:
    """Write the draft of the next version, or write it anew. Nobody is shown it before somebody else approves it."""
    return Drafted(id=await wordings.draft(call.service, call.actor, consent_kind(call), asked.model_dump()))


async def drop(call: Call) -> None:
    """Throw the draft away."""
    await wordings.drop(call.service, call.actor, consent_kind(call))


async def approve(call: Call, asked: Approval) -> None:
    """Approve the draft of this digest, which somebody else wrote. Needs the step-up."""
    await wordings.approve(call.service, call.actor, consent_kind(call), asked.digest, from_at=asked.from_at)


async def retire(call: Call) -> None:
    """End a version, or one that was to begin: the house's words are shown from now on. Needs the step-up."""
    await wordings.retire(call.service, call.actor, call.word("wording"))


def _shelf(shelf: wordings.Shelf) -> WordingShelf:
    versions = [_version(one, how, shelf.given.get(one.name, 0)) for one, how in shelf.versions]
    return WordingShelf(kind=shelf.kind, in_force=shelf.current.name if shelf.current else None, versions=versions)


def _version(one: Version, how: Standing, given: int) -> WordingVersion:
    return WordingVersion(
        id=one.name, number=one.number, standing=how, en=list(one.lines("en")), cy=list(one.lines("cy")),
        digest=one.digest, from_at=one.from_at, retired_at=one.retired_at, given=given,
    )  # fmt: skip


ENDPOINTS = [
    Endpoint("GET", "/wordings", library, Permission.WORDING),
    Endpoint("GET", "/wordings/{kind}/versions", versions, Permission.WORDING),
    Endpoint("PUT", "/wordings/{kind}/draft", draft, Permission.WORDING),
    Endpoint("DELETE", "/wordings/{kind}/draft", drop, Permission.WORDING, status=204),
    Endpoint("POST", "/wordings/{kind}/draft/approve", approve, Permission.WORDING, status=204),
    Endpoint("DELETE", "/wordings/{kind}/{wording}", retire, Permission.WORDING, status=204),
    Endpoint("GET", "/wordings/{kind}/{wording}", shown, Permission.HOME),
]
