"""The desk shows what a machine read and what a document hides; a recipient is shown nothing of it.

Collected only where the engine and its languages are installed (tests/conftest.py).
"""

import re
import secrets
from pathlib import Path

import pytest

from exchange.core.errors import NotFound
from exchange.core.model import Channel, Kind
from exchange.steps import offer, release, texts, view
from exchange.store.service import Service
from tests.support.console_site import running_console
from tests.support.message_tour import put_in
from tests.support.roles import as_portal
from tests.support.world import World, make_world
from tests.vectors.media import inputs, pages

HIDDEN = "ring 07700 900123"
ALONE = re.compile(r'<span class="app-alone"><span[^>]*>.*?</span>(.*?)<span', re.DOTALL)


async def _letter(world: World, folder: Path):  # type: ignore[no-untyped-def]
    """A scan that came turned, and a PDF that hides a telephone number: in review."""
    scan = folder / "scan.png"
    pages.turned(pages.written(lines=5), 3.0).save(scan)
    said = f"BT /F1 24 Tf 100 700 Td (Dear you, I am well.) Tj ET 1 1 1 rg BT /F1 24 Tf 100 400 Td ({HIDDEN}) Tj ET"
    return await put_in(world, Kind.LETTER, scan, inputs.pdf_page(folder / "letter.pdf", said))


async def test_the_desk_marks_what_a_document_hides_and_the_recipient_never_sees_it(
    service: Service, tmp_path: Path
) -> None:
    """Warned of the machine and of hidden words, which are marked, also as a telephone number; released: pages only."""
    world = await make_world(service)
    message = await _letter(world, tmp_path)
    async with running_console(service) as console:
        fern = await console.as_(world.facilitator)
        status, page = await fern.get(f"/messages/{message}/review")
    assert status == 200
    assert "This text was read by a machine." in page
    assert "3 words of this text were not seen on the pages." in page
    assert "The recipient never sees it." in page
    assert "Page 1 as it came, to compare" in page
    assert ALONE.findall(page)[:3] == ["ring", "07700", "900123"]
    assert "telephone number" in page
    shown = await _shown(world, message)
    assert shown == ["page-001", "page-002"]


async def test_a_ticked_text_is_shown_and_nothing_else_of_the_reading(service: Service, tmp_path: Path) -> None:
    """Ticking shows `text`; what was read, where words stand and pages as they came stay inside."""
    world = await make_world(service)
    message = await _letter(world, tmp_path)
    with pytest.raises(NotFound):
        await texts.show_text(service, world.facilitator, message, await world.digest(message), "reading")
    await texts.show_text(service, world.facilitator, message, await world.digest(message))
    assert await _shown(world, message) == ["page-001", "page-002", "text"]


async def _shown(world: World, message) -> list[str]:  # type: ignore[no-untyped-def]
    """Release it by link; what the recipient's session finds, and that it gets nothing more by name."""
    await world.approve(message)
    await world.agree_to_share(message)
    told = offer.Terms("A letter of two pages. It speaks about that evening.", Channel.PHONE)
    await offer.make_offer(world.service, world.facilitator, message, told)
    await world.accept(message)
    link = await release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    visit, portal = await world.visit(link, secrets.token_urlsafe(32)), as_portal(world.service)
    for name in ("reading", "words", "came-001"):
        with pytest.raises(NotFound):
            await view.open_for_visitor(portal, visit, name)
        assert (await view.open_for_staff(world.service, world.facilitator, message, name)).part.size > 0
    return [part.name for part in (await view.shelf(portal, visit)).parts]
