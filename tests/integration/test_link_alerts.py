"""What a facilitator hears about a link, how a lost way to stop is given back, and how often anybody may try."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from exchange.core.errors import BadInput, Conflict, LinkDead, NotFound
from exchange.core.links import new_secret
from exchange.core.model import Channel
from exchange.steps import alerts, erase, links, stop, visit
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import running_api
from tests.support.attacks import COOKIE, stop_link
from tests.support.console_site import running_console
from tests.support.crawl import wrong_headers
from tests.support.portal_site import PortalSite, running_portal
from tests.support.world import CODE, World, make_world

WRONG = "not the code at all"


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@asynccontextmanager
async def portal(service: Service, **limits: object) -> AsyncIterator[PortalSite]:
    """A portal with these limits."""
    limited = replace(service, keys=None, settings=service.settings.model_copy(update=limits))
    async with running_portal(limited) as site:
        yield site


async def tasks(world: World) -> list[str]:
    """The kinds of open tasks of the case."""
    async with reading(world.service) as conn:
        open_ones = select(t.task.c.kind).where(t.task.c.case_id == world.case, t.task.c.done_at.is_(None))
        return sorted((await conn.execute(open_ones)).scalars())


async def guess(world: World, link: links.NewLink, times: int = 1) -> Exception:
    """Wrong codes by one browser; time passes between fives."""
    answer: Exception = AssertionError("opened")
    for _ in range(times):
        async with reading(world.service) as conn:
            await conn.execute(update(t.link).values(wait_until=None))
        try:
            await visit.claim(world.service, link.secret, COOKIE, WRONG)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test looks at it
            answer = error
    return answer


async def test_the_facilitator_hears_of_wrong_codes_and_of_the_lock(world: World) -> None:
    """Two wrong codes happen; the third is told; at the tenth a task of its own says that a new link is needed."""
    _, link = await world.released()
    assert isinstance(await guess(world, link, 2), BadInput)
    assert await tasks(world) == []
    await guess(world, link)
    assert await tasks(world) == ["wrong_attempts"]
    await guess(world, link, 6)
    assert await tasks(world) == ["wrong_attempts"]
    assert isinstance(await guess(world, link), LinkDead)
    assert await tasks(world) == ["link_locked", "wrong_attempts"]


@pytest.mark.parametrize("state", ["used", "revoked", "expired"])
async def test_the_facilitator_hears_of_a_dead_link_that_was_tried(world: World, state: str) -> None:
    """Once, with any code; of a link that never was there is nothing to hear."""
    message, link = await world.released()
    if state == "used":
        await world.visit(link, COOKIE)
    elif state == "revoked":
        await world.revoke(message)
    else:
        async with reading(world.service) as conn:
            await conn.execute(update(t.link).where(t.link.c.id == link.id).values(expires_at=t.link.c.created_at))
    for code in (WRONG, CODE, WRONG):
        with pytest.raises(LinkDead):
            await visit.claim(world.service, link.secret, new_secret(), code)
        with pytest.raises(LinkDead):
            await visit.claim(world.service, new_secret(), new_secret(), code)
    assert await tasks(world) == [alerts.TRIED]


async def test_the_browser_that_opened_it_raises_no_alarm(world: World) -> None:
    """Coming back with the code in the same browser is how it is meant."""
    _, link = await world.released()
    found = await world.visit(link, COOKIE)
    assert await visit.claim(world.service, link.secret, COOKIE, CODE) == found.id
    assert await tasks(world) == []


async def test_a_locked_way_to_stop_is_given_back(world: World) -> None:
    """Ten wrong codes lock it; the team makes a new one, on the page; with it the author takes the message back."""
    message = await world.approved()
    old = await stop_link(world, message)
    await guess(world, old, 10)
    with pytest.raises(LinkDead):
        await visit.claim(world.service, old.secret, new_secret(), CODE)
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        _, page = await fern.get(f"/messages/{message}")
        assert f"/messages/{message}/stop-link" in page
        status, _, where = await fern.send(f"/messages/{message}/stop-link", channel="email")
        assert status == 303
        _, shown = await fern.get(where)
        stranger = await console.as_(world.stranger)
        assert (await stranger.send(f"/messages/{message}/stop-link", "/account", channel="email"))[0] == 404
    secret = re.search(r"/l#([A-Za-z0-9_-]{43})", shown)
    assert secret
    async with portal(world.service) as site, site.browser() as author:
        session = await author.open(secret[1], CODE)
        answer = await author.follow(await author.post(session + "/stop", wish="withdraw"))
        assert "Done." in answer.text
    assert await world.state(message) == "withdrawn"


async def test_a_new_way_to_stop_ends_the_earlier_one(world: World) -> None:
    """Over the API too; a lost one that somebody finds opens nothing. An erased message has none."""
    message = await world.approved()
    old = await stop_link(world, message)
    async with running_api(world.service) as api:
        caller = await api.as_(world.facilitator)
        made = await caller.do("POST", f"/messages/{message}/stop-link", {"channel": "phone"})
    with pytest.raises(LinkDead):
        await visit.claim(world.service, old.secret, COOKIE, CODE)
    assert await visit.claim(world.service, made["url"].split("#")[1], COOKIE, CODE)
    with pytest.raises(NotFound):
        await stop.renew(world.service, world.stranger, message, channel=Channel.PHONE)
    await erase.erase_message(world.service, world.supervisor, message)
    with pytest.raises((Conflict, NotFound)):
        await stop.renew(world.service, world.facilitator, message, channel=Channel.PHONE)


async def test_one_address_may_try_so_often_and_is_told_so_plainly(world: World) -> None:
    """The sixth try in a minute is refused with a page, alike for links that are and are not; leaving always works."""
    _, link = await world.released()
    async with portal(world.service, knocks_per_minute=5) as site, site.browser() as browser:
        for number in range(5):
            assert (await browser.post("/l", link=new_secret(), code=str(number))).status == 404
        refused = [await browser.post("/l", link=secret, code=CODE) for secret in (link.secret, new_secret())]
        assert [answer.status for answer in refused] == [429, 429]
        assert refused[0].body == refused[1].body
        assert "Please wait a minute" in refused[0].text
        assert refused[0].headers["Retry-After"] == "60"
        assert wrong_headers("/l", 429, refused[0].headers) == []
        assert (await browser.post("/exit")).headers["Refresh"]
        assert (await browser.get("/l")).status == 200
    assert await tasks(world) == []


async def test_one_link_may_be_tried_so_often_whether_or_not_it_exists(world: World) -> None:
    """From however many browsers; the wrong codes counted are no more than were let through."""
    _, link = await world.released()
    never = new_secret()
    async with portal(world.service, tries_per_link=2) as site:
        answers = {link.secret: [], never: []}  # type: ignore[var-annotated]
        for _ in range(3):
            async with site.browser() as browser:
                for secret, got in answers.items():
                    got.append(await browser.post("/l", link=secret, code=WRONG))
    assert [answer.status for answer in answers[link.secret]] == [422, 422, 429]
    assert [answer.status for answer in answers[never]] == [404, 404, 429]
    assert "Please wait a minute" in answers[never][2].text
    async with reading(world.service) as conn:
        assert (await conn.scalar(select(t.link.c.wrong_attempts).where(t.link.c.id == link.id))) == 2


async def test_only_our_proxy_says_who_asks(world: World) -> None:
    """A visitor who writes X-Forwarded-For is counted as who they are; behind our proxy each is counted alone."""

    async def statuses(**limits: object) -> list[int]:
        async with portal(world.service, knocks_per_minute=2, **limits) as site, site.browser() as browser:
            await browser.get("/l")
            form = {"csrf": browser.token, "link": new_secret(), "code": "x"}
            told = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(4)]
            return [(await browser.ask("POST", "/l", data=form, headers=one)).status for one in told]

    assert await statuses() == [404, 404, 429, 429]
    assert await statuses(trusted_proxies="127.0.0.0/8") == [404] * 4


async def test_a_flood_of_requests_from_one_address_is_refused(world: World) -> None:
    """Any page counts, static files and health do not."""
    async with portal(world.service, requests_per_minute=3) as site, site.browser() as browser:
        assert [(await browser.get("/privacy")).status for _ in range(4)] == [200, 200, 200, 429]
        assert (await browser.get("/healthz")).status == 200
