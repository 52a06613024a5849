"""The demonstration: three cases at their stages, made once, printed each time."""

from sqlalchemy import select

from exchange.demo import seed
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading


async def states(service: Service) -> list[tuple[str, str]]:
    """Kind and state of every message."""
    async with reading(service) as conn:
        rows = await conn.execute(select(t.message.c.kind, t.message.c.state).order_by(t.message.c.kind))
        return [(row.kind, row.state) for row in rows]


async def test_the_demo_has_three_cases_at_different_stages(service: Service) -> None:
    """A letter waits for review, an audio is approved and waits, a video is released by a live link."""
    first = await seed(service)
    assert await states(service) == [("audio", "approved"), ("letter", "in_review"), ("video", "released")]
    again = await seed(service)
    assert again == first
    assert len(await states(service)) == 3
    assert len(first["accounts"]) == 5
    assert "/l#" in first["link"]["url"]
