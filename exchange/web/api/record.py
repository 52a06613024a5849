"""The record: a case's part for its team; all of it, its checkpoint and its export for auditors."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from exchange.core.access import Permission
from exchange.core.errors import NotFound
from exchange.core.export import Filter
from exchange.core.leaf import ACT
from exchange.core.model import Actor
from exchange.core.unusual import Kind
from exchange.steps import oversight, record, witnessing
from exchange.steps.record import Shown
from exchange.store.service import Service
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Line, Moment, Word, Words

JSON_LINES = "application/jsonl"
TEXT = "text/plain"
CSV = "text/csv"
Below = Annotated[int, Field(ge=0, le=2**53)]


class Wanted(Asked):
    """Which entries; nothing means all. Ids, references or sign-in names."""

    case: Line | None = Field(None, description="A reference or an id.")
    person: Line | None = Field(None, description="A sign-in name, or the id of an account or a participant.")
    act: Annotated[str, StringConstraints(pattern=f"^{ACT.pattern}$")] | None = None
    outcome: Word | None = None
    since: Moment | None = None
    until: Moment | None = None


class WantedPage(Wanted):
    """Which entries, and from where on."""

    below: Below | None = Field(None, description="Go on below this number; see `more`.")


class PageOf(Asked):
    """From where on."""

    below: Below | None = None


class Entry(Answer):
    """One entry: its number, its time, and what it says in ids, numbers and fixed words."""

    index: int
    at: datetime
    leaf: dict[str, Any]


class Entries(Answer):
    """A page of entries, newest first. `more`: the number to go on below."""

    size: int
    more: int | None
    entries: list[Entry]


class Checkpoint(Answer):
    """The newest checkpoint: a signed note (C2SP tlog-checkpoint)."""

    size: int
    at: datetime
    key_name: str
    note: str


class Place(Asked):
    """Which entry."""

    index: int = Field(ge=0, le=2**53)


class Looked(Asked):
    """How far back (days, today included), and of which case or kind only."""

    days: int = Field(30, ge=1, le=92)
    case: Line | None = Field(None, description="A reference or an id.")
    kind: Literal["outside_hours", "bulk", "not_assigned", "failures"] | None = None


class Span(Answer):
    """Openings of content from `first` to `last`, both days counted."""

    first: date
    last: date
    staff: int
    participants: int


class Finding(Answer):
    """What is unusual, from entry `first` to `last`; `who` is an account's or a link's id, `case` "" where several."""

    kind: str
    who: str
    case: str
    first: int
    last: int
    since: datetime
    until: datetime
    count: int


class Freshness(Answer):
    """When the record was last signed; `late`: too long ago; `stopped`: so long ago that no content is shown."""

    signed_at: datetime | None
    late: bool
    stopped: bool


class Overview(Answer):
    """Spans without a gap, oldest first; findings, newest first; how fresh the record's signature is."""

    spans: list[Span]
    findings: list[Finding]
    signature: Freshness


class Since(Asked):
    """How many entries the witness has seen; 0 for none."""

    old: int = Field(0, ge=0, le=2**53)


class Cosignatures(Asked):
    """Signature lines, and the size of the checkpoint that they cosign."""

    size: int = Field(ge=1, le=2**53)
    lines: Words


class Kept(Answer):
    """The names of the witnesses whose cosignatures were new."""

    witnesses: list[str]


async def of_case(call: Call, asked: PageOf) -> Entries:
    """The record of one case, for those who see the case."""
    return _entries(await record.of_case(call.service, call.actor, call.id("case"), below=asked.below))


async def search(call: Call, asked: WantedPage) -> Entries:
    """The record, for auditors. That it was read stands in it."""
    filters = await _filter(call.service, call.actor, asked)
    return _entries(await record.search(call.service, call.actor, filters, below=asked.below))


async def checkpoint(call: Call) -> Checkpoint:
    """The newest checkpoint."""
    found = await record.newest_signature(call.service, call.actor)
    if found is None:
        raise NotFound("Nothing has been signed yet. Please try again in a few minutes.")
    return Checkpoint.model_validate(found)


async def entry(call: Call, asked: Place) -> Entry:
    """One entry. That it was read stands in the record."""
    found, _ = await record.entry(call.service, call.actor, asked.index)
    return Entry.model_validate(found)


async def overview(call: Call, asked: Looked) -> Overview:
    """How often content was opened, by day or week, and what is unusual. That it was looked at stands in the record."""
    case = await record.find_case(call.service, call.actor, asked.case) if asked.case else None
    kind = Kind(asked.kind) if asked.kind else None
    found = await oversight.overview(call.service, call.actor, days=asked.days, case=case, kind=kind)
    return Overview.model_validate(found)


async def proof(call: Call, asked: Place) -> web.StreamResponse:
    """The proof that one entry stands in the record (C2SP tlog-proof), for `exchange audit check-proof`."""
    return web.Response(text=await witnessing.prove(call.service, call.actor, asked.index), content_type=TEXT)


async def consistency(call: Call, asked: Since) -> web.StreamResponse:
    """The newest checkpoint with the proof that it continues the first entries, for a witness (C2SP tlog-witness)."""
    return web.Response(text=await witnessing.submission(call.service, call.actor, asked.old), content_type=TEXT)


async def cosignatures(call: Call, asked: Cosignatures) -> Kept:
    """Hand in a known witness's cosignatures of a checkpoint (C2SP tlog-cosignature)."""
    return Kept(witnesses=await witnessing.keep(call.service, call.actor, asked.size, asked.lines))


async def export(call: Call, asked: Wanted) -> web.StreamResponse:
    """Take the record away as JSON Lines, for `exchange audit verify`. That it was taken stands in it."""
    filters = await _filter(call.service, call.actor, asked)
    return await _streamed(call, await record.export(call.service, call.actor, filters), JSON_LINES)


async def table(call: Call, asked: Wanted) -> web.StreamResponse:
    """Take the record away as a table for spreadsheets (CSV), up to the same checkpoint. That stands in it too."""
    filters = await _filter(call.service, call.actor, asked)
    return await _streamed(call, await record.export(call.service, call.actor, filters, table=True), CSV)


async def _streamed(call: Call, lines: AsyncIterator[str], media_type: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": media_type})
    await response.prepare(call.request)
    async for line in lines:
        await response.write(line.encode())
    await response.write_eof()
    return response


async def _filter(service: Service, actor: Actor, asked: Wanted) -> Filter | None:
    found: dict[str, str | None] = {"act": asked.act, "outcome": asked.outcome}
    found["since"], found["until"] = _time(asked.since), _time(asked.until)
    if asked.case:
        found["case"] = await record.find_case(service, actor, asked.case)
    if asked.person:
        kind, person = await record.find_person(service, actor, asked.person)
        found[kind] = person
    narrowed = Filter(**found)
    return narrowed if narrowed.wanted() else None


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def _entries(shown: Shown) -> Entries:
    entries = [Entry.model_validate(entry) for entry in shown.entries]
    return Entries(size=shown.size, more=shown.more, entries=entries)


ENDPOINTS = [
    Endpoint("GET", "/cases/{case}/record", of_case, Permission.CASE_SEE),
    Endpoint("GET", "/record", search, Permission.RECORD),
    Endpoint("GET", "/record/checkpoint", checkpoint, Permission.RECORD_WITNESS, errors=(404,)),
    Endpoint("GET", "/record/entry", entry, Permission.RECORD),
    Endpoint("GET", "/record/overview", overview, Permission.RECORD),
    Endpoint("GET", "/record/proof", proof, Permission.RECORD, produces=TEXT),
    Endpoint("GET", "/record/consistency", consistency, Permission.RECORD_WITNESS, produces=TEXT),
    Endpoint("POST", "/record/cosignatures", cosignatures, Permission.RECORD_WITNESS),
    Endpoint("POST", "/record/export", export, Permission.RECORD_EXPORT, produces=JSON_LINES),
    Endpoint("POST", "/record/table", table, Permission.RECORD_EXPORT, produces=CSV),
]
