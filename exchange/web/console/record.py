"""The record for auditors: find, check, take away. Ids and fixed words only; nobody's name but staff's."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotFound, StepUpNeeded
from exchange.core.export import Filter
from exchange.core.leaf import ACT, WORD
from exchange.steps import record, witnessing
from exchange.web import frame
from exchange.web.attachment import named
from exchange.web.console import acts
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_
from exchange.web.frame.forms import form_of
from exchange.web.frame.state import SITE

ASKED = ("case", "person", "act", "outcome", "since", "until")
DAYS = ("since", "until")


async def page(request: web.Request) -> web.StreamResponse:
    """A page of entries, newest first; that it was read is recorded."""
    service, actor = service_of(request), actor_of(request)
    form, filters = await _filters(request, request.query)
    below = request.query.get("below", "")
    number = int(below) if below.isdigit() and len(below) < 12 else None
    shown = None
    if not form.errors:
        shown = await record.search(service, actor, filters, below=number)
    names = {str(account): name for account, name in shown.staff.items()} if shown else {}
    asked_for = {name: form.value(name) for name in ASKED if form.value(name)}
    context = {
        "form": form,
        "entries": [acts.line(entry, names) for entry in shown.entries] if shown else [],
        "size": shown.size if shown else 0,
        "older": "/record?" + urlencode({**asked_for, "below": shown.more}) if shown and shown.more else "",
        "acts": _acts(),
        "signature": await record.newest_signature(service, actor),
        "filtered": filters is not None,
        "export": "/record/export" + ("?" + urlencode(asked_for) if asked_for else ""),
    }
    return frame.render(request, "console/record.html", context, status=422 if form.errors else 200)


async def checkpoint(request: web.Request) -> web.StreamResponse:
    """The newest checkpoint as the file that `exchange audit verify --since` takes."""
    found = await record.newest_signature(service_of(request), actor_of(request))
    if found is None:
        return frame.see_other(request, "/record")
    headers = named(f"checkpoint-{found.size}.note")
    return web.Response(text=found.note, content_type="text/plain", headers=headers)


async def entry(request: web.Request) -> web.StreamResponse:
    """One entry with all that it says, and where its proof is."""
    found, staff = await record.entry(service_of(request), actor_of(request), _number(request))
    names = {str(account): name for account, name in staff.items()}
    signed = await record.newest_signature(service_of(request), actor_of(request))
    context = {
        "entry": acts.line(found, names),
        "fields": _fields_of(found.leaf),
        "text": found.text,
        "signed": signed is not None and found.index < signed.size,
    }
    return frame.render(request, "console/record_entry.html", context)


async def proof(request: web.Request) -> web.StreamResponse:
    """The entry's proof as the file that `exchange audit check-proof` takes; that it was taken is recorded."""
    number = _number(request)
    text = await witnessing.prove(service_of(request), actor_of(request), number)
    headers = named(f"entry-{number}.tlog-proof")
    return web.Response(text=text, content_type="text/plain", headers=headers)


def _number(request: web.Request) -> int:
    found = request.match_info["index"]
    if not (found.isascii() and found.isdigit() and len(found) < 16):
        raise NotFound
    return int(found)


def _fields_of(leaf: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every field of an entry as it is spelled there."""
    flat = {**{f"actor {name}": value for name, value in leaf["actor"].items()}, **leaf}
    return [
        (name.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in sorted(flat.items())
        if name != "actor"
    ]


async def export_page(request: web.Request) -> web.StreamResponse:
    """What would be taken away, said plainly, before it is."""
    if not actor_of(request).stepped_up:
        raise StepUpNeeded
    form, filters = await _filters(request, request.query)
    if form.errors:
        return frame.see_other(request, "/record")
    found = await record.newest_signature(service_of(request), actor_of(request))
    kept = {name: form.value(name) for name in ASKED if form.value(name)}
    context = {"filtered": filters is not None, "kept": kept, "signature": found}
    return frame.render(request, "console/record_export.html", context)


async def export(request: web.Request) -> web.StreamResponse:
    """The file, line by line; that it was taken stands in the record before its first byte."""
    form, filters = await _filters(request, await _fields(request))
    if form.errors:
        raise BadInput
    table = (await form_of(request)).get("form") == "csv"
    lines = await record.export(service_of(request), actor_of(request), filters, table=table)
    name = ("record-part" if filters else "record") + (".csv" if table else ".jsonl")
    headers = {
        "Content-Type": "text/csv; charset=utf-8" if table else "application/jsonl; charset=utf-8",
        **named(name),
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    async for line in lines:
        await response.write(line.encode())
    await response.write_eof()
    return response


async def _fields(request: web.Request) -> dict[str, str]:
    """The form's fields; the frame has read and checked them already."""
    return {name: value for name, value in (await form_of(request)).items() if name in ASKED}


async def _filters(request: web.Request, untrusted: Any) -> tuple[frame.ErrorSummary, Filter | None]:
    """The form as it was filled in, with what is wrong with it, and the filter it means (None: everything)."""
    form = frame.blank(**{name: _entered(untrusted, name) for name in ASKED}, **_parts(untrusted))
    found = Filter()
    for name in ASKED:
        if form.value(name):
            try:
                found = await _narrowed(request, found, name, form.value(name))
            except BadInput as error:
                form.add(f"{name}-day" if name in DAYS else name, str(error))
    return form, (found if found.wanted() else None)


def _entered(untrusted: Any, name: str) -> str:
    """One field; a day is asked in three parts and kept in links as 2026-03-27."""
    whole = str(untrusted.get(name, ""))[:80].strip()
    if whole or name not in DAYS:
        return whole
    parts = [str(untrusted.get(f"{name}-{part}", ""))[:20].strip() for part in ("year", "month", "day")]
    return "-".join(part.zfill(2) for part in parts) if any(parts) else ""


def _parts(untrusted: Any) -> dict[str, str]:
    """The three parts of each day, for the form to show again."""
    found: dict[str, str] = {}
    for name in DAYS:
        whole = _entered(untrusted, name).split("-")
        given = whole if len(whole) == 3 else ["", "", ""]
        found |= {f"{name}-{part}": value for part, value in zip(("year", "month", "day"), given, strict=True)}
    return found


async def _narrowed(request: web.Request, found: Filter, name: str, value: str) -> Filter:
    service, actor = service_of(request), actor_of(request)
    if name == "case":
        return replace(found, case=await record.find_case(service, actor, value))
    if name == "person":
        kind, person = await record.find_person(service, actor, value)
        return replace(found, account=person) if kind == "account" else replace(found, participant=person)
    if name == "act":
        return replace(found, act=_fits(ACT, value, "act"))
    if name == "outcome":
        return replace(found, outcome=_fits(WORD, value, "outcome"))
    return replace(found, **{name: _moment(request, value, name)})


def _fits(shape: Any, value: str, field: str) -> str:
    if not shape.fullmatch(value):
        raise BadInput("The record has no such word.", field=field)
    return value


def _moment(request: web.Request, value: str, field: str) -> str:
    """The beginning of a day in the service's zone (the end, for `until`), as a leaf spells times."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise BadInput("Enter a real date, such as 27 3 2026", field=field) from None
    start = datetime.combine(day + timedelta(days=field == "until"), time(), request.app[SITE].zone)
    return start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _acts() -> list[tuple[str, str]]:
    named = sorted((frame.gettext(text), code) for code, text in acts.ACTS.items())
    return [("", frame.gettext(N_("Any"))), *((code, text) for text, code in named)]


ROUTES = [
    frame.Route("GET", "/record", page, Permission.RECORD),
    frame.Route("GET", "/record/checkpoint", checkpoint, Permission.RECORD),
    frame.Route("GET", "/record/entries/{index}", entry, Permission.RECORD),
    frame.Route("GET", "/record/entries/{index}/proof", proof, Permission.RECORD),
    frame.Route("GET", "/record/export", export_page, Permission.RECORD_EXPORT),
    frame.Route("POST", "/record/export", export, Permission.RECORD_EXPORT),
]
