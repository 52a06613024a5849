"""One recording of speech, from upload to playing in the recipient's browser; then with a typed transcript."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from exchange.store.service import Service
from tests.support.browser import Participant, Staff, told
from tests.support.recordings import speech
from tests.support.running import Exchange

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
NOTE = "Two words, spoken calmly."
TRANSCRIPT = "(A person speaks.) Front. Centre."
PLAYED = "audio => audio.currentTime > 0.4 && audio.duration > 1 && !audio.error"


async def test_speech_is_heard_and_its_transcript_read(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """It plays; a transcript makes a new version, which stops the old link and is shown after a new approval."""
    world = await exchange.case(inside)
    sage = await Staff.signed_in(exchange, visitors, "sage")
    message = await sage.put_in(world.case, world.author, "audio", [speech(tmp_path / "speech.wav")])
    await sage.made_safe(message)
    first = await _released(sage, message)
    listener = await Participant.with_link(visitors, first)
    await told(listener.page, NOTE)
    await listener.read_on()
    await _plays(listener)
    assert TRANSCRIPT not in await listener.page.content()

    await _type_transcript(sage, message)
    assert (await listener.context.request.get(f"{listener.here}/part/sound")).status == 404
    second = await Participant.with_link(visitors, await _released(sage, message))
    await second.read_on()
    await told(second.page, TRANSCRIPT)
    await _plays(second)


async def _released(sage: Staff, message: str) -> str:
    """Approve the newest version, record both answers on the phone, hand it over: the view link."""
    await sage.approve(message)
    await sage.record(message, "share", given="yes", method="phone")
    await sage.offer(message, NOTE, by_link=False)
    await sage.record(message, "receive", answer="yes", method="phone", how="alone")
    return await sage.hand_over(message, "link")


async def _type_transcript(sage: Staff, message: str) -> None:
    await sage.go(f"{message}/text")
    await sage.page.locator("input[name='name'][value='transcript']").check()
    await sage.page.get_by_label("The text", exact=True).fill(TRANSCRIPT)
    await sage.page.get_by_role("button", name="Save as a new version").click()
    await sage.page.wait_for_url("**/review")


async def _plays(listener: Participant) -> None:
    """The page's player, started as by its own button: time goes on, and nothing is wrong with what it got."""
    audio = await listener.page.wait_for_selector("audio")
    await audio.evaluate("audio => audio.play()")
    await listener.page.wait_for_function(PLAYED, arg=audio)
