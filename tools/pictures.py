"""Pictures of every page of a running demonstration, at phone and desktop width, with what axe finds on each.

    exchange demo --json demo.json --folder /tmp/shown --portal-port 8701 --console-port 8702
    python tools/pictures.py demo.json OUT [--readme docs/pictures] [--only console|portal]

OUT gets one PNG per page and width, contact sheets `sheet-*.png` and `pages.json`. The walk puts in messages,
offers and hands over: use a demonstration of its own. Ends with 1 if a page has an axe violation, more or less
than one h1, scrolls sideways, or complains in the browser's console.
"""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from picture_sheets import make_sheets, squeeze
from picture_walks import walk_console, walk_portal
from playwright.sync_api import Browser, Error, Page, Response, sync_playwright

WIDTHS = {"desktop": (1280, 900), "phone": (360, 740)}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Shot:
    """One page: where, which picture files, and what is wrong with it."""

    name: str
    path: str
    title: str
    status: int
    files: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Camera:
    """Takes the pictures. `take` where the page stands; `visit` goes there first."""

    def __init__(self, folder: Path, readme: Path | None) -> None:
        self.folder, self.readme = folder, readme
        self.shots: list[Shot] = []
        self._complaints: list[str] = []
        self._status: dict[Page, int] = {}

    def open(self, browser: Browser) -> Page:
        """A fresh visitor whose browser's complaints are heard."""
        page = browser.new_context(locale="en-GB").new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self._complaints.append(f"script: {error}"))
        page.on("response", lambda answer: self._note(page, answer))
        return page

    def visit(self, page: Page, url: str, name: str, *, refused: bool = False) -> Shot:
        """Go to a page and take it."""
        page.goto(url, wait_until="load")
        return self.take(page, name, refused=refused)

    def take(self, page: Page, name: str, *, refused: bool = False, keep: str = "") -> Shot:
        """The page as it stands, in both widths. `keep`: also a picture for the README under this name.

        A status of 400 and more is a problem, unless the page is expected to be `refused`.
        """
        path = re.sub(r"^https?://[^/]+", "", page.url).split("#")[0]
        shot = Shot(f"{len(self.shots) + 1:03d}-{name}", path, page.title(), self._status.get(page, 0))
        if (shot.status >= 400) is not refused:
            shot.problems.append(f"status {shot.status}")
        for width, (across, down) in WIDTHS.items():
            page.set_viewport_size({"width": across, "height": down})
            page.wait_for_timeout(150)
            file = self.folder / f"{shot.name}-{width}.png"
            page.screenshot(path=file, full_page=True)
            shot.files.append(file.name)
            shot.problems += [f"{width}: {problem}" for problem in _wrong(page)]
            if keep and self.readme and keep.startswith(width):
                whole = page.screenshot(full_page=width == "desktop")
                squeeze(whole, self.readme / f"{keep.removeprefix(width + '-')}.png")
        shot.problems += self._complaints
        self._complaints.clear()
        self.shots.append(shot)
        print(f"{shot.name:<48} {len(shot.problems)} {shot.path}", flush=True)
        for problem in shot.problems:
            print(f"    {problem}", flush=True)
        return shot

    def walk(self, name: str, walk: Callable[[], None]) -> None:
        """Take a walk; where it cannot go on, that is a problem, and the next one begins."""
        try:
            walk()
        except (Error, IndexError, StopIteration, KeyError) as error:
            shot = Shot(f"{len(self.shots) + 1:03d}-{name}-stopped", "", "", 0)
            shot.problems.append(f"could not go on: {type(error).__name__} {str(error).splitlines()[:1]}")
            self.shots.append(shot)
            print(f"{shot.name}\n    {shot.problems[0]}", flush=True)

    def _note(self, page: Page, answer: Response) -> None:
        if answer.request.is_navigation_request() and answer.frame == page.main_frame:
            self._status[page] = answer.status

    def _hear(self, kind: str, text: str) -> None:
        # a form shown again is answered with 4xx, which Chromium reports as an error of its own
        if kind == "error" and "Failed to load resource" not in text:
            self._complaints.append(f"console: {text[:200]}")


def _wrong(page: Page) -> list[str]:
    page.wait_for_load_state()
    found = [f"{v['id']}: {v['nodes'][0]['html'][:140]}" for v in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("scrolls sideways")
    headings = page.locator("h1").count()
    return found if headings == 1 else [*found, f"{headings} h1"]


def main() -> int:
    """Walk, take, lay out; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("demo", type=Path, help="what `exchange demo --json` wrote")
    parser.add_argument("out", type=Path, help="where the pictures go")
    parser.add_argument("--readme", type=Path, help="also write the README's pictures here")
    parser.add_argument("--only", choices=("console", "portal"))
    given = parser.parse_args()
    for folder in filter(None, (given.out, given.readme)):
        folder.mkdir(parents=True, exist_ok=True)
    facts = json.loads(given.demo.read_text())
    camera = Camera(given.out, given.readme)
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for site, walk in (("portal", walk_portal), ("console", walk_console)):
            if given.only in (None, site):
                walk(camera, browser, facts)
        browser.close()
    (given.out / "pages.json").write_text(json.dumps([asdict(shot) for shot in camera.shots], indent=1))
    make_sheets(given.out, [(shot.name, shot.files) for shot in camera.shots])
    wrong = [shot for shot in camera.shots if shot.problems]
    print(f"{len(camera.shots)} pages, {len(wrong)} with something wrong.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
