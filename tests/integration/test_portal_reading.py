"""From the link to the letter: landing, code, for me, content note, read; and after."""

from collections.abc import AsyncIterator

import pytest

from exchange.store.service import Service
from tests.support.portal_site import PortalSite, running_portal
from tests.support.world import CODE, LETTER, World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


async def test_a_letter_is_read_by_its_recipient(world: World, site: PortalSite) -> None:
    """Landing → code → for me → content note → the letter's words."""
    message, link = await world.released()
    async with site.browser() as browser:
        session = await browser.open(link.secret, CODE)
        first = await browser.follow(await browser.get(session))
        assert "Form harmed" in first.text
        assert "Form responsible" not in first.text
        note = await browser.follow(await browser.post(session + "/me", answer="me"))
        assert "It speaks about that evening." in note.text
        assert LETTER.split("\n")[2] not in note.text
        page = await browser.get(session + "/read")
        assert page.status == 200
        assert LETTER.split("\n")[2] in page.text
    assert await world.state(message) == "opened"
