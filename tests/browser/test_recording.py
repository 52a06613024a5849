"""Recording in the page: sound and video from a made-up microphone and camera to the facilitator's screen."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, expect
from sqlalchemy import Row, func, select, update

from exchange.core.model import Channel, FactKind, Kind
from exchange.steps import links
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.browser import DESK, PATIENCE, PHONE, Participant, Staff, newest_message, press, say, tick, told
from tests.support.microphone import NOTHING, chromium_with_microphone, kept_by
from tests.support.putting_in import read_back
from tests.support.running import Exchange
from tests.support.world import CODE, World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
SHOTS = os.environ.get("EXCHANGE_SHOTS")
AXE = "axe.run(document, {resultTypes: ['violations']})"
LASTS = "player => player.readyState > 0 && player.duration > 2 && player.duration < 30"
PLAYABLE = """address => new Promise(done => {
  const player = new Audio(address);
  player.onloadedmetadata = () => done(true);
  player.onerror = () => done(false);
})"""
REMEMBER = """() => {
  const make = URL.createObjectURL;
  URL.createObjectURL = blob => { globalThis.made = blob; return make.call(URL, blob); };
}"""
DIGEST = """async () => {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", await made.arrayBuffer()));
  return [...found].map(byte => byte.toString(16).padStart(2, "0")).join("");
}"""


@pytest.fixture
async def speakers() -> AsyncIterator[Browser]:
    """Chromium with microphone and camera."""
    async with chromium_with_microphone() as launched:
        yield launched


async def invited(exchange: Exchange, world: World, kind: Kind) -> str:
    """The address of an invitation to record."""
    made = await links.invite(
        world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL, kind=kind
    )
    return f"{exchange.portal}/l#{made.secret}"


async def clean(page: Page, name: str) -> None:
    """No violation of any rule of axe in this state; a picture of it where they are kept."""
    await page.evaluate(AXE_SCRIPT + ";0")
    found = (await page.evaluate(AXE))["violations"]
    assert [(name, one["id"], one["nodes"][0]["html"][:160]) for one in found] == []
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), name
    if SHOTS:
        size = page.viewport_size or {"width": 0}
        await page.screenshot(path=Path(SHOTS) / f"record-{name}-{size['width']}.png", full_page=True)


@pytest.mark.parametrize(("kind", "size"), [(Kind.AUDIO, PHONE), (Kind.VIDEO, DESK), (Kind.VIDEO, PHONE)])
async def test_a_recording_reaches_the_desk(
    exchange: Exchange, inside: Service, speakers: Browser, kind: Kind, size: dict[str, int]
) -> None:
    """Choose, turn on, record, pause, go on, stop, play, send: by keyboard; it is made safe and can be reviewed."""
    world = await exchange.case(inside)
    author = await Participant.with_link(speakers, await invited(exchange, world, kind), size)
    page, film = author.page, kind is Kind.VIDEO
    await author.go("/way")
    await clean(page, f"{kind}-way")
    await tick(page, "way", "record")
    await press(page, "Continue")
    await page.locator("[data-turn-on]").press("Enter")
    await told(page, "You are not being recorded yet.")
    await expect(page.locator("[data-start]")).to_be_focused()
    await clean(page, f"{kind}-ready")
    await page.wait_for_function("() => document.querySelector('[data-level]').value > 20")
    await page.keyboard.press("Enter")
    await told(page, "Recording.")
    await expect(page.locator("#recorder [data-pause]")).to_be_focused()
    await page.wait_for_timeout(2500)
    await clean(page, f"{kind}-recording")
    await page.keyboard.press("Enter")
    await told(page, "Paused. Nothing is being recorded.")
    await clean(page, f"{kind}-paused")
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(1500)
    await page.locator("[data-stop]").press("Enter")
    await expect(page.locator("[data-heading]")).to_be_focused()
    await told(page, "All of it has arrived.")
    await page.wait_for_function(LASTS, arg=await page.query_selector("[data-player]"))
    await clean(page, f"{kind}-again")
    await page.locator("[data-use]").press("Enter")
    await page.wait_for_url("**/check")
    await page.wait_for_function("() => document.querySelector('.app-recorded').readyState > 0")
    await clean(page, f"{kind}-check")
    assert await kept_by(page) == NOTHING
    await press(page, "Send it to my facilitator")
    await told(page, "It has arrived")
    assert await kept_by(page) == NOTHING
    say(f"{kind} at the desk: {await _reviewed(exchange, inside, speakers, world, film=film):.1f} s")


async def _reviewed(exchange: Exchange, inside: Service, browser: Browser, world: World, *, film: bool) -> float:
    """It is made safe and lies at the desk: how long it plays there."""
    message = await newest_message(inside, world.case)
    fern = await Staff.signed_in(exchange, browser, "fern")
    await fern.made_safe(message)
    await fern.go(f"{message}/review")
    media = await fern.page.wait_for_selector("video" if film else "audio", state="attached", timeout=PATIENCE)
    await fern.page.wait_for_function("media => media.readyState > 0 && media.duration > 2", arg=media)
    return float(await media.evaluate("media => media.duration"))


async def recording(exchange: Exchange, world: World, browser: Browser, kind: Kind = Kind.AUDIO) -> Participant:
    """Somebody whose recording has begun."""
    author = await Participant.with_link(browser, await invited(exchange, world, kind))
    await author.go("/record")
    await author.page.locator("[data-turn-on]").click()
    await author.page.locator("[data-start]").click()
    await told(author.page, "Recording.")
    return author


async def uploads(inside: Service, world: World) -> list[Row[Any]]:
    """Every upload of the case, the newest last."""
    u = t.upload
    query = select(u).join(t.message, t.message.c.id == u.c.message_id).where(t.message.c.case_id == world.case)
    async with reading(inside) as conn:
        return list((await conn.execute(query.order_by(u.c.created_at))).all())


async def until(inside: Service, world: World, enough: Callable[[list[Row[Any]]], bool]) -> list[Row[Any]]:
    """The uploads, once they are as expected."""
    for _ in range(120):
        if enough(found := await uploads(inside, world)):
            return found
        await asyncio.sleep(0.25)
    raise AssertionError(found)


async def another_piece(inside: Service, world: World) -> None:
    """Wait until more of the recording has arrived."""
    before = (await uploads(inside, world))[0].received
    await until(inside, world, lambda rows: rows[0].received > before)


async def idle(inside: Service, seconds: int) -> None:
    """As if nobody had used any visit for so long."""
    long_ago = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    async with reading(inside) as conn:
        await conn.execute(update(t.portal_session).values(last_used_at=long_ago))


async def test_recording_again_takes_the_first_one_away(exchange: Exchange, inside: Service, speakers: Browser) -> None:
    """Asked once more, then: gone from the server, memory let go, and a new one is what is checked and sent."""
    world = await exchange.case(inside)
    author = await recording(exchange, world, speakers)
    page = author.page
    await page.wait_for_timeout(1200)
    await page.locator("[data-stop]").click()
    await told(page, "All of it has arrived.")
    first = await page.locator("[data-player]").get_attribute("src")
    assert await page.evaluate(PLAYABLE, first) is True
    await page.locator("[data-anew]").click()
    await told(page, "This takes away what you have recorded.")
    await clean(page, "audio-sure")
    await page.locator("[data-stay]").click()
    await expect(page.locator("[data-anew]")).to_be_focused()
    await page.locator("[data-anew]").click()
    await page.locator("[data-really]").click()
    await told(page, "You are not being recorded yet.")
    assert [row.state for row in await uploads(inside, world)] == ["gone"]
    assert await page.evaluate(PLAYABLE, first) is False
    await page.locator("[data-start]").click()
    await page.wait_for_timeout(1200)
    await page.locator("[data-stop]").click()
    await told(page, "All of it has arrived.")
    assert [row.state for row in await uploads(inside, world)] == ["gone", "complete"]
    await page.locator("[data-use]").click()
    await page.wait_for_url("**/check")
    await expect(page.locator("[data-so-far]")).to_have_count(1)


async def test_a_lost_connection_while_recording_loses_nothing(
    exchange: Exchange, inside: Service, speakers: Browser
) -> None:
    """Recording goes on, a calm sentence tells, sending catches up; what arrives is what was recorded, every byte."""
    world = await exchange.case(inside)
    author = await recording(exchange, world, speakers, Kind.VIDEO)
    page = author.page
    before = (await until(inside, world, lambda rows: bool(rows) and rows[0].received > 0))[0].received
    await page.context.set_offline(True)
    await told(page, "There is no connection at the moment.")
    await clean(page, "video-offline")
    await page.wait_for_timeout(3000)
    assert await page.locator("#recorder").get_attribute("data-state") == "recording"
    await page.context.set_offline(False)
    await until(inside, world, lambda rows: rows[0].received > before)
    await page.evaluate(REMEMBER)
    await expect(page.locator("[data-line]")).to_be_hidden()
    await page.locator("[data-stop]").click()
    await told(page, "All of it has arrived.")
    digest = await page.evaluate(DIGEST)
    (row,) = await uploads(inside, world)
    assert hashlib.sha256(await read_back(inside, row.id)).hexdigest() == digest
    await page.locator("[data-use]").click()
    await page.wait_for_url("**/check")
    played = await page.context.request.get(f"{author.here}/upload/{row.id}/play")
    assert hashlib.sha256(await played.body()).hexdigest() == digest


async def test_a_tab_closed_while_recording_loses_seconds_only(
    exchange: Exchange, inside: Service, speakers: Browser
) -> None:
    """Back with the link: what had come is there, can be heard, is kept on a press, and can be reviewed."""
    world = await exchange.case(inside)
    link = await invited(exchange, world, Kind.VIDEO)
    author = await Participant.with_link(speakers, link)
    await author.go("/record")
    await author.page.locator("[data-turn-on]").click()
    await author.page.locator("[data-start]").click()
    await author.page.wait_for_timeout(9000)
    await author.page.close()
    back = await Participant.with_link(speakers, link)
    await back.go("/check")
    await told(back.page, "You cannot send it yet")
    assert await back.page.get_by_role("button", name="Send it to my facilitator").count() == 0
    await back.go("/record")
    await told(back.page, "This recording broke off.")
    await back.page.wait_for_function("() => document.querySelector('.app-recorded').readyState > 0")
    await clean(back.page, "video-broke-off")
    await press(back.page, "Keep what was recorded")
    await press(back.page, "Send it to my facilitator")
    await told(back.page, "It has arrived")
    lasted = await _reviewed(exchange, inside, speakers, world, film=True)
    say(f"recorded 9.0 s, tab closed: {lasted:.1f} s are there")
    assert lasted > 9 - 6
    assert await kept_by(back.page) == NOTHING


async def test_recording_counts_as_use_and_a_long_outage_asks_for_the_code(
    exchange: Exchange, inside: Service, speakers: Browser
) -> None:
    """While pieces arrive the visit stays open. After ten minutes without: the code, in place, and nothing is lost."""
    world = await exchange.case(inside)
    author = await recording(exchange, world, speakers)
    page = author.page
    await until(inside, world, lambda rows: bool(rows) and rows[0].received > 0)
    await idle(inside, 500)
    # a piece that was under way counted as use before the clock was set back: two more must arrive
    for _ in range(2):
        await another_piece(inside, world)
    async with reading(inside) as conn:
        used = (await conn.execute(select(func.max(t.portal_session.c.last_used_at)))).scalar_one()
    assert (datetime.now(UTC) - used).total_seconds() < 60
    await idle(inside, 700)
    await told(page, "Your recording is still here.")
    await clean(page, "audio-locked")
    assert await page.locator("#recorder").get_attribute("data-state") == "recording"
    await page.locator("[data-code]").fill("wrong words here")
    await page.locator("[data-locked] button").click()
    await told(page, "This code did not open it.")
    await page.locator("[data-code]").fill(CODE)
    await page.keyboard.press("Enter")
    await told(page, "Unlocked. Sending goes on.")
    await page.locator("[data-stop]").click()
    await told(page, "All of it has arrived.")


async def test_a_recording_ends_by_itself_at_its_longest(
    exchange: Exchange, inside: Service, speakers: Browser
) -> None:
    """The length is said before; one minute before the end it is said again; all of it is there."""
    world = await exchange.case(inside)
    author = await Participant.with_link(speakers, await invited(exchange, world, Kind.AUDIO))
    page = author.page
    await author.go("/record")
    await told(page, "You can record up to 60 minutes.")
    await page.evaluate("() => { document.getElementById('recorder').dataset.minutes = '0.04'; }")
    await page.locator("[data-turn-on]").click()
    await page.locator("[data-start]").click()
    await told(page, "All of it has arrived.")
    # that it arrived, at once on a good line, does not hide why it stopped
    await told(page, "This is as long as it can be, so it was stopped.")
    assert not await page.evaluate("() => document.querySelector('[data-live]').checkVisibility()")


@pytest.mark.parametrize("kind", [Kind.AUDIO, Kind.VIDEO])
async def test_who_cannot_record_is_told_what_to_do(exchange: Exchange, inside: Service, kind: Kind) -> None:
    """Permission denied, no recorder in the browser, no device: a sentence, "try again", send a file, a number."""
    world = await exchange.case(inside)
    link = await invited(exchange, world, kind)
    without = {
        "unable": "() => { delete window.MediaRecorder; }",
        "missing": "() => { navigator.mediaDevices.getUserMedia = async () => "
        "{ throw new DOMException('', 'NotFoundError'); }; }",
    }
    async with chromium_with_microphone(granted=False) as browser:
        author = await Participant.with_link(browser, link)
        page = author.page
        for name, sentence in (
            ("denied", "Your browser did not let this page use"), ("unable", "This browser cannot record here."),
            ("missing", "We did not find"),
        ):  # fmt: skip
            await author.go("/record")
            if name in without:
                await page.evaluate(without[name])
            await page.locator("[data-turn-on]").click()
            await told(page, sentence)
            await expect(page.locator("[data-wrong]")).to_be_focused()
            await clean(page, f"{kind}-{name}")
            assert await page.locator("[data-wrong] a[href^='tel:']").count() == 1
        await page.get_by_role("button", name="Send a recording that you have").click()
        await page.wait_for_url("**/upload")


async def test_only_the_recorder_may_use_microphone_and_camera(
    exchange: Exchange, inside: Service, speakers: Browser
) -> None:
    """By the policy of the answer: sound only for sound, nothing elsewhere; other pages are refused by the browser."""
    world = await exchange.case(inside)
    for kind, camera in ((Kind.AUDIO, "camera=()"), (Kind.VIDEO, "camera=(self)")):
        author = await Participant.with_link(speakers, await invited(exchange, world, kind))
        answer = await author.page.goto(f"{author.here}/record")
        assert answer
        policy = (await answer.all_headers())["permissions-policy"]
        assert camera in policy
        assert "microphone=(self)" in policy
        for path in ("/way", "/upload", "/check"):
            answer = await author.page.goto(author.here + path)
            assert answer
            policy = (await answer.all_headers())["permissions-policy"]
            assert "camera=()" in policy
            assert "microphone=()" in policy
        refused = "() => navigator.mediaDevices.getUserMedia({ audio: true }).then(() => 'open', error => error.name)"
        assert await author.page.evaluate(refused) == "NotAllowedError"


async def test_a_recording_that_is_stopped_for_safety_says_so(
    exchange: Exchange, inside: Service, speakers: Browser
) -> None:
    """A hold on the case while somebody records: told calmly, with a number; the microphone is off."""
    world = await exchange.case(inside)
    author = await Participant.with_link(speakers, await invited(exchange, world, Kind.AUDIO))
    page = author.page
    await author.go("/record")
    await world.fact(FactKind.HOLD, "on")
    await page.locator("[data-turn-on]").click()
    await page.locator("[data-start]").click()
    await told(page, "This is not possible at the moment.")
    assert await page.locator("[data-wrong] a[href^='tel:']").count() == 1
    assert await page.locator("#level").get_attribute("value") in ("0", None)
    await page.wait_for_timeout(5000)
    assert not await page.locator("[data-again]").is_visible()
