"""After a walk over both sites: every log, table, object, address and metric is searched for what was planted."""

import asyncio
import base64
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from exchange.core.links import new_secret
from exchange.core.model import OPERATOR, Channel
from exchange.steps import links, notices, referral, tokens
from exchange.store import tables as t
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.database import cloned
from tests.support.figures import say
from tests.support.html_forms import read_page
from tests.support.mail import mail_server
from tests.support.notices import ADDRESS, ALWAYS, history, post_office, says_safe
from tests.support.planted import Planted, haystacks, hits
from tests.support.portal_site import Visitor
from tests.support.running import CONTACTS, FORMS, NAMES, PASSWORD, Exchange, running_exchange
from tests.support.world import CODE, World

LETTER = "Dear Willow, zanzibarbarian is a word that nobody else writes.\n"
WORDS = {
    **{f"name, {side}": name for side, name in NAMES.items()},
    **{f"form of name, {side}": name for side, name in FORMS.items()},
    **{f"contact, {side}": name for side, name in CONTACTS.items()},
    "a letter's word": "zanzibarbarian", "a file's name": "plantedfilename", "a referral's name": "Quillfeather",
    "a referral's number": "01632 960 444", "a notice's address": ADDRESS,
    "a wrong code": "plantedwrongcode", "a code": CODE,
}  # fmt: skip


@pytest.fixture(scope="module")
def running(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Portal, console and worker as processes."""
    with cloned(migrated_postgres) as url, running_exchange(url, tmp_path_factory.mktemp("walked")) as found:
        yield found


async def walk_portal(running: Exchange, world: World, planted: Planted) -> list[str]:
    """Read by link, write by link, wrong codes, dead links, a search for holes. The addresses that were asked for."""
    service, lead = world.service, world.facilitator
    _, to_read = await world.released(LETTER)
    to_write = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL)
    planted.secrets |= {"link to read": to_read.secret, "link to write": to_write.secret}
    planted.secrets["link that never was"] = new_secret()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        browser = Visitor(running.portal, client)
        await browser.get("/l")
        for secret in (planted.secrets["link that never was"], to_read.secret):
            await browser.post("/l", link=secret, code="plantedwrongcode")
        shown = ("/before", "/read", "/part/text", "/after")
        for secret, pages in ((to_read.secret, shown), (to_write.secret, ("/way",))):
            session = await browser.open(secret, CODE)
            await browser.post(session + "/me", answer="me")
            for page in ("", *pages, "/nothing"):
                await browser.follow(await browser.get(session + page))
        await browser.post(session + "/write", text=LETTER, go="next")
        await browser.follow(await browser.get(session + "/check"))
        await browser.post("/new-link", link=to_read.secret)
        await browser.post("/exit")
        planted.secrets["a visitor's cookie"] = next(c.value for c in jar if c.key == "portal")
    return told(browser)


def told(browser: Visitor) -> list[str]:
    """Addresses, redirects and titles of everything this browser saw."""
    found = []
    for one in browser.seen:
        title = re.search(r"<title>(.*?)</title>", one.body.decode("utf-8", "replace"), re.DOTALL)
        found += [one.path, one.location, title[1] if title else ""]
    return found


async def walk_console(running: Exchange, world: World, planted: Planted) -> list[str]:
    """Sign in, every link that the pages show, the API with a token, a file with a telling name."""
    fern = running.accounts["fern"]
    made = await tokens.create_token(world.service, OPERATOR, label="walk", account_id=world.facilitator.id)
    planted.secrets |= {"a password": PASSWORD, "a second factor": fern.secret, "a token": made.secret}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        browser = Visitor(running.console, client)
        await browser.get("/sign-in")
        await browser.post("/sign-in", login="fern", password=PASSWORD)
        await browser.get("/sign-in/code")
        await browser.post("/sign-in/code", code=fern.code())
        planted.secrets["a member of staff's cookie"] = next(c.value for c in jar if c.key == "console")
        shown, ahead = {"/sign-out"}, ["/", f"/cases/{world.case}", "/referrals"]
        while ahead and len(shown) < 60:
            path = ahead.pop()
            shown.add(path)
            page = await browser.get(path)
            found = {link.split("#")[0] for link in read_page(page.body.decode("utf-8", "replace"))[1]}
            ahead += sorted(link for link in found if link.startswith("/") and link not in shown)
        names = [NAMES[side] in page.body.decode("utf-8", "replace") for page in browser.seen for side in NAMES]
        assert any(names)  # the team does see the names: they were there to be leaked
        bearer = {"Authorization": f"Bearer {made.secret}"}
        for path in ("/me", f"/cases/{world.case}", f"/participants/{world.author}", "/nothing"):
            await browser.ask("GET", "/api/v1" + path, headers=bearer)
        about = {"author": str(world.author), "recipient": str(world.recipient), "kind": "letter"}
        answer = await browser.ask("POST", f"/api/v1/cases/{world.case}/messages", headers=bearer, json=about)
        message = re.search(rb'"id": ?"([0-9a-f-]{36})"', answer.body)
        assert message, answer.text
        await browser.ask("POST", "/api/v1/uploads", data=b"x" * 9, headers=bearer | upload(message[1].decode()))
        await browser.ask("POST", "/api/v1/sign-in", json={"login": "fern", "password": PASSWORD, "code": "000000"})
    return told(browser)


def upload(message: str) -> dict[str, str]:
    """The headers of a tus upload with a telling file name."""
    named = base64.b64encode(b"plantedfilename.txt").decode()
    about = base64.b64encode(message.encode()).decode()
    return {
        "Tus-Resumable": "1.0.0", "Upload-Length": "9", "Content-Type": "application/offset+octet-stream",
        "Upload-Metadata": f"filename {named},message {about}",
    }  # fmt: skip


async def knock_badly(running: Exchange, planted: Planted) -> None:
    """Secrets where they never should be: in queries, in paths, in what is not HTTP. Nobody may write them down."""
    secret = planted.secrets["link to read"]
    async with aiohttp.ClientSession() as client:
        for site in (running.portal, running.console):
            asked = f"/l?link={secret}&code=plantedwrongcode", f"/{secret}", f"/static/{secret}/x.js", f"/s/{secret}"
            for path in asked:
                async with client.get(site + path, allow_redirects=False) as answer:
                    assert secret not in str(answer.headers)
                    assert answer.status < 500
            async with client.request("BREW", f"{site}/l", headers={"X-Odd": secret}) as answer:
                assert answer.status in (400, 405)


@pytest.mark.slow
async def test_no_log_table_object_address_or_metric_holds_a_secret_or_a_name(
    running: Exchange, migrated_postgres: EmbeddedPostgres
) -> None:
    """Nothing is found; then the same search finds what is put into one place of each kind."""
    planted = Planted(words=dict(WORDS))
    postgres = Path(migrated_postgres.folder) / "postgres.log"
    async with running.service() as service:
        world = await running.case(service)
        told_us = {"reach_by": "phone", "reach_address": "01632 960 444", "name": "Quillfeather", "about": LETTER}
        await referral.save_referral(service, told_us)
        addresses = [*await walk_portal(running, world, planted), *await walk_console(running, world, planted)]
        await knock_badly(running, planted)
        await notify(world, planted)
        planted.secrets["the root key"] = running.settings.root_key_file.read_text("utf-8").strip()
        places = await haystacks(running, service, addresses, postgres)
        found = hits(planted, places)
        size = sum(map(len, places.values()))
        say(f"{len(planted.needles())} needles, {len(places)} places, {size} bytes, found {len(found)}")
        assert found == []
        assert await sees_what_is_put_there(running, service, addresses, postgres, planted) == KINDS


async def notify(world: World, planted: Planted) -> None:
    """A notice about a released letter, by the worker that runs; the e-mail has its address and nothing else."""
    with mail_server() as mailbox:
        await post_office(world.service, mailbox.port)
        await says_safe(world, world.recipient, hours=ALWAYS)
        _, link = await world.released(LETTER)
        planted.secrets["link told of in a notice"] = link.secret
        await notices.ask(world.service, world.facilitator, link=link.id)
        for _ in range(300):
            if (await history(world, world.recipient))[0].state == "sent":
                break
            await asyncio.sleep(0.2)
        (sent,) = mailbox.messages
        assert hits(planted, {"mail": sent.as_bytes()}) == [("a notice's address", "mail")]


KINDS = {"log", "table", "file", "addresses"}


async def sees_what_is_put_there(
    running: Exchange, service: Service, addresses: list[str], postgres: Path, planted: Planted
) -> set[str]:
    """Plant one needle in one place of each kind; the kinds in which the search finds it."""
    secret = planted.secrets["link to read"]
    with (running.tree.logs / "portal.log").open("a") as log:
        log.write(f"GET /l#{secret}\n")
    async with reading(service) as conn:
        await conn.execute(t.service_setting.insert().values(name="planted", value=NAMES[next(iter(NAMES))]))
    (running.settings.folder / "planted.txt").write_bytes(b"\0zanzibarbarian\0")
    places = await haystacks(running, service, [*addresses, f"/l?{secret}"], postgres)
    return {where.split()[0] for _, where in hits(planted, places)}
