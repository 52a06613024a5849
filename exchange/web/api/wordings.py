"""The wording library: every version of what people agree to, and the words that a consent names."""

from datetime import datetime

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import ConsentKind
from exchange.core.wordings import Standing, Version
from exchange.steps import wordings
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.people import InLanguage, Text
from exchange.web.api.shapes import Answer


class WordingVersion(Answer):
    """One version: its words in both languages as people are shown them, and how many yes there were to it."""

    id: str
    number: int
    standing: Standing
    en: list[str]
    cy: list[str]
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


async def library(call: Call) -> WordingShelves:
    """The service's own words of every consent, by version, with counts."""
    found = await wordings.shelves(call.service, call.actor)
    return WordingShelves(wordings=[_shelf(one) for one in found])


async def shown(call: Call, asked: InLanguage) -> Text:
    """The words that a consent names, as they were shown; of the house's texts too, and years later."""
    kind, name = call.word("kind"), call.word("wording")
    if kind not in tuple(ConsentKind):
        raise NotFound
    return Text.model_validate(await wordings.read(call.service, name, asked.language))


def _shelf(shelf: wordings.Shelf) -> WordingShelf:
    versions = [_version(one, how, shelf.given.get(one.name, 0)) for one, how in shelf.versions]
    return WordingShelf(kind=shelf.kind, in_force=shelf.current.name if shelf.current else None, versions=versions)


def _version(one: Version, how: Standing, given: int) -> WordingVersion:
    return WordingVersion(
        id=one.name, number=one.number, standing=how, en=list(one.lines("en")), cy=list(one.lines("cy")),
        from_at=one.from_at, retired_at=one.retired_at, given=given,
    )  # fmt: skip


ENDPOINTS = [
    Endpoint("GET", "/wordings", library, Permission.WORDING),
    Endpoint("GET", "/wordings/{kind}/{wording}", shown, Permission.HOME),
]
