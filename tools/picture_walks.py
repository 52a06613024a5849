"""The walks that `pictures.py` takes: through both sites, by every role, over every page it can reach."""

import re
import time
from collections import Counter
from functools import partial
from typing import Any

import pyotp
from playwright.sync_api import Browser, Error, Page

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EXAMPLES = {"/messages/{id}": 4, "/messages/{id}/review": 3, "/cases/{id}": 3, "/links/{id}": 2}
NOT_A_PAGE = re.compile(r"/part/|/openapi\.json|/static/|/checkpoint$|/sign-out|/language")
MESSAGE_PAGES = (
    "review", "return", "withhold", "retract", "concern", "text", "consent/share", "consent/receive", "offer",
    "hand-over", "revoke", "withdraw", "preview-link",
)  # fmt: skip
_used: dict[str, int] = {}


def send(page: Page, fields: dict[str, str], press: str = "") -> None:
    """Fill the form that has the first of the fields, and press its button (the last one, or the one named)."""
    form = page.locator("form").filter(has=page.locator(f"[name='{next(iter(fields))}']")).first
    pressed = form.locator("button[type=submit]")
    for name, value in fields.items():
        found = form.locator(f"[name='{name}']")
        if found.first.get_attribute("type") in ("radio", "checkbox"):
            for one in value.split("|"):
                form.locator(f"[name='{name}'][value='{one}']").check()
        elif found.first.get_attribute("type") not in ("hidden", "submit"):
            found.first.fill(value)
        elif found.first.get_attribute("type") == "submit":
            pressed = form.locator(f"button[name='{name}'][value='{value}']")
    buttons = form.get_by_role("button", name=press, exact=True) if press else pressed
    with page.expect_navigation():
        buttons.last.click()


def fresh_code(account: dict[str, str]) -> str:
    """A one-time code that was not used before: each counts once."""
    while int(time.time()) // 30 <= _used.get(account["login"], 0):
        time.sleep(1)
    _used[account["login"]] = int(time.time()) // 30
    return str(pyotp.TOTP(account["totp_secret"]).now())


class Staff:
    """One signed-in member of staff and the camera."""

    def __init__(self, camera: Any, browser: Browser, facts: dict[str, Any], login: str) -> None:
        self.camera, self.base = camera, facts["console"].rstrip("/")
        self.account = next(a for a in facts["accounts"] if a["login"] == login)
        self.role = self.account["role"]
        self.page = camera.open(browser)
        self.seen: Counter[str] = Counter()

    def sign_in(self, show: bool = False) -> None:
        """Password, then code."""
        self.page.goto(self.base + "/sign-in")
        if show:
            self.camera.take(self.page, "sign-in")
            send(self.page, {"login": "nobody", "password": "wrong"})
            self.camera.take(self.page, "sign-in-wrong", refused=True)
        send(self.page, {"login": self.account["login"], "password": self.account["password"]})
        if show:
            self.camera.take(self.page, "sign-in-code")
        send(self.page, {"code": fresh_code(self.account)})

    def go(self, path: str) -> Page:
        """A page of the console."""
        self.page.goto(self.base + path)
        return self.page

    def do(self, fields: dict[str, str], press: str = "", shoot: str = "") -> None:
        """Send a form, with the second factor where it is asked for."""
        send(self.page, fields, press)
        if self.page.locator("[name='step_up_code']").count():
            if shoot:
                self.camera.take(self.page, shoot, refused=True)
            send(self.page, {"step_up_code": fresh_code(self.account)})

    def crawl(self, starts: list[str]) -> None:
        """Every page that links lead to, each kind a few times."""
        waiting, done = list(starts), set()
        while waiting:
            path = waiting.pop(0)
            if path in done:
                continue
            done.add(path)
            kind = UUID.sub("{id}", path.split("#")[0])
            kind = re.sub(r"=[^&]*", "", kind)
            if NOT_A_PAGE.search(path) or self.seen[kind] >= EXAMPLES.get(kind, 1):
                continue
            self.seen[kind] += 1
            try:
                self.camera.visit(
                    self.page, self.base + path, f"{self.role}{_name(kind)}", refused="nothing-here" in path
                )
            except Error as error:
                print(f"    not a page: {path} ({str(error).splitlines()[0][:80]})", flush=True)
                continue
            waiting += self._links()

    def _links(self) -> list[str]:
        hrefs = self.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        own = [href.removeprefix(self.base) for href in hrefs if href.startswith(self.base + "/")]
        return [path for path in dict.fromkeys(path.split("#")[0] for path in own) if path]


def _name(kind: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", kind.replace("{id}", "").lower()).rstrip("-") or "-home"


def walk_console(camera: Any, browser: Browser, facts: dict[str, Any]) -> None:
    """Fern works through a letter; then every role's pages."""
    fern = Staff(camera, browser, facts, "fern")
    fern.sign_in(show=True)
    camera.take(fern.page, "home", keep="desktop-console-home")
    messages = _message_ids(fern)
    camera.walk("letter", lambda: _letter(fern, messages["letter"]))
    pages = [f"/messages/{message}/{page}" for message in messages.values() for page in MESSAGE_PAGES[:1]]
    pages += [f"/messages/{messages['audio']}/{page}" for page in MESSAGE_PAGES]
    pages += [f"/messages/{messages['video']}/{page}" for page in ("hand-over", "revoke", "retract")]
    camera.walk("fern", lambda: fern.crawl(["/", "/nothing-here", *pages]))
    for login, starts in (
        ("rowan", ["/", "/supervisor"]),
        ("hazel", ["/", "/record"]),
        ("linden", ["/", "/admin"]),
    ):
        other = Staff(camera, browser, facts, login)
        other.sign_in()
        if login == "hazel":
            camera.take(other.go("/record"), "record", keep="desktop-console-record")
        camera.walk(login, partial(other.crawl, starts))


def _message_ids(fern: Staff) -> dict[str, str]:
    """The demonstration's three messages by kind."""
    found: dict[str, str] = {}
    fern.go("/cases")
    cases = [path for path in fern._links() if re.fullmatch(r"/cases/[0-9a-f-]{36}", path)]
    for case in cases:
        fern.go(case)
        for path in fern._links():
            one = re.match(rf"/messages/({UUID.pattern})", path)
            if one and one[1] not in found.values():
                fern.go(f"/messages/{one[1]}/review")
                player = fern.page.locator("main audio, main video").first
                kind = player.evaluate("node => node.localName") if player.count() else "letter"
                found.setdefault(kind, one[1])
    return found


def _letter(fern: Staff, message: str) -> None:
    """Approve, share, offer, accept, hand over with me and on paper: each page on the way."""
    camera, page, at = fern.camera, fern.page, f"/messages/{message}"
    fern.go(f"{at}/review")
    camera.take(page, "review-letter", keep="desktop-console-review")
    case = page.locator("a[href^='/cases/']").first
    fern.go(at)
    case = next(path for path in fern._links() if re.fullmatch(r"/cases/[0-9a-f-]{36}", path))
    fern.go(case)
    camera.take(page, "case", keep="desktop-console-case")
    fern.go(f"{at}/review")
    fern.do({"understood": "myself"})
    camera.take(page, "review-ticks-missing", refused=True)
    fern.go(f"{at}/review")
    ticks = "right_people|no_threat|nobody_else|nothing_locating|no_pressure"
    fern.do({"ticks": ticks, "understood": "myself"})
    camera.take(page, "approved")
    fern.go(f"{at}/consent/share")
    fern.do({"given": "yes", "method": "in_person"})
    fern.go(f"{at}/offer")
    fern.do({"content_note": "A calm letter about that evening.", "asks": "self"})
    camera.take(page, "offered")
    fern.go(f"{at}/consent/receive")
    fern.do({"answer": "yes", "method": "in_person"})
    fern.go(f"{at}/hand-over")
    camera.take(page, "hand-over", keep="desktop-console-hand-over")
    fern.do({"way": "with_me", "who_is_there": "Birch and a supporter"}, shoot="step-up-in-a-form")
    camera.take(page, "with-me")
    show = page.locator("[data-show] summary")
    if show.count():
        show.click()
        camera.take(page, "with-me-shown")
    fern.go(f"{at}/revoke")
    fern.do({"why": "other"})
    fern.go(f"{at}/hand-over")
    fern.do({"way": "printed"})
    camera.take(page, "print-pack")


def walk_portal(camera: Any, browser: Browser, facts: dict[str, Any]) -> None:
    """The public pages, asking to take part, then a visit by each kind of link."""
    base = facts["portal"].rstrip("/")
    page = camera.open(browser)
    for path in ("/", "/ask", "/privacy", "/accessibility", "/cookies", "/exit-explained", "/l", "/new-link"):
        camera.visit(page, base + path, "portal" + (_name(path)))
    camera.visit(page, base + "/nothing-here", "portal-nothing-here", refused=True)
    camera.visit(page, base + "/closed", "portal-dead-link", refused=True)
    camera.walk("ask", lambda: _ask(camera, page, base))
    camera.walk("new-link", lambda: _new_link(camera, page, base))
    camera.walk("read", lambda: _read(camera, browser, facts["link"]))
    fern = Staff(camera, browser, facts, "fern")
    fern.sign_in()
    messages = _message_ids(fern)
    camera.walk("invited", lambda: _invited(camera, browser, fern, messages["letter"]))
    camera.walk("preview", lambda: _preview(camera, browser, fern, messages["audio"]))
    camera.walk("decide", lambda: _decide(camera, browser, fern, messages["audio"]))


def _ask(camera: Any, page: Page, base: str) -> None:
    page.goto(base + "/ask")
    send(page, {"go": "reach"})
    camera.take(page, "ask-reach")
    send(page, {"reach_address": ""})
    camera.take(page, "ask-reach-wrong", refused=True)
    send(page, {"reach_by": "phone", "reach_address": "01632 960 001"})
    for step in ("reach_when", "name", "side", "about", "needs"):
        camera.take(page, f"ask-{step.removeprefix('reach_')}")
        send(page, {step: "supporter" if step == "side" else ""})
    camera.take(page, "ask-check")
    page.get_by_role("button", name="Send").last.click()
    page.wait_for_load_state()
    camera.take(page, "ask-sent")


def _new_link(camera: Any, page: Page, base: str) -> None:
    page.goto(base + "/new-link")
    send(page, {"link": "A" * 43})
    camera.take(page, "new-link-asked")
    page.goto(base + "/l")
    send(page, {"link": "A" * 43, "code": "apple river garden"})
    camera.take(page, "dead-link", refused=True)


def _enter(camera: Any, page: Page, link: str, code: str, name: str) -> str:
    """Land, enter the code, say "me"; the path of the session."""
    page.goto(link)
    if name == "read":
        camera.take(page, "landing", keep="phone-portal-landing")
        send(page, {"code": "wrong words here"})
        camera.take(page, "landing-wrong-code", refused=True)
    send(page, {"code": code})
    if page.locator("[name='answer'][value='me']").count():
        camera.take(page, f"{name}-for-me")
        page.locator("[name='answer'][value='me']").click()
        page.wait_for_load_state()
    return re.sub(r"(/s/[0-9a-f-]{36}).*", r"\1", page.url)


def _read(camera: Any, browser: Browser, link: dict[str, str] | None) -> None:
    if not link:
        print("no live link: reading is left out")
        return
    page = camera.open(browser)
    here = _enter(camera, page, link["url"], link["code"], "read")
    camera.take(page, "before", keep="phone-portal-before")
    page.goto(here + "/read")
    page.wait_for_timeout(1500)
    camera.take(page, "read", keep="phone-portal-read")
    for path in ("break", "after", "locked"):
        camera.visit(page, f"{here}/{path}", f"read-{path}")
    page.goto(here + "/after")
    send(page, {"copy": "kept"})
    camera.take(page, "read-copy-kept")
    camera.visit(page, here.split("/s/")[0] + "/finished", "finished")
    camera.visit(page, here.split("/s/")[0] + "/not-for-me", "not-for-me")


def _given(fern: Staff) -> tuple[str, str]:
    """The link on the console's page for it, and the code of everybody in the demonstration."""
    fern.page.wait_for_selector(".app-secret")
    return fern.page.locator(".app-secret").first.inner_text().strip(), "apple river garden"


def _invited(camera: Any, browser: Browser, fern: Staff, message: str) -> None:
    """By a `submit` link: guidance, writing, a file, check, receipt; then its stop link."""
    fern.go(f"/messages/{message}")
    case = next(path for path in fern._links() if re.fullmatch(r"/cases/[0-9a-f-]{36}", path))
    fern.go(f"{case}/invite")
    author = fern.page.locator("[name='author']").first.get_attribute("value") or ""
    fern.do({"author": author, "kind": "letter", "channel": "email"})
    page = camera.open(browser)
    here = _enter(camera, page, *_given(fern), "write")
    for path in ("guidance", "way", "upload"):
        camera.visit(page, f"{here}/{path}", f"write-{path}")
    camera.visit(page, f"{here}/write", "write-letter")
    send(page, {"text": "Hello,\n\nthis is what I want to say.\n"}, "Continue")
    camera.take(page, "write-check")
    page.get_by_role("button", name="Send it to my facilitator").click()
    page.wait_for_load_state()
    camera.take(page, "write-receipt")
    stop_link = page.locator("#stop-link").inner_text().strip()
    stopping = camera.open(browser)
    here = _enter(camera, stopping, stop_link, "apple river garden", "stop")
    camera.take(stopping, "stop")
    send(stopping, {"wish": "call"}, "Call me")
    camera.take(stopping, "stopped")


def _preview(camera: Any, browser: Browser, fern: Staff, message: str) -> None:
    """The author sees what would be shared, and shares it."""
    fern.go(f"/messages/{message}/preview-link")
    fern.do({"channel": "email"})
    page = camera.open(browser)
    _enter(camera, page, *_given(fern), "preview")
    page.wait_for_timeout(1000)
    camera.take(page, "preview")
    send(page, {"answer": "share"}, "Share it")
    camera.take(page, "preview-shared")


def _decide(camera: Any, browser: Browser, fern: Staff, message: str) -> None:
    """The recipient is asked, says yes, and reads on in the same sitting."""
    fern.go(f"/messages/{message}/offer")
    fields = {"content_note": "A calm recording.", "asks": "link", "channel": "email"}
    fern.do(fields | ({"at_once": "yes"} if fern.page.locator("[name='at_once']").count() else {}))
    page = camera.open(browser)
    here = _enter(camera, page, *_given(fern), "decide")
    camera.take(page, "decide")
    for answer in ("not_now", "no"):
        page.goto(f"{here}/decide")
        send(page, {"answer": answer})
        camera.take(page, f"decided-{answer}")
    page.goto(f"{here}/decide")
    send(page, {"answer": "accept"})
    camera.take(page, "accept")
    send(page, {"how": "alone"})
    page.wait_for_url(re.compile(r"/before"), timeout=60_000)  # the page in between goes on by itself
    camera.take(page, "decided-then-before")
