"""Links that cannot be opened, one for each reason, and how far apart two sets of times are."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from sqlalchemy import update

from exchange.core.links import new_secret
from exchange.steps.links import NewLink
from exchange.store import tables as t
from exchange.store.unit import reading
from tests.support.world import World

STATES = ("unknown", "used", "expired", "locked", "revoked")


async def dead_links(world: World) -> dict[str, Callable[[], str]]:
    """For each state a secret to try: a new one each time for links that never were."""
    found: dict[str, NewLink] = {}
    for state in STATES[1:]:
        message, link = await world.released()
        if state == "used":
            await world.visit(link, new_secret())
        elif state == "revoked":
            await world.revoke(message)
        else:
            await _make(world, link, state)
        found[state] = link
    made = {state: (lambda link=link: link.secret) for state, link in found.items()}
    return {"unknown": new_secret, **made}


def farthest(some: Sequence[float], others: Sequence[float]) -> float:
    """The two-sample Kolmogorov-Smirnov distance: 0 where the distributions are the same, 1 where they never meet."""
    a, b = sorted(some), sorted(others)
    return max(abs(bisect_right(a, x) / len(a) - bisect_right(b, x) / len(b)) for x in (*a, *b))


async def _make(world: World, link: NewLink, state: str) -> None:
    """What only time (expired) or ten wrong codes (locked) bring about."""
    values = {"expires_at": t.link.c.created_at} if state == "expired" else {"state": "locked"}
    async with reading(world.service) as conn:
        await conn.execute(update(t.link).where(t.link.c.id == link.id).values(**values))
