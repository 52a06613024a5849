"""A question that was handed over and read, by the real steps."""

from uuid import UUID

from exchange.core.model import Channel, Kind
from exchange.steps import intake, offer, process, release
from tests.support.world import World

ASKED = "Why did you choose our house?"


async def question(world: World, text: str = ASKED) -> UUID:
    """A question of the author's, handed over to the recipient and read by them."""
    who = {"author": world.author, "recipient": world.recipient}
    lead, service = world.facilitator, world.service
    message = await intake.begin_message(service, lead, world.case, kind=Kind.LETTER, asks=True, **who)
    await intake.write_letter(service, lead, message, text)
    await intake.finish(service, lead, message)
    await process.process_message(service, message)
    await world.approve(message)
    await world.agree_to_share(message)
    await offer.make_offer(service, lead, message, offer.Terms("A question.", Channel.PHONE, by_link=False))
    await world.accept(message)
    shown = await release.present(service, lead, message, who_is_there="Both")
    await release.end_presentation(service, lead, shown, copy="kept")
    return message
