"""A new revision: its manifest, its digest, its rows, and the event that brings it, in one transaction."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from exchange.core import alone
from exchange.core.errors import Unreadable
from exchange.core.model import Event, Kind, Manifest, ManifestPart
from exchange.core.reference import ALPHABET
from exchange.steps.revoke import void_decisions
from exchange.store import parts
from exchange.store import tables as t
from exchange.store.parts import SealedPart
from exchange.store.sealing import Opener
from exchange.store.unit import Unit


def version_code(digest: str) -> str:
    """What the preview and the paper consent name: six characters of the digest, such as K7Q2MX (rule 20)."""
    rest, found = int(digest, 16), ""
    for _ in range(6):
        rest, place = divmod(rest, len(ALPHABET))
        found += ALPHABET[place]
    return found


@dataclass(frozen=True)
class Change:
    """What is said of a new revision: words about it, what was taken out (`redact.as_told`), and whose judgement it was
    where a worker makes it."""

    words: str = ""
    edits: str = ""
    made_by: UUID | None = None


NOTHING_SAID = Change()


async def make_revision(
    unit: Unit,
    opener: Opener,
    message: Row[Any],
    revision_id: UUID,
    key: bytes,
    sealed: list[SealedPart],
    *,
    event: Event,
    change: Change = NOTHING_SAID,
    translation_alone: bool | None = None,
    **leaf: Any,
) -> str:
    """Make `sealed` the message's newest revision, named by the digest that is returned.

    Whatever was approved or agreed to before is void. New objects (`sealed_in` this revision) are owned here.
    `translation_alone`: whether the original stays out (core/alone.py); None: as in the version before.
    """
    if not sealed:
        raise Unreadable
    await parts.own(unit.conn, [p.object_key for p in sealed if p.sealed_in == revision_id])
    sealed = await _alone(unit, message, sealed, translation_alone)
    manifest = await _manifest(unit, message, sealed)
    digest = manifest.digest
    moved = await unit.move(message, event, progress=100, rejected_code=None)
    await void_decisions(unit, message)
    await unit.add(
        t.revision,
        id=revision_id,
        message_id=message.id,
        number=manifest.number,
        digest=digest,
        manifest=_as_json(manifest),
        key_sealed=opener.seal_key(key, "revision.key", revision_id),
        clean=True,
        made_by=change.made_by or unit.actor.id,
        round=message.round,
        version_code=version_code(digest),
        **_sealed(opener, revision_id, change),
    )
    for position, part in enumerate(sealed):
        await unit.add(t.part, revision_id=revision_id, position=position, **vars(part))
    made = {"case": message.case_id, "message": message.id, "revision": revision_id, "number": manifest.number}
    unit.leaf("revision.made", digest=digest, **made, **moved, **leaf)
    return digest


def _sealed(opener: Opener, revision_id: UUID, change: Change) -> dict[str, bytes]:
    told = {"change": change.words, "edits": change.edits}
    return {f"{n}_sealed": opener.seal(said, f"revision.{n}", revision_id) for n, said in told.items() if said}


async def _manifest(unit: Unit, message: Row[Any], sealed: list[SealedPart]) -> Manifest:
    number = 1 + (await unit.one(_last_number(message.id)))[0]
    listed = tuple(ManifestPart(p.name, p.media_type, p.size, p.sha256, p.facts) for p in sealed)
    return Manifest(message.id, number, Kind(message.kind), listed)


async def _alone(unit: Unit, message: Row[Any], sealed: list[SealedPart], asked: bool | None) -> list[SealedPart]:
    only = await _alone_so_far(unit, message) if asked is None else asked
    return [replace(p, facts=alone.told(p.name, p.facts, alone=only)) for p in sealed]


async def _alone_so_far(unit: Unit, message: Row[Any]) -> bool:
    """Of the newest version of this round: what was put in anew comes without a translation."""
    r, p = t.revision, t.part
    newest = select(r.c.id).where(r.c.message_id == message.id, r.c.round == message.round)
    found = await unit.all(
        select(p.c.facts).where(p.c.revision_id.in_(newest.order_by(r.c.number.desc()).limit(1).scalar_subquery()))
    )
    return alone.is_alone(part.facts for part in found)


def _last_number(message_id: UUID) -> Any:
    return select(func.coalesce(func.max(t.revision.c.number), 0)).where(t.revision.c.message_id == message_id)


def _as_json(manifest: Manifest) -> dict[str, Any]:
    """The manifest as the database keeps it; `canonical()` of it is what was hashed."""
    return {
        "message": str(manifest.message),
        "number": manifest.number,
        "kind": manifest.kind.value,
        "parts": [vars(part) for part in manifest.parts],
    }
