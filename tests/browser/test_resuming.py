"""Uploads that go on: a connection that breaks, a tab that is closed, another file of the same name and size."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, expect

from exchange.core.model import Kind
from exchange.store.service import Service
from tests.browser.test_recording import clean, invited, uploads
from tests.support.browser import DESK, PATIENCE, PHONE, Participant, Staff, newest_message, press, say, tick, told
from tests.support.cutting import breaking_line
from tests.support.microphone import NOTHING, kept_by
from tests.support.putting_in import read_back
from tests.support.recordings import phone_photo
from tests.support.running import Exchange
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
MIB = 1024 * 1024
SIZE = 300 * MIB
CUTS = 10


def made_up(path: Path, size: int, seed: bytes = b"film") -> str:
    """A file of bytes that look like chance; its SHA-256."""
    digest, block = hashlib.sha256(), hashlib.shake_256(seed).digest(MIB)
    with path.open("wb") as file:
        for number in range(0, size, MIB):
            data = (number.to_bytes(8) + block[8:])[: size - number]
            file.write(data)
            digest.update(data)
    return digest.hexdigest()


def marks() -> Iterator[int]:
    """Where the line breaks: ten times, spread over the file, once soon after the start."""
    yield 2 * MIB
    for number in range(1, CUTS):
        yield number * SIZE // CUTS


async def choose(page: Page, *files: Path) -> None:
    """Choose files and send them."""
    await page.locator("#file").set_input_files(files)
    await page.locator("#upload button[type=submit]").click()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_300_mib_over_a_line_that_breaks_ten_times(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path, size: dict[str, int]
) -> None:
    """Bit-identical at the far end, at most one byte in twenty sent twice, and nothing kept in the browser."""
    world = await exchange.case(inside)
    digest = made_up(tmp_path / "interview.mp4", SIZE)
    site = urlsplit(exchange.portal)
    async with breaking_line(site.hostname or "", site.port or 0, list(marks())) as line:
        link = (await invited(exchange, world, Kind.VIDEO)).replace(f":{site.port}/", f":{line.port}/")
        author = await Participant.with_link(visitors, link, size)
        await author.go("/upload")
        began, before = time.monotonic(), line.taken
        await choose(author.page, tmp_path / "interview.mp4")
        await author.page.wait_for_url("**/check", timeout=4 * PATIENCE)
        took, sent = time.monotonic() - began, line.taken - before
        assert await kept_by(author.page) == NOTHING
    (row,) = await uploads(inside, world)
    assert (row.state, row.received, line.cuts) == ("complete", SIZE, CUTS)
    assert hashlib.sha256(await read_back(inside, row.id)).hexdigest() == digest
    twice = (sent - SIZE) / SIZE
    say(f"300 MiB, cut {line.cuts} times: {took:.1f} s, {100 * twice:.2f} % sent twice (requests' heads included)")
    assert twice <= 0.05
    assert took < 60


async def test_a_closed_tab_goes_on_where_it_ended(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """A fresh browser: the page says what is here; the same file, even renamed, goes on, and is whole."""
    world = await exchange.case(inside)
    digest = made_up(tmp_path / "interview.mp4", 40 * MIB)
    site = urlsplit(exchange.portal)
    link = await invited(exchange, world, Kind.VIDEO)
    async with breaking_line(site.hostname or "", site.port or 0, []) as line:
        first = await Participant.with_link(visitors, link.replace(f":{site.port}/", f":{line.port}/"))
        await first.go("/upload")
        line.marks.append(line.taken + 20 * MIB)
        await choose(first.page, tmp_path / "interview.mp4")
        while not line.cuts:
            await first.page.wait_for_timeout(20)
        await first.page.close()
    back = await Participant.with_link(visitors, link)
    await back.go("/check")
    await told(back.page, "You cannot send it yet")
    await back.page.get_by_role("link", name="Go on sending it").click()
    await told(back.page, "Choose the same file again to go on, or take it away.")
    await told(back.page, "interview.mp4")
    await clean(back.page, "upload-unfinished")
    assert await kept_by(back.page) == NOTHING
    came = (await uploads(inside, world))[0].received
    assert 19 * MIB < came < 40 * MIB
    (tmp_path / "interview.mp4").rename(tmp_path / "VID_0001.mp4")
    bodies: list[int] = []
    back.page.on("request", lambda one: bodies.append(int(one.headers.get("upload-offset", -1))))
    await choose(back.page, tmp_path / "VID_0001.mp4")
    await back.page.wait_for_url("**/check", timeout=4 * PATIENCE)
    assert min(offset for offset in bodies if offset >= 0) == came
    (row,) = await uploads(inside, world)
    assert row.state == "complete"
    assert hashlib.sha256(await read_back(inside, row.id)).hexdigest() == digest


async def test_another_file_of_the_same_name_and_size_never_makes_a_mixture(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """It differs in one byte in the middle of what has arrived: told, nothing sent; taken away, it goes as its own."""
    world = await exchange.case(inside)
    film = tmp_path / "interview.mp4"
    made_up(film, 12 * MIB)
    author = await Participant.with_link(visitors, await invited(exchange, world, Kind.VIDEO))
    page = author.page
    await author.go("/upload")
    patches: list[str] = []

    async def broken(route: Route) -> None:
        patches.append(route.request.method)
        await (route.continue_() if patches.count("PATCH") < 12 else route.abort())

    await page.route("**/uploads/*", broken)
    await choose(page, film)
    await told(page, "The connection was lost. Waiting to go on…")
    await author.go("/upload")
    await page.unroute("**/uploads/*")
    before = (await uploads(inside, world))[0].received
    assert before > 3 * MIB
    with film.open("r+b") as file:
        file.seek(2 * MIB + 77)
        byte = file.read(1)[0]
        file.seek(2 * MIB + 77)
        file.write(bytes([byte ^ 1]))
    await choose(page, film)
    await told(page, "This is not the file that you began with")
    await clean(page, "upload-other-file")
    assert [(row.state, row.received) for row in await uploads(inside, world)] == [("open", before)]
    await press(page, "Take it away")
    await page.wait_for_url("**/upload")
    await choose(page, film)
    await page.wait_for_url("**/check", timeout=PATIENCE)
    rows = await uploads(inside, world)
    assert [row.state for row in rows] == ["gone", "complete"]
    assert await read_back(inside, rows[1].id) == film.read_bytes()


async def test_a_letter_with_photos_is_autosaved_and_sent_as_it_was_kept_last(
    exchange: Exchange, inside: Service, visitors: Browser, tmp_path: Path
) -> None:
    """Typed, tab closed, back, photos added, changed once more: what the check page shows is what arrives."""
    world = await exchange.case(inside)
    link = await invited(exchange, world, Kind.LETTER)
    await _begin_to_write(visitors, link)
    back = await Participant.with_link(visitors, link)
    page = back.page
    await back.go("/write")
    await expect(page.locator("#text")).to_have_value("I think about your gate.")
    await page.locator("#text").fill("I think about your gate. I broke it.")
    await press(page, "Add photos or files")
    await page.wait_for_url("**/upload")
    photos = [phone_photo(tmp_path / "gate.jpg", "The gate"), phone_photo(tmp_path / "fence.jpg", "The fence")]
    await choose(page, *photos)
    await page.wait_for_url("**/check")
    for words in ("I think about your gate. I broke it.", "gate.jpg", "fence.jpg"):
        await told(page, words)
    await clean(page, "letter-check")
    await page.get_by_role("link", name="Change it").click()
    await page.locator("#text").fill("I think about your gate. I broke it, and I am sorry.")
    await expect(page.locator("[data-saved]")).to_contain_text("Saved", timeout=PATIENCE)
    await page.wait_for_function("() => document.querySelector('[data-saved]').textContent.includes('Saved')")
    await page.wait_for_timeout(2500)
    await back.go("/check")
    await told(page, "I broke it, and I am sorry.")
    await press(page, "Send it to my facilitator")
    await told(page, "It has arrived")
    assert await kept_by(page) == NOTHING
    rows = [row for row in await uploads(inside, world) if row.state != "gone"]
    typed = next(row for row in rows if row.typed)
    assert (await read_back(inside, typed.id)).decode() == "I think about your gate. I broke it, and I am sorry."
    assert [row.about_wrapped for row in rows] == [None, None, None]
    await _three_pages_at_the_desk(exchange, inside, visitors, world)


async def _begin_to_write(visitors: Browser, link: str) -> None:
    author = await Participant.with_link(visitors, link)
    await author.go("/way")
    await tick(author.page, "way", "write")
    await press(author.page, "Continue")
    await author.page.locator("#text").fill("I think about your gate.")
    await expect(author.page.locator("[data-saved]")).to_contain_text("Saved", timeout=PATIENCE)
    await author.page.close()


async def _three_pages_at_the_desk(exchange: Exchange, inside: Service, visitors: Browser, world: World) -> None:
    fern = await Staff.signed_in(exchange, visitors, "fern")
    message = await newest_message(inside, world.case)
    await fern.made_safe(message)
    await fern.go(f"{message}/review")
    await expect(fern.page.locator("ol.app-pages img")).to_have_count(3)
