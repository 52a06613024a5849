"""A letter for a person in custody: everything on paper, against the code that stands on each sheet."""

from pathlib import Path

import pypdfium2
import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import select

from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.browser import PATIENCE, Staff, id_of, press, tick, told
from tests.support.running import CONTACTS, NAMES, Exchange

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
LETTER = "I think about the orchard wall. I broke it. I will answer what you ask."
NOTE = "One page about the orchard wall. It is calm."


async def test_a_letter_on_paper_for_a_person_in_custody(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """Typed, approved, agreed to on paper, asked in person, printed in two sizes, handed over, its copy recorded."""
    world = await exchange.case(inside, custody=True)
    fern = await Staff.signed_in(exchange, visitors, "fern")
    page, message = fern.page, await _typed(fern, world.case, world.author)
    await fern.made_safe(message)
    await fern.approve(message)
    code, reference = await _codes(inside, message)

    await fern.record(message, "share", given="yes", method="paper", paper_code="ZZZZZ2")
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    assert await _consents(inside, message) == []
    await fern.record(message, "share", given="yes", method="paper", paper_code=code.lower())
    await fern.offer(message, NOTE, by_link=False)
    await fern.record(message, "receive", answer="yes", method="paper", how="printed")
    assert await _consents(inside, message) == [("share", "paper"), ("receive", "paper")]

    await fern.go(f"{message}/hand-over")
    await told(page, "is in custody and has no internet")
    await expect(page.locator("input[name='way'][value='printed']")).to_be_checked()
    await press(page, "Hand it over")
    await fern.step_up_if_asked()
    await page.wait_for_url("**/print/**", timeout=PATIENCE)
    large = await _printed(fern, tmp_path / "large.pdf")
    await page.get_by_role("button", name="Ordinary print").click()
    await page.wait_for_url("**large=no*")
    ordinary = await _printed(fern, tmp_path / "ordinary.pdf")
    for words in (ordinary, large):
        _is_the_pack(words, code, reference)
    await _handed_over(fern, inside, message)


async def _typed(fern: Staff, case: object, author: object) -> str:
    page = fern.page
    await fern.go(f"/cases/{case}/messages/new")
    await tick(page, "author", str(author))
    await tick(page, "what", "typed")
    await press(page, "Continue")
    await page.get_by_label("The letter, word for word").fill(LETTER)
    await press(page, "Put it in")
    return "/messages/" + page.url.split("/messages/")[1].split("?")[0]


async def _codes(inside: Service, message: str) -> tuple[str, str]:
    """The version's code and the case's reference."""
    r, c = t.revision, t.cases
    async with reading(inside) as conn:
        query = (
            select(r.c.version_code, c.c.reference)
            .join(t.message, t.message.c.id == r.c.message_id)
            .join(c, c.c.id == t.message.c.case_id)
            .where(r.c.message_id == id_of(message))
        )
        return tuple((await conn.execute(query)).one())  # type: ignore[return-value]


async def _consents(inside: Service, message: str) -> list[tuple[str, str]]:
    """What was recorded about this message, and how it was said."""
    c = t.consent
    async with reading(inside) as conn:
        query = select(c.c.kind, c.c.method).where(c.c.message_id == id_of(message)).order_by(c.c.at)
        return [tuple(row) for row in await conn.execute(query)]  # type: ignore[misc]


async def _printed(fern: Staff, path: Path) -> str:
    """What Chromium would print, as the words of its PDF; more than one sheet."""
    await fern.page.pdf(path=path, format="A4")
    with pypdfium2.PdfDocument(path) as document:
        assert len(document) >= 3
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def _is_the_pack(words: str, code: str, reference: str) -> None:
    """Coversheet, letter, reply sheet, both codes; nothing that says who or where anybody is."""
    flat = " ".join(words.split())
    for wanted in (LETTER, NOTE, code, reference, "For staff who hand this over", "If you want to answer"):
        assert wanted in flat, (wanted, flat)
    secrets = [*NAMES.values(), "Plantedname", *CONTACTS.values(), "Print pack", "Sign out"]
    assert [secret for secret in secrets if secret in flat] == []


async def _handed_over(fern: Staff, inside: Service, message: str) -> None:
    """It was given to the person, who keeps it: recorded, and the print page is over."""
    page, printed = fern.page, fern.page.url
    await tick(page, "copy_now", "kept")
    await press(page, "Stop and record")
    await told(page, "Recorded.")
    async with reading(inside) as conn:
        query = select(t.release).where(t.release.c.message_id == id_of(message))
        release = (await conn.execute(query)).one()
        state = (await conn.execute(select(t.message.c.state).where(t.message.c.id == release.message_id))).scalar_one()
    assert (release.way, release.copy, state) == ("printed", "kept", "opened")
    assert release.ended_at is not None
    assert (await page.context.request.get(printed)).status == 404
