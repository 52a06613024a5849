"""What staff and participants do in real Chromium, in the words of the pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from sqlalchemy import select

from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.chromium import system_chromium
from tests.support.running import Account, Exchange
from tests.support.world import CODE, PASSWORD

PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 800}
PATIENCE = 30_000
TICKS = ("right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure")


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """The Chromium of this machine, with `more` arguments.

    Media may start by script, as a press of the player's own button would.
    """
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=system_chromium(),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required", *more],
        )
        try:
            yield launched
        finally:
            await launched.close()


async def new_page(browser: Browser, size: dict[str, int] = DESK) -> Page:
    """A page of a fresh profile."""
    context = await browser.new_context(viewport=size, locale="en-GB", timezone_id="Europe/London")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    return await context.new_page()


async def press(page: Page, words: str) -> None:
    """Press a button, or a link that looks like one."""
    await page.get_by_role("button", name=words, exact=True).first.click()
    await page.wait_for_load_state()


async def tick(page: Page, name: str, *values: str) -> None:
    """Choose radios or checkboxes by their field and value."""
    for value in values:
        await page.locator(f"input[name='{name}'][value='{value}']").check()


def id_of(message: str) -> str:
    """The id in a message's path."""
    return message.removeprefix("/messages/")


async def newest_message(inside: Service, case: object) -> str:
    """The path, at the console, of the only message of a case."""
    async with reading(inside) as conn:
        query = select(t.message.c.id).where(t.message.c.case_id == case)
        return f"/messages/{(await conn.execute(query)).scalar_one()}"


def say(figure: str) -> None:
    """Print a figure that the test measured."""
    print(f"\n{figure}")


async def told(page: Page, words: str, patience: int = PATIENCE) -> None:
    """Wait until the page says this. A failure says what the page says instead."""
    try:
        await expect(page.get_by_text(words).first).to_be_visible(timeout=patience)
    except AssertionError as error:
        error.add_note(f"{page.url.partition('#')[0]} says:\n{await page.inner_text('body')}")
        raise


class Staff:
    """A member of staff at the console."""

    def __init__(self, exchange: Exchange, page: Page, account: Account) -> None:
        self.exchange, self.page, self.account = exchange, page, account

    @classmethod
    async def signed_in(cls, exchange: Exchange, browser: Browser, login: str, size: dict[str, int] = DESK) -> "Staff":
        """Password, then the code of the app."""
        self = cls(exchange, await new_page(browser, size), exchange.accounts[login])
        await self.sign_in()
        return self

    async def sign_in(self) -> None:
        """The two pages of signing in."""
        page = self.page
        await self.go("/sign-in")
        await page.get_by_label("Sign-in name").fill(self.account.login)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await press(page, "Continue")
        await page.get_by_label("Six-digit code").fill(self.account.code())
        await press(page, "Sign in")
        await page.get_by_role("button", name="Sign out").wait_for()

    async def go(self, path: str) -> None:
        """Open a path of the console."""
        await self.page.goto(self.exchange.console + path)

    async def put_in(self, case: object, author: object, what: str, files: list[Path]) -> str:
        """Upload files with the page's own progress, and put the message in. The message's path."""
        page = self.page
        await self.go(f"/cases/{case}/messages/new")
        await tick(page, "author", str(author))
        await tick(page, "what", what)
        await press(page, "Continue")
        seen: list[str] = []
        await page.expose_function("heard", lambda words: seen.append(words))  # noqa: PLW0108  # playwright marks what it is given
        await page.evaluate(
            "new MutationObserver(() => heard(document.querySelector('[data-going-words]').textContent))"
            ".observe(document.querySelector('[data-going-words]'), {childList: true})"
        )
        await page.wait_for_load_state()  # pressed before the script is there, the form would send the files by itself
        await page.locator("#files").set_input_files(files)
        await press(page, "Upload")
        await page.locator("#ready").wait_for()
        assert any("%" in words for words in seen), seen
        await page.locator("section.app-confirm").get_by_role("button", name="Put it in").click()
        await told(page, "It is put in.")
        return "/messages/" + page.url.split("/messages/")[1].split("?")[0].split("#")[0]

    async def made_safe(self, message: str) -> None:
        """Wait on the message's page, as a facilitator would, until it can be reviewed."""
        await self.go(message)
        await self.page.get_by_role("button", name="Review it").first.wait_for(timeout=PATIENCE * 4)

    async def approve(self, message: str) -> None:
        """The desk: five ticks, every word understood."""
        await self.go(f"{message}/review")
        await tick(self.page, "ticks", *TICKS)
        await tick(self.page, "understood", "myself")
        await press(self.page, "Approve this version")
        await told(self.page, "Approved. Next")

    async def preview_link(self, message: str) -> str:
        """The address of the author's preview."""
        await self.go(f"{message}/preview-link")
        await tick(self.page, "channel", "email")
        await press(self.page, "Make the link")
        return await self.link()

    async def offer(self, message: str, note: str, *, by_link: bool = True) -> str:
        """Offer it; the address of the decide link, or "" when the facilitator asks in person."""
        await self.go(f"{message}/offer")
        await self.page.get_by_label("Content note").fill(note)
        await tick(self.page, "asks", "link" if by_link else "self")
        if by_link:
            await tick(self.page, "channel", "email")
        await press(self.page, "Offer it")
        return await self.link() if by_link else ""

    async def record(self, message: str, who: str, **answers: str) -> None:
        """Record what author (`share`) or recipient (`receive`) decided; `paper_code` is typed, the rest chosen."""
        await self.go(f"{message}/consent/{who}")
        for name, value in answers.items():
            if name == "paper_code":
                await self.page.locator("#paper_code").fill(value)
            else:
                await tick(self.page, name, value)
        await press(self.page, "Record the decision" if who == "share" else "Record the answer")

    async def hand_over(self, message: str, way: str) -> str:
        """Hand it over; by link, the address."""
        await self.go(f"{message}/hand-over")
        await tick(self.page, "way", way)
        if way == "link":
            await tick(self.page, "channel", "email")
        await press(self.page, "Hand it over")
        await self.step_up_if_asked()
        return await self.link() if way == "link" else ""

    async def step_up_if_asked(self) -> None:
        """The code once more, where the page asks for it."""
        field = self.page.get_by_label("Six-digit code")
        if await field.count():
            await field.fill(self.account.code())
            await press(self.page, "Confirm and continue")

    async def link(self) -> str:
        """The address that the page of a link shows."""
        shown = self.page.locator("#link")
        await shown.wait_for()
        return (await shown.inner_text()).strip()


OPENED: dict[str, str] = {}
"""The secret of every link that was opened in this process, and of the browser that opened it: found nowhere later."""


class Participant:
    """Somebody with a link and their code, on a phone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.here = ""

    @classmethod
    async def with_link(cls, browser: Browser, link: str, size: dict[str, int] = PHONE) -> "Participant":
        """Open a link in a fresh browser, with the code, and say that it is for them."""
        self = cls(await new_page(browser, size))
        await self.open(link)
        return self

    @property
    def context(self) -> BrowserContext:
        """The browser's profile."""
        return self.page.context

    async def open(self, link: str) -> None:
        """Landing, code, "for me"."""
        page = self.page
        await page.goto("about:blank")
        await page.goto(link)
        await page.get_by_label("Your code").fill(CODE)
        await press(page, "Yes, open it here")
        await page.wait_for_url("**/s/**")
        self.here = "/".join(page.url.split("#")[0].split("/")[:5])
        OPENED[f"link {len(OPENED)}"] = link.split("#")[1]
        OPENED[f"browser {len(OPENED)}"] = (await self.cookies())["portal"]
        if page.url.split("#")[0].endswith("/me"):
            await press(page, "Yes, this is for me")

    async def go(self, path: str) -> None:
        """Open a page of this visit."""
        await self.page.goto(self.here + path)

    async def agree_to_share(self) -> None:
        """The author's preview."""
        await press(self.page, "Share it")
        await told(self.page, "You agreed to share it.")

    async def accept(self, how: str = "alone") -> None:
        """The recipient's answer to an offer."""
        await tick(self.page, "answer", "accept")
        await press(self.page, "Continue")
        await tick(self.page, "how", how)
        await press(self.page, "I agree, and I want to receive it")

    async def read_on(self) -> None:
        """From the content note to the message itself."""
        await press(self.page, "Continue")
        await self.page.wait_for_url("**/read")

    async def cookies(self) -> dict[str, str]:
        """This browser's cookies, by name."""
        return {cookie["name"]: cookie["value"] for cookie in await self.context.cookies()}  # type: ignore[typeddict-item]
