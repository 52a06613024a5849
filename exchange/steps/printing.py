"""The print pack as one PDF: coversheet, letter, reply sheets (rules 20, 3, 19). See docs/decisions/0022.

Setting it is an access like every other to what it holds: the gate is asked before and once more when it is set,
and each part is opened with its own leaf. Nothing of the PDF is kept.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

import media
from exchange.core import gate
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Refused, StorageUnavailable
from exchange.core.gate import Act
from exchange.core.model import Actor
from exchange.steps import view
from exchange.steps.freshness import require_fresh
from exchange.steps.offer import note_of
from exchange.steps.paper import code_of
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.scratch import private_scratch
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work
from media import pack as sheets
from media.limits import Code, Rejected
from media.pack import Block

REPLY_SHEETS = 2


@dataclass(frozen=True)
class Words:
    """What is ours on the sheets, in the language of the pack, ready to print.

    `page` says "Page 2 of 5" for (2, 5); `part` is the heading of a text by its part's name; `made` says of a
    translation's facts who made it, "" for any other text.
    """

    language: str
    title: str
    case: str
    version: str
    recipient: str
    qr: str
    staff: str
    staff_steps: tuple[str, ...]
    staff_end: str
    before: str
    before_end: str
    pages_end: str
    signed: str
    reply: str
    reply_words: tuple[str, ...]
    page: Callable[[int, int], str]
    part: Callable[[str], str]
    made: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class _Contents:
    """What is printed: ids and codes, the note before it, its parts."""

    case: str
    version: str
    code: str
    note: str = field(repr=False)
    parts: list[Row[Any]]


async def make_pdf(
    service: Service, actor: Actor, message_id: UUID, release_id: UUID, *, large: bool, words: Words
) -> bytes:
    """The pack of a release on paper that is under way, as PDF/UA-1.

    Raises `Refused` where the gate says no, where nothing can be printed or no font of ours has its letters.
    """
    found = await _contents(service, actor, message_id, release_id, large=large)
    with private_scratch(service.settings.scratch) as scratch:
        pictures, pages, texts = {}, [], []
        for part in found.parts:
            body = await _body(service, actor, message_id, release_id, part)
            if part.media_type.startswith("text/"):
                texts.append((part, body.decode("utf-8", "replace")))
                continue
            path = scratch / f"{part.name}.jpg"
            await asyncio.to_thread(path.write_bytes, body)
            pictures[path.name] = path
            pages.append(path.name)
        made = sheets.Pack(words.title, words.language, found.code, large, _sheets(found, words, pages, texts, large))
        pdf = await _pressed(made, pictures, scratch)
    async with unit_of_work(service, actor) as unit:
        await _allowed(unit, await unit.message(message_id), release_id)
    return pdf


async def _contents(service: Service, actor: Actor, message_id: UUID, release_id: UUID, *, large: bool) -> _Contents:
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        message = await unit.message(message_id)
        release = await _allowed(unit, message, release_id)
        revision, parts = await view.revision_parts(unit, message_id, release.digest)
        printed = [part for part in parts if view.is_shown(part) and _is_paper(part)]
        if not printed:
            raise Refused("A recording cannot be printed, and no typed text stands beside it. Type what is said first.")
        case = await unit.one(select(t.cases).where(t.cases.c.id == message.case_id))
        opener = await opener_of(service, unit.conn, message.case_id)
        note = await note_of(unit, opener, message_id)
        code = await code_of(unit, release)
        size = "large" if large else "ordinary"
        about = {"case": message.case_id, "message": message_id, "release": release_id, "digest": release.digest}
        unit.leaf("release.pack_made", format=size, **about)
        return _Contents(case.reference, revision.version_code, code, note, printed)


async def _allowed(unit: Unit, message: Row[Any], release_id: UUID) -> Row[Any]:
    await near.require(unit.conn, unit.actor, Permission.CONTENT, message.case_id)
    act, digest = await view.under_way(unit, message, release_id)
    if act is not Act.PRINT:
        raise BadInput("This was not handed over on paper.")
    known = await facts.load(unit.conn, message, digest=digest, asker=unit.actor.id)
    gate.explain(act, known, unit.now).require()
    return await unit.one(select(t.release).where(t.release.c.id == release_id))


def _is_paper(part: Row[Any]) -> bool:
    is_page = part.name.startswith("page-") and part.media_type == "image/jpeg"
    is_text = part.media_type.startswith("text/plain") and part.name != "captions"
    return bool(is_page or is_text)


async def _body(service: Service, actor: Actor, message_id: UUID, release_id: UUID, part: Row[Any]) -> bytes:
    opened = await view.open_for_staff(service, actor, message_id, part.name, release=release_id)
    return bytes(await opened.reader.whole())


async def _pressed(made: sheets.Pack, pictures: dict[str, Path], scratch: Path) -> bytes:
    try:
        path = await asyncio.to_thread(media.press, made, pictures, scratch)
        return await asyncio.to_thread(path.read_bytes)
    except Rejected as error:
        if error.code is Code.NO_LETTERS:
            raise Refused(error.sentence) from error
        raise StorageUnavailable(
            "The PDF could not be made just now. Nothing was changed: try again in a while."
        ) from error


def _sheets(
    found: _Contents, words: Words, pages: list[str], texts: list[tuple[Row[Any], str]], large: bool
) -> list[list[Block]]:
    """In large print the words come first, then the pages as they are; else the other way round."""
    written = [
        [
            sheets.heading(words.part(part.name)),
            *([sheets.words(made)] if (made := words.made(part.facts)) else []),
            sheets.letter(text, part.facts.get("language") or words.language),
        ]
        for part, text in texts
    ]
    shown = [_page(words, name, at, len(pages), bool(texts)) for at, name in enumerate(pages, 1)]
    before = [[sheets.heading(words.before), sheets.letter(found.note, words.language), sheets.words(words.before_end)]]
    inside = written + shown if large else shown + written
    if inside and words.signed:
        inside[-1].append(sheets.words(words.signed))
    return [_cover(found, words), *(before if found.note else []), *inside, *_replies(found, words)]


def _cover(found: _Contents, words: Words) -> list[Block]:
    return [
        sheets.heading(words.staff),
        sheets.codes([(words.case, found.case), (words.version, found.version)]),
        sheets.words(words.recipient),
        sheets.numbered(words.staff_steps),
        sheets.qr(found.code, words.qr),
        sheets.words(words.staff_end),
    ]


def _page(words: Words, name: str, at: int, of: int, has_text: bool) -> list[Block]:
    label = words.page(at, of)
    told = f"{label}. {words.pages_end}" if has_text else label
    return [sheets.heading(label), sheets.picture(name, told)]


def _replies(found: _Contents, words: Words) -> list[list[Block]]:
    first = [sheets.heading(words.reply), *(sheets.words(line) for line in words.reply_words)]
    further = [sheets.heading(words.reply)]
    code = sheets.qr(found.code, words.qr)
    return [[*top, code, sheets.ruled()] for top in (first, *[further] * (REPLY_SHEETS - 1))]
