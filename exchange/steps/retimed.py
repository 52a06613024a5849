"""Captions of one version made to fit another one of the same round: by what was taken out of each recording.

Where somebody typed captions and later something is muted or cut, the new version's captions lose those words and
keep step; taking the change back gives the words back, for every version starts from the captions that were typed.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from exchange.core import captions as vtt
from exchange.core.captions import Captions
from exchange.core.edits import MACHINE, Doing
from exchange.store import tables as t
from exchange.store.parts import PartReader
from exchange.store.sealing import Opener
from exchange.store.service import Service
from exchange.store.unit import reading
from media.redact_sound import BESIDE

Span = tuple[int, int]


def spans(applied: str) -> tuple[list[Span], list[Span]]:
    """What was cut and what was silenced, by the list that a revision keeps (`redact.as_told`)."""
    listed = json.loads(applied or "[]")
    cut = [(e["start"], e["end"]) for e in listed if e["doing"] == Doing.CUT]
    silent = (Doing.MUTE, Doing.BLEEP)
    return cut, [(e["start"] - BESIDE, e["end"] + BESIDE) for e in listed if e["doing"] in silent]


def is_read_aloud(applied: str) -> bool:
    """Whether a machine reads the version with this list: its times are not those of the recording."""
    return any(one["how"] == MACHINE for one in json.loads(applied or "[]"))


def retimed(captions: Captions, before: str, after: str) -> Captions:
    """Captions of the version with the list `before`, for the version with the list `after`."""
    if before == after:
        return captions
    cut, _ = spans(before)
    return vtt.redacted(vtt.restored(captions, cut), *spans(after))


async def retold(service: Service, message: Row[Any], opener: Opener, after: str) -> Mapping[str, tuple[Any, bytes]]:
    """The typed captions of this round, and the transcript made of them, as they are for the list `after`.

    For each name the part as it was typed, and its new words; nothing where no captions were typed.
    """
    p, r = t.part, t.revision
    typed = (
        select(r)
        .join(p, p.c.revision_id == r.c.id)
        .where(r.c.message_id == message.id, r.c.round == message.round, p.c.name == "captions")
        .where(p.c.facts["source"].astext == "typed")
        .order_by(r.c.number.desc())
        .limit(1)
    )
    async with reading(service) as conn:
        base = (await conn.execute(typed)).one_or_none()
        if base is None:
            return {}
        rows = (await conn.execute(select(p).where(p.c.revision_id == base.id))).all()
    parts = {row.name: row for row in rows}
    key = opener.open_key(base.key_sealed, "revision.key", base.id)
    text = await PartReader(service, parts["captions"], message.case_id, message.id, key).whole()
    before = opener.open(base.edits_sealed, "revision.edits", base.id)
    made = retimed(vtt.parse(text.decode("utf-8")), before, after)
    found = {"captions": (parts["captions"], vtt.write(made).encode())}
    if "transcript" in parts and parts["transcript"].facts.get("of") == "captions":
        found["transcript"] = (parts["transcript"], (vtt.plain(made) or vtt.GONE).encode())
    return found
