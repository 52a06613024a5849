"""Hands of participants: with a mouse or without scripts (`Hands`), and with nothing but the keyboard (`Keys`)."""

from typing import Any

from playwright.async_api import Locator, Page

from tests.support.scripts import script

MOST_STEPS = 80
FOCUS = script("focus")
"""What is wrong with the focus: it shows, and nothing lies over it (WCAG 2.4.7, 2.4.11, 2.4.12 for what is small)."""


class Hands:
    """Somebody who clicks; works with and without scripts."""

    def __init__(self, page: Page, *, scripts: bool = True) -> None:
        self.page, self.scripts = page, scripts
        self.wrong: list[str] = []
        self.stops = 0

    async def open(self, link: str, code: str) -> None:
        """A link, from the message in which it came to the first page behind it."""
        await self.page.goto("about:blank")
        await self.page.goto(link)
        if not self.scripts:
            await self.type("The last part of your link", link.split("#")[1])
        await self.type("Your code", code)
        await self.press("Yes, open it here")

    async def press(self, words: str) -> None:
        """A button that leads on."""
        async with self.page.expect_navigation():
            await self.use(self.button(words))

    async def follow(self, words: str) -> None:
        """A link that leads on."""
        async with self.page.expect_navigation():
            await self.use(self.page.get_by_role("link", name=words, exact=True).first)

    async def type(self, label: str, text: str) -> None:
        """Into a field."""
        await self.page.get_by_label(label, exact=True).fill(text)

    async def choose(self, name: str, value: str) -> None:
        """One of several answers."""
        await self.page.locator(f"input[name='{name}'][value='{value}']").check()

    async def use(self, what: Locator) -> None:
        """Click it."""
        await what.click()

    def button(self, words: str) -> Locator:
        """A button, or a link that looks like one."""
        return self.page.get_by_role("button", name=words, exact=True).first


class Keys(Hands):
    """Somebody who has only a keyboard: Tab, arrows, Space, Enter, and letters. Each stop of the focus is looked at."""

    async def reach(self, what: Locator) -> None:
        """Tab until this has the focus."""
        wanted: Any = await what.element_handle()
        for _ in range(MOST_STEPS):
            if await self.page.evaluate("(one) => document.activeElement === one", wanted):
                return
            await self.page.keyboard.press("Tab")
            await self.look()
        raise AssertionError(f"not reached by Tab: {what}")

    async def look(self) -> None:
        """Whether one sees where the focus is."""
        at: Any = await self.page.evaluate_handle("document.activeElement")
        if await self.page.evaluate("(one) => one === document.body", at):
            return
        await self.page.evaluate("new Promise(done => setTimeout(done, 20))")
        self.stops += 1
        self.wrong += [f"{self.page.url.split('/')[-1]}: {one}" for one in await self.page.evaluate(FOCUS, at)]

    async def use(self, what: Locator) -> None:
        """Reach it, press Enter."""
        await self.reach(what)
        await self.page.keyboard.press("Enter")

    async def type(self, label: str, text: str) -> None:
        """Reach the field, then letter by letter."""
        await self.reach(self.page.get_by_label(label, exact=True))
        await self.page.keyboard.type(text)

    async def choose(self, name: str, value: str) -> None:
        """Into the group by Tab, then down to the answer."""
        group = self.page.locator(f"input[name='{name}']")
        await self.reach(group.first)
        await self.page.keyboard.press("Space")
        for _ in range(await group.count()):
            if await self.page.evaluate("document.activeElement.value") == value:
                return
            await self.page.keyboard.press("ArrowDown")
            await self.look()
        raise AssertionError(f"not reached by arrows: {name} {value}")
