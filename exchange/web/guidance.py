"""The guidance before writing as pages show it: the service's own words, else the house's in the page's language."""

from exchange.steps import guidance
from exchange.steps.guidance import Guidance
from exchange.store.service import Service
from exchange.web.frame import N_
from exchange.web.frame.i18n import current_language, gettext_in

HELPS = (
    N_("Say what happened and what you did, in your own words."),
    N_("Say how you think it was for the other person, or how it was for you."),
    N_("Answer what the other person may want to know."),
    N_("Short is fine. So are mistakes in spelling."),
)
HURTS = (
    N_("Excuses, or blaming the other person or anyone else"),
    N_("Asking to be forgiven, or to be answered"),
    N_("Promises that you may not be able to keep"),
    N_("Addresses, phone numbers, or anything that tells where someone lives, works or learns"),
    N_("Names, pictures or voices of other people, above all of children"),
)
READS = N_(
    "A facilitator reads it first. They may talk with you about changes. Nothing goes to the other person before you "
    "have seen exactly what they would get and have agreed. They decide whether they want it. All of this can take "
    "weeks, sometimes much longer."
)


def of_the_house(language: str) -> Guidance:
    """Our own words in a language."""
    say = gettext_in(language)
    return Guidance(tuple(map(say, HELPS)), tuple(map(say, HURTS)), say(READS))


async def own(service: Service) -> Guidance | None:
    """The service's own words in the page's language, where it wrote some."""
    return await guidance.read(service, current_language())


async def shown(service: Service, language: str) -> Guidance:
    """What a page in this language shows."""
    return await guidance.read(service, language) or of_the_house(language)
