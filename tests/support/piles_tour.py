"""Replies that were scanned in one go, in every state: waiting, taken apart with what is left over, not to be used."""

from pathlib import Path

from exchange.steps import pile_reading, piles
from tests.support import piles as scans
from tests.support.matrix import second_case
from tests.support.stops import Stop
from tests.support.world import World


async def scanned(world: World, folder: Path) -> list[Stop]:
    """A pile with two replies of one's own, one of another team, and pages that are nobody's; one that is a program."""
    service, who = world.service, world.facilitator
    other = await second_case(world)
    (_, _, first), (_, _, second) = [await scans.sheets(world, folder) for _ in range(2)]
    _, _, theirs = await scans.sheets(other, folder)
    pages = [scans.written(), first[0], scans.written(2), theirs[0], second[0], first[1]]
    pile, waits = await scans.put_in(world, pages), await scans.put_in(world, [first[0]], read=False)
    refused = await piles.put_in(service, who, b"MZ" + bytes(4000), "letters.pdf")
    await pile_reading.read_pile(service, refused)
    left, reply, *_ = (await piles.look(service, who, pile)).parts
    place = f"/piles/{pile}"
    return [
        Stop("team-piles", "/piles"),
        Stop("team-piles-none", "/piles", 422, "Put it in"),
        Stop("team-pile-waits", f"/piles/{waits}"),
        Stop("team-pile", place),
        Stop("team-pile-wrong", place, 422, "Put in what is ticked"),
        Stop("team-pile-reply", f"{place}/parts/{reply.part.id}"),
        Stop("team-pile-left", f"{place}/parts/{left.part.id}"),
        Stop("team-pile-left-wrong", f"{place}/parts/{left.part.id}", 422, "Find its case"),
        Stop("team-pile-away-wrong", f"{place}/parts/{left.part.id}", 422, "Throw these pages away"),
        Stop("team-pile-refused", f"/piles/{refused}"),
        Stop("team-pile-refused-wrong", f"/piles/{refused}", 422, "Throw it away"),
    ]
