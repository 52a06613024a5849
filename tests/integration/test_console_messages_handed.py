"""Offering and handing over: by link, with me, printed; taken back; the wrong person."""

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from exchange.core.model import FactKind, State
from exchange.steps import settings, view
from exchange.steps.links import NewLink
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Client, Console, running_console
from tests.support.message_pages import accepted
from tests.support.roles import as_portal
from tests.support.world import LETTER, World, make_world

COOKIE = "A" * 43
SHARE = {"wording": "share-2026-01", "language": "en", "given": "yes"}


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console, listening."""
    async with running_console(service) as running:
        yield running


@pytest.fixture
async def fern(world: World, console: Console) -> Client:
    """The facilitator's browser."""
    return await console.as_(world.facilitator)


async def person_is(world: World, **values: bool) -> None:
    """What is recorded of the recipient."""
    async with reading(world.service) as conn:
        mine = t.participant.c.id == world.recipient
        await conn.execute(update(t.participant).where(mine).values(**values))


async def test_paper_consent_needs_the_code_of_this_version(world: World, fern: Client) -> None:
    """A wrong code is refused at its field; the printed one counts, spaces and small letters forgiven."""
    message = await world.approved()
    path, digest = f"/messages/{message}/consent/share", await world.digest(message)
    _, page = await fern.get(path)
    found = re.search(r'code is\s*<strong class="app-reference">(\w{6})<', page)
    assert found
    assert "It does not count for or against anyone" in page
    said = {**SHARE, "digest": digest, "method": "paper"}
    status, text, _ = await fern.send(path, **said, paper_code="WRONG1")
    assert status == 422
    assert 'href="#paper_code"' in text
    assert (await fern.send(path, **said, paper_code=found[1].lower()))[0] == 303
    _, text = await fern.get(f"/messages/{message}")
    assert "The author agreed to share this version" in text
    assert "On a signed paper" in text


async def test_a_preview_link_for_the_author(world: World, fern: Client) -> None:
    """Made for the approved version, shown with its QR code."""
    message = await world.approved()
    status, _, where = await fern.send(f"/messages/{message}/preview-link", channel="email")
    assert status == 303
    _, text = await fern.get(where)
    assert "to see what would be shared, and decide" in text
    assert "Form responsible" in text


async def test_nothing_is_offered_before_everything_holds(world: World, fern: Client) -> None:
    """The offer's page shows what is missing, each line with its form; a forced offer is refused."""
    message = await world.approved()
    path = f"/messages/{message}"
    _, text = await fern.get(f"{path}/offer")
    assert "The author has not agreed to share this version." in text
    assert f'href="{path}/consent/share"' in text
    offer = {"content_note": "A note", "asks": "self"}
    status, text, _ = await fern.send(f"{path}/offer", path, **offer)
    assert status == 409
    assert await world.state(message) == State.APPROVED


async def test_reading_in_the_same_sitting_only_where_it_can_be(world: World, fern: Client) -> None:
    """An adult may; somebody in custody may not, and a forced tick is refused. By link needs a way."""
    message = await world.shared()
    path = f"/messages/{message}/offer"
    assert 'name="at_once"' in (await fern.get(path))[1]
    await person_is(world, custody=True)
    assert 'name="at_once"' not in (await fern.get(path))[1]
    offer = {"content_note": "A note", "asks": "link"}
    status, text, _ = await fern.send(path, **offer)
    assert status == 422
    assert 'href="#channel"' in text
    status, text, _ = await fern.send(path, **offer, channel="email", at_once="yes")
    assert status == 422
    assert "same sitting is not possible" in text
    status, _, where = await fern.send(path, **offer, channel="email")
    assert status == 303
    assert "/l#" in (await fern.get(where))[1]


@pytest.mark.parametrize(("answer", "state"), [("later", State.LATER), ("no", State.DECLINED)])
async def test_not_now_and_no_are_recorded(world: World, fern: Client, answer: str, state: State) -> None:
    """And what the author may learn stays empty unless ticked."""
    message, _ = await world.offered()
    path = f"/messages/{message}/consent/receive"
    said = {"wording": "receive-2026-01", "language": "en", "answer": answer, "method": "phone"}
    assert (await fern.send(path, **said))[0] == 303
    assert await world.state(message) == state
    async with reading(world.service) as conn:
        query = select(t.consent.c.detail).where(t.consent.c.message_id == message, t.consent.c.kind == "receive")
        details = list((await conn.execute(query)).scalars())
    assert all(detail["author_may_learn"] == [] for detail in details)


async def test_handing_over_asks_for_the_code_once_more_and_keeps_the_form(world: World, console: Console) -> None:
    """An hour after sign-in the second factor is asked again; nothing is released before it."""
    message = await accepted(world)
    client = await console.as_(world.facilitator, stepped_up=False)
    status, text, _ = await client.send(f"/messages/{message}/hand-over", way="link", channel="email")
    assert status == 403
    assert "Confirm that it is you" in text
    assert 'name="channel" value="email"' in text
    assert await world.state(message) == State.ACCEPTED


async def test_warnings_before_handing_over(world: World, fern: Client) -> None:
    """A closed day tomorrow, custody with paper as its default, one phone for link and code."""
    message = await accepted(world)
    path = f"/messages/{message}/hand-over"
    _, text = await fern.get(path)
    assert "Nobody answers the phone tomorrow" not in text
    assert "in custody" not in text
    assert re.search(r'value="text".*?Their code went the same way', text, re.DOTALL)
    await closed_every_day(world)
    await person_is(world, custody=True)
    _, text = await fern.get(path)
    assert "Nobody answers the phone tomorrow" in text
    assert "in custody" in text
    assert re.search(r'value="printed" checked', text)


async def test_a_new_link_is_one_step(world: World, fern: Client) -> None:
    """While it is handed over by link, the page offers a new link only; the old one is gone."""
    message, old = await world.released()
    path = f"/messages/{message}/hand-over"
    _, text = await fern.get(path)
    assert 'value="with_me"' not in text
    status, _, where = await fern.send(path, way="link", channel="post")
    assert status == 303
    assert f"/links/{old.id}" != where
    _, text = await fern.get(f"/links/{old.id}")
    assert "/l#" not in text


async def test_the_wrong_person_list(world: World, fern: Client) -> None:
    """Taken back at once; what was seen stands there with its time, and a supervisor has a task."""
    message, link = await world.released()
    await read_text(world, link)
    status, text, _ = await fern.send(f"/messages/{message}/revoke", why="wrong_person")
    assert status == 200
    assert "The text" in text
    assert "What was seen" in text
    assert await world.state(message) == State.ACCEPTED
    async with reading(world.service) as conn:
        kinds = (await conn.execute(select(t.task.c.kind).where(t.task.c.message_id == message))).scalars().all()
    assert "wrong_person" in kinds
    status, _, _ = await fern.send(f"/messages/{message}/revoke", f"/messages/{message}", why="other")
    assert status == 409


async def test_with_me_shows_who_is_there_and_ends_with_what_became_of_it(world: World, fern: Client) -> None:
    """Full screen, content note, the text; afterwards it is over and its pages are closed."""
    message = await accepted(world)
    path = f"/messages/{message}"
    status, text, _ = await fern.send(f"{path}/hand-over", way="with_me", who_is_there="")
    assert status == 422
    assert 'href="#who_is_there"' in text
    status, _, where = await fern.send(f"{path}/hand-over", way="with_me", who_is_there="Form harmed, a friend")
    assert status == 303
    _, text = await fern.get(where)
    assert "Form harmed, a friend" in text
    assert "It speaks about that evening." in text
    assert LETTER.splitlines()[2] in text
    assert (await fern.send(f"{where}/end", where, copy_now="destroyed"))[0] == 303
    assert await world.state(message) == State.OPENED
    assert (await fern.get(where))[0] == 404
    release = where.rpartition("/")[2]
    assert (await fern.get(f"{path}/part/text?release={release}"))[0] == 404


async def test_printed_for_custody_names_nothing_but_two_codes(world: World, fern: Client) -> None:
    """Coversheet, letter, reply sheet; what is on paper holds no id; large print is one link away."""
    await person_is(world, custody=True)
    message = await accepted(world)
    path = f"/messages/{message}"
    status, _, where = await fern.send(f"{path}/hand-over", way="printed")
    assert status == 303
    assert where.startswith(f"{path}/print/")
    _, text = await fern.get(where)
    assert "For staff who hand this over" in text
    assert LETTER.splitlines()[2] in text
    assert "If you want to answer" in text
    sheets = text.split('<div class="app-sheets')[1].split('<div class="app-noprint">')[0]
    on_paper = re.sub(r"<[^>]+>", " ", sheets)
    async with reading(world.service) as conn:
        case = (await conn.execute(select(t.cases.c.reference).where(t.cases.c.id == world.case))).scalar_one()
    assert case in on_paper
    assert not re.search(r"\b[0-9a-f]{8}-|\bM-[A-Z0-9]{4}|[0-9a-f]{64}", on_paper)
    assert "Form responsible" not in on_paper
    _, text = await fern.get(f"{where}?large=yes")
    assert "app-sheets--large" in text
    assert (await fern.send(f"{path}/present/{where.rpartition('/')[2]}/end", where, copy_now="kept"))[0] == 303
    assert await world.state(message) == State.OPENED


async def test_a_hold_stops_a_presentation_under_way(world: World, fern: Client) -> None:
    """The gate is asked at every open: after "stop for safety" the page shows nothing more."""
    message = await accepted(world)
    _, _, where = await fern.send(f"/messages/{message}/hand-over", way="with_me", who_is_there="Form harmed")
    await world.fact(FactKind.HOLD, "on")
    status, text = await fern.get(where)
    assert status == 409
    assert LETTER.splitlines()[2] not in text


async def read_text(world: World, link: NewLink) -> None:
    """Somebody opens the link and reads the text."""
    found = await world.visit(link, COOKIE)
    opened = await view.open_for_visitor(as_portal(world.service), found, "text")
    assert [run async for run in opened.reader.range(0, opened.part.size)]


async def closed_every_day(world: World) -> None:
    """The phone is not answered on any day but the coming Monday week's: tomorrow is closed."""
    opening = ""
    await settings.save(world.service, world.administrator, opening=opening)
