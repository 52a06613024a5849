"""The files of a copy of what is held about one person: originals as they were given, and the newest version.

Nothing here is read but our own sealed objects, byte for byte; no file is opened by anything that interprets it.
"""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from exchange.core.own_copy import File, Part
from exchange.steps import view
from exchange.steps.own_copy_pieces import Whose, newest_version, originals, own_message
from exchange.store import pieces
from exchange.store import tables as t
from exchange.store.parts import PartReader

ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "audio/mp4": "m4a", "video/mp4": "mp4", "text/vtt": "vtt",
    "text/plain": "txt",
}  # fmt: skip
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,5})$")
Read = Callable[[], AsyncIterator[Any]]


@dataclass(frozen=True)
class Source:
    """A file of the copy, and how its bytes come."""

    file: File
    read: Read = field(repr=False)


async def sources(of: Whose, part: Part, about: UUID | None) -> list[Source]:
    """The files that belong to one piece."""
    if part is Part.ORIGINAL:
        return await _originals(of, about)
    if part is Part.VERSION:
        return await _version(of, about)
    return await _spoken(of, about) if part is Part.DECISIONS else []


async def _originals(of: Whose, about: UUID | None) -> list[Source]:
    """Under names of ours: the one they gave is told beside it, and may be anything."""
    message, found = await own_message(of, about), []
    for number, row in enumerate(await of.all(originals(message.id)), 1):
        name = "letter.txt" if row.typed else of.opener.open(row.name_sealed, "upload.name", row.id)
        ending = _ENDING.search(name)
        path = f"messages/{message.reference}/as-given-{number}.{ending[1].lower() if ending else 'bin'}"
        key = of.opener.open_key(row.key_sealed, "upload.key", row.id)
        original = pieces.Original(row.id, message.case_id, message.id, row.received, key)
        rows = await pieces.pieces_of(of.conn, row.id)
        found.append(Source(File(path, "application/octet-stream"), _original(of, original, rows)))
    return found


def _original(of: Whose, original: pieces.Original, rows: list[Row[Any]]) -> Read:
    async def read() -> AsyncIterator[bytes]:
        async for plain, _ in pieces.read_original(of.service.objects, original, rows):
            yield plain

    return read


async def _version(of: Whose, about: UUID | None) -> list[Source]:
    """What the other person would be shown of it, with captions and transcripts."""
    message, row = await own_message(of, about), await newest_version(of, about or UUID(int=0))
    if row is None:
        return []
    key = of.opener.open_key(row.key_sealed, "revision.key", row.id)
    rows = await of.all(select(t.part).where(t.part.c.revision_id == row.id).order_by(t.part.c.position))
    place = f"messages/{message.reference}/version-{row.number}"
    return [_part(of, part, message, key, f"{place}/{part.name}") for part in rows if view.is_shown(part)]


async def _spoken(of: Whose, about: UUID | None) -> list[Source]:
    """Reasons that a facilitator spoke for the author to hear."""
    message, s = await own_message(of, about), t.spoken
    query = select(s, s.c.id.label("sealed_in")).where(s.c.message_id == message.id, s.c.state == "ready")
    rows = await of.all(query.where(s.c.key_sealed.is_not(None)).order_by(s.c.at))
    place = f"messages/{message.reference}/reason"
    return [
        _part(of, row, message, of.opener.open_key(row.key_sealed, "spoken.key", row.id), f"{place}-{number}")
        for number, row in enumerate(rows, 1)
    ]


def _part(of: Whose, row: Row[Any], message: Row[Any], key: bytes, path: str) -> Source:
    plain = row.media_type.split(";", maxsplit=1)[0].strip()
    reader = PartReader(of.service, row, message.case_id, message.id, key)
    return Source(File(f"{path}.{ENDINGS.get(plain, 'bin')}", row.media_type), lambda: reader.range(0, reader.size))
