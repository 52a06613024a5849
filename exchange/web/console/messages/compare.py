"""Two versions of one message beside each other: what stands differently in the later one, and why."""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from exchange.core.access import Permission
from exchange.core.differences import differences
from exchange.core.errors import NotFound
from exchange.store.read import MessageView
from exchange.web import frame
from exchange.web.console.messages.about import (
    first_of_round,
    message_of,
    newest_of,
    page,
    part_words,
    read_part,
    texts_of,
    version_numbered,
)
from exchange.web.taken_out import told

LONGEST_COMPARED = 1_000_000


@dataclass(frozen=True)
class Pair:
    """One part in both versions, either of which may lack it."""

    name: str
    words: str
    before: Row[Any] | None
    after: Row[Any] | None

    @property
    def same(self) -> bool:
        """Whether not one byte of it is different."""
        return bool(self.before and self.after and self.before.sha256 == self.after.sha256)


async def compare(request: web.Request) -> web.StreamResponse:
    """`?from=1&to=3`; without them the newest version beside the first of its round."""
    found = await message_of(request)
    newest = newest_of(found)
    after = version_numbered(found, request.query.get("to", ""))
    first = first_of_round(found, after) or after
    before = version_numbered(found, request.query.get("from", "") or str(first.number))
    if before.number > after.number:
        raise NotFound
    pairs = _pairs(found, before, after)
    return page(
        request, "compare", found,
        before=before, after=after, newest=newest,
        pages=[pair for pair in pairs if pair.name.startswith("page-")],
        players=[pair for pair in pairs if pair.name in ("sound", "picture")],
        texts=[await _compared(request, found, pair, before, after) for pair in pairs if _is_text(pair)],
        changes=[
            (row, told(found.edits[row.id]))
            for row in reversed(found.revisions)
            if before.number < row.number <= after.number
        ],
    )  # fmt: skip


def _pairs(found: MessageView, before: Row[Any], after: Row[Any]) -> list[Pair]:
    old, new = [{part.name: part for part in found.parts[row.id]} for row in (before, after)]
    return [Pair(name, part_words(new.get(name) or old[name]), old.get(name), new.get(name)) for name in {**old, **new}]


def _is_text(pair: Pair) -> bool:
    return bool(texts_of([part for part in (pair.before, pair.after) if part]))


async def _compared(
    request: web.Request, found: MessageView, pair: Pair, before: Row[Any], after: Row[Any]
) -> dict[str, Any]:
    """The text with its differences; nothing where it is too long to be compared in a page."""
    sides = [(pair.before, before), (pair.after, after)]
    if pair.same or sum(part.size for part, _ in sides if part) > LONGEST_COMPARED:
        return {"pair": pair, "stretches": [], "language": ""}
    old, new = [
        await read_part(request, found.message.id, pair.name, digest=row.digest) if part else "" for part, row in sides
    ]
    language = next((part.facts.get("language", "") for part, _ in reversed(sides) if part), "")
    return {"pair": pair, "stretches": await asyncio.to_thread(differences, old, new), "language": language}


ROUTES = [frame.Route("GET", "/messages/{message}/compare", compare, Permission.CONTENT)]
