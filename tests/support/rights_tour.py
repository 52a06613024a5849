"""What people may ask of what is held about them, in every state: copies, corrections, disclosures."""

from exchange.steps import own_copy, rectification
from tests.support.stops import Stop
from tests.support.world import World


async def copies(world: World) -> list[Stop]:
    """A copy for somebody being looked through; and one of the other person that waits for a second person."""
    service, who = world.service, world.facilitator
    made = await own_copy.prepare(service, who, world.recipient)
    items = (await own_copy.read(service, who, made)).items
    await own_copy.decide(service, who, made, items[1].row.id, inside=False, reason="It names her sister.")
    other = await own_copy.prepare(service, who, world.author)
    for item in (await own_copy.read(service, who, other)).items:
        await own_copy.look_at(service, who, other, item.row.id)
        await own_copy.decide(service, who, other, item.row.id, inside=True)
    await own_copy.hand_on(service, who, other)
    wrong = await rectification.ask(service, who, world.recipient, "details", "My name has one l.")
    done = await rectification.ask(service, who, world.recipient, "contact", "I moved in spring.")
    await rectification.answer(service, who, done, "corrected", "The address of spring is there now.")
    corrections = f"/people/{world.recipient}/corrections"
    first = f"/copies/{made}/items/{items[0].row.id}"
    return [
        Stop("team-naming-wrong", f"/people/{world.recipient}/naming", 422, "Save", (("signature", "07700 900123"),)),
        Stop("team-corrections", corrections),
        Stop("team-corrections-wrong", corrections, 422, "Write it down"),
        Stop("team-correction", f"{corrections}/{wrong}"),
        Stop("team-correction-wrong", f"{corrections}/{wrong}", 422, "Keep this answer"),
        Stop("team-disclosures", f"/cases/{world.case}/disclosures"),
        Stop("team-consent-disclose", f"/people/{world.recipient}/consents/disclose"),
        Stop("team-disclosures-wrong", f"/cases/{world.case}/disclosures", 422, "Record this"),
        Stop("team-copies", f"/people/{world.recipient}/copies"),
        Stop("team-copy", f"/copies/{made}"),
        Stop("team-copy-item", first),
        Stop("team-copy-item-wrong", first, 422, "Save and go on"),
        Stop("team-copy-checked", f"/copies/{other}"),
    ]
