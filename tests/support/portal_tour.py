"""Walks real Chromium through every page of the portal, as each kind of visitor, and stops at each page."""

from collections.abc import Awaitable, Callable

from playwright.async_api import BrowserContext, Page

from exchange.core.model import Channel
from exchange.steps import links
from tests.support.portal_site import PortalSite
from tests.support.world import CODE, World

Stop = Callable[[Page, str], Awaitable[None]]
"""Called on every page with a name for it."""


class Tour:
    """One browser on its way through the pages."""

    def __init__(self, world: World, site: PortalSite, page: Page, stop: Stop) -> None:
        self.world, self.site, self.page, self.stop = world, site, page, stop
        self.context: BrowserContext = page.context

    async def all(self) -> None:
        """Every page."""
        await self.about()
        await self.asking()
        await self.dead()
        await self.reading()
        await self.deciding()
        await self.sharing()
        await self.writing()

    async def go(self, path: str, name: str) -> None:
        """Open a path and stop there."""
        await self.page.goto(self.site.url + path)
        await self.stop(self.page, name)

    async def press(self, words: str, name: str = "") -> None:
        """Press a button or link and stop on what comes."""
        await self.page.get_by_role("button", name=words, exact=True).first.click()
        await self.page.wait_for_load_state()
        if name:
            await self.stop(self.page, name)

    async def open(self, link: links.NewLink, name: str = "") -> str:
        """Come in by a link; the session's path."""
        await self.page.goto("about:blank")
        await self.page.goto(self.site.url + link.url_part)
        await self.page.get_by_label("Your code").fill(CODE)
        await self.page.get_by_role("button", name="Yes, open it here").click()
        await self.page.wait_for_url("**/s/**")
        if name:
            await self.stop(self.page, name)
        return "/s/" + self.page.url.split("/s/")[1].split("/")[0]

    async def about(self) -> None:
        """What anybody sees."""
        for path in ("/", "/privacy", "/accessibility", "/cookies", "/exit-explained", "/l", "/new-link"):
            await self.go(path, "about" + path.replace("/", "-").rstrip("-"))
        await self.go("/nothing-here", "about-not-found")

    async def asking(self) -> None:
        """Ask to take part."""
        await self.go("/ask", "ask")
        await self.press("Start", "ask-1-reach")
        await self.press("Continue", "ask-1-wrong")
        await self.page.get_by_label("Text message").check()
        await self.page.get_by_label("Number or address").fill("07700 900001")
        for name in ("ask-2-when", "ask-3-name", "ask-4-side", "ask-5-about", "ask-6-needs", "ask-7-check"):
            await self.press("Continue", name)
        await self.press("Send", "ask-8-sent")

    async def dead(self) -> None:
        """A link that cannot be opened, and asking for another."""
        await self.page.goto(self.site.url + "/l#" + "A" * 43)
        await self.page.get_by_label("Your code").fill("wrong")
        await self.press("Yes, open it here", "dead")
        await self.press("Ask for a new link", "dead-new-link")
        await self.press("Ask for a new link", "dead-asked")

    async def reading(self) -> None:
        """A letter, from the landing to the end."""
        _, link = await self.world.released()
        await self.page.goto(self.site.url + link.url_part)
        await self.page.get_by_label("Your code").fill("wrong")
        await self.press("Yes, open it here", "landing-wrong-code")
        session = await self.open(link, "for-me")
        await self.press("Yes, this is for me", "before")
        for page in ("read", "read?size=large", "break", "after"):
            await self.go(f"{session}/{page}", page.replace("?", "-").replace("=", "-"))
        await self.go(f"{session}/locked", "locked")
        await self.go(f"{session}/after", "")
        await self.page.get_by_label("Destroy it").check()
        await self.press("Save my choice", "finished")

    async def deciding(self) -> None:
        """An offer."""
        _, link = await self.world.offered(by_link=True, on_acceptance=True)
        assert link is not None
        session = await self.open(link)
        await self.press("Yes, this is for me", "decide")
        await self.go(f"{session}/accept", "accept")
        await self.press("I agree, and I want to receive it", "accept-wrong")
        await self.go(f"{session}/moment", "moment")
        for said in ("yes", "no", "not-now"):
            await self.go(f"{session}/answered?said={said}", f"answered-{said}")

    async def sharing(self) -> None:
        """The author's preview."""
        message = await self.world.approved()
        service, staff = self.world.service, self.world.facilitator
        link = await links.preview_link(service, staff, message, channel=Channel.EMAIL)
        session = await self.open(link)
        await self.press("Yes, this is for me", "preview")
        await self.press("Share it", "shared")
        await self.go(f"{session}/shared?said=no", "shared-no")

    async def writing(self) -> None:
        """Writing, sending, the receipt and the stop link."""
        world = self.world
        link = await links.invite(
            world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL
        )
        session = await self.open(link)
        await self.press("Yes, this is for me", "guidance")
        await self.go(f"{session}/way", "way")
        await self.go(f"{session}/upload", "upload")
        await self.go(f"{session}/write", "write")
        await self.page.get_by_label("Write your letter").fill("I think about that day often.")
        await self.page.get_by_text("Saved").wait_for()
        await self.press("Continue", "check")
        await self.press("Send it to my facilitator", "receipt")
        told = await self.page.locator("#stop-link").inner_text()
        await self.open(links.NewLink(link.id, told.split("#")[1]), "stop")
        await self.press("Take it back", "stopped")
