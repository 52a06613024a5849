"""Scanners that drive a browser: they run the page's scripts, fill its fields and press its buttons."""

from collections.abc import Awaitable, Callable

from playwright.async_api import BrowserContext, Page

from tests.support.scanners import GUESSES

Scripted = Callable[[BrowserContext, str], Awaitable[None]]


async def _opened(context: BrowserContext, link: str) -> Page:
    page = await context.new_page()
    await page.goto(link)
    await page.wait_for_load_state()
    return page


async def looks(context: BrowserContext, link: str) -> None:
    """Opens it and lets its scripts run."""
    page = await _opened(context, link)
    await page.wait_for_timeout(300)


async def photographs(context: BrowserContext, link: str) -> None:
    """A picture of the whole page, for a report."""
    await (await _opened(context, link)).screenshot(full_page=True)


async def prints(context: BrowserContext, link: str) -> None:
    """A printer, or a tool that files web pages."""
    await (await _opened(context, link)).pdf()


async def reloads(context: BrowserContext, link: str) -> None:
    """Again, back and forth."""
    page = await _opened(context, link)
    for _ in range(2):
        await page.reload()
    await page.goto(link.split("#", maxsplit=1)[0] + "?again")
    await page.go_back()
    await page.go_forward()


async def two_tabs(context: BrowserContext, link: str) -> None:
    """The same link twice, side by side."""
    await _opened(context, link)
    await _opened(context, link)


async def presses_everything(context: BrowserContext, link: str) -> None:
    """Every button, without having anything to fill in."""
    buttons = await (await _opened(context, link)).locator("button").count()
    for number in range(buttons):
        page = await _opened(context, link)
        button = page.locator("button").nth(number)
        if await button.is_visible():
            await button.click(no_wait_after=True)
            await page.wait_for_timeout(300)
        await page.close()


async def fills_and_presses(context: BrowserContext, link: str) -> None:
    """A guess in every field, then Enter."""
    page = await _opened(context, link)
    for field in await page.locator("input[type=text]:visible").all():
        await field.fill(GUESSES[0])
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(500)


async def submits_by_script(context: BrowserContext, link: str) -> None:
    """Every form, submitted by script past all checks of the page."""
    forms = await (await _opened(context, link)).locator("form").count()
    for number in range(forms):
        page = await _opened(context, link)
        await page.evaluate("n => HTMLFormElement.prototype.submit.call(document.forms[n])", number)
        await page.wait_for_timeout(300)
        await page.close()


async def follows_links(context: BrowserContext, link: str) -> None:
    """Every link of this site that the page shows."""
    page = await _opened(context, link)
    found = await page.evaluate("[...document.links].map(a => a.href).filter(a => a.startsWith(location.origin))")
    for address in found[:12]:
        await page.goto(address)


async def frames_it(context: BrowserContext, link: str) -> None:
    """From another page: in a frame, as a prefetch, by fetch, in a window."""
    page = await context.new_page()
    await page.goto("about:blank")
    await page.evaluate(
        """link => {
          document.body.innerHTML = `<iframe src="${link}"></iframe><link rel="prefetch" href="${link}">`;
          fetch(link, {mode: "no-cors", credentials: "include"}).catch(() => 0);
        }""",
        link,
    )
    await page.wait_for_timeout(500)


async def speculates(context: BrowserContext, link: str) -> None:
    """A page of the same site that has the browser prerender the link."""
    page = await _opened(context, link.split("/l#", maxsplit=1)[0] + "/privacy")
    await page.evaluate(
        """link => { const a = document.createElement("a"); a.href = link; a.textContent = "x";
          document.body.prepend(a); a.dispatchEvent(new MouseEvent("mouseover", {bubbles: true})); }""",
        link,
    )
    await page.wait_for_timeout(300)


SCRIPTED: dict[str, Scripted] = {
    one.__name__: one
    for one in (
        looks, photographs, prints, reloads, two_tabs, presses_everything, fills_and_presses, submits_by_script,
        follows_links, frames_it, speculates,
    )
}  # fmt: skip
