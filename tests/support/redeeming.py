"""Many browsers at a link at once: over HTTP, each with a cookie of its own, spread over portal processes."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import aiohttp
from sqlalchemy import func, select, text

from exchange.core.links import new_secret
from exchange.core.model import Channel
from exchange.steps import release
from exchange.steps.links import NewLink
from exchange.store import tables as t
from exchange.store.unit import reading
from exchange.supervise import exchange_command
from tests.support.crawl import token_for
from tests.support.ports import free_port
from tests.support.running import READY_SECONDS, Exchange, answers, running_exchange
from tests.support.world import CODE, World

PATIENCE = aiohttp.ClientTimeout(total=300)


@dataclass(frozen=True)
class Tried:
    """One attempt: status, where a success leads, seconds it took, digest of the body, the browser's cookie."""

    status: int
    location: str
    seconds: float
    digest: str
    cookie: str


@contextmanager
def two_portals(database: str, folder: Path) -> Iterator[tuple[Exchange, tuple[str, str]]]:
    """A running service with two portal processes over one database, and their addresses."""
    with running_exchange(database, folder, ("portal", "console")) as running:
        port = free_port()
        second = running.settings.environments()["portal"] | {"EXCHANGE_PORTAL_PORT": str(port)}
        running.tree.start("portal-2", exchange_command("portal"), second)
        address = f"http://localhost:{port}"
        running.tree.wait_until(lambda: answers(address), READY_SECONDS)
        yield running, (running.portal, address)


def browsers() -> aiohttp.ClientSession:
    """Any number of connections at once; cookies are given by hand."""
    many = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(connector=many, cookie_jar=aiohttp.DummyCookieJar(), timeout=PATIENCE)


async def attempt(http: aiohttp.ClientSession, portal: str, secret: str, code: str = CODE) -> Tried:
    """A fresh browser posts secret and code."""
    cookie = new_secret()
    form = {"csrf": token_for(cookie), "link": secret, "code": code}
    began = time.perf_counter()
    asked = http.post(f"{portal}/l", data=form, headers={"Cookie": f"portal={cookie}"}, allow_redirects=False)
    async with asked as answer:
        body = await answer.read()
        seconds = time.perf_counter() - began
        where = answer.headers.get("Location", "").rstrip("#")
        return Tried(answer.status, where, seconds, sha256(body).hexdigest(), cookie)


async def all_at_once(http: aiohttp.ClientSession, portals: Sequence[str], secret: str, attempts: int) -> list[Tried]:
    """That many browsers with the right code at the same moment, in turns over the portals."""
    return list(await asyncio.gather(*(attempt(http, portals[n % len(portals)], secret) for n in range(attempts))))


async def one_round(
    world: World, http: aiohttp.ClientSession, portals: Sequence[str], link: NewLink, attempts: int
) -> Counter[int]:
    """A race for one link: exactly one winner by the answers and by the database, or AssertionError."""
    tried = await all_at_once(http, portals, link.secret, attempts)
    statuses = Counter(one.status for one in tried)
    assert statuses[303] == 1, statuses
    assert statuses[404] + statuses[503] == attempts - 1, statuses  # 503: too busy, and nothing was done
    s = t.portal_session
    async with reading(world.service) as conn:
        sessions = await conn.scalar(select(func.count()).select_from(s).where(s.c.link_id == link.id))
    assert sessions == 1
    return statuses


async def race_with_revoking(world: World, http: aiohttp.ClientSession, portal: str, message: UUID, wait: float) -> str:
    """Taking a link back and opening it at once: "revoked" or "claimed", whichever the record has first.

    If revoking came first nobody got in; if opening came first, what was opened is closed all the same. `wait` is
    the seconds by which revoking starts later, or opening if it is below 0.
    """
    link = await fresh_link(world, message)

    async def take_back() -> None:
        await asyncio.sleep(max(0.0, wait))
        await release.revoke(world.service, world.facilitator, message)

    async def open_it() -> Tried:
        await asyncio.sleep(max(0.0, -wait))
        return await attempt(http, portal, link.secret)

    tried, _ = await asyncio.gather(open_it(), take_back())
    query = text("select leaf::jsonb->>'act' from ledger_leaf where leaf like :id order by index")
    async with reading(world.service) as conn:
        acts = list((await conn.execute(query, {"id": f"%{link.id}%"})).scalars())
    if "link.claimed" not in acts:
        assert tried.status == 404, tried
        return "revoked"
    assert acts.index("link.claimed") < acts.index("link.revoked"), acts
    assert tried.status == 303, tried
    asked = http.get(portal + tried.location, headers={"Cookie": f"portal={tried.cookie}"}, allow_redirects=False)
    async with asked as answer:
        assert answer.headers.get("Location") == "/closed"
    return "claimed"


async def fresh_link(world: World, message: UUID) -> NewLink:
    """One more link to read this message; the one before it ends."""
    return await release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
