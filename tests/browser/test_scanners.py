"""Fifty and more programs at links that are not theirs: none burns one, and the person still gets in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest
from playwright.async_api import Browser
from sqlalchemy import func, select, update

from exchange.core.model import Channel
from exchange.steps import release
from exchange.steps.links import NewLink
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.figures import say
from tests.support.portal_site import PortalSite, running_portal
from tests.support.redeeming import attempt, browsers
from tests.support.scanners import PLAIN, Scanner
from tests.support.scanners_scripted import SCRIPTED
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


class Target:
    """Links to one message, one after the other, and what became of each."""

    def __init__(self, world: World, site: PortalSite, http: aiohttp.ClientSession) -> None:
        self.world, self.site, self.http = world, site, http
        self.message: object = None
        self.waited: list[str] = []

    async def link(self) -> NewLink:
        """A new one; the one before it is over."""
        if self.message is None:
            self.message, link = await self.world.released()
            return link
        service, lead = self.world.service, self.world.facilitator
        return await release.release_by_link(service, lead, self.message, channel=Channel.EMAIL)

    async def survived(self, name: str, link: NewLink) -> None:
        """Still live, nobody in; then the person comes with the code and gets in."""
        async with reading(self.world.service) as conn:
            row = (await conn.execute(select(t.link).where(t.link.c.id == link.id))).one()
            sessions = await conn.scalar(select(func.count()).where(t.portal_session.c.link_id == link.id))
            if row.wait_until is not None:
                self.waited.append(name)
                await conn.execute(update(t.link).where(t.link.c.id == link.id).values(wait_until=None))
        assert (row.state, sessions) == ("live", 0), name
        assert (await attempt(self.http, self.site.url, link.secret)).status == 303, name


def test_there_are_fifty_of_them() -> None:
    """By name."""
    assert len(PLAIN) + len(SCRIPTED) >= 50


@pytest.mark.slow
async def test_no_program_burns_a_link_by_http(world: World, site: PortalSite) -> None:
    """Requests of every kind, rewritten addresses, forms with guesses, replays."""
    async with browsers() as http:
        target = Target(world, site, http)
        for name, behave in PLAIN.items():
            link = await target.link()
            async with browsers() as client:
                await behave(Scanner(site.url, link.secret, client))
            await target.survived(name, link)
        say(f"{len(PLAIN)} behaviours by HTTP: 0 links burned, had to wait after {target.waited or 'none'}")


@pytest.mark.browser
@pytest.mark.slow
async def test_no_program_burns_a_link_in_chromium(world: World, site: PortalSite, visitors: Browser) -> None:
    """Scripts that run, fields that are filled, buttons that are pressed."""
    async with browsers() as http:
        target = Target(world, site, http)
        for name, behave in SCRIPTED.items():
            link = await target.link()
            context = await visitors.new_context()
            with suppress(TimeoutError):  # a scanner gives up too: what counts is what became of the link
                async with asyncio.timeout(30):
                    await behave(context, f"{site.url}/l#{link.secret}")
                    await context.close()
            await target.survived(name, link)
        say(f"{len(SCRIPTED)} behaviours in Chromium: 0 links burned, had to wait after {target.waited or 'none'}")
