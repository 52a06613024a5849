"""Bytes coming in: one upload is one file of an original, sealed piece by piece as it arrives.

The data key is made here, sealed to the case, and for a visitor wrapped under the key that their link gives,
so that they can go on after a lost connection; the console opens it through the case. Plaintext exists only
in memory, for at most one read of the socket. Rules: DESIGN sections 5.1 and 14; docs/decisions/0008.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, case, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import keys
from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, TooLarge
from exchange.core.model import Actor
from exchange.core.sealed import context
from exchange.steps.putting_in import Visitor, require_message
from exchange.steps.stream import Checksum, Writer
from exchange.store import pieces
from exchange.store import tables as t
from exchange.store.reaper import discard
from exchange.store.sealing import SERVICE, opener_of, seal_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

NAME_LENGTH = 255
MOST_FILES = 100


ABOUT = "upload-about"


@dataclass(frozen=True)
class About:
    """What the visitor is told of an upload of theirs: its name, and whether their page recorded it."""

    name: str = ""
    recorded: bool = False

    @classmethod
    def of(cls, untrusted_name: str, recorded: bool) -> "About":
        """The name as far as it can be printed."""
        return cls("".join(char for char in untrusted_name[:NAME_LENGTH] if char.isprintable()), recorded)


class UploadGone(NotFound):
    """This upload was given up or taken away. Please send the file again."""

    status = 410


class WrongOffset(Conflict):
    """This does not begin where the last part ended. Nothing was changed; ask where to go on."""


@dataclass(frozen=True)
class Standing:
    """How far an upload is. Sizes in bytes; `size` is None until it was told."""

    upload: UUID
    message: UUID
    received: int
    size: int | None
    complete: bool
    expires_at: datetime | None


async def begin_upload(
    service: Service,
    actor: Actor,
    message_id: UUID,
    *,
    size: int | None,
    untrusted_name: str = "",
    position: int = 0,
    visitor: Visitor | None = None,
    typed: bool = False,
    recorded: bool = False,
) -> UUID:
    """Announce one file of `size` bytes (None: not known yet) of a message that is being put in; its id.

    `recorded`: it is being made in the visitor's own page, so they may hear it again and keep a part of it.

    Raises TooLarge, BadInput for an empty file, `Refused` once the message was sent.
    """
    check_size(service, size)
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        link = await require_message(unit.conn, actor, message)
        if (link is None) != (visitor is None) or (visitor and visitor.link != link):
            raise NotAllowed
        await _room_for_one_more(unit, message)
        upload_id = uuid4()
        sealed = await sealed_values(unit.conn, message, upload_id, About.of(untrusted_name, recorded), visitor)
        await unit.add(
            t.upload,
            id=upload_id,
            message_id=message_id,
            position=max(0, min(position, MOST_FILES)),
            round=message.round,
            **({"account_id": actor.id} if link is None else {"link_id": link}),
            size=size,
            typed=typed,
            expires_at=func.now() + text(f"interval '{pieces.OPEN_DAYS} days'"),
            **sealed,
        )
        unit.leaf("upload.begun", case=message.case_id, message=message_id, upload=upload_id)
        return upload_id


async def append(
    service: Service,
    actor: Actor,
    upload_id: UUID,
    offset: int,
    chunks: AsyncIterator[bytes],
    *,
    checksum: Checksum | None = None,
    visitor: Visitor | None = None,
) -> int:
    """Take bytes from `offset` on until `chunks` ends; the new offset, every byte before which is durable.

    If `chunks` raises, what had come is kept, counted, and the error goes on; with a `checksum`, nothing
    counts unless all of it matches. Raises WrongOffset, TooLarge, ChecksumMismatch, UploadGone, `Refused`.
    """
    async with reading(service) as conn:
        row = await require_upload(conn, actor, upload_id)
        if row.received != offset:
            raise WrongOffset
        if row.state != "open":
            return await _nothing_more(chunks, offset)
        key = await data_key(service, conn, row, visitor)
        number = await pieces.next_number(conn, upload_id)
    most = service.settings.max_upload if row.size is None else row.size
    original = pieces.Original(upload_id, row.case_id, row.message_id, most, key)
    writer = Writer(service, original, number, offset, checksum)
    return await writer.take(chunks)


async def standing(service: Service, actor: Actor, upload_id: UUID) -> Standing:
    """How far it is. `NotFound` if it is not the actor's, UploadGone if it was given up."""
    async with reading(service) as conn:
        row = await require_upload(conn, actor, upload_id)
    complete = row.state != "open"
    return Standing(upload_id, row.message_id, row.received, row.size, complete, row.expires_at)


async def set_size(service: Service, actor: Actor, upload_id: UUID, size: int, *, at: int | None = None) -> None:
    """Tell the size of an upload that began without one (tus: Upload-Defer-Length).

    With `at`, only while that many bytes have come: a request at a wrong offset changes nothing (WrongOffset).
    """
    check_size(service, size)
    async with unit_of_work(service, actor) as unit:
        row = await _locked(unit, upload_id)
        if row.size == size:
            return  # told before: an answer was lost
        if at is not None and row.received != at:
            raise WrongOffset
        known = t.upload.c.size.is_(None) & (t.upload.c.received <= size) & (t.upload.c.state == "open")
        state = case((t.upload.c.received == size, "complete"), else_="open")
        changed = await unit.change(
            update(t.upload).where(t.upload.c.id == upload_id, known).values(size=size, state=state)
        )
        if changed != 1:
            raise Conflict
        unit.leaf("upload.sized", case=row.case_id, message=row.message_id, upload=upload_id, size=size)


async def drop_upload(service: Service, actor: Actor, upload_id: UUID) -> None:
    """Take one file away again before the message is sent; the reaper deletes its objects."""
    async with unit_of_work(service, actor) as unit:
        row = await _locked(unit, upload_id)
        await discard(unit, upload_id)
        unit.leaf("upload.dropped", case=row.case_id, message=row.message_id, upload=upload_id)


def check_size(service: Service, size: int | None) -> None:
    """Refuse what cannot be taken before a byte of it comes."""
    if size is None:
        return
    if size <= 0:
        raise BadInput("This file is empty. Look at it on your own device, and send one with something in it.")
    if size > service.settings.max_upload:
        raise TooLarge


def wrap_context(case_id: UUID, message: UUID, upload: UUID, purpose: str = "upload-key") -> bytes:
    """The context of an upload's key, or of what is known about it, as wrapped for a visitor."""
    return context(SERVICE, str(case_id), str(message), f"upload-{upload}", purpose)


def about(row: Row[Any], visitor: Visitor) -> About:
    """What the visitor's own page may say of their upload."""
    if row.about_wrapped is None:
        return About()
    bound = wrap_context(row.case_id, row.message_id, row.id, ABOUT)
    return About(**json.loads(keys.unwrap(visitor.key, row.about_wrapped, bound)))


async def sealed_values(
    conn: AsyncConnection, message: Row[Any], upload_id: UUID, about: About, visitor: Visitor | None
) -> dict[str, bytes | None]:
    """The sealed columns of a new upload, with a data key of its own."""
    seal, key = await seal_of(conn, message.case_id), keys.new_data_key()
    sealed = {
        "name_sealed": seal.seal(about.name, "upload.name", upload_id),
        "key_sealed": seal.seal_key(key, "upload.key", upload_id),
    }
    if visitor is None:
        return {**sealed, "key_wrapped": None, "about_wrapped": None}
    told, where = json.dumps(asdict(about)).encode(), (message.case_id, message.id, upload_id)
    return {
        **sealed,
        "key_wrapped": keys.wrap(visitor.key, key, wrap_context(*where)),
        "about_wrapped": keys.wrap(visitor.key, told, wrap_context(*where, ABOUT)),
    }


async def _nothing_more(chunks: AsyncIterator[bytes], offset: int) -> int:
    """The end of a complete upload told again, as after a lost answer: right as long as no byte comes with it."""
    async for chunk in chunks:
        if chunk:
            raise WrongOffset
    return offset


async def _room_for_one_more(unit: Unit, message: Row[Any]) -> None:
    live = (t.upload.c.message_id == message.id) & (t.upload.c.state != "gone")
    there = (await unit.one(select(func.count()).where(live, t.upload.c.round == message.round)))[0]
    if there >= MOST_FILES:
        raise BadInput("These are more files than one message can hold. Put the rest into another message.")


async def require_upload(conn: AsyncConnection, actor: Actor, upload_id: UUID) -> Row[Any]:
    """The upload and its case, if the actor may go on with it: staff with staff's, a visitor with theirs."""
    columns = (*t.plain(t.upload), t.message.c.case_id)
    query = select(*columns).join(t.message, t.message.c.id == t.upload.c.message_id)
    row = (await conn.execute(query.where(t.upload.c.id == upload_id))).one_or_none()
    if row is None:
        raise NotFound
    message = (await conn.execute(select(*t.plain(t.message)).where(t.message.c.id == row.message_id))).one()
    link = await require_message(conn, actor, message)
    if link != row.link_id:
        raise NotFound
    if row.state == "gone":
        raise UploadGone
    return row


async def _locked(unit: Unit, upload_id: UUID) -> Row[Any]:
    """The same, its message locked: what is being sent at this moment is not taken away."""
    query = select(t.upload.c.message_id).where(t.upload.c.id == upload_id)
    await unit.message((await unit.one(query)).message_id)
    return await require_upload(unit.conn, unit.actor, upload_id)


async def data_key(service: Service, conn: AsyncConnection, row: Row[Any], visitor: Visitor | None) -> bytes:
    """What the upload's pieces are sealed with, by the visitor's key or through the case."""
    if visitor is not None:
        if row.key_wrapped is None or visitor.link != row.link_id:
            raise UploadGone
        return keys.unwrap(visitor.key, row.key_wrapped, wrap_context(row.case_id, row.message_id, row.id))
    opener = await opener_of(service, conn, row.case_id)
    sealed = (await conn.execute(select(t.upload.c.key_sealed).where(t.upload.c.id == row.id))).scalar_one()
    return opener.open_key(sealed, "upload.key", row.id)
