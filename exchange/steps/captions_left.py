"""What is left of captions when something is taken out of the recording that they go with.

Their times and words are of the clean recording. As long as something is taken out of that, they lie beside the
version under CLEAN, for the team only, so that another version can be made from them; what is shown is what the list
leaves of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from exchange.core import captions
from exchange.core.edits import Doing, Edit
from exchange.steps.texts import CAPTIONS, CLEAN_CAPTIONS
from exchange.store import parts
from exchange.store.parts import PartReader, SealedPart, part_context, part_key
from exchange.store.service import Service

SHOWN, CLEAN = "captions", CLEAN_CAPTIONS
HIDDEN = "application/octet-stream"


def of_the_clean_recording(newest: Mapping[str, Row[Any]], taken_out: Sequence[Edit]) -> Row[Any] | None:
    """The captions with the times of the clean recording, where they are known. `taken_out`: of the newest version."""
    if CLEAN in newest:
        return newest[CLEAN]
    return None if _cut(taken_out) or _silenced(taken_out) else newest.get(SHOWN)


def touched(edits: Sequence[Edit]) -> bool:
    """Whether these edits change anything about captions."""
    return bool(_cut(edits) or _silenced(edits))


async def left(
    service: Service, row: Row[Any], message: Row[Any], revision_id: UUID, key: bytes, edits: Sequence[Edit]
) -> list[SealedPart]:
    """Seal what the edits leave of the clean captions `row`, and beside it the clean ones if they differ."""
    whole = await PartReader(service, row, message.case_id, message.id, key).whole()
    kept = captions.write(captions.redacted(captions.parse(whole.decode("utf-8")), _cut(edits), _silenced(edits)))
    both = [(SHOWN, kept.encode(), True), (CLEAN, whole, False)] if touched(edits) else [(SHOWN, whole, True)]
    found = []
    for name, data, shown in both:
        named = part_key(revision_id, name)
        await parts.announce(service, [named])
        bound = part_context(message.case_id, message.id, revision_id, name)
        size, sha256 = await parts.put_bytes(service.objects, named, key, bound, data)
        kind = CAPTIONS if shown else HIDDEN
        found.append(SealedPart(name, kind, size, sha256, named, revision_id, {**row.facts, "shown": shown}))
    return found


def _cut(edits: Sequence[Edit]) -> list[tuple[int, int]]:
    return [(edit.start, edit.end) for edit in edits if edit.doing is Doing.CUT]


def _silenced(edits: Sequence[Edit]) -> list[tuple[int, int]]:
    return [(edit.start, edit.end) for edit in edits if edit.doing in (Doing.MUTE, Doing.BLEEP)]
