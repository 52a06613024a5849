"""Guidance before writing, in the service's own words: write it in a language, see it as people will, then use it."""

from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.errors import BadInput
from exchange.steps import guidance, wording
from exchange.steps.guidance import LONGEST_PARAGRAPH, Guidance
from exchange.web import frame
from exchange.web import guidance as shown
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.i18n import LANGUAGES

PLACE = "/admin/guidance"
SAVED = frame.notice("guidance-saved", N_("Whoever is invited reads these words from now on."))
RESET = frame.notice("guidance-reset", N_("The house's own words are used again."))


class Words(frame.Form):
    """The three parts, and whether to look at them first."""

    helps: str = Field(max_length=5000)
    hurts: str = Field(max_length=5000)
    reads: str = Field(max_length=LONGEST_PARAGRAPH)
    go: Literal["look", "save"] = "look"
    sentences: ClassVar = {
        "helps": N_("Write at least one line."),
        "hurts": N_("Write at least one line."),
        "reads": N_("Say who reads it, and how long it takes."),
    }

    def guidance(self) -> Guidance:
        """As the step takes it."""
        return Guidance(tuple(self.helps.splitlines()), tuple(self.hurts.splitlines()), self.reads)


async def page(request: web.Request) -> web.StreamResponse:
    """GET /admin/guidance?in=cy: the words in use, to go on from."""
    words = await shown.shown(service_of(request), _language(request))
    form = frame.blank(helps="\n".join(words.helps), hurts="\n".join(words.hurts), reads=words.reads)
    return await _page(request, form, 200)


async def change(request: web.Request) -> web.StreamResponse:
    """POST: look at it, or use it."""

    async def act(form: Words) -> web.StreamResponse:
        words = guidance.checked(form.guidance())
        if form.go == "look":
            again = await frame.entered(request, BadInput(), "")
            again.errors.clear()
            return await _page(request, again, 200, words)
        await guidance.save(service_of(request), actor_of(request), _language(request), words)
        return frame.see_other(request, f"{PLACE}?in={_language(request)}", done=SAVED)

    return await asked(request, Words, _page, act, at="helps")


async def reset(request: web.Request) -> web.StreamResponse:
    """POST …/reset: the house's own words again."""
    await guidance.reset(service_of(request), actor_of(request), _language(request))
    return frame.see_other(request, f"{PLACE}?in={_language(request)}", done=RESET)


def _language(request: web.Request) -> str:
    """Which language's words the page is about: as asked, else English."""
    untrusted = request.query.get("in", "en")
    return untrusted if untrusted in LANGUAGES else "en"


async def _page(
    request: web.Request, form: frame.ErrorSummary, status: int, words: Guidance | None = None
) -> web.Response:
    language = _language(request)
    context = {
        "form": form,
        "tongue": LANGUAGES[language],
        "tongues": list(LANGUAGES.values()),
        "own": await guidance.read(service_of(request), language) is not None,
        "preview": words,
        "privacy": wording.current("privacy", language).paragraphs,
    }
    return frame.render(request, "console/admin_guidance.html", context, status=status)


ROUTES = [
    frame.Route("GET", PLACE, page, Permission.ADMINISTER),
    frame.Route("POST", PLACE, change, Permission.ADMINISTER),
    frame.Route("POST", PLACE + "/reset", reset, Permission.ADMINISTER),
]
