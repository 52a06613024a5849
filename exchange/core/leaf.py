"""What a leaf of the record may say: ids, hashes, numbers, times and words of fixed lists. Nothing else.

Rules. A leaf is one JSON object in RFC 8785 (JCS) form, at most 4,000 bytes of ASCII, with "v": 1. Every
key stands in FIELDS below with the pattern its value must match; any other key, and any value that does
not fit, is refused (`LeafRefused`), so names, addresses and free text have no way in. Words are lower
case, at most 40 letters, and come from the code's own enums, never from what somebody typed. The time
"at" is the database's: callers never give it, the database puts it in while it holds the head of the
record, so leaves stand in the order of their times as long as its clock runs forward.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from exchange.core.errors import BadInput

VERSION = 1
LONGEST_LEAF = 4_000
LONGEST_LIST = 32
LARGEST_NUMBER = 2**53 - 1
TIME_GAP = "@"
"""Stands for the time in a leaf that the database has not dated yet."""

# JCS for what leaves and lines hold (ASCII names, whole numbers), several times faster than rfc8785
CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"


class LeafRefused(BadInput):
    """The record takes ids, numbers and fixed words only, so this was not written and not done."""


_WORD = r"[a-z][a-z0-9_]{0,39}"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_HEX = r"(?:[0-9a-f]{2}){4,64}"
_PIECE = rf"(?:{_WORD}|{_UUID}|{_HEX}|\d{{1,9}})"

WORD = re.compile(_WORD)
ACT = re.compile(rf"{_WORD}\.{_WORD}")
ID = re.compile(rf"{_UUID}|{_HEX}")
HEX = re.compile(_HEX)
DIGEST = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
PART = re.compile(r"[a-z][a-z0-9_]{0,39}(?:[-/.][a-z0-9_]{1,40}){0,3}")
OBJECT = re.compile(rf"{_PIECE}(?:[/.-]{_PIECE}){{0,9}}")
WORDING = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
NUMBER = int
FLAG = bool

Shape: TypeAlias = re.Pattern[str] | type[int]

_IDS = (
    "account appeal approval assignment author bar case checkpoint concern consent consent_receive consent_share "
    "consent_take_part cover emergency facilitator grant guardian job key link message notice offer original "
    "participant part_id recipient referral release request review revision session supervisor task upload webhook"
)
_WORDS = (
    "aim channel event fact factor form format kind method outcome owner policy present purpose reason role "
    "scope state state_from state_to status tick way"
)
_NUMBERS = "attempts count days duration first height index last length number page pages size width"

FIELDS: dict[str, tuple[Shape, ...]] = {
    "act": (ACT,),
    "at": (TIME,),
    "digest": (DIGEST,),
    "digest_before": (DIGEST,),
    "keyed": (HEX,),
    "language": (LANGUAGE,),
    "object": (OBJECT,),
    "part": (PART, NUMBER),
    "root": (DIGEST,),
    "since": (TIME,),
    "until": (TIME,),
    "value": (WORD, NUMBER, FLAG),
    "wording": (WORDING,),
    **dict.fromkeys(_IDS.split(), (ID,)),
    **dict.fromkeys(_WORDS.split(), (WORD,)),
    **dict.fromkeys(_NUMBERS.split(), (NUMBER,)),
}
"""Every key a leaf may have besides "v" and "actor", and what its value, or each of a list, may be."""

ACTOR: dict[str, tuple[Shape, ...]] = {"kind": (WORD,), "id": (ID,), "role": (WORD,)}
"""What "actor" may hold; "kind" is needed, "id" too unless the kind is "system"."""


def undated(fields: Mapping[str, Any]) -> str:
    """The JCS text of a new leaf whose time is still `TIME_GAP`, for the database to date.

    `fields` needs "act" and "actor". UUIDs, enums, aware datetimes, bytes and tuples are written as ids,
    words, UTC times, hex and lists; a key whose value is None is left out. Raises LeafRefused.
    """
    if "at" in fields or "v" in fields:
        raise LeafRefused("The time and the version of a leaf are not the caller's to give.")
    plain = {name: _plain(value) for name, value in fields.items() if value is not None}
    check({**plain, "at": "2000-01-01T00:00:00.000000Z", "v": VERSION})
    return _text({**plain, "at": TIME_GAP, "v": VERSION})


def dated(fields: Mapping[str, Any], at: datetime) -> str:
    """The JCS text of a leaf as the database writes it at that time (aware datetime). Raises LeafRefused."""
    return undated(fields).replace(f'"at":"{TIME_GAP}"', f'"at":"{_plain(at)}"')


def check(leaf: Mapping[str, Any]) -> None:
    """Raise LeafRefused unless this parsed leaf has only known keys with fitting values."""
    for name in ("v", "at", "act", "actor"):
        if name not in leaf:
            raise LeafRefused(f"A leaf needs {name}.")
    if type(leaf["v"]) is not int or leaf["v"] != VERSION:
        raise LeafRefused("A leaf of this version is not known here.")
    _check_actor(leaf["actor"])
    for name, value in leaf.items():
        if name not in ("v", "actor"):
            _check_field(FIELDS, name, value, several=name not in ("at", "act"))


def _check_actor(actor: object) -> None:
    if not isinstance(actor, Mapping) or "kind" not in actor:
        raise LeafRefused("A leaf needs an actor with a kind.")
    for name, value in actor.items():
        _check_field(ACTOR, name, value, several=False)
    if "id" not in actor and actor["kind"] != "system":
        raise LeafRefused("A leaf needs the actor's id.")


def _check_field(table: dict[str, tuple[Shape, ...]], name: str, value: object, *, several: bool) -> None:
    if name not in table:
        raise LeafRefused("A leaf has no place for one of these fields.")
    shapes = table[name]
    if isinstance(value, list) and several:
        fits = len(value) <= LONGEST_LIST and all(_fits(shapes, item) for item in value)
    else:
        fits = _fits(shapes, value)
    if not fits:
        raise LeafRefused(f"A leaf cannot say this under {name}.")


def _fits(shapes: tuple[Shape, ...], item: object) -> bool:
    for shape in shapes:
        if isinstance(item, str):
            if isinstance(shape, re.Pattern) and shape.fullmatch(item):
                return True
        # by exact type: True is an int to Python, not to a reader of JSON
        elif isinstance(item, int) and type(item) is shape and 0 <= item <= LARGEST_NUMBER:
            return True
    return False


def _plain(value: Any) -> Json:
    """The JSON form of what callers have at hand."""
    match value:
        case Enum():
            return _plain(value.value)
        case UUID():
            return str(value)
        case bytes():
            return value.hex()
        case datetime():
            if value.tzinfo is None:
                raise LeafRefused("A leaf takes times with a time zone only.")
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items() if item is not None}
        case list() | tuple():
            return [_plain(item) for item in value]
        case str() | int():
            return value
    raise LeafRefused("A leaf cannot hold a value of this type.")


def _text(leaf: Mapping[str, Json]) -> str:
    text = CANONICAL.encode(leaf)
    if len(text) > LONGEST_LEAF or not text.isascii():
        raise LeafRefused("This is more than a leaf can hold.")
    return text
