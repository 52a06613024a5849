"""The whole of what participants do, in the words of the pages, by any pair of hands."""

from dataclasses import dataclass

from exchange.core.model import Channel
from exchange.steps import links
from tests.support.browser import told
from tests.support.hands import Hands
from tests.support.running import Exchange
from tests.support.world import CODE, World

LETTER = "I think about the quince tree often. I am sorry for the fence."
FEEDBACK = "Thank you for the marigold."
SHARED = "Dear neighbour,\n\nThe heron came back to the pond. I am sorry.\n"


@dataclass(frozen=True)
class Links:
    """The addresses that facilitators have handed over."""

    write: str
    decide: str


async def prepared(exchange: Exchange, world: World) -> Links:
    """An invitation for the author, an offer for the recipient."""
    author, recipient = world.author, world.recipient
    invited = await links.invite(world.service, world.facilitator, author, recipient, channel=Channel.EMAIL)
    _, asked = await world.offered(SHARED, by_link=True, on_acceptance=True)
    assert asked
    return Links(*(exchange.portal + one.url_part for one in (invited, asked)))


async def whole_journey(hands: Hands, found: Links) -> None:
    """Write and send; stop it; decide, read, say something, choose what becomes of it."""
    stop = await writes(hands, found.write)
    await stops(hands, stop)
    await reads(hands, found.decide)


async def writes(hands: Hands, link: str) -> str:
    """From the invitation to the receipt; its stop link."""
    page = hands.page
    await hands.open(link, CODE)
    await hands.press("Yes, this is for me")
    await told(page, "What can hurt")
    await hands.press("Continue")
    await hands.choose("way", "write")
    await hands.press("Continue")
    await hands.type("Write your letter", LETTER)
    await hands.press("Continue")
    await told(page, LETTER)
    await hands.press("Send it to my facilitator")
    await told(page, "It has arrived")
    return (await page.locator("#stop-link").inner_text()).strip()


async def stops(hands: Hands, link: str) -> None:
    """The stop link of a receipt."""
    await hands.open(link, CODE)
    await hands.press("Pause it")
    await told(hands.page, "Done. If it has not been shared, it will not be.")


async def reads(hands: Hands, link: str) -> None:
    """From the offer to what becomes of the copy."""
    page = hands.page
    await hands.open(link, CODE)
    await hands.press("Yes, this is for me")
    await hands.choose("answer", "accept")
    await hands.press("Continue")
    await hands.choose("how", "alone")
    await hands.press("I agree, and I want to receive it")
    await ready(hands)
    await hands.press("Continue")
    await told(page, "The heron came back to the pond.")
    await hands.press("I have finished")
    await hands.type("What you want to say", FEEDBACK)
    await hands.press("Send to my facilitator")
    await told(page, "Your facilitator will read what you wrote.")
    await hands.choose("copy", "kept")
    await hands.press("Save my choice")
    await told(page, "We have noted what should happen to it.")


async def ready(hands: Hands) -> None:
    """A worker hands over the key: the page waits by itself, or by its button."""
    if hands.scripts:
        await hands.page.wait_for_url("**/before", timeout=60_000)
        return
    for _ in range(60):
        if hands.page.url.endswith("/before"):
            return
        await hands.page.wait_for_timeout(500)
        await hands.press("Check again")
    raise AssertionError("never ready")
