"""Sealing and opening of a case's fields and keys: which key, and which context, for which column.

Every key pair belongs to an owner: a case, or the service itself (referrals). The portal has only the public
half (`Seal`): it can put in, not read. Console and worker open (`Opener`). The context of a field names the
owner, the column and the row, so that a value moved to another row does not open.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import keys
from exchange.core.errors import NotAllowed, NotFound, Unreadable
from exchange.core.rootwrap import name_of
from exchange.core.sealed import context
from exchange.store import tables as t
from exchange.store.service import Service

if TYPE_CHECKING:
    from exchange.store.rootkey import KeyHolder

SERVICE = "exchange"
ROOT_KEY = "root_key"
"""The row of `service_setting` that names the root key in use."""


@dataclass(frozen=True)
class Seal:
    """The public half of an owner's key pair: seals, opens nothing. `owner` is the id of the key pair."""

    owner: UUID
    public: bytes = field(repr=False)

    def where(self, column: str, row: UUID | str, purpose: str = "field") -> bytes:
        """The context of one sealed value: `column` is "table.column", `row` the row that owns it."""
        return context(SERVICE, str(self.owner), str(row), column, purpose)

    def seal(self, text: str, column: str, row: UUID | str) -> bytes:
        """A text for a `*_sealed` column."""
        return keys.seal_field_to(self.public, text, self.where(column, row))

    def seal_key(self, key: bytes, column: str, row: UUID | str) -> bytes:
        """A data key (32 bytes) for the owner."""
        return keys.seal_to(self.public, key, self.where(column, row, "key"))


@dataclass(frozen=True)
class Opener(Seal):
    """Both halves, and the field key under which the console seals (shorter and quicker than HPKE)."""

    private: bytes = field(repr=False)
    field_key: bytes = field(repr=False)
    gone: bool = False
    """The case was erased: its texts are "", its keys Unreadable."""

    def seal(self, text: str, column: str, row: UUID | str) -> bytes:
        """A text for a `*_sealed` column, under the field key."""
        return keys.seal_field(self.field_key, text, self.where(column, row))

    def open(self, untrusted_blob: bytes | None, column: str, row: UUID | str) -> str:
        """The text of a `*_sealed` column; "" for NULL and for what erasing left empty. `Unreadable` if it was moved
        or changed."""
        if not untrusted_blob or self.gone:
            return ""
        where = self.where(column, row)
        return keys.open_field(untrusted_blob, where, field_key=self.field_key, private=self.private)

    def keyed(self, text: str, column: str, row: UUID | str) -> bytes:
        """32 bytes by which the same text is known again in the same place, and not without the field key."""
        return keys.derive(self.field_key, self.where(column, row, "keyed").hex() + text)

    def open_key(self, untrusted_blob: bytes | None, column: str, row: UUID | str) -> bytes:
        """A data key that `seal_key` sealed; `Unreadable` once it was destroyed."""
        if untrusted_blob is None:
            raise Unreadable
        return keys.open_sealed(self.private, untrusted_blob, self.where(column, row, "key"))


@dataclass(frozen=True)
class FieldReader:
    """Opens what the console sealed under one case's field key, and nothing else; None: the case was erased."""

    owner: UUID
    field_key: bytes | None = field(repr=False)

    def open(self, untrusted_blob: bytes | None, column: str, row: UUID | str) -> str:
        """The text of a `*_sealed` column; "" for NULL, what is empty, and of an erased case. Else as `Opener.open`."""
        if not untrusted_blob or self.field_key is None:
            return ""
        where = context(SERVICE, str(self.owner), str(row), column, "field")
        return keys.open_field(untrusted_blob, where, field_key=self.field_key)


async def follow(service: Service, conn: AsyncConnection) -> str:
    """The name of the root key in use, by the database; from here on this process wraps under it.

    It cannot change before the transaction ends. Raises NotAllowed in the portal, RootKeyMissing.
    """
    if service.keys is None:
        raise NotAllowed
    s = t.service_setting
    named = (await conn.execute(select(s.c.value).where(s.c.name == ROOT_KEY).with_for_update(read=True))).scalar()
    if named is not None:
        service.keys.provider.use(str(named))
    return await asyncio.to_thread(lambda: service.keys.key_name if service.keys else "")


async def new_key_pair(service: Service, conn: AsyncConnection, key_id: UUID) -> Opener:
    """Make and store an owner's key pair and field key; the private key wrapped by the root key."""
    if service.keys is None:
        raise NotAllowed
    await follow(service, conn)
    pair, wrapped = await asyncio.to_thread(service.keys.new_case_key, str(key_id))
    opener = Opener(key_id, pair.public, pair.private, keys.new_data_key())
    await conn.execute(
        insert(t.key_pair).values(
            id=key_id,
            public=pair.public,
            private_wrapped=wrapped,
            field_key_sealed=Seal(key_id, pair.public).seal_key(opener.field_key, "key_pair.field_key", key_id),
            root_key_name=name_of(wrapped),
        )
    )
    return opener


async def seal_of(conn: AsyncConnection, case_id: UUID) -> Seal:
    """The public half for a case (all that the portal needs)."""
    row = (await conn.execute(_of_case(case_id, t.key_pair.c.id, t.key_pair.c.public))).one_or_none()
    if row is None:
        raise NotFound
    return Seal(row.id, row.public)


async def opener_of(service: Service, conn: AsyncConnection, case_id: UUID) -> Opener:
    """Both halves for a case; `NotAllowed` in a process without the root key, `Unreadable` once erased."""
    row = (await conn.execute(_of_case(case_id, t.key_pair))).one_or_none()
    if row is None:
        raise NotFound
    return await _opener(service, row)


async def reader_of(service: Service, conn: AsyncConnection, case_id: UUID) -> Opener:
    """As `opener_of`, for pages and lists: of an erased case every text is ""."""
    row = (await conn.execute(_of_case(case_id, t.key_pair))).one_or_none()
    if row is None:
        raise NotFound
    if row.private_wrapped is None:
        return Opener(row.id, row.public, b"", b"", gone=True)
    return await _opener(service, row)


async def field_keys_of(service: Service, conn: AsyncConnection, cases: Collection[UUID]) -> dict[UUID, FieldReader]:
    """What opens the names of many cases, for lists: one query, each field key kept for a while. Erased ones open "".

    Raises NotAllowed in a process without the root key.
    """
    holder, k = service.keys, t.key_pair
    if holder is None:
        raise NotAllowed
    query = select(t.cases.c.id.label("case_id"), k).join(k, t.cases.c.key_id == k.c.id).where(t.cases.c.id.in_(cases))
    rows = (await conn.execute(query)).all()
    found = {
        row.case_id: holder.kept_field_key(str(row.id), row.field_key_sealed) for row in rows if row.private_wrapped
    }
    new = [row for row in rows if row.private_wrapped and found[row.case_id] is None]
    if new:  # a provider may be a server elsewhere, and each key takes most of a millisecond
        found |= await asyncio.to_thread(lambda: {row.case_id: _field_key(holder, row) for row in new})
    return {row.case_id: FieldReader(row.id, found.get(row.case_id)) for row in rows}


async def service_seal(conn: AsyncConnection) -> Seal:
    """The public half of the service's own key pair."""
    row = await service_key_row(conn, t.key_pair.c.id, t.key_pair.c.public)
    return Seal(row.id, row.public)


async def service_opener(service: Service, conn: AsyncConnection) -> Opener:
    """Both halves of the service's own key pair."""
    return await _opener(service, await service_key_row(conn))


def _of_case(case_id: UUID, *columns: Any) -> Any:
    return select(*columns).join(t.cases, t.cases.c.key_id == t.key_pair.c.id).where(t.cases.c.id == case_id)


async def service_key_row(conn: AsyncConnection, *columns: Any) -> Row[Any]:
    """The row of the service's own key pair, or some columns of it; NotFound before it was founded."""
    named = select(t.service_setting.c.value).where(t.service_setting.c.name == "key_pair")
    key_id = (await conn.execute(named)).scalar_one_or_none()
    if key_id is None:
        raise NotFound
    return (await conn.execute(select(*(columns or t.key_pair.c)).where(t.key_pair.c.id == UUID(key_id)))).one()


def _field_key(holder: "KeyHolder", row: Row[Any]) -> bytes:
    pair = holder.case_key(row.private_wrapped, row.public, str(row.id))
    where = Seal(row.id, row.public).where("key_pair.field_key", row.id, "key")
    opened = keys.open_sealed(pair.private, row.field_key_sealed, where)
    return holder.keep_field_key(str(row.id), row.field_key_sealed, opened)


async def _opener(service: Service, row: Row[Any]) -> Opener:
    if service.keys is None:
        raise NotAllowed
    if row.private_wrapped is None:
        raise Unreadable
    pair = service.keys.kept_key(str(row.id), row.public)
    if pair is None:  # a provider may be a server elsewhere: never wait for it in the event loop
        pair = await asyncio.to_thread(service.keys.case_key, row.private_wrapped, row.public, str(row.id))
    field_key = service.keys.kept_field_key(str(row.id), row.field_key_sealed) or _field_key(service.keys, row)
    return Opener(row.id, row.public, pair.private, field_key)
