"""The pages of a message in real Chromium: upload with progress, waveform, notes, printing.

`test_every_page.py` looks at each of them.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pypdfium2
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright

from exchange.core.model import Kind
from exchange.steps import intake, release, review, upload
from exchange.store import read
from exchange.store.service import Service
from tests.support import message_tour
from tests.support.console_site import Console, running_console, session_cookie
from tests.support.putting_in import chunked, read_back
from tests.support.world import World, make_world
from tests.vectors.media import inputs

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
REMEMBER_WORDS = """() => {
  const box = document.querySelector("[data-going-words]"), said = [];
  new MutationObserver(() => { said.push(box.textContent); sessionStorage.seen = JSON.stringify(said); })
    .observe(box, { childList: true, characterData: true, subtree: true });
}"""


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
async def browser(chromium: str | None) -> AsyncIterator[Browser]:
    """Real Chromium."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        await launched.close()


async def signed_in(browser: Browser, console: Console, world: World, *, scripts: bool = True) -> BrowserContext:
    """A browser in which the facilitator is signed in."""
    assert world.facilitator.id
    cookie = await session_cookie(console.service, world.facilitator.id)
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=scripts)
    await context.add_cookies([{"name": "console", "value": cookie, "domain": "127.0.0.1", "path": "/"}])
    return context


def watched(page: Page) -> list[str]:
    """What the page complains of: refusals of the policy and errors of scripts."""
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


async def receiving(world: World, kind: Kind) -> str:
    """A message just begun; its path."""
    people = {"author": world.author, "recipient": world.recipient}
    made = await intake.begin_message(world.service, world.facilitator, world.case, kind=kind, **people)
    return f"/messages/{made}"


async def test_upload_shows_progress_and_goes_on_after_a_lost_connection(
    browser: Browser, console: Console, world: World, tmp_path: Path
) -> None:
    """Two photos in their order: percent grows, the connection is lost once, everything arrives once."""
    context = await signed_in(browser, console, world)
    page, path = await context.new_page(), await receiving(world, Kind.LETTER)
    files = [tmp_path / "b-first.jpg", tmp_path / "a-second.jpg"]
    for file in files:
        file.write_bytes(file.name.encode() * 400_000)
    lost = asyncio.Event()

    async def lose_one(route: Route) -> None:
        if route.request.method == "PATCH" and not lost.is_set():
            lost.set()
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/uploads/*", lose_one)
    await page.goto(f"{console.url}{path}/upload?what=scan")
    await page.evaluate(REMEMBER_WORDS)
    await page.set_input_files("#files", files)
    await page.click("#upload button")
    await page.get_by_role("heading", name="Is this everything?").wait_for(timeout=60_000)
    said = await page.evaluate("JSON.parse(sessionStorage.seen)")
    assert lost.is_set()
    assert any("connection was lost" in words for words in said)
    assert any(words.startswith("Arriving: 100 %") for words in said)
    arrived = await read.uploads_of(world.service, world.facilitator, arrived_in(path))
    assert [(f.untrusted_name, f.received, f.complete) for f in arrived] == [
        (file.name, file.stat().st_size, True) for file in files
    ]
    await page.get_by_role("button", name="Put it in").click()
    await page.get_by_text("It is put in.").wait_for()
    assert await world.state(arrived_in(path)) == "quarantined"


async def test_a_file_half_here_goes_on_where_it_stopped(
    browser: Browser, console: Console, world: World, tmp_path: Path
) -> None:
    """Another day, another browser: the same file chosen once more sends only the rest."""
    path, file = await receiving(world, Kind.AUDIO), tmp_path / "talk.mp3"
    file.write_bytes(bytes(range(256)) * 4000)
    service, who, message = world.service, world.facilitator, arrived_in(path)
    made = await upload.begin_upload(service, who, message, size=file.stat().st_size, untrusted_name=file.name)
    await upload.append(service, who, made, 0, chunked(file.read_bytes()[:700_000]))
    context = await signed_in(browser, console, world)
    page = await context.new_page()
    sent: list[str] = []
    page.on("request", lambda r: sent.append(f"{r.method} {r.headers.get('upload-offset', '')}".strip()))
    await page.goto(f"{console.url}{path}/upload")
    await page.get_by_text("68 % is here").wait_for()
    await page.set_input_files("#files", file)
    await page.click("#upload button")
    await page.get_by_text("All of it is here").wait_for()
    assert "PATCH 700000" in sent
    assert not [one for one in sent if one.startswith("POST")]
    assert await read_back(service, made) == file.read_bytes()


async def test_without_scripts_a_file_is_put_in(
    browser: Browser, console: Console, world: World, tmp_path: Path
) -> None:
    """The same page as a plain form, with what a real browser sends."""
    context = await signed_in(browser, console, world, scripts=False)
    page, path = await context.new_page(), await receiving(world, Kind.LETTER)
    file = tmp_path / "letter.txt"
    file.write_text("Dear neighbour")
    await page.goto(f"{console.url}{path}/upload?what=file")
    await page.set_input_files("#files", file)
    await page.click("#upload button")
    await page.get_by_text("The files have arrived.").wait_for()
    await page.get_by_role("button", name="Put it in").click()
    await page.get_by_text("Check again").wait_for()
    assert await world.state(arrived_in(path)) == "quarantined"


async def test_the_desk_draws_the_sound_and_notes_lead_to_their_time(
    browser: Browser, console: Console, world: World, tmp_path: Path
) -> None:
    """Nothing starts by itself; the waveform is drawn under the policy; speed and notes work."""
    message = await message_tour.recording(world, tmp_path)
    digest = await world.digest(message)
    noted = {"text": "Listen here", "place": {"seconds": 2}}
    await review.add_note(world.service, world.facilitator, message, digest, **noted)
    context = await signed_in(browser, console, world)
    page = await context.new_page()
    wrong = watched(page)
    await page.goto(f"{console.url}/messages/{message}/review")
    await page.locator("[data-wave][data-drawn=yes]").wait_for(timeout=30_000)
    assert await page.evaluate("document.querySelector('audio').paused")
    await page.get_by_role("link", name="0:02").click()
    await page.select_option("[data-speed]", "1.5")
    await page.wait_for_function("document.querySelector('audio').currentTime === 2")
    assert await page.evaluate("document.querySelector('audio').playbackRate") == 1.5
    await page.get_by_text("Add a note", exact=True).click()
    await page.get_by_role("button", name="Take the time of the player").click()
    assert await page.input_value("#place") == "0:02"
    assert wrong == []


async def test_the_print_pack_prints_sheets_and_nothing_else(browser: Browser, console: Console, world: World) -> None:
    """As a PDF: four sheets, both codes, the letter; no menu, no button, no id."""
    message, _ = await world.offered()
    await world.accept(message)
    printed = await release.print_pack(world.service, world.facilitator, message)
    context = await signed_in(browser, console, world)
    page = await context.new_page()
    await page.goto(f"{console.url}/messages/{message}/print/{printed}")
    sheets = pypdfium2.PdfDocument(await page.pdf(prefer_css_page_size=True))
    words = [sheet.get_textpage().get_text_range() for sheet in sheets]
    assert len(words) == 4
    assert "For staff who hand this over" in words[0]
    assert "It speaks about that evening." in words[1]
    assert "I think about that evening often." in words[2]
    assert "If you want to answer" in words[3]
    everything = "\n".join(words)
    for unwanted in ("Sign out", "Print pack", "Stop and record", "Demonstration", str(message), str(printed)):
        assert unwanted not in everything


def arrived_in(path: str) -> UUID:
    """The message's id in its path."""
    return UUID(path.split("/")[2])


async def ready(page: Page) -> None:
    """Until the desk's scripts are there."""
    for there in ("[data-keys]:not([hidden])", "[data-with-scripts]:not([hidden])"):
        await page.locator(there).first.wait_for(state="attached")


async def test_a_place_is_marked_by_keys_and_a_note_at_selected_words(
    browser: Browser, console: Console, world: World, tmp_path: Path
) -> None:
    """Nothing but the keyboard: a rectangle moved and made larger, noted, pinned; words selected; keys switched off."""
    message = await message_tour.put_in(world, Kind.LETTER, inputs.word(tmp_path / "letter.docx"))
    context = await signed_in(browser, console, world)
    page = await context.new_page()
    wrong = watched(page)
    await page.goto(f"{console.url}/messages/{message}/review")
    await ready(page)
    await page.keyboard.press("a")
    assert await page.evaluate("document.activeElement.name") == "text"
    await page.keyboard.type("A name stands here.")
    assert await page.input_value("#text") == "A name stands here."  # its letters are no keys in a field
    await page.get_by_role("button", name="Mark a place on this page").press("Enter")
    await page.locator(".app-draw__box:focus").wait_for()
    for key in ("ArrowLeft", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowDown"):
        await page.keyboard.press(key)
    assert await page.input_value("input[name=box]") == "29,41,41,16"
    await page.get_by_role("button", name="Add the note").press("Enter")
    await page.get_by_text("The note was added.").wait_for()
    pin = page.get_by_role("link", name="Note 1")
    await pin.focus()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.querySelector(':target').id") == "note-1"
    await page.get_by_role("link", name="Page 1", exact=True).click()
    assert await page.evaluate("document.querySelector(':target').id") == "pin-1"
    await ready(page)
    await page.evaluate("getSelection().selectAllChildren(document.querySelector('[data-text]'))")
    await page.keyboard.press("a")
    assert "first point" in await page.input_value("#words")
    await page.get_by_text("Keys", exact=True).click()
    await page.get_by_label("Single keys work on this page").uncheck()
    await page.evaluate("document.querySelector('[data-note]').open = false; document.activeElement.blur()")
    await page.keyboard.press("a")
    assert not await page.evaluate("document.querySelector('[data-note]').open")
    assert wrong == []


async def test_a_mark_is_left_by_one_key_without_a_new_page(browser: Browser, console: Console, world: World) -> None:
    """Both places of the same number at once, announced, counted; the page is the same one, the next mark is near."""
    message = await world.letter("Ring 07700 900123 or 07700 900123.\n\nI live in Lower Heath.\n")
    context = await signed_in(browser, console, world)
    page = await context.new_page()
    wrong = watched(page)
    await page.goto(f"{console.url}/messages/{message}/review")
    await ready(page)
    await page.evaluate("window.same = true")
    await page.keyboard.press(".")
    await page.keyboard.press("x")
    await page.get_by_text("Places that may tell who or where somebody is: 1").wait_for()
    assert await page.inner_text("[data-not-looked-at] strong") == "Marked places that nobody has looked at: 1."
    assert await page.inner_text("[data-said]") == "It is left as it is."
    assert await page.evaluate("window.same")
    await page.keyboard.press(".")
    assert await page.evaluate("document.activeElement.firstChild.data") == "Lower Heath"
    await page.reload()
    assert await page.locator("mark.app-mark").count() == 1
    assert wrong == []
