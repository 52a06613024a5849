"""The words that a person is shown when they agree to something, and that the form brings back with their answer."""

from aiohttp import web
from pydantic import Field

from exchange.core.model import ConsentKind
from exchange.steps import wordings
from exchange.steps.wording import Wording
from exchange.web import frame
from exchange.web.frame.i18n import current_language
from exchange.web.portal.visits import service_of


class Agreeing(frame.Form):
    """An answer to words: which version stood on the page, and in which language. The step judges both."""

    wording: str = Field(default="", max_length=40)
    language: str = Field(default="", max_length=5)


async def words_of(request: web.Request, kind: ConsentKind) -> Wording:
    """What is shown now for this consent, in the language of the page."""
    return await wordings.in_use(service_of(request), kind, current_language())
