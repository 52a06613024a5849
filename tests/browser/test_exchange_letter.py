"""One letter, a document and a phone's photo, from the facilitator's upload to the recipient's screen."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from exchange.store.service import Service
from tests.support.browser import Participant, Staff, told
from tests.support.recordings import HIDDEN, SECRETS, VISIBLE, is_picture, letter_docx, phone_photo
from tests.support.running import CONTACTS, NAMES, Exchange

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
NOTE = "It is about the garden gate. It is calm."
TYPED = "A page by hand. I am sorry about the gate."


async def test_a_document_and_a_photo_reach_the_recipient(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """Upload with progress, safe copy, review, preview, offer, acceptance, hand over, reading: each on its page."""
    world = await exchange.case(inside)
    fern = await Staff.signed_in(exchange, visitors, "fern")
    files = [letter_docx(tmp_path / "letter.docx"), phone_photo(tmp_path / "photo.jpg")]
    message = await fern.put_in(world.case, world.author, "file", files)
    await fern.made_safe(message)
    await _look_and_type(fern, message)
    await fern.approve(message)

    author = await Participant.with_link(visitors, await fern.preview_link(message))
    assert HIDDEN not in await author.page.content()
    await author.agree_to_share()

    recipient = await Participant.with_link(visitors, await fern.offer(message, NOTE))
    await told(recipient.page, NOTE)
    await recipient.accept()
    view = await fern.hand_over(message, "link")
    assert view.startswith(f"{exchange.portal}/l#")

    await recipient.open(view)
    await told(recipient.page, NOTE)
    await recipient.read_on()
    await told(recipient.page, TYPED)
    await _sees_only_the_pages(recipient)


async def _look_and_type(fern: Staff, message: str) -> None:
    """The desk shows pages and the text that was in the document; a transcription is typed, that text not ticked."""
    page = fern.page
    await fern.go(f"{message}/review")
    await told(page, VISIBLE)
    await told(page, "It is not shown to the recipient.")
    await expect(page.locator("ol.app-pages img")).to_have_count(2)
    await fern.go(f"{message}/text")
    await page.locator("input[name='name'][value='transcription']").check()
    await page.get_by_label("The text", exact=True).fill(TYPED)
    await page.get_by_role("button", name="Save as a new version").click()
    await page.wait_for_url("**/review")


async def _sees_only_the_pages(recipient: Participant) -> None:
    """Two page images, upright, decodable, without anything of the files they came from; no other part opens."""
    page = recipient.page
    await page.get_by_role("link", name="Show the pages too").click()
    images = page.locator("ol.app-pages img")
    await expect(images).to_have_count(2)
    for image in await images.all():
        await image.scroll_into_view_if_needed()
        await page.wait_for_function(
            "image => image.complete && image.naturalWidth > 0", arg=await image.element_handle()
        )
    bodies = [
        await (await recipient.context.request.get(f"{recipient.here}/part/page-{number:03d}")).body()
        for number in (1, 2)
    ]
    for body in bodies:
        width, height = is_picture(body)
        assert width < height
        assert body.startswith(b"\xff\xd8")
        assert b"Exif" not in body
        assert [secret for secret in (*SECRETS, HIDDEN, *NAMES.values()) if secret.encode() in body] == []
    hidden = await recipient.context.request.get(f"{recipient.here}/part/text")
    assert hidden.status == 404
    shown = await page.content()
    assert [word for word in (HIDDEN, VISIBLE, *SECRETS, *NAMES.values(), *CONTACTS.values()) if word in shown] == []
