"""Every declared route of every surface, as a crawler sees it: headers on all answers, no change without a token."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from exchange.core.links import new_secret
from exchange.core.model import Channel
from exchange.steps import links, setup, visit
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.frame.routing import ROUTES, Csrf, Route
from exchange.web.frame.state import STATICS
from tests.support.attacks import stop_link
from tests.support.console_site import running_console, session_cookie
from tests.support.crawl import token_for, wrong_headers
from tests.support.figures import say
from tests.support.portal_site import running_portal
from tests.support.redeeming import browsers
from tests.support.world import World, make_world

NOWHERE = "00000000-0000-4000-8000-000000000000"


@dataclass
class Surface:
    """One site that listens, and a browser at it."""

    name: str
    url: str
    app: web.Application
    http: aiohttp.ClientSession
    cookie: str
    wrong: list[tuple[str, str, int, list[str]]] = field(default_factory=list)
    made: Counter[int] = field(default_factory=Counter)

    def routes(self) -> list[Route]:
        """Every declared route once."""
        return list(dict.fromkeys(self.app[ROUTES].values()))

    async def ask(self, method: str, path: str, route: Route | None = None, **given: object) -> tuple[int, str]:
        """One request of this browser; its headers are judged. Status and text."""
        headers = {"Cookie": f"{self.name}={self.cookie}", **given.pop("headers", {})}  # type: ignore[dict-item]
        asked = self.http.request(method, self.url + path, headers=headers, allow_redirects=False, **given)  # type: ignore[arg-type]
        async with asked as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            self.made[answer.status] += 1
            features = route.features if route else ()
            if found := wrong_headers(path, answer.status, answer.headers, features=features):
                self.wrong.append((method, path, answer.status, found))
            return answer.status, text


def addresses(route: Route, sessions: list[str]) -> Iterator[str]:
    """The route's address: for each of the sessions where it is about one, else about nothing that exists."""
    for session in sessions if "{session}" in route.path and "account" not in route.path else [NOWHERE]:
        path = route.path.replace("{session}", session).replace("{name:[a-z0-9-]+}", "text").replace("{kind}", "pause")
        path = path.replace("{name}", "text").replace("{problem}", "refused").replace("{digest}/{name:.+}", "0/x.js")
        yield re.sub(r"\{\w+(:[^{}]*(\{36\})?[^{}]*)?\}", NOWHERE, path)


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case in which everything is recorded."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    return await make_world(service)


@pytest.fixture
async def portal(world: World, portal_service: Service) -> AsyncIterator[Surface]:
    """The participants' site."""
    async with running_portal(portal_service) as site, browsers() as http:
        yield Surface("portal", site.url, site.app, http, new_secret())


@pytest.fixture
async def console(world: World, service: Service) -> AsyncIterator[Surface]:
    """The staff's site with the API and uploads, signed in as the lead."""
    assert world.facilitator.id
    async with running_console(service) as site, browsers() as http:
        yield Surface("console", site.url, site.app, http, await session_cookie(service, world.facilitator.id))


async def sessions_of(world: World, cookie: str) -> list[str]:
    """One open visit of this browser for each purpose."""
    service, lead = world.service, world.facilitator
    _, reading_link = await world.released()
    _, asked = await world.offered()
    approved = await world.approved()
    invited = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL)
    preview = await links.preview_link(service, lead, approved, channel=Channel.EMAIL)
    made = [reading_link, asked, invited, preview, await stop_link(world, approved)]
    return [str((await world.visit(link, cookie)).id) for link in made if link]


async def odd_ones(surface: Surface) -> None:
    """Nothing there, a method that is not taken, too large, a static file, one that is not."""
    style = surface.app[STATICS].url("site.css")
    page = "/l" if surface.name == "portal" else "/sign-in"
    route = next(route for route in surface.routes() if route.path == page and route.method == "POST")
    large = {
        "data": BytesIO(b"x=" + b"y" * 2_000_000),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }
    assert (await surface.ask("GET", "/nothing-here"))[0] == 404
    assert (await surface.ask("PUT", page, route))[0] == 405
    assert (await surface.ask("POST", page, route, **large))[0] == 413
    assert (await surface.ask("GET", style))[0] == 200
    assert (await surface.ask("GET", style + "x"))[0] == 404
    assert (await surface.ask("GET", page + "?" + "x" * 9000, route))[0] in (200, 400, 414)


@pytest.mark.slow
async def test_every_answer_of_the_portal_carries_every_header(world: World, portal: Surface) -> None:
    """All routes for a visit of each purpose: pages, refusals, uploads, streams, errors."""
    sessions = await sessions_of(world, portal.cookie)
    for route in portal.routes():
        for path in addresses(route, sessions):
            body = {"data": {"csrf": token_for(portal.cookie)}} if route.method == "POST" else {}
            await portal.ask(route.method, path, route, **body)
    await odd_ones(portal)
    say(f"portal: {sum(portal.made.values())} answers {dict(portal.made)}, wrong headers {len(portal.wrong)}")
    assert portal.wrong == []
    assert not [status for status in portal.made if status >= 500]
    assert portal.made[200] > 30


async def test_every_answer_of_console_and_api_carries_every_header(console: Surface) -> None:
    """Pages, API, uploads, static files, errors. (`test_matrix.py` looks at them for every role.)"""
    for route in console.routes():
        for path in addresses(route, []):
            await console.ask(route.method, path, route)
    await odd_ones(console)
    say(f"console: {sum(console.made.values())} answers {dict(console.made)}, wrong headers {len(console.wrong)}")
    assert console.wrong == []
    assert not [status for status in console.made if status >= 500]


@pytest.mark.parametrize("name", ["portal", "console"])
async def test_nothing_changes_without_a_token_of_ours(
    name: str, world: World, portal: Surface, console: Surface
) -> None:
    """Every unsafe route, signed in, of both sites: no token, a wrong one, or another site's page: refused."""
    surface = portal if name == "portal" else console
    sessions = await sessions_of(world, portal.cookie)
    forged: list[dict[str, object]] = [
        {},
        {"headers": {"X-CSRF-Token": token_for(new_secret())}},
        {"headers": {"X-CSRF-Token": token_for(surface.cookie), "Sec-Fetch-Site": "cross-site"}},
        {"headers": {"X-CSRF-Token": token_for(surface.cookie), "Origin": "https://elsewhere.example"}},
    ]
    answered: Counter[int] = Counter()
    for route in surface.routes():
        if route.method in ("GET", "HEAD", "OPTIONS") or route.path in EXEMPT:
            continue
        expected = 401 if route.csrf is Csrf.BEARER else 403
        # an upload is for the visit that was invited to write; its token is the first part of the body
        parts = route.csrf is Csrf.HANDLER
        for path in addresses(route, sessions[2:3] if parts else sessions[:1]):
            for how in forged:
                body = {"data": forged_upload()} if parts else {}
                status, _ = await surface.ask(route.method, path, route, **how, **body)
                answered[status] += 1
                assert status == expected or (parts and status == 404), (route.method, path, how, status)
    say(f"{name}: {sum(answered.values())} forged requests, {dict(answered)}")
    assert sum(answered.values()) > 50


def forged_upload() -> aiohttp.FormData:
    """A file from a form, with a token that is none."""
    form = aiohttp.FormData()
    form.add_field("csrf", "0" * 80)
    form.add_field("file", b"x", filename="x.txt")
    return form


# leaving works from every page, and locks only when our own page asked; signing in to the API takes no cookie
EXEMPT = ("/exit", "/api/v1/sign-in")


async def test_a_forged_exit_locks_nothing(world: World, portal: Surface) -> None:
    """It leads away, as it always does, and the visit stays as it was."""
    sessions = await sessions_of(world, portal.cookie)
    status, _ = await portal.ask("POST", "/exit", headers={"Sec-Fetch-Site": "cross-site"})
    assert status in {200, 403}
    async with reading(world.service) as conn:
        states = set((await conn.execute(select(t.portal_session.c.state))).scalars())
    assert states == {"open"}
    assert len(sessions) == 5


async def test_a_fault_of_ours_carries_every_header_too(
    world: World, portal: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that breaks is a page with a reference, and tells nothing of what broke."""

    async def breaks(*_: object) -> None:
        await asyncio.sleep(0)
        raise RuntimeError(f"planted {portal.cookie}")

    monkeypatch.setattr(visit, "claim", breaks)
    form = {"csrf": token_for(portal.cookie), "link": new_secret(), "code": "x"}
    status, text = await portal.ask("POST", "/l", data=form)
    assert (status, portal.wrong) == (500, [])
    assert "planted" not in text
    assert portal.cookie not in text
