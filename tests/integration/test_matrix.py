"""Every declared route is known with its permission; what a matrix of role, route and object asks for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web

from exchange.core.model import Actor
from exchange.steps import referral, setup
from exchange.store.service import Service
from exchange.web.frame import route_census
from exchange.web.portal.app import create as create_portal
from tests.support import matrix
from tests.support.console_site import Console, running_console
from tests.support.figures import say
from tests.support.matrix import Matrix, Objects, Request
from tests.support.world import World, make_world

NAMES = {
    "A": ("Full name harmed", "Full name responsible", "Form harmed", "Form responsible", "people.example"),
    "B": ("Otherly harmed", "Otherly responsible", "Othershort harmed", "Othershort responsible", "others.example"),
}


@dataclass
class Setting:
    """A console over two cases."""

    console: Console
    first: World
    second: World
    a: Objects
    b: Objects
    referral: UUID
    run: Matrix

    def asked(self) -> list[Request]:
        """Every route, about each case."""
        return [one for about in (self.a, self.b) for one in matrix.addresses(self.console, about, self.referral)]


@pytest.fixture
async def setting(service: Service) -> AsyncIterator[Setting]:
    """Two cases, each led by somebody else, with one of everything."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    first = await make_world(service)
    second = await matrix.second_case(first)
    spare = await matrix.spare_account(first)
    once = aiohttp.TCPConnector(force_close=True)  # a refused body may end a connection, which nobody uses again
    client = aiohttp.ClientSession(connector=once, cookie_jar=aiohttp.DummyCookieJar())
    async with running_console(service) as console, client as http:
        for lead in (first.facilitator, second.facilitator):
            await console.as_(lead)  # a session of theirs, which others will try to end
        a = await matrix.objects_of(first, spare, names=NAMES["A"], letter="alphaletterword")
        b = await matrix.objects_of(second, spare, names=NAMES["B"], letter="betaletterword")
        await referral.save_referral(service, {"reach_by": "phone", "reach_address": "01632 960 002"})
        asked = (await referral.referrals(service, first.supervisor))[0].id
        yield Setting(console, first, second, a, b, asked, Matrix(console, http, (a, b)))


def outsiders(setting: Setting) -> list[tuple[str, Actor | None]]:
    """Those who are on no case, the weakest first."""
    world = setting.first
    return [("signed out", None), ("auditor", world.auditor), ("administrator", world.administrator)]


async def test_every_route_of_both_sites_is_declared(setting: Setting, portal_service: Service) -> None:
    """Undeclared routes: none; and one that slips in is seen."""
    portal = await create_portal(portal_service)
    census = [*route_census(setting.console.app), *route_census(portal)]
    undeclared = [path for _, path, permission in census if permission is None]
    say(f"routes {len(census)}, undeclared {len(undeclared)}")
    assert undeclared == []
    portal.router.add_route("GET", "/slipped-in", slipped_in)
    assert [path for _, path, permission in route_census(portal) if permission is None] == ["/slipped-in"]


async def slipped_in(request: web.Request) -> web.Response:
    """A page that nobody declared."""
    return web.Response()
