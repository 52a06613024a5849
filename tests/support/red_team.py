"""A thief with everything the portal has, a dump of the whole database and a copy of every object, at work.

`plunder` collects; `attack` then tries every value that looks like a secret as every kind of key on everything
that is wrapped or sealed, adds whatever comes out to the values to try, until nothing new opens, and at last
tries all keys on all objects. It knows the source: every context, every derivation, every format. It must
open nothing without a visitor's secret or the root key, and exactly the right objects with one.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from exchange.core import keys
from exchange.core.errors import BadInput, ExchangeError, Unreadable
from exchange.core.recovery import from_recovery_text
from exchange.core.rootwrap import body_of, name_of
from exchange.core.sealed import HEADER, RangeReader, context, open_whole
from exchange.steps.links import GRANT, PAYLOAD, about
from exchange.steps.upload import wrap_context
from exchange.steps.visit import PRIVATE
from exchange.store.parts import part_context
from exchange.store.pieces import piece_context
from exchange.store.sealing import SERVICE, Seal

Row = dict[str, Any]
Dump = dict[str, list[Row]]
LABELS = ("wrap", "id", "session-wrap", "session-id", "draft", "upload", "exchange/root-wrap/v1")
SECRET = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
HEX = re.compile(r"(?:[0-9a-f]{2}){32,}")
SHEET = re.compile(r"[0-9A-Z][0-9A-Z \n-]{40,}")
WINDOW = 16
SHORTEST = 16
"""Bytes below which a value is no secret: words, states, numbers."""


@dataclass(frozen=True)
class Wrapped:
    """Something that a key opens: what it is, its bytes, the context it is bound to, and which envelope."""

    what: str
    blob: bytes = field(repr=False)
    bound: bytes = field(repr=False)
    envelope: str = "wrap"


@dataclass
class Loot:
    """What was taken. `values` are bytes from anywhere, `objects` the bucket by key."""

    dump: Dump
    objects: dict[str, bytes]
    values: set[bytes]


@dataclass
class Result:
    """What came of it: objects by key that opened, what was unwrapped on the way, how much was tried."""

    opened: dict[str, bytes]
    unwrapped: set[str]
    objects: int
    values: int
    tried: int


def dump_of(url: str, *, every: bool = True) -> Dump:
    """All rows of all tables of the schema that this role can read; with `every`, it must be able to read all."""
    found: Dump = {}
    with psycopg.connect(url, row_factory=dict_row, autocommit=True) as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for name in [str(row["tablename"]) for row in names]:
            for columns in _readable(connection, name):
                found[name] = connection.execute(columns).fetchall()
            assert name in found or not every, name
        if every:
            found["pg_authid"] = connection.execute("select rolname, rolpassword from pg_authid").fetchall()
    return found


def _readable(connection: psycopg.Connection[Row], table: str) -> Iterator[sql.Composed]:
    asked = (
        "select attname from pg_attribute where attrelid = cast(%(t)s as regclass) and attnum > 0"
        " and not attisdropped and has_column_privilege(cast(%(t)s as regclass), attnum, 'SELECT')"
    )
    names = [str(row["attname"]) for row in connection.execute(asked, {"t": f"public.{table}"}).fetchall()]
    if names:
        chosen = sql.SQL(", ").join(sql.Identifier(name) for name in names)
        yield sql.SQL("select {} from public.{}").format(chosen, sql.Identifier(table))


def plunder(dump: Dump, objects: dict[str, bytes], *told: bytes | str) -> Loot:
    """Everything there is: rows, objects, and what the portal's process was told (environment, settings, files)."""
    values = {value for rows in dump.values() for row in rows for value in _flat(row)}
    values |= {_bytes(value) for value in told}
    values |= {body[:24] for body in objects.values()} | {body[24:HEADER] for body in objects.values()}
    return Loot(dump, objects, values)


def attack(loot: Loot, *also: bytes | str) -> Result:
    """Try everything on everything. With `also`, begin from these values only: the rest was tried without them,
    and each thing opens by one key, so that trying the rest again could add nothing."""
    first = {_bytes(value) for value in also} or loot.values
    fresh = {key for value in first for key in candidates(value)}
    locked, known, unwrapped, tried = list(_wrapped(loot.dump)), set(fresh), set[str](), 0
    data_keys = set(fresh)
    while fresh:
        tried += len(fresh) * len(locked)
        found, locked, names = _unlock(locked, fresh)
        unwrapped |= names
        fresh = {key for value in found for key in candidates(value)} - known
        known |= fresh
        data_keys |= fresh
    bound = dict(_objects(loot.dump))
    opened = {}
    short = {key for key in data_keys if len(key) == keys.KEY}
    for name, body in loot.objects.items():
        tried += len(short) * len(bound.get(name, ()))
        plain = _open(body, bound.get(name, ()), short)
        if plain is not None:
            opened[name] = plain
    return Result(opened, unwrapped, len(loot.objects), len(first), tried)


def candidates(value: bytes) -> set[bytes]:
    """Keys that a value may be or hold: of 32 bytes, or of 96 for a private key; each derivation of the likely ones."""
    if len(value) < SHORTEST:
        return set()
    likely = {value, *_spelled(value)}
    whole = {key for key in likely if len(key) == keys.KEY}
    derived = {keys.derive(key, label) for key in whole for label in LABELS}
    private = {part for part in likely if len(part) == keys.PRIVATE}
    if len(value) > keys.PRIVATE and not value.isascii():
        private.add(value[-keys.PRIVATE :])
    return whole | derived | private | set(_inside(value)) | {hashlib.sha256(value).digest()}


def _inside(value: bytes) -> Iterator[bytes]:
    """What may lie in something longer that is no text: at multiples of 16, and where envelopes have their parts."""
    if len(value) < keys.KEY or value.isascii():
        return
    for start in {1, 13, len(value) - keys.KEY, *range(0, len(value) - keys.KEY + 1, WINDOW)}:
        if len(part := value[start : start + keys.KEY]) == keys.KEY:
            yield part


def _spelled(value: bytes) -> Iterator[bytes]:
    """What a text spells: link secrets and cookies, hex, base64, JSON inside it, a recovery sheet."""
    text = value.decode("utf-8", "replace")
    for secret in SECRET.findall(text):
        yield base64.urlsafe_b64decode(secret + "=")
    for digits in HEX.findall(text):
        yield bytes.fromhex(digits)
        yield from (bytes.fromhex(digits[at : at + 64]) for at in range(0, len(digits) - 63, 64))
    for sheet in (text, *SHEET.findall(text)):
        try:
            yield from_recovery_text(sheet)
        except BadInput:
            continue
    if text[:1] in ("{", "["):
        try:
            yield from (found for inner in _flat(json.loads(text)) for found in (inner, *_spelled(inner)))
        except ValueError:
            return


def _flat(value: Any) -> Iterator[bytes]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _flat(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _flat(inner)
    elif isinstance(value, bytes | str | UUID):
        yield _bytes(value)


def _bytes(value: bytes | str | UUID) -> bytes:
    if isinstance(value, UUID):
        return value.bytes
    return value if isinstance(value, bytes) else value.encode()


def _unlock(locked: list[Wrapped], fresh: set[bytes]) -> tuple[set[bytes], list[Wrapped], set[str]]:
    found, left, names = set(), [], set()
    for one in locked:
        plain = next((plain for plain in (_try(one, key) for key in fresh) if plain is not None), None)
        if plain is None:
            left.append(one)
        else:
            found.add(plain)
            names.add(one.what)
    return found, left, names


def _try(one: Wrapped, key: bytes) -> bytes | None:
    """One key on one envelope, in the way in which this kind of key opens it."""
    try:
        if one.envelope == "field":
            which = {"field_key": key} if len(key) == keys.KEY else {"private": key}
            return keys.open_field(one.blob, one.bound, **which).encode()
        if len(key) == keys.KEY:
            return keys.unwrap(key, one.blob, one.bound) if one.envelope == "wrap" else None
        return keys.open_sealed(key, one.blob, one.bound) if one.envelope == "hpke" else None
    except ExchangeError:
        return None


def _wrapped(dump: Dump) -> Iterator[Wrapped]:
    """Everything in the database that some key opens, each with the one context under which it was made."""
    cases = {row["id"]: row["key_id"] for row in dump["cases"]}
    messages = {row["id"]: row["case_id"] for row in dump["message"]}
    for row in dump["key_pair"]:
        where = Seal(row["id"], b"").where("key_pair.field_key", row["id"], "key")
        body = row["private_wrapped"] and body_of(row["private_wrapped"], name_of(row["private_wrapped"]))
        yield from _one("case key", body, context(SERVICE, str(row["id"]), "", "", "case-key"))
        yield from _one("field key", row["field_key_sealed"], where, "hpke")
    for table in ("upload", "revision"):
        for row in dump[table]:
            where = Seal(cases[messages[row["message_id"]]], b"").where(f"{table}.key", row["id"], "key")
            yield from _one(f"data key of {table}", row["key_sealed"], where, "hpke")
    for row in dump["upload"]:
        bound = wrap_context(messages[row["message_id"]], row["message_id"], row["id"])
        yield from _one("upload's key", row["key_wrapped"], bound)
    for row in dump["access_grant"]:
        yield from _one("grant", row["key_wrapped"], about(row["id"], GRANT))
        yield from _one("grant", row["key_wrapped"], about(row["id"], GRANT), "hpke")
    for row in dump["portal_session"]:
        yield from _one("session's private key", row["private_wrapped"], about(row["id"], PRIVATE))
        yield from _one("session", row["payload"], about(row["id"], PAYLOAD))
    for row in dump["link"]:
        yield from _one("link", row["payload"], about(row["id"], PAYLOAD))
        where = Seal(cases[row["case_id"]], b"").where("link.secret", row["id"])
        yield from _one("link's secret", row["secret_sealed"], where, "field")
    for row in dump["draft"]:
        case = next(link["case_id"] for link in dump["link"] if link["id"] == row["link_id"])
        bound = context(SERVICE, str(case), str(row["link_id"]), "text", "draft")
        yield from _one("draft", row["text_wrapped"], bound)
    yield from _fields(dump)


def _fields(dump: Dump) -> Iterator[Wrapped]:
    """Sealed texts, under each key pair there is: a thief need not know whose they are."""
    owners = [row["id"] for row in dump["key_pair"]]
    for table, rows in dump.items():
        for row in rows:
            for column, value in row.items():
                if column.endswith("_sealed") and value and not column.endswith("key_sealed") and "id" in row:
                    name = f"{table}.{column.removesuffix('_sealed')}"
                    for owner in owners:
                        yield Wrapped("a text", value, Seal(owner, b"").where(name, row["id"]), "field")


def _one(what: str, blob: bytes | None, bound: bytes, envelope: str = "wrap") -> Iterator[Wrapped]:
    if blob:
        yield Wrapped(what, blob, bound, envelope)


def _objects(dump: Dump) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """The contexts of each object, as the rows about it tell them."""
    messages = {row["id"]: row["case_id"] for row in dump["message"]}
    uploads = {row["id"]: row["message_id"] for row in dump["upload"]}
    revisions = {row["id"]: row["message_id"] for row in dump["revision"]}
    for row in dump["piece"]:
        message = uploads[row["upload_id"]]
        bound = piece_context(messages[message], message, row["upload_id"], row["number"], row["start"])
        yield row["object_key"], (bound,)
    shared: dict[str, tuple[bytes, ...]] = {}
    for row in dump["part"]:
        message = revisions[row["revision_id"]]
        bound = part_context(messages[message], message, row["sealed_in"], row["name"])
        shared[row["object_key"]] = (*shared.get(row["object_key"], ()), bound)
    yield from shared.items()


def _open(body: bytes, contexts: Iterable[bytes], candidates: set[bytes]) -> bytes | None:
    for bound in contexts:
        for key in candidates:
            try:
                RangeReader(key, bound, body[:HEADER], len(body))
                return open_whole(key, bound, body)
            except Unreadable:
                continue
    return None
