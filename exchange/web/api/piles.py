"""Replies that were scanned in one go: put in the file, see what was found, put each reply in."""

from datetime import datetime
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.piles import MOST_BYTES, PileTooLarge
from exchange.steps import pile_replies, piles
from exchange.steps.piles import PileView
from exchange.store.piles import JPEG
from exchange.web.api.endpoint import BYTES, Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made


class PartLine(Answer):
    """Pages in a row. `open`: you may look at them; else they are another team's and nothing but this is told.

    `why`: left over, and why. `answers`: what went out with their code. `pages`: their numbers in the pile.
    """

    id: UUID
    open: bool
    count: int
    why: str | None = None
    case_id: UUID | None = None
    answers: UUID | None = None
    pages: tuple[int, ...] = ()
    reference: str = ""
    from_name: str = ""
    to_name: str = ""


class PileStory(Answer):
    """One pile: `waiting` for a worker, `read`, or `refused` with a code of why. `until`: then the rest goes."""

    id: UUID
    mine: bool
    name: str
    state: str
    refused_code: str | None
    at: datetime
    until: datetime
    parts: list[PartLine]


class Piles(Answer):
    """What is not all put in yet, newest first."""

    piles: list[PileStory]


class SheetCode(Asked):
    """The code on the reply sheet, as it was typed."""

    code: str = Field(min_length=1, max_length=64)


class Assigned(Answer):
    """Whether it is yours to put in; else its team was told."""

    mine: bool


async def put_in(call: Call) -> Made:
    """Put in a scanned pile (the body: a PDF or TIFF of at most 32 MiB). A worker takes it apart."""
    body = await call.body(MOST_BYTES, PileTooLarge())
    return Made(id=await piles.put_in(call.service, call.actor, body, ""))


async def all_of(call: Call) -> Piles:
    """The piles that you put in, and those with replies of your cases."""
    return Piles(piles=[_story(view) for view in await piles.all_of(call.service, call.actor)])


async def look(call: Call) -> PileStory:
    """What was found in one."""
    return _story(await piles.look(call.service, call.actor, call.id("pile")))


async def see(call: Call) -> web.Response:
    """One page as a picture. It stands in the record. HEAD is not answered."""
    if call.request.method != "GET":
        raise web.HTTPMethodNotAllowed(call.request.method, ["GET"])
    word = call.word("page")
    number = int(word) if word.isdecimal() and len(word) < 5 else 0
    body = await piles.open_page(call.service, call.actor, call.id("pile"), call.id("part"), number)
    return web.Response(body=body, content_type=JPEG, headers={"Cache-Control": "no-store"})


async def put_reply_in(call: Call) -> Made:
    """Put a reply in as a scanned letter; the message's id."""
    return Made(id=await pile_replies.put_in(call.service, call.actor, call.id("pile"), call.id("part")))


async def assign(call: Call, asked: SheetCode) -> Assigned:
    """Say whose reply left-over pages are, by the code on their sheet."""
    mine = await pile_replies.assign(call.service, call.actor, call.id("pile"), call.id("part"), asked.code)
    return Assigned(mine=mine)


async def throw_away(call: Call) -> None:
    """These pages are not put in."""
    await piles.throw_away(call.service, call.actor, call.id("pile"), call.id("part"))


async def throw_file_away(call: Call) -> None:
    """A file that could not be used goes."""
    await piles.throw_file_away(call.service, call.actor, call.id("pile"))


def _story(view: PileView) -> PileStory:
    row = view.pile
    parts = [
        PartLine(
            id=one.part.id, open=True, count=one.part.pages, why=one.part.why, case_id=one.part.case_id,
            answers=one.part.answers_id, pages=one.numbers, reference=one.reference, from_name=one.from_name,
            to_name=one.to_name,
        ) if one.open else PartLine(id=one.part.id, open=False, count=one.part.pages)
        for one in view.parts
    ]  # fmt: skip
    return PileStory(
        id=row.id, mine=view.mine, name=view.name, state=row.state, refused_code=row.refused_code, at=row.at,
        until=view.until, parts=parts,
    )  # fmt: skip


PLACE = "/piles/{pile}"
PART = PLACE + "/parts/{part}"
OPEN = Permission.CASE_OPEN
ENDPOINTS = [
    Endpoint("POST", "/piles", put_in, OPEN, status=201, takes=BYTES),
    Endpoint("GET", "/piles", all_of, OPEN),
    Endpoint("GET", PLACE, look, OPEN),
    Endpoint("DELETE", PLACE, throw_file_away, OPEN, status=204),
    Endpoint("POST", PART + "/message", put_reply_in, OPEN, status=201),
    Endpoint("PUT", PART + "/code", assign, OPEN),
    Endpoint("DELETE", PART, throw_away, OPEN, status=204),
    Endpoint("GET", PART + "/pages/{page}", see, OPEN, errors=(405,), produces=JPEG),
]
