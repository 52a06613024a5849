"""Going through a message's pages as a form-filling browser would."""

from uuid import UUID

from tests.support.console_site import Client
from tests.support.world import World

TICKS = ["right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure"]


async def begun(client: Client, world: World, what: str) -> str:
    """Answer the questions of "Put in a message"; the message's path."""
    path = f"/cases/{world.case}/messages/new"
    status, text, where = await client.send(path, author=world.author, what=what)
    assert status == 303, text
    return where.split("/upload")[0]


def id_of(path: str) -> UUID:
    """The message's id in its path."""
    return UUID(path.split("/")[2])


async def approve(client: Client, world: World, message: UUID) -> tuple[int, str, str]:
    """All ticks, understood, about the newest version."""
    digest = await world.digest(message)
    return await client.send(f"/messages/{message}/review", digest=digest, ticks=TICKS, understood="myself")


async def accepted(world: World) -> UUID:
    """A letter that its recipient wants to receive."""
    message, _ = await world.offered()
    await world.accept(message)
    return message
