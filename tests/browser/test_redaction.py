"""Sound, picture and text are taken out, a voice is masked; the author agrees; the recipient gets nothing but that.

All that the recipient's browser is given, and every part that could be asked for by name, is fetched and measured.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageStat
from playwright.async_api import Browser, Page, expect

from exchange.core.model import Kind
from exchange.steps import intake
from exchange.store.service import Service
from media.redaction import GONE
from tests.support.browser import PATIENCE, Participant, Staff, press, say, tick, told
from tests.support.running import Exchange
from tests.vectors.media import inputs

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
NOTE = "A few words, calm."
STREET, NUMBER = "12 Quay Street", "07700 900123"
LETTER = (
    f"Dear you,\n\nRing me on {NUMBER}.\n\nI live at {STREET}, the one by the gate. Again: {NUMBER}.\n\nI am sorry.\n"
)
PARTS = ("text", "sound", "picture", "poster", "storyboard", "waveform", "captions", "transcript", "page-001")
TONE, SECONDS, RATE = 440, 4, 48_000
PLACE = (0.25, 0.25, 0.5, 0.5)
"""Of the picture, drawn: a quarter from the left and the top, half as wide and high."""
SELECT = """(words) => {
  const texts = document.createTreeWalker(document.querySelector("[data-text]"), NodeFilter.SHOW_TEXT);
  let last;
  while (texts.nextNode()) if (texts.currentNode.data.includes(words)) last = texts.currentNode;
  const at = last.data.lastIndexOf(words);
  getSelection().setBaseAndExtent(last, at, last, at + words.length);
}"""


async def test_the_recipient_of_a_letter_gets_no_struck_word(
    exchange: Exchange, inside: Service, visitors: Browser
) -> None:
    """A mark by one key, words by selecting them; the author reads where and why; not one byte has the words."""
    world = await exchange.case(inside)
    sage = await Staff.signed_in(exchange, visitors, "sage")
    people = {"author": world.author, "recipient": world.recipient}
    made = await intake.begin_message(inside, world.facilitator, world.case, kind=Kind.LETTER, **people)
    await intake.write_letter(inside, world.facilitator, made, LETTER)
    await intake.finish(inside, world.facilitator, made)
    message = f"/messages/{made}"
    await sage.made_safe(message)
    await _mark_by_key(sage, message)
    await sage.go(f"{message}/changes/text")
    for words, nth in ((NUMBER, "2"), (STREET, "1")):
        await sage.page.evaluate(SELECT, words)
        await press(sage.page, "Take the words that I have selected")
        await expect(sage.page.locator("#struck")).to_have_value(words, timeout=PATIENCE)
        assert await sage.page.input_value("#nth") == nth
        await _listed(sage.page, "whereabouts")
    await _make(sage, message)
    link = await _agreed(sage, visitors, message, "Words of the text are left out.", STREET)
    got = await _everything(visitors, link)
    for name, data in got.parts.items():
        for gone in (STREET, NUMBER, "Quay", "900123"):
            assert gone.encode() not in data, name
            assert gone.encode("utf-16-le") not in data, name
    assert got.parts["text"].decode() == LETTER.replace(STREET, GONE).replace(NUMBER, GONE)


async def test_the_recipient_of_a_video_gets_no_covered_picture_and_no_muted_sound(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """A place is drawn and covered, a second is silent, the voice is lower: measured in what is downloaded."""
    world = await exchange.case(inside)
    sage = await Staff.signed_in(exchange, visitors, "sage")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    signals = ("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i", f"sine=frequency={TONE}")
    film = inputs.ffmpeg(tmp_path / "clip.mp4", *signals, *codecs, seconds=SECONDS)
    message = await sage.put_in(world.case, world.author, "video", [film])
    await sage.made_safe(message)
    await sage.go(f"{message}/changes/picture")
    await _draw(sage.page)
    await tick(sage.page, "doing", "cover")
    await _listed(sage.page, "others")
    await tick(sage.page, "doing", "mute")
    await sage.page.fill("#start", "0:01")
    await sage.page.fill("#end", "0:02")
    await _listed(sage.page, "name")
    await tick(sage.page, "how", "lower")
    await sage.page.select_option("#mask-why", "agreed")
    await press(sage.page, "Mask the voice")
    await told(sage.page, "The voice sounds lower.")
    await _make(sage, message)
    link = await _agreed(
        sage, visitors, message, "A part of the picture is covered, from beginning to end.", "clip.mp4"
    )
    got = await _everything(visitors, link)
    assert got.parts.keys() >= {"picture", "poster"}
    _measured(tmp_path, got.parts)


@dataclass
class Got:
    """What the recipient's browser could get: bodies by part or address."""

    parts: dict[str, bytes]


async def _mark_by_key(sage: Staff, message: str) -> None:
    """The first mark is focused and taken out with two keys; the desk counts one less, without a new page."""
    page = sage.page
    await sage.go(f"{message}/review")
    before = await page.locator("[data-marked]").count()
    for there in ("[data-keys]:not([hidden])", "[data-with-scripts]:not([hidden])"):
        await page.locator(there).first.wait_for(state="attached")
    await page.keyboard.press(".")
    assert await page.evaluate("document.activeElement.firstChild.data") == NUMBER
    await page.keyboard.press("t")
    await page.wait_for_function(
        "before => document.querySelectorAll('[data-marked]').length === before - 1", arg=before
    )
    assert f"looked at: {before - 1}." in await page.inner_text("[data-not-looked-at]")


async def _draw(page: Page) -> None:
    """With the pointer, over the paused picture; then once to the right and back by keys."""
    await press(page, "Draw the place")
    await page.locator(".app-draw").wait_for()
    veil = await page.locator(".app-draw").bounding_box()
    assert veil
    left, top, width, height = PLACE
    await page.mouse.move(veil["x"] + left * veil["width"], veil["y"] + top * veil["height"])
    await page.mouse.down()
    await page.mouse.move(
        veil["x"] + (left + width) * veil["width"], veil["y"] + (top + height) * veil["height"], steps=4
    )
    await page.mouse.up()
    drawn = float(await page.input_value("#left"))
    await page.keyboard.press("ArrowRight")
    assert float(await page.input_value("#left")) == pytest.approx(drawn + 1)
    await page.keyboard.press("ArrowLeft")
    fields = [float(await page.input_value(f"#{name}")) for name in ("left", "top", "width", "height")]
    assert fields == pytest.approx([100 * edge for edge in PLACE], abs=1)


async def _listed(page: Page, why: str) -> None:
    """One more is on the list: the words of the page before say the same, so the new page is waited for."""
    await page.select_option("#why", why)
    async with page.expect_navigation(timeout=PATIENCE):
        await press(page, "Put it on the list")
    await told(page, "It is on the list.")


async def _make(sage: Staff, message: str) -> None:
    """The new version, by the worker; the page comes back by itself when it is there."""
    await sage.go(f"{message}/changes")
    await press(sage.page, "Make the new version")
    await told(sage.page, "is made of this list", 2 * PATIENCE)


async def _agreed(sage: Staff, browser: Browser, message: str, changed: str, gone: str) -> str:
    """Approved; the author reads what was changed and agrees on their own; accepted; the view link."""
    await sage.approve(message)
    author = await Participant.with_link(browser, await sage.preview_link(message))
    await told(author.page, changed)
    assert gone not in await author.page.content()
    await author.agree_to_share()
    await sage.offer(message, NOTE, by_link=False)
    await sage.record(message, "receive", answer="yes", method="phone", how="alone")
    return await sage.hand_over(message, "link")


async def _everything(browser: Browser, link: str) -> Got:
    """Read on to the message, and take every page and every part that this browser is given."""
    recipient = await Participant.with_link(browser, link)
    await recipient.read_on()
    await told(recipient.page, "something was left out before it was shared")
    shown = await recipient.page.content()
    got = {"the page": shown.encode()}
    for name in {*PARTS, *re.findall(r"/part/([a-z0-9-]+)", shown)}:
        answer = await recipient.context.request.get(f"{recipient.here}/part/{name}")
        assert answer.status in (200, 404), name
        if answer.ok:
            got[name] = await answer.body()
    say(f"fetched by the recipient: { ({name: len(data) for name, data in got.items()}) } bytes")
    return Got(got)


def _measured(folder: Path, parts: dict[str, bytes]) -> None:
    """Nothing moves or has a colour of its own in the place, nothing is heard in the second, the tone is lower."""
    film = folder / "got.mp4"
    film.write_bytes(parts["picture"])
    for at in (0, 1, 2, 3):
        frame = folder / f"frame-{at}.png"
        inputs.ffmpeg(frame, "-ss", str(at + 0.5), "-i", str(film), "-frames:v", "1", seconds=1)
        assert _spread(frame.read_bytes()) < 2, at
    assert _spread(parts["poster"]) < 2
    loud = [_peak(folder, film, start, end) for start, end in ((0.1, 0.9), (1.02, 1.98), (2.2, 3.5))]
    tone = _pitch(_pcm(folder, film, 2.2, 3.5))
    say(f"loudest of the sound before, in and after the muted second: {loud} of 32767; {TONE} Hz came as {tone:.0f} Hz")
    assert loud[1] <= 1  # -90 dBFS
    assert min(loud[0], loud[2]) > 1000
    assert tone < TONE * 0.95


def _spread(data: bytes) -> float:
    """How different the pixels of the covered place are: standard deviation of the brightness, its edge left out."""
    picture = Image.open(BytesIO(data)).convert("L")
    left, top, width, height = PLACE
    edges = (left + 0.03, top + 0.03, left + width - 0.03, top + height - 0.03)
    sides = (picture.width, picture.height, picture.width, picture.height)
    return float(ImageStat.Stat(picture.crop(tuple(int(e * s) for e, s in zip(edges, sides, strict=True)))).stddev[0])


def _pcm(folder: Path, film: Path, start: float, end: float) -> list[int]:
    path = folder / "sound.raw"
    form = ("-vn", "-ac", "1", "-ar", str(RATE), "-f", "s16le")
    inputs.ffmpeg(path, "-ss", str(start), "-i", str(film), *form, seconds=end - start)
    return list(memoryview(path.read_bytes()).cast("h"))


def _peak(folder: Path, film: Path, start: float, end: float) -> int:
    return max(abs(one) for one in _pcm(folder, film, start, end))


def _pitch(samples: list[int]) -> float:
    """Of a tone: how often it passes zero upwards in a second."""
    return sum(before < 0 <= after for before, after in pairwise(samples)) / (len(samples) / RATE)
