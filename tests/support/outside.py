"""What looks outside, made for pages to be looked at: quarters as they would have been counted, and a webhook."""

import random
from datetime import date
from uuid import UUID

from sqlalchemy import func, insert

from exchange.core.statistics import BY_KIND, OWNERS, STAGES, Figure, Quarter, divisions
from exchange.core.webhooks import EVENTS
from exchange.steps import webhooks
from exchange.store import figures
from exchange.store import tables as t
from exchange.store.unit import reading
from tests.support.world import World

FIRST = Quarter(date(2024, 10, 1))


async def counted_quarters(world: World, most: int = 6) -> Quarter:
    """Six quarters with numbers small and large; the newest."""
    chance, quarter = random.Random(7), FIRST
    async with reading(world.service) as conn:
        for _ in range(most):
            numbers: dict[tuple[str, str, str], int] = {}
            for figure in Figure:
                total = chance.choice((0, 3, 9, 24, 61))
                numbers[figure, "", ""] = total
                for by, names in divisions(figure, quarter).items():
                    for _ in range(total):
                        part = names[min(chance.randrange(8), len(names) - 1) if by == BY_KIND else 0]
                        place = figure, by, chance.choice((part, *names))
                        numbers[place] = numbers.get(place, 0) + 1
            for kind, listed in (("time", STAGES), ("wait", OWNERS)):
                numbers |= {(kind, name, "count"): 3 + at * 4 for at, name in enumerate(listed)}
                numbers |= {(kind, name, "days"): at * 3 for at, name in enumerate(listed)}
            await figures.keep(conn, quarter, numbers)
            last, quarter = quarter, quarter.next
    return last


async def webhook(world: World) -> UUID:
    """One that told of something, waits with something, and has given something up; and quarters that were counted."""
    await counted_quarters(world)
    kinds = [kind.value for kind in EVENTS]
    address = "https://hooks.case-management.example/restorative/incoming?team=north"
    made = await webhooks.add(world.service, world.administrator, address=address, kinds=kinds)
    d, rows = t.webhook_delivery, (
        ("delivered", "arrived", 204, 1), ("waiting", "no_answer", None, 3), ("dead", "redirected", 302, 9),
    )  # fmt: skip
    async with reading(world.service) as conn:
        for (state, reason, status, attempts), kind in zip(rows, kinds, strict=False):
            about = {"webhook_id": made.id, "kind": kind, "data": {"case": "C-4H7QK", "message": "M-9RTVX"}}
            said = {"state": state, "reason": reason, "status": status, "attempts": attempts}
            await conn.execute(insert(d).values(**about, **said, tried_at=func.now(), due_at=func.now()))
    return made.id
