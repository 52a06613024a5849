"""What people send plays and seeks in Chromium once it is made safe: right length, picture and sound at each time."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page

import media
from tests.support import inputs_of_people as people
from tests.support.browser import chromium
from tests.support.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
WITHIN = 0.2
"""Seconds by which a length may be another."""
PLACES = (0.5, 1.5, 2.5)
HELD = """
async ([src, kind, places]) => {
  const media = document.createElement(kind);
  media.preload = "auto"; media.muted = true; media.src = src;
  document.body.append(media);
  const on = (name) => new Promise((done, fail) => {
    media.addEventListener(name, done, {once: true});
    media.addEventListener("error", () => fail(media.error.message), {once: true});
  });
  await on("loadeddata");
  const told = {seconds: media.duration, width: media.videoWidth, height: media.videoHeight, colours: []};
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  for (const place of places) {
    const there = on("seeked");
    media.currentTime = place;
    await there;
    if (kind === "video") {
      canvas.drawImage(media, media.videoWidth / 2, media.videoHeight / 2, 1, 1, 0, 0, 1, 1);
      told.colours.push([...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3));
    }
  }
  media.currentTime = 0;
  await media.play();
  await new Promise((done) => { const look = () => media.currentTime > 0.1 ? done() : setTimeout(look, 20); look(); });
  media.pause();
  media.remove();
  return told;
}
"""
HEARD = """
async ([src, places]) => {
  const bytes = await (await fetch(src)).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(bytes);
  const wave = sound.getChannelData(0), rate = sound.sampleRate;
  return places.map((place) => {
    const start = Math.floor((place - 0.1) * rate), stop = Math.floor((place + 0.1) * rate);
    let crossings = 0;
    for (let at = start + 1; at < stop; at += 1) crossings += wave[at - 1] < 0 && wave[at] >= 0;
    return crossings / 0.2;
  });
}
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where products lie to be played."""
    return tmp_path_factory.mktemp("shelf")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(shelf: Path) -> AsyncIterator[Page]:
    """One empty page of one Chromium, and a server that answers ranges."""
    app = web.Application()
    app.router.add_get("/", _blank)
    app.router.add_static("/", shelf)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with chromium() as browser:
        opened = await browser.new_page()
        await opened.goto(f"http://127.0.0.1:{port}/")
        yield opened
    await runner.cleanup()


async def _blank(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>x</title>", content_type="text/html")


async def _made(shelf: Path, kind: str, given: Path) -> tuple[media.Product, str]:
    scratch = Path(tempfile.mkdtemp(dir=shelf.parent))
    product = await asyncio.to_thread(media.make, kind, [media.Source(given, given.name)], scratch)
    name = f"{given.stem}-{given.suffix[1:]}.{'mp4' if kind == 'video' else 'm4a'}"
    product.parts[0].path.rename(shelf / name)
    return product, "/" + name


async def _plays(page: Page, src: str, kind: str) -> dict[str, Any]:
    told: dict[str, Any] = await page.evaluate(HELD, [src, kind, list(PLACES)])
    assert told["seconds"] == pytest.approx(people.SECONDS, abs=WITHIN)
    for place, colour in enumerate(told["colours"]):
        wrong = [shade for channel, shade in enumerate(colour) if (shade > 128) != (channel == place)]
        assert wrong == [], f"at {PLACES[place]} s it is {colour}"
    return told


async def _sounds(page: Page, src: str) -> None:
    heard = await page.evaluate(HEARD, [src, list(PLACES)])
    assert heard == pytest.approx(people.TONES, rel=0.03)


@pytest.mark.parametrize("name", people.FILMS)
async def test_a_film_plays_and_seeks(page: Page, shelf: Path, name: str, tmp_path: Path) -> None:
    """Duration, three places, their colour and their tone; and it runs."""
    product, src = await _made(shelf, "video", people.film(tmp_path, name))
    told = await _plays(page, src, "video")
    # a film without sound is known to the beginning of its last pictures, ten a second here
    assert told["seconds"] == pytest.approx(product.length, abs=WITHIN + 0.1)
    assert len(told["colours"]) == len(PLACES)
    if name != "no-sound.mp4":
        await _sounds(page, src)


@pytest.mark.parametrize("name", people.SOUNDS)
async def test_a_sound_plays_and_seeks(page: Page, shelf: Path, name: str, tmp_path: Path) -> None:
    """Duration, three places and their tone; and it runs."""
    _, src = await _made(shelf, "audio", people.sound(tmp_path, name))
    await _plays(page, src, "audio")
    await _sounds(page, src)


async def test_a_film_that_was_held_upright_is_upright(page: Page, shelf: Path, tmp_path: Path) -> None:
    """Its flag is gone, its pixels are turned."""
    _, src = await _made(shelf, "video", people.turned(tmp_path))
    told = await _plays(page, src, "video")
    assert told["height"] > told["width"] > 0
