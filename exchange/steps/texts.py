"""Texts beside a message: typed by staff, or taken from a document and now to be shown (DESIGN section 10).

Each makes a new revision over the same sealed objects, so that whatever is released was approved and agreed
to with exactly these texts. The data key stays; it is sealed anew under the new revision.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Row, select

from exchange.core import alone, captions
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.leaf import LANGUAGE
from exchange.core.model import Actor, Event
from exchange.steps.freshness import require_fresh
from exchange.steps.reviewer import for_review
from exchange.steps.revising import Change, make_revision
from exchange.steps.view import FOR_REVIEW, has_translation
from exchange.store import near, parts
from exchange.store import tables as t
from exchange.store.parts import SealedPart, part_context, part_key
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, now_of, reading, unit_of_work

NAMES = ("transcription", "transcript", "captions", "translation")
MOST_CHARACTERS = 500_000
PLAIN = "text/plain; charset=utf-8"
LONGEST_MAKER = 100
LAST_LINE = re.compile(r"\n\n— [^\n]{1,120}, \d{4}-\d\d-\d\d\Z")
CAPTIONS = "text/vtt; charset=utf-8"


@dataclass(frozen=True)
class Translated:
    """Who made a translation: "person" or "machine", their name or the machine's, and whether somebody checked it."""

    by: Literal["person", "machine"]
    who: str
    checked: bool = False


@dataclass(frozen=True)
class Beside:
    """A text to put beside a version. `facts`: what else is said of it, such as that somebody checked it."""

    name: str
    language: str
    text: str = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)


async def add_text(
    service: Service,
    actor: Actor,
    message_id: UUID,
    *,
    base_digest: str,
    name: str,
    language: str,
    text: str,
    translated: Translated | None = None,
) -> str:
    """Put a text beside the newest revision `base_digest`, in place of one of that name; the new digest.

    `name` is one of NAMES; a translation is kept per language (a BCP 47 tag) and says who made it: the kind as a
    fact, the name as its last line, sealed like every word of it. Voids approval and consents.
    Raises BadInput, `Conflict` where there is a newer revision, `Refused` where the message cannot change.
    """
    if translated is not None and name != "translation":
        raise BadInput("Only a translation has somebody who translated it.", field="who")
    one = Beside(name, language, text)
    if translated is not None:
        async with reading(service) as conn:
            one = _signed(one, translated, await now_of(conn))
    return await add_texts(service, actor, message_id, base_digest=base_digest, added=[one])


def without_maker(text: str) -> str:
    """The words of a translation without the last line that says who made it, to go on typing."""
    return LAST_LINE.sub("", text)


def _signed(one: Beside, translated: Translated, now: datetime) -> Beside:
    who = " ".join(translated.who.split())
    if not who or len(who) > LONGEST_MAKER:
        raise BadInput("Write who made the translation: a person's name, or the name of the machine.", field="who")
    today = now.astimezone(UTC).date().isoformat()
    facts = {"made_by": translated.by, "checked": translated.checked, "made_on": today}
    words = without_maker(one.text.replace("\r\n", "\n").strip()).strip()
    if not words:
        raise BadInput("The text is empty or longer than this service takes.", field="text")
    return Beside("translation", one.language, f"{words}\n\n— {who}, {today}", facts)


async def add_texts(
    service: Service, actor: Actor, message_id: UUID, *, base_digest: str, added: Sequence[Beside]
) -> str:
    """As `add_text`, with several at once: one new version."""
    checked = [_checked(one) for one in added]
    message = await _may_change(service, actor, message_id)
    revision_id, key = uuid4(), await _key_of(service, message, base_digest)
    await parts.announce(service, [part_key(revision_id, name) for _, name in checked])
    made = []
    for one, (body, name) in zip(added, checked, strict=True):
        bound, named = part_context(message.case_id, message_id, revision_id, name), part_key(revision_id, name)
        size, sha256 = await parts.put_bytes(service.objects, named, key, bound, body)
        told = {"source": "typed", "shown": True, "language": one.language, "maker": str(actor.id), **one.facts}
        kind = CAPTIONS if name == "captions" else PLAIN
        made.append(SealedPart(name, kind, size, sha256, named, revision_id, told))
    fact, language = added[0].name, added[0].language
    return await _revise(service, actor, message_id, base_digest, revision_id, key, made, fact=fact, language=language)


async def show_text(service: Service, actor: Actor, message_id: UUID, digest: str, name: str = "text") -> str:
    """Tick a text that is not shown, compared with what it belongs to, so that it is released too; the new digest.

    That is the text taken from a document, and any text after something else was taken out. Voids approval and
    consents. `NotFound` where there is no such text, `Conflict` if `digest` is not newest.
    """
    message = await _may_change(service, actor, message_id)
    key = await _key_of(service, message, digest)
    return await _revise(service, actor, message_id, digest, uuid4(), key, name, fact="text_shown")


async def leave_out(service: Service, actor: Actor, message_id: UUID, digest: str, *, left_out: bool) -> str:
    """Hand over the translation alone, as its author wants it, or the original beside it again; the new digest.

    The version says which, so both are reviewed and agreed to anew. Raises `Refused` where no translation would be
    handed over, `Conflict` where it is so already or `digest` is not newest.
    """
    message = await _may_change(service, actor, message_id)
    key = await _key_of(service, message, digest)
    fact = "original_left_out" if left_out else "original_beside"
    return await _revise(service, actor, message_id, digest, uuid4(), key, [], alone_now=left_out, fact=fact)


async def read_text(service: Service, actor: Actor, message_id: UUID, digest: str, name: str) -> str:
    """A text part as it stands, to go on typing; the reading is recorded."""
    async with unit_of_work(service, actor) as unit:
        await require_fresh(unit)
        message = await for_review(unit, message_id)
        revision = await _revision(unit, message_id, digest)
        row = await unit.one(select(t.part).where(t.part.c.revision_id == revision.id, t.part.c.name == name))
        opener = await opener_of(service, unit.conn, message.case_id)
        key = opener.open_key(revision.key_sealed, "revision.key", revision.id)
        unit.leaf("review.opened", case=message.case_id, message=message_id, digest=digest, part=name)
    reader = parts.PartReader(service, row, message.case_id, message_id, key)
    return (await reader.whole()).decode("utf-8")


def _checked(one: Beside) -> tuple[bytes, str]:
    name, language = one.name, one.language
    clean = one.text.replace("\r\n", "\n").replace("\x00", "").strip()
    if name not in NAMES:
        raise BadInput("Choose what this text is: a transcription, transcript, captions or translation.", field="name")
    if not LANGUAGE.fullmatch(language):
        raise BadInput("Choose the language of the text.", field="language")
    if not clean or len(clean) > MOST_CHARACTERS:
        raise BadInput("The text is empty or longer than this service takes.", field="text")
    if name == "captions":
        clean = _captions(clean)
    tag = re.sub("[^a-z0-9]", "", language.lower())
    return clean.encode("utf-8", "replace"), f"translation-{tag}" if name == "translation" else name


def _captions(untrusted_text: str) -> str:
    """WebVTT or SubRip with nothing in it but times and words. Raises WrongLine."""
    found = captions.parse(untrusted_text)
    if not found:
        raise BadInput("There is no line of captions in this text.", field="text")
    return captions.write(found)


async def _may_change(service: Service, actor: Actor, message_id: UUID) -> Row[Any]:
    """The message, checked before anything is written; checked again in the transaction that counts."""
    async with reading(service) as conn:
        message = (await conn.execute(select(t.message).where(t.message.c.id == message_id))).one_or_none()
        if message is None:
            raise NotFound
        await near.require(conn, actor, Permission.REVIEW, message.case_id)
    return message


async def _key_of(service: Service, message: Row[Any], digest: str) -> bytes:
    r = t.revision
    async with reading(service) as conn:
        query = select(r).where(r.c.message_id == message.id, r.c.digest == digest)
        row = (await conn.execute(query)).one_or_none()
        if row is None:
            raise NotFound
        opener = await opener_of(service, conn, message.case_id)
    return opener.open_key(row.key_sealed, "revision.key", row.id)


async def _revision(unit: Unit, message_id: UUID, digest: str) -> Row[Any]:
    """The newest revision, if it is this one."""
    query = select(t.revision).where(t.revision.c.message_id == message_id)
    newest = await unit.maybe(query.order_by(t.revision.c.number.desc()).limit(1))
    if newest is None or newest.digest != digest:
        raise Conflict("There is a newer version of this message. Please look at that one.")
    return newest


async def _revise(
    service: Service,
    actor: Actor,
    message_id: UUID,
    base_digest: str,
    revision_id: UUID,
    key: bytes,
    added: list[SealedPart] | str,
    alone_now: bool | None = None,
    **leaf: Any,
) -> str:
    async with unit_of_work(service, actor) as unit:
        message = await for_review(unit, message_id)
        base = await _revision(unit, message_id, base_digest)
        rows = await unit.all(select(t.part).where(t.part.c.revision_id == base.id).order_by(t.part.c.position))
        _require_sense(rows, alone_now)
        sealed = _ticked(rows, added) if isinstance(added, str) else _with(rows, added)
        opener = await opener_of(service, unit.conn, message.case_id)
        change = Change(edits=opener.open(base.edits_sealed, "revision.edits", base.id))
        return await make_revision(
            unit, opener, message, revision_id, key, sealed, event=Event.REVISE, change=change,
            translation_alone=alone_now, **leaf,
        )  # fmt: skip


def _require_sense(rows: Sequence[Row[Any]], alone_now: bool | None) -> None:
    if alone_now is None:
        return
    if alone_now and not has_translation(rows):
        raise Refused("There is no translation that would be handed over. Without the original nothing would be left.")
    if alone_now == alone.is_alone(row.facts for row in rows):
        raise Conflict("It is so already. Load the page again.")


def _with(rows: list[Row[Any]], added: list[SealedPart]) -> list[SealedPart]:
    anew = {part.name for part in added}
    return [*(SealedPart.of(row) for row in rows if row.name not in anew), *added]


def _ticked(rows: list[Row[Any]], name: str) -> list[SealedPart]:
    kept = [SealedPart.of(row) for row in rows]
    texts = [part for part in kept if part.name == name and part.media_type.startswith("text/")]
    if not texts or name.startswith(FOR_REVIEW):
        raise NotFound
    texts[0].facts.update(ticked=True, shown=True)
    return kept
