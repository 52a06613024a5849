"""Role × route × object: everybody asks for everything of two cases, ids known; nobody gets another case's words."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web

from exchange.core import access
from exchange.core.access import Near, Permission, Rule
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
        asked = (await referral.listed(service, first.supervisor))[0].id
        yield Setting(console, first, second, a, b, asked, Matrix(console, http, (a, b)))


def outsiders(setting: Setting) -> list[tuple[str, Actor | None]]:
    """Those who are on no case, the weakest first."""
    world = setting.first
    return [("signed out", None), ("auditor", world.auditor), ("administrator", world.administrator)]


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_nobody_reads_or_changes_another_case(setting: Setting) -> None:
    """Five roles and a visitor, every declared route, every form of the two leads, objects of both cases."""
    run, first, second = setting.run, setting.first, setting.second
    asked = setting.asked()
    gets = [one for one in asked if one.method == "GET"]
    rest = [one for one in asked if one.method != "GET"]
    leads = (("facilitator of A", first.facilitator, setting.a), ("facilitator of B", second.facilitator, setting.b))
    rest += [form for _, lead, own in leads for form in await matrix.forms_of(setting.console, lead, of(gets, own))]
    before = [await matrix.everything_of(setting.console, own.case) for _, _, own in leads]
    for name, actor in outsiders(setting):
        await run.send(name, actor, gets + rest)
    for name, lead, own in leads:
        await run.send(name, lead, gets)
        assert run.tally.allowed[name] > 60  # so the addresses are right: the lead sees their own
        await run.send(name, lead, [one for one in rest if one.about is not own])
    assert [await matrix.everything_of(setting.console, own.case) for _, _, own in leads] == before
    await run.send("supervisor", first.supervisor, gets)
    for name, lead, own in leads:
        await run.send(name, lead, of(rest, own))
    await run.send("supervisor", first.supervisor, rest)
    made = dict(run.tally.made)
    say(f"requests made {sum(made.values())} {made}, cross-case reads {len(run.tally.leaks)}")
    assert run.tally.leaks == []
    assert run.tally.headers == []
    assert sorted({(method, path) for method, path, _ in run.tally.faults}) == []
    assert sum(made.values()) > 2500


def of(requests: list[Request], own: Objects) -> list[Request]:
    """Those about one case."""
    return [one for one in requests if one.about is own]


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


async def test_the_matrix_sees_a_permission_that_was_taken_away(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nearness gone from one permission, the same requests find another case's words: it can fail."""
    pages = [one for one in setting.asked() if one.method == "GET" and "/messages/{message}" in one.route]
    await setting.run.send("facilitator of B", setting.second.facilitator, of(pages, setting.a))
    assert setting.run.tally.leaks == []
    for permission in (Permission.CASE_SEE, Permission.CONTENT):
        monkeypatch.setitem(access.RULES, permission, Rule(access.RULES[permission].roles, Near.ANY))
    await setting.run.send("facilitator of B", setting.second.facilitator, of(pages, setting.a))
    found = {word for _, _, _, word in setting.run.tally.leaks}
    assert {"Form harmed", "Form responsible", setting.a.words[0]} <= found
