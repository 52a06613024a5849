"""The wording library: the service's own words of each consent, by version, in both languages beside each other."""

from datetime import date, datetime, time
from typing import ClassVar, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.model import ConsentKind
from exchange.core.wordings import LONGEST, Standing, Version
from exchange.steps import wording, wordings
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.state import SITE

PLACE = "/wordings"
LANGUAGES = (("en", "English"), ("cy", "Cymraeg"))
DRAFTED = frame.notice(
    "wording-drafted", N_("The draft is saved. Nobody is shown it before somebody else approves it.")
)
DROPPED = frame.notice("wording-dropped", N_("The draft is gone. What is in force is unchanged."))
APPROVED = frame.notice("wording-approved", N_("Approved. These words can no longer be changed."))
RETIRED = frame.notice("wording-retired", N_("This version is retired. From now on the house's words are shown."))
STANDINGS: dict[str, str] = {
    Standing.DRAFT: N_("Draft"),
    Standing.COMING: N_("Approved, not in force yet"),
    Standing.IN_FORCE: N_("In force"),
    Standing.EARLIER: N_("Was in force earlier"),
    Standing.RETIRED: N_("Retired"),
}


class Draft(frame.Form):
    """The service's own lines in both languages, one per line."""

    en: str = Field(default="", max_length=LONGEST)
    cy: str = Field(default="", max_length=LONGEST)
    go: Literal["save", "drop"] = "save"


class Approval(frame.Form):
    """Exactly which words, and their first day; now where there is none."""

    digest: str = Field(max_length=64)
    from_at: date | None = None
    sentences: ClassVar = {"from_at": N_("Enter a real date, such as 27 3 2027")}


class Retiring(frame.Form):
    """Which version."""

    name: str = Field(max_length=40)


async def list_page(request: web.Request) -> web.StreamResponse:
    """Every consent, and which words of it are in force."""
    found = await wordings.shelves(service_of(request), actor_of(request))
    rows = [
        (shelf, words.said(words.CONSENTS, shelf.kind), any(how is Standing.DRAFT for _, how in shelf.versions))
        for shelf in found
    ]
    return frame.render(request, "console/wordings.html", {"rows": rows})


async def page(request: web.Request) -> web.StreamResponse:
    """One consent: what is in force, its draft, and every version."""
    return await _page(request, frame.blank(), 200)


async def draft(request: web.Request) -> web.StreamResponse:
    """Save the draft, or throw it away."""
    kind = _kind(request)

    async def act(form: Draft) -> web.StreamResponse:
        service, actor = service_of(request), actor_of(request)
        if form.go == "drop":
            await wordings.drop(service, actor, kind)
        else:
            await wordings.draft(service, actor, kind, {"en": form.en, "cy": form.cy})
        return _done(request, kind, DROPPED if form.go == "drop" else DRAFTED)

    return await asked(request, Draft, _page, act, at="en")


async def approve(request: web.Request) -> web.StreamResponse:
    """The second person: exactly these words, from now or from a day on."""
    kind = _kind(request)

    async def act(form: Approval) -> web.StreamResponse:
        begins = datetime.combine(form.from_at, time(), request.app[SITE].zone) if form.from_at else None
        await wordings.approve(service_of(request), actor_of(request), kind, form.digest, from_at=begins)
        return _done(request, kind, APPROVED)

    return await asked(request, Approval, _page, act, at="from_at-day")


async def retire(request: web.Request) -> web.StreamResponse:
    """End a version."""
    kind = _kind(request)

    async def act(form: Retiring) -> web.StreamResponse:
        await wordings.retire(service_of(request), actor_of(request), form.name)
        return _done(request, kind, RETIRED)

    return await asked(request, Retiring, _page, act, at="en")


async def shown(request: web.Request) -> web.StreamResponse:
    """The words that a consent names, as they were shown, in both languages."""
    untrusted = request.match_info["wording"]
    texts = [await wordings.read(service_of(request), untrusted, code) for code, _ in LANGUAGES]
    return frame.render(request, "console/wording_shown.html", {"texts": texts, "tongues": dict(LANGUAGES)})


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    kind, actor = _kind(request), actor_of(request)
    shelf = await wordings.shelf(service_of(request), actor, kind)
    house = {code: wording.current(kind, code) for code, _ in LANGUAGES}
    drafted = next((one for one, how in shelf.versions if how is Standing.DRAFT), None)
    begin = drafted or shelf.current
    if "en" not in form.entered:
        own = {
            code: begin.own[code] if begin else _own_of_the_house(house[code].paragraphs, kind, code) for code in house
        }
        form = frame.ErrorSummary({**form.entered, **{code: ["\n".join(own[code])] for code in own}}, form.errors)
    context = {
        "form": form,
        "kind": kind,
        "title": words.said(words.CONSENTS, kind),
        "shelf": shelf,
        "house": house,
        "fixed": wording.floor(kind),
        "draft": drafted,
        "wrote_it": drafted is not None and drafted.written_by == actor.id,
        "versions": [_told(shelf, one, how) for one, how in shelf.versions],
        "tongues": LANGUAGES,
    }
    return frame.render(request, "console/wording.html", context, status=status)


def _own_of_the_house(paragraphs: tuple[str, ...], kind: ConsentKind, code: str) -> tuple[str, ...]:
    return tuple(line for line in paragraphs if line not in wording.floor(kind)[code])


def _told(shelf: wordings.Shelf, one: Version, how: Standing) -> dict[str, object]:
    return {
        "row": one,
        "standing": words.said(STANDINGS, how),
        "given": shelf.given.get(one.name, 0),
        "written_by": _name(shelf, one.written_by),
        "approved_by": _name(shelf, one.approved_by),
        "may_retire": how in (Standing.IN_FORCE, Standing.COMING),
        "draft": how is Standing.DRAFT,
    }


def _name(shelf: wordings.Shelf, account: UUID | None) -> str:
    return shelf.staff.get(account, "") if account else ""


def _kind(request: web.Request) -> ConsentKind:
    untrusted = request.match_info["kind"]
    found = next((kind for kind in ConsentKind if kind.value == untrusted), None)
    if found is None:
        raise NotFound
    return found


def _done(request: web.Request, kind: ConsentKind, said: frame.Notice) -> web.StreamResponse:
    return frame.see_other(request, f"{PLACE}/{kind}", done=said)


ROUTES = [
    frame.Route("GET", PLACE, list_page, Permission.WORDING),
    frame.Route("GET", PLACE + "/shown/{wording}", shown, Permission.HOME),
    frame.Route("GET", PLACE + "/{kind}", page, Permission.WORDING),
    frame.Route("POST", PLACE + "/{kind}", draft, Permission.WORDING),
    frame.Route("POST", PLACE + "/{kind}/approve", approve, Permission.WORDING),
    frame.Route("POST", PLACE + "/{kind}/retire", retire, Permission.WORDING),
]
