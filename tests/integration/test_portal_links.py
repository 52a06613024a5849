"""Links and sessions through the real portal (DESIGN section 8, SECURITY "The portal, links, sessions")."""

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from exchange.core import links as secrets_of
from exchange.core.model import Channel
from exchange.steps import release, visit
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.portal import landing
from tests.support.portal_site import PortalSite, Visitor, running_portal
from tests.support.world import CODE, World, make_world

WRONG = "not the code at all"


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


@pytest.fixture
async def browser(site: PortalSite) -> AsyncIterator[Visitor]:
    """One browser."""
    async with site.browser() as found:
        yield found


async def _link(service: Service) -> tuple[str, int]:
    """State and wrong attempts of the newest view link."""
    async with reading(service) as conn:
        query = select(t.link).where(t.link.c.purpose == "view").order_by(t.link.c.created_at.desc())
        row = (await conn.execute(query)).first()
    assert row
    return row.state, row.wrong_attempts


async def _timed(browser: Visitor, secret: str) -> tuple[int, bytes, float]:
    began = time.monotonic()
    answer = await browser.post("/l", link=secret, code=CODE)
    return answer.status, answer.body, time.monotonic() - began


async def test_dead_links_all_look_the_same(world: World, site: PortalSite, service: Service) -> None:
    """Unknown, nonsense, used elsewhere, expired, locked, revoked: same bytes, 300 ms after the request."""
    message, link = await world.released()
    answers = []
    async with site.browser() as first, site.browser() as second:
        await first.open(link.secret, CODE)
        await second.get("/l")
        answers.append(await _timed(second, link.secret))  # used
        answers.append(await _timed(second, secrets_of.new_secret()))  # unknown
        answers.append(await _timed(second, "nonsense"))
        for state in ("expired", "locked", "live"):
            fresh = await release.release_by_link(service, world.facilitator, message, channel=Channel.EMAIL)
            async with reading(service) as conn:
                values = {"state": state} if state != "live" else {"expires_at": t.link.c.created_at}
                await conn.execute(update(t.link).where(t.link.c.id == fresh.id).values(**values))
            answers.append(await _timed(second, fresh.secret))
        revoked = await release.release_by_link(service, world.facilitator, message, channel=Channel.EMAIL)
        await release.revoke(service, world.facilitator, message)
        answers.append(await _timed(second, revoked.secret))
    assert {status for status, _, _ in answers} == {404}
    assert len({body for _, body, _ in answers}) == 1
    # a busy machine answers at a later multiple; `bench/dead_links.py` compares the distributions
    assert all(seconds > 0.29 for _, _, seconds in answers), [s for _, _, s in answers]


async def test_get_and_head_burn_and_show_nothing(world: World, browser: Visitor, service: Service) -> None:
    """Scanners that fetch, repeat and submit without the code leave the link as it was."""
    _, link = await world.released()
    for method in ("GET", "HEAD", "GET"):
        answer = await browser.ask(method, "/l")
        assert answer.status == 200
        assert "Form" not in answer.text
    await browser.get("/l")
    assert (await browser.post("/l", link=link.secret, code="")).status == 422
    assert await _link(service) == ("live", 0)
    assert await browser.open(link.secret, CODE)


async def test_the_same_browser_resumes_and_a_second_one_cannot(world: World, site: PortalSite) -> None:
    """A lost answer burns nothing; the claim binds the link to one browser."""
    _, link = await world.released()
    async with site.browser() as first, site.browser() as second:
        session = await first.open(link.secret, CODE)
        assert await first.open(link.secret, CODE) == session
        await second.get("/l")
        assert (await second.post("/l", link=link.secret, code=CODE)).status == 404
        assert (await second.get(session + "/me")).location == "/closed"
        assert (await first.get(session + "/me")).status == 200


async def test_five_wrong_codes_wait_and_ten_lock(world: World, browser: Visitor, service: Service) -> None:
    """The right code does not help while waiting, nor once locked; the message is not burned."""
    message, link = await world.released()
    await browser.get("/l")
    for _ in range(4):
        assert (await browser.post("/l", link=link.secret, code=WRONG)).status == 422
    assert (await browser.post("/l", link=link.secret, code=WRONG)).status == 429
    assert (await browser.post("/l", link=link.secret, code=CODE)).status == 429
    async with reading(service) as conn:
        await conn.execute(update(t.link).values(wait_until=None))
    for _ in range(4):
        await browser.post("/l", link=link.secret, code=WRONG)
    assert (await browser.post("/l", link=link.secret, code=WRONG)).status == 404
    assert (await browser.post("/l", link=link.secret, code=CODE)).status == 404
    assert await _link(service) == ("locked", 10)
    assert await world.state(message) == "accepted"


async def test_ten_wrong_codes_lock_an_open_session_too(world: World, browser: Visitor, service: Service) -> None:
    """Whoever finds the locked page has ten tries, not any number."""
    _, link = await world.released()
    session = await browser.open(link.secret, CODE)
    await browser.post("/exit")
    for _ in range(10):
        await browser.post(session + "/locked", code=WRONG)
        async with reading(service) as conn:
            await conn.execute(update(t.link).values(wait_until=None))
    assert (await browser.post(session + "/locked", code=CODE)).status == 404
    assert (await browser.post("/l", link=link.secret, code=CODE)).status == 404


async def test_exit_locks_and_the_code_opens_again(world: World, browser: Visitor) -> None:
    """Exit leads away and locks; nothing opens until the code; then it goes on where it was."""
    _, link = await world.released()
    session = await browser.open(link.secret, CODE)
    await browser.post(session + "/me", answer="me")
    left = await browser.post("/exit")
    assert left.headers["Refresh"].startswith("0; url=https://")
    assert (await browser.get(session + "/read")).location == session + "/locked"
    assert (await browser.get(session + "/part/text")).status == 403
    locked = await browser.get(session + "/locked")
    assert "Form" not in locked.text
    assert (await browser.post(session + "/locked", code=WRONG)).status == 422
    assert (await browser.post(session + "/locked", code=CODE.upper().replace(" ", "-"))).location == session
    assert (await browser.get(session + "/read")).status == 200


async def test_ten_minutes_without_use_lock(world: World, browser: Visitor, service: Service) -> None:
    """Idleness locks like Exit."""
    _, link = await world.released()
    session = await browser.open(link.secret, CODE)
    async with reading(service) as conn:
        past = t.portal_session.c.last_used_at - __import__("datetime").timedelta(seconds=601)
        await conn.execute(update(t.portal_session).values(last_used_at=past))
    assert (await browser.get(session + "/me")).location == session + "/locked"


async def test_not_for_me_ends_everything_at_once(world: World, browser: Visitor, service: Service) -> None:
    """The wrong person sees one form of name and then nothing; a supervisor's task appears."""
    message, link = await world.released()
    session = await browser.open(link.secret, CODE)
    assert (await browser.get(session + "/read")).location == session + "/me"
    assert (await browser.post(session + "/me", answer="not_me")).location == "/not-for-me"
    assert (await browser.get(session + "/read")).location == "/closed"
    assert (await browser.get(session + "/part/text")).status == 404
    assert await world.state(message) == "accepted"
    async with reading(service) as conn:
        kinds = set((await conn.execute(select(t.task.c.kind))).scalars())
    assert "not_for_me" in kinds


async def test_asking_for_a_new_link_says_the_same_for_every_link(
    world: World, browser: Visitor, service: Service
) -> None:
    """A task for a link that existed, nothing for another; both answers alike."""
    _, link = await world.released()
    await browser.get("/new-link")
    known = await browser.post("/new-link", link=link.secret)
    unknown = await browser.post("/new-link", link=secrets_of.new_secret())
    assert (known.status, known.location) == (unknown.status, unknown.location) == (303, "/new-link/asked#")
    async with reading(service) as conn:
        kinds = list((await conn.execute(select(t.task.c.kind).where(t.task.c.kind == "link_asked"))).scalars())
    assert kinds == ["link_asked"]


async def test_nothing_secret_in_addresses_headers_or_logs(
    world: World, browser: Visitor, capfd: pytest.CaptureFixture[str]
) -> None:
    """Secret, code, names and words are put in first; then looked for everywhere they must not be."""
    _, link = await world.released("Dear you, a most unusual word: zanzibarbarian.")
    session = await browser.open(link.secret, CODE)
    await browser.post(session + "/me", answer="me")
    for page in ("", "/before", "/read", "/after", "/break", "/nothing"):
        await browser.follow(await browser.get(session + page))
    await browser.post("/exit")
    out = "".join(capfd.readouterr())
    planted = (link.secret, CODE, "zanzibarbarian", "Form harmed", "Form responsible", "Full name")
    for answer in browser.seen:
        told = [answer.path, *(f"{name}: {value}" for name, value in answer.headers.items())]
        assert not [word for word in planted for line in told if word in line]
        title = answer.text.split("<title>")[-1].split("</title>")[0] if "<title>" in answer.text else ""
        assert not [word for word in planted if word in title]
    assert not [word for word in planted if word in out]
    assert any("zanzibarbarian" in answer.text for answer in browser.seen)


async def test_a_link_taken_back_while_it_is_opened_leads_to_the_page_that_says_so(
    world: World, browser: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening and the answer it is taken back: no error, but where it says so."""
    message, link = await world.released()

    async def opened_and_taken_back(*given: Any) -> UUID:
        session = await visit.claim(*given)
        await world.revoke(message)
        return session

    monkeypatch.setattr(landing, "visit", SimpleNamespace(claim=opened_and_taken_back, load=visit.load))
    answer = await browser.post("/l", link=link.secret, code=CODE)
    assert (answer.status, answer.location.startswith("/s/")) == (303, True)
    assert (await browser.get(answer.location.rstrip("#"))).location == "/closed"
