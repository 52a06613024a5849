"""The gate against the real steps: random walks on PostgreSQL, with a second opinion on when to read."""

from exchange.store.service import Service
from tests.support.walk import ACTS, campaign
from tests.support.world import make_world

WALKS = 500


async def test_nothing_is_readable_without_all_conditions(service: Service) -> None:
    """500 walks: every read agrees with a second, independent statement of the ten conditions."""
    tried = await campaign(await make_world(service), seed=20_261_122, walks=WALKS)
    assert tried["walks"] >= WALKS
    assert tried["read:yes"] > WALKS // 20, "the walks must also reach what may be read"
    assert {name for name in ACTS if tried[f"{name}:done"]} >= {"revise", "unshare", "hold", "revoke", "erase", "exit"}
