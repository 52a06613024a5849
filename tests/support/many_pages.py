"""Every page of the console over a service with many cases: which there are, what each asks, how long each takes.

The pages come from the console's own routes: each GET that is a page for people, once for every role that may see
it, its places filled from what is in the database. What is left out is named in `LEFT_OUT` with the reason.
"""

import argparse
import asyncio
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from sqlalchemy import event, text

from exchange.core import access
from exchange.core.access import Relation
from exchange.core.model import Actor
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.console.app import ROUTES
from exchange.web.frame.routing import PUBLIC
from tests.support.console_site import running_console, session_cookie
from tests.support.many import Many

LEFT_OUT = (
    (r"^/api/", "the same reads as the pages; counted where they list"),
    (r"^/sign-in|/sign-on", "outside: no case is read"),
    (r"/part/|/sound$|/progress$|/proof$|^/record/checkpoint$|^/uploads/|certificate$", "bytes or a scrap, no page"),
    (r"/present/|/print/", "goes on from a release that is under way"),
    (r"/early$|/making$|/changes/\{name\}|/captions|/words$|/spoken$", "the workshop: bytes of one recording"),
    (r"^/cases/import", "a form, and a file to begin with: no list"),
    (r"^/piles/\{", "one scanned pile, which begins with a file: what it asks is counted in test_piles.py"),
    (r"^/record/export$", "asks for a second factor; its file is as long as the record"),
    (r"/revise-link|/replace-link|/upload$|/notice$", "goes on from a link or a return of that very message"),
    (r"^/emergencies/\{|/notices$", "one emergency, or what one person finds safe: no list"),
    (r"^/assessments/\{|^/admin/assessment/", "one assessment, or one question of the form: no list"),
    (r"^/wordings", "versions of the service's own words: no list of cases"),
    (r"^/admin/webhooks/\{", "one webhook, of which there are few: no list of cases"),
    (r"^/copies/\{|/corrections/\{", "one copy or one correction, which begins with a request: no list"),
)
"""Routes that are no page of lists or cases, and why."""

STATES = {
    "review": "in_review", "compare": "in_review", "changes": "in_review", "text": "in_review", "return": "in_review",
    "withhold": "in_review", "retract": "approved", "preview-link": "approved", "stop-link": "approved",
    "consent/share": "approved", "consent/receive": "offered", "hand-over": "accepted", "revoke": "released",
    "concern": "in_review", "misfiled": "in_review", "told": "withheld", "appeal": "withheld",
}  # fmt: skip
OBJECTS = {
    "case": "select c.id from cases c join mine using (id) where c.state = 'open' order by reference limit 1",
    "person": "select p.id from participant p join mine on mine.id = case_id order by p.id limit 1",
    "message": "select m.id from message m join mine on mine.id = case_id"
    " where m.state = :state and kind = 'letter' order by reference limit 1",
    "concern": "select n.id from concern n join mine on mine.id = case_id order by n.id limit 1",
    "task": "select k.id from task k join mine on mine.id = case_id where done_at is null order by k.id limit 1",
    "link": "select l.id from link l join mine on mine.id = case_id where l.state = 'live' order by l.id limit 1",
    "referral": "select id from referral order by reference limit 1",
    "account": "select cast(:lead as uuid)",
    "index": "select max(index) from ledger_leaf",
}
MINE = "with mine as (select case_id as id from assignment where account_id = :lead and until is null) "
KINDS = {
    "/cases/{case}/facts": "pause", "/people/{person}/facts": "status", "/people/{person}/consents": "take_part",
    "/cases/{case}/diary": "plan", "/people/{person}/diary": "inviting",
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """A route, an address of it, and who looks."""

    route: str
    path: str
    role: str
    who: Actor


@dataclass
class Times:
    """Milliseconds of each visit, and how many answers were no page."""

    took: list[float] = field(default_factory=list)
    faults: int = 0

    def at(self, part: float) -> float:
        """The percentile, 0 without a visit."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * part))] if self.took else 0.0


async def pages_of(many: Many, lead: Actor | None = None) -> list[Page]:
    """Every page for each role that may see it; a facilitator's are of the cases they lead."""
    lead = lead or many.facilitators[0]
    who = {"facilitator": lead, "supervisor": many.supervisor, "auditor": many.auditor,
           "administrator": many.administrator}  # fmt: skip
    found = []
    for role, actor in who.items():
        for route in sorted({one.path for one in ROUTES if one.method == "GET" and _counts(one, actor, role)}):
            path = await _filled(many, route, lead)
            if path is not None:
                found.append(Page(route, path, role, actor))
    return found


def _counts(route: Any, actor: Actor, role: str) -> bool:
    if route.permission is PUBLIC or any(re.search(pattern, route.path) for pattern, _ in LEFT_OUT):
        return False
    near = Relation.LEAD if role == "facilitator" else Relation.NONE
    return access.may(actor, route.permission, near)


async def _filled(many: Many, route: str, lead: Actor) -> str | None:
    """The route with its places filled; None where there is no such object."""
    if "{" not in route:
        return route
    tail = route.partition("}/")[2]
    state = STATES.get(tail, "approved" if tail == "offer" else "opened")
    name = re.search(r"\{(\w+)", route)
    assert name
    if name[1] not in OBJECTS:
        return None
    async with reading(many.service) as conn:
        told = {"lead": lead.id, "state": state}
        one = (await conn.execute(text(MINE + OBJECTS[name[1]]), told)).scalar_one_or_none()
    kind = next((word for begins, word in KINDS.items() if route.startswith(begins)), "")
    return None if one is None else route.replace(name[0] + "}", str(one)).replace("{kind}", kind)


@contextmanager
def counting(service: Service) -> Iterator[list[str]]:
    """The statements that are sent to the database while the block runs."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(service.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(service.engine.sync_engine, "before_cursor_execute", note)


async def queries_of(service: Service, pages: list[Page]) -> dict[Page, int]:
    """How many statements each page asks; raises where one does not answer with a page."""
    found = {}
    async with running_console(service) as console:
        clients = {page.role: await console.as_(page.who) for page in pages}
        for page in pages:
            with counting(service) as sent:
                status, _text = await clients[page.role].get(page.path)
            assert status in (200, 409), (page, status)
            found[page] = len(sent)
    return found


async def visiting(service: Service, url: str, pages: list[Page], asked: argparse.Namespace) -> dict[Page, Times]:
    """`asked.users` people, each signed in, visit pages of their role until each page was seen `asked.visits` times."""
    times: dict[Page, Times] = defaultdict(Times)
    todo = pages * asked.visits
    random.Random(1).shuffle(todo)
    clients: dict[Any, aiohttp.ClientSession] = {}

    async def work(number: int) -> None:
        chance = random.Random(number)
        await asyncio.sleep(chance.random() * asked.reading)
        while todo:
            page = todo.pop()
            await _visit(clients[number, page.role], url + page.path, times[page])
            await asyncio.sleep(asked.reading * chance.uniform(0.5, 1.5))

    for number in range(asked.users):
        for role, who in {page.role: page.who for page in pages}.items():
            assert who.id
            cookie = await session_cookie(service, who.id)
            jar = aiohttp.CookieJar(unsafe=True)
            clients[number, role] = aiohttp.ClientSession(cookie_jar=jar, cookies={"console": cookie})
    try:
        await asyncio.gather(*[work(number) for number in range(asked.users)])
    finally:
        for client in clients.values():
            await client.close()
    return times


async def _visit(client: aiohttp.ClientSession, url: str, times: Times) -> None:
    began = time.perf_counter()
    async with client.get(url, allow_redirects=False) as answer:
        await answer.read()
    times.took.append((time.perf_counter() - began) * 1000)
    times.faults += answer.status not in (200, 409)
