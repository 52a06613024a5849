"""Role × route × object: two cases with planted words, everybody, and every request that the console declares.

The requests come from the application's own census: an address for each route and each case's objects; for a page's
POST also the very form that the case's own lead is shown, as a curious colleague would send it again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import aiohttp
from sqlalchemy import func, select, text, update

from exchange.core.access import READS_INSIDE
from exchange.core.links import new_secret
from exchange.core.model import OPERATOR, Actor, Channel, Role, Side
from exchange.steps import cases, concern, own_copy, rectification, stop, tokens
from exchange.steps.cases import SafeContact
from exchange.store import near
from exchange.store import tables as t
from exchange.store.unit import reading
from exchange.web.frame import route_census
from exchange.web.frame.routing import ROUTES
from tests.support import piles
from tests.support.api_bodies import body_of
from tests.support.assessing import assess
from tests.support.console_site import Console, session_cookie
from tests.support.crawl import token_for, wrong_headers
from tests.support.html_forms import read_page
from tests.support.notices import says_safe
from tests.support.world import World, record_everything, staff

API = "/api/v1"
NONE = "00000000-0000-4000-8000-000000000000"  # of these there are none
WORDS = {
    "name": "text",
    "problem": "refused",
    "digest": "0" * 16,
    "language": "en",
    "erasure": NONE,
    "passkey": NONE,
    "index": "1",
    "page": "1",
    "quarter": "2026-01-01",
    "edit": NONE,
    "section": "s1",
    "question": "q1",
    "wording": "share-2026-01",
}
KINDS = {
    "/facts/": "status", "/cases/{case}/facts/": "pause", "/diary/": "inviting", "/cases/{case}/diary/": "plan",
    "/consents/": "take_part", "/wordings/": "take_part",
}  # fmt: skip
WAYS_OUT = ("/sign-out", "/account/password", "/account/factor")


@dataclass(frozen=True)
class Objects:
    """One case's objects by the names that routes use, and the planted words: seen by supervisors, or not."""

    case: UUID
    ids: dict[str, str]
    words: tuple[str, ...]
    content: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """One request: to which route, about whose objects."""

    method: str
    path: str
    route: str
    about: Objects
    form: dict[str, str] | None = None
    json: Any = None


@dataclass
class Tally:
    """What came of it."""

    made: Counter[str] = field(default_factory=Counter)
    allowed: Counter[str] = field(default_factory=Counter)
    leaks: list[tuple[str, str, str, str]] = field(default_factory=list)
    headers: list[tuple[str, str, list[str]]] = field(default_factory=list)
    faults: list[tuple[str, str, int]] = field(default_factory=list)


async def second_case(world: World) -> World:
    """A case of the stranger's own, with other people in it."""
    service, lead = world.service, world.stranger
    case = await cases.open_case(service, lead)
    people = {
        side: await cases.add_participant(
            service, lead, case, side=side, name=f"Otherly {side}", form_of_name=f"Othershort {side}",
            contact=SafeContact(Channel.EMAIL, address=f"{side}@others.example"),
        )
        for side in Side
    }  # fmt: skip
    other = replace(
        world, facilitator=lead, second=lead, stranger=world.facilitator, case=case,
        author=people[Side.RESPONSIBLE], recipient=people[Side.HARMED],
    )  # fmt: skip
    await record_everything(other)
    return other


async def objects_of(world: World, spare: UUID, *, names: tuple[str, ...], letter: str) -> Objects:
    """One of everything that a case can have, with planted words in what can hold words."""
    service, lead = world.service, world.facilitator
    pile, scanned = await piles.outsiders(world, world.stranger)
    message, link = await world.released(f"Dear you,\n\n{letter}\n")
    stopped = await world.letter(f"Another one.\n\n{letter}\n")
    raised = await concern.raise_concern(service, lead, stopped, kind="other", note=f"Concern about {letter[::-1]}")
    found = await world.visit(link, new_secret())
    await stop.tell(service, found, kind="feedback", text=f"Told {letter}")
    await says_safe(world, world.author, address=f"{letter}@notices.example")
    copy = await own_copy.prepare(service, lead, world.author)
    wrong = await rectification.ask(service, lead, world.author, "details", f"Wrong {letter}")
    assessed = await assess(service, lead, world.case, words=f"Assessed {letter}")
    async with reading(service) as conn:
        item = await conn.scalar(select(t.own_copy_item.c.id).where(t.own_copy_item.c.copy_id == copy).limit(1))
        notice = await conn.scalar(
            t.notice.insert()
            .values(case_id=world.case, participant_id=world.author, event="offer", means="email")
            .values(token=uuid4().hex, due_at=func.now())
            .returning(t.notice.c.id)
        )
        mine = t.message.c.case_id == world.case
        release = await conn.scalar(select(t.release.c.id).where(t.release.c.message_id == message))
        task = await conn.scalar(select(t.task.c.id).where(t.task.c.case_id == world.case, t.task.c.kind == "feedback"))
        file = await conn.scalar(select(t.upload.c.id).where(t.upload.c.message_id == message))
        session = await conn.scalar(select(t.account_session.c.id).where(t.account_session.c.account_id == lead.id))
        reference = await conn.scalar(select(t.cases.c.reference).where(t.cases.c.id == world.case))
        numbers = list((await conn.execute(select(t.message.c.reference).where(mine))).scalars())
    own = await tokens.create_token(service, OPERATOR, label="own", account_id=UUID(str(lead.id)))
    ids = {
        "case": world.case, "person": world.author, "participant": world.author, "other": world.recipient,
        "message": message, "concern": raised, "link": link.id, "release": release, "task": task, "upload": file,
        "session": session, "token": own.id, "account": spare, "second": spare, "supervisor": spare, "bar": uuid4(),
        "emergency": uuid4(), "rules": uuid4(), "notice": notice, "copy": copy, "item": item,
        "wrong": wrong, "assessment": assessed, "webhook": uuid4(), "pile": pile,
        "part": scanned,
    }  # fmt: skip
    planted = (str(reference), *(str(number) for number in numbers), *names, letter[::-1])
    return Objects(world.case, {name: str(one) for name, one in ids.items()}, planted, (letter,))


def addresses(console: Console, about: Objects, referral: UUID) -> Iterator[Request]:
    """Every declared route once, its places filled with this case's objects."""
    ids = about.ids | {"referral": str(referral)}
    for method, path, _ in route_census(console.app):
        if method == "HEAD":
            continue
        kind = next((word for part, word in reversed(KINDS.items()) if part in path), "-")
        filled = path.replace(":.+", "").replace(":[0-9a-f-]{36}", "").format(**{**ids, **WORDS, "kind": kind})
        json = None
        if path.startswith(API):
            json = body_of(method, path.removeprefix(API), {name: UUID(one) for name, one in ids.items()})
        yield Request(method, filled, path, about, {} if method == "POST" and not path.startswith(API) else None, json)


async def forms_of(console: Console, lead: Actor, pages: list[Request]) -> list[Request]:
    """The forms that a case's lead is shown, filled in, to be sent again by everybody."""
    client, found = await console.as_(lead), {}
    for page in pages:
        status, shown = await client.get(page.path) if page.method == "GET" and API not in page.path else (0, "")
        for form in read_page(shown)[0] if status == 200 else []:
            if form.method == "POST" and form.action.startswith("/") and not form.action.startswith(WAYS_OUT):
                fields = {name: value for name, value in form.fields.items() if name != "csrf"}
                found[form.action, tuple(sorted(fields.items()))] = replace(
                    page, method="POST", path=form.action, form=fields
                )
    return list(found.values())


class Matrix:
    """Sends requests as somebody and judges the answers."""

    def __init__(self, console: Console, http: aiohttp.ClientSession, cases: tuple[Objects, Objects]) -> None:
        self.console, self.http, self.cases, self.tally = console, http, cases, Tally()
        self.features = {route.path: route.features for route in console.app[ROUTES].values() if route.features}

    async def send(self, name: str, actor: Actor | None, requests: list[Request]) -> None:
        """All of them, as this person; every answer is judged."""
        token = await self._token(actor)
        cookie = ""
        for one in requests:
            if actor and actor.id and (not cookie or one.method != "GET"):
                cookie = await session_cookie(self.console.service, actor.id)
            await self._ask(name, actor, one, cookie or new_secret(), token)

    async def _ask(self, name: str, actor: Actor | None, one: Request, cookie: str, token: str) -> None:
        api = one.path.startswith(API)
        headers = {"Authorization": f"Bearer {token}"} if api else {"Cookie": f"console={cookie}"}
        given: dict[str, Any] = {"headers": headers}
        if api and one.json is not None:
            given |= {"params": one.json} if one.method == "GET" else {"json": one.json}
        elif not api and one.method != "GET":
            headers["X-CSRF-Token"] = token_for(cookie)
            given |= {"data": {**(one.form or {}), "csrf": token_for(cookie)}}
        url = self.console.url + one.path
        async with self.http.request(one.method, url, allow_redirects=False, **given) as answer:
            body = (await answer.read()).decode("utf-8", "replace")
            self.tally.made[name] += 1
            self.tally.allowed[name] += answer.status < 300
            features = self.features.get(one.route, ())
            if wrong := wrong_headers(one.path, answer.status, answer.headers, features=features):
                self.tally.headers.append((one.method, one.path, wrong))
            if answer.status >= 500:
                self.tally.faults.append((one.method, one.path, answer.status))
            await self._judge(name, actor, one, body + str(answer.headers.get("Location")))

    async def _judge(self, name: str, actor: Actor | None, one: Request, told: str) -> None:
        for case in self.cases:
            sees = actor is not None and Role.SUPERVISOR in actor.roles
            hidden = case.content if sees else case.words + case.content
            hits = [word for word in hidden if word in told]
            if hits and not await self._on_the_team(actor, case):
                self.tally.leaks += [(name, one.method, one.path, word) for word in hits]

    async def _on_the_team(self, actor: Actor | None, case: Objects) -> bool:
        if actor is None:
            return False
        async with reading(self.console.service) as conn:
            return await near.relation(conn, case.case, actor.id) in READS_INSIDE

    async def _token(self, actor: Actor | None) -> str:
        if actor is None:
            return "exch_nobody"
        made = await tokens.create_token(self.console.service, OPERATOR, label="matrix", account_id=actor.id)
        async with reading(self.console.service) as conn:
            mine = update(t.api_token).where(t.api_token.c.id == made.id)
            await conn.execute(mine.values(stepped_up_at=func.now()))
        return made.secret


async def everything_of(console: Console, case: UUID) -> dict[str, str]:
    """A digest per table of all rows of a case, to see whether anything was changed."""
    found = {}
    async with reading(console.service) as conn:
        listed = text("select table_name, column_name from information_schema.columns where table_schema = 'public'")
        columns = {(row.table_name, row.column_name) for row in await conn.execute(listed)}
        for table in sorted({name for name, _ in columns}):
            # as text, for the record keeps the case as text
            of_case = "x.case_id::text = cast(:case as text)" if (table, "case_id") in columns else ""
            where = "id = :case" if table == "cases" else of_case
            if (table, "message_id") in columns and not where:
                where = "message_id in (select id from message where case_id = :case)"
            if where and table != "ledger_leaf":  # the record may grow: that somebody was refused stands in it
                whole = "select md5(coalesce(string_agg(x::text, ',' order by x::text), ''))"
                rows = text(f"{whole} from {table} x where {where}")
                found[table] = str((await conn.execute(rows, {"case": case})).scalar_one())
    return found


async def spare_account(world: World) -> UUID:
    """An account that nobody of the matrix uses, for the routes that change one."""
    return UUID(str((await staff(world.service, "spare", Role.FACILITATOR)).id))
