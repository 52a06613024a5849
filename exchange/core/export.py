"""The lines of an export of the record (docs/ledger-format.md): written by the service, read by auditors.

An export is one file of UTF-8 lines, each an RFC 8785 (JCS) JSON object: a header, one line per leaf in
order, one line with the signed checkpoint, nothing after it. A line that is not in canonical form, to the
byte, is refused, so that there is one text for one export.

A complete export holds every leaf of the checkpoint. A filtered one names its filter, and each of its
leaves carries the proof of its place in the tree; what it leaves out cannot be judged from it.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NoReturn, TypeAlias

import rfc8785

from exchange.core.errors import BadInput
from exchange.core.leaf import ACT, CANONICAL, ID, LARGEST_NUMBER, TIME, WORD
from exchange.core.leaf_text import in_line
from exchange.core.ledger import HASH_SIZE

FORMAT = "exchange-ledger-1"
LONGEST_LINE = 100_000
_HEADER = {"complete", "count", "filter", "format", "origin", "size"}

Leaf: TypeAlias = dict[str, Any]


def _no_fraction(untrusted_number: str) -> NoReturn:
    raise ValueError(f"a record holds whole numbers only, not {untrusted_number:.20}")


_DECODER = json.JSONDecoder(parse_float=_no_fraction, parse_constant=_no_fraction)


class BadExport(BadInput):
    """This is not an export of the record, or it was changed."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which leaves are wanted; None means any. Ids are texts; times RFC 3339 UTC with six digits.

    `account` and `participant` match the actor as well as the field of that name; `since` is inclusive,
    `until` is not. Raises BadExport for a value that cannot stand in a leaf.
    """

    case: str | None = None
    message: str | None = None
    participant: str | None = None
    account: str | None = None
    act: str | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None

    def __post_init__(self) -> None:
        shapes = dict.fromkeys(("case", "message", "participant", "account"), ID)
        shapes |= {"act": ACT, "outcome": WORD, "since": TIME, "until": TIME}
        for name, value in self.wanted().items():
            if not isinstance(value, str) or not shapes[name].fullmatch(value):
                raise BadExport(f"The record cannot be searched for this under {name}.")

    def wanted(self) -> dict[str, str]:
        """What was asked for, by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value is not None}

    def matches(self, leaf: Mapping[str, Any]) -> bool:
        """Whether this checked leaf is wanted."""
        return all(_matches(leaf, name, value) for name, value in self.wanted().items())


def _matches(leaf: Mapping[str, Any], name: str, value: str) -> bool:
    if name == "since":
        return bool(leaf["at"] >= value)
    if name == "until":
        return bool(leaf["at"] < value)
    found = leaf.get(name)
    by_actor = name in ("account", "participant") and leaf["actor"].get("id") == value
    return by_actor or (value in found if isinstance(found, list) else found == value)


@dataclass(frozen=True, slots=True)
class Header:
    """What an export says of itself: `count` leaves of a record of `size`; filter None means complete."""

    origin: str
    size: int
    count: int
    filter: Filter | None = None

    @property
    def line(self) -> str:
        """The first line."""
        wanted = None if self.filter is None else self.filter.wanted()
        return _line(
            {
                "format": FORMAT,
                "complete": self.filter is None,
                "filter": wanted,
                "origin": self.origin,
                "size": self.size,
                "count": self.count,
            }
        )

    @classmethod
    def parse(cls, untrusted_line: str) -> "Header":
        """The header, or BadExport."""
        found = _object(untrusted_line)
        if set(found) != _HEADER or found["format"] != FORMAT:
            raise BadExport("The first line is not the header of an export.")
        if not isinstance(found["origin"], str) or not _number(found["size"]) or not _number(found["count"]):
            raise BadExport("The header is damaged.")
        return cls(found["origin"], found["size"], found["count"], _filter(found["filter"], found["complete"]))


def _filter(untrusted_filter: object, complete: object) -> Filter | None:
    if complete is True and untrusted_filter is None:
        return None
    if complete is False and isinstance(untrusted_filter, dict):
        try:
            return Filter(**untrusted_filter)
        except TypeError as error:
            raise BadExport("The header names an unknown filter.") from error
    raise BadExport("The header does not say clearly whether the export is complete.")


def leaf_line(index: int, leaf: str, proof: Sequence[bytes] | None = None) -> str:
    """The line of one leaf; `proof` is its inclusion proof, in filtered exports."""
    line: dict[str, Any] = {"i": index, "leaf": leaf}
    if proof is not None:
        line["proof"] = [b64encode(step).decode() for step in proof]
    return _line(line)


def note_line(note: str) -> str:
    """The last line: the signed checkpoint."""
    return _line({"note": note})


@dataclass(frozen=True, slots=True)
class Seen:
    """An earlier checkpoint that witnesses cosigned, and the proof that the last one continues it."""

    note: str
    proof: tuple[bytes, ...]

    @property
    def line(self) -> str:
        """Its line, between the last leaf and the last checkpoint."""
        return _line({"cosigned": self.note, "proof": [b64encode(step).decode() for step in self.proof]})


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf line: the place, the leaf's text, its proof or None; `at` where the text is known to be in order."""

    index: int
    text: str
    proof: tuple[bytes, ...] | None
    at: str | None = None


def parse_body(untrusted_line: str) -> Entry | Seen | str:
    """A leaf's line as an Entry, a cosigned checkpoint as Seen, the last line as its note's text; or BadExport."""
    found = quickly(untrusted_line)
    return Entry(found[0], found[1].decode(), None, found[2]) if found else _parsed(untrusted_line)


def quickly(untrusted_line: str) -> tuple[int, bytes, str] | None:
    """Number, leaf and time on a line of a complete export whose leaf is of the known form; None: look closer."""
    return in_line(untrusted_line) if len(untrusted_line) <= LONGEST_LINE else None


def _parsed(untrusted_line: str) -> Entry | Seen | str:
    found = _object(untrusted_line)
    if set(found) == {"note"} and isinstance(found["note"], str):
        return found["note"]
    if set(found) == {"cosigned", "proof"} and isinstance(found["cosigned"], str):
        return Seen(found["cosigned"], _proof(found["proof"]))
    if not {"i", "leaf"} <= set(found) <= {"i", "leaf", "proof"}:
        raise BadExport("A line is neither an entry nor a checkpoint.")
    if not _number(found["i"]) or not isinstance(found["leaf"], str):
        raise BadExport("An entry's line is damaged.")
    return Entry(found["i"], found["leaf"], _proof(found["proof"]) if "proof" in found else None)


def _proof(untrusted_proof: object) -> tuple[bytes, ...]:
    if not isinstance(untrusted_proof, list) or not all(isinstance(step, str) for step in untrusted_proof):
        raise BadExport("An entry's proof is damaged.")
    steps = tuple(_steps(untrusted_proof))
    if [b64encode(step).decode() for step in steps] != untrusted_proof or any(len(s) != HASH_SIZE for s in steps):
        raise BadExport("An entry's proof is damaged.")
    return steps


def _steps(untrusted_proof: list[str]) -> Iterator[bytes]:
    for step in untrusted_proof:
        try:
            yield b64decode(step, validate=True)
        except ValueError as error:
            raise BadExport("An entry's proof is damaged.") from error


def _number(untrusted: object) -> bool:
    return type(untrusted) is int and 0 <= untrusted <= LARGEST_NUMBER


def _line(value: dict[str, Any]) -> str:
    return rfc8785.dumps(value).decode() + "\n"


def _object(untrusted_line: str) -> dict[str, Any]:
    """The object on a line in canonical form, or BadExport."""
    if len(untrusted_line) > LONGEST_LINE:
        raise BadExport("A line is too long for an export.")
    try:
        found = _DECODER.decode(untrusted_line)
        same = isinstance(found, dict) and CANONICAL.encode(found) + "\n" == untrusted_line
    except (ValueError, RecursionError) as error:
        raise BadExport("A line is not readable.") from error
    if not same:
        raise BadExport("A line is not in the one form that an export has.")
    return dict(found)


def parse_leaves(untrusted_texts: Sequence[str]) -> list[Leaf]:
    """The objects in the texts of many leaves, read at once, which is three times as fast; or BadExport."""
    whole = parse_leaf(f'{{"leaves":[{",".join(untrusted_texts)}]}}')["leaves"]
    if len(whole) != len(untrusted_texts) or not all(isinstance(one, dict) for one in whole):
        raise BadExport("An entry is not readable.")
    return list(whole)


def parse_leaf(untrusted_text: str) -> Leaf:
    """The object in a leaf's text, or BadExport. Its bytes were hashed as they are, so any form will do."""
    try:
        found = _DECODER.decode(untrusted_text)
    except (ValueError, RecursionError) as error:
        raise BadExport("An entry is not readable.") from error
    if not isinstance(found, dict):
        raise BadExport("An entry is not readable.")
    return found
