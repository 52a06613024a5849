"""Which messages, cases, people and referrals were erased, by the leaves of the record alone.

A backup brings back what was erased after it was made. The leaves are kept outside it, so after restoring one whoever
restores asks here what must go again. Says nothing about withdrawals, links or uploads that were given up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from exchange.core.errors import Unreadable

ACTS = {
    "case.erased": "case",
    "message.erased": "message",
    "participant.erased": "participant",
    "referral.erased": "referral",
}
"""The acts that erase, and the field of the leaf that names what is gone. In the order of `Erased`."""


@dataclass(frozen=True)
class Erased:
    """Ids. The messages and people of an erased case are erased with it, named here or not."""

    cases: frozenset[UUID] = frozenset()
    messages: frozenset[UUID] = frozenset()
    people: frozenset[UUID] = frozenset()
    referrals: frozenset[UUID] = frozenset()


def erased(leaves: Iterable[Mapping[str, Any]]) -> Erased:
    """Everything that these leaves say was erased. Unreadable where such a leaf does not name what it is about."""
    found: dict[str, set[UUID]] = {act: set() for act in ACTS}
    for leaf in leaves:
        act = str(leaf.get("act"))
        if act in ACTS:
            found[act].add(_id(leaf, ACTS[act]))
    return Erased(*map(frozenset, found.values()))


def moved_away(leaves: Iterable[Mapping[str, Any]]) -> dict[UUID, UUID]:
    """Messages that were erased because they were moved to the right case, and what each became there."""
    old: dict[str, UUID] = {}
    both: dict[str, set[UUID]] = {}
    for leaf in leaves:
        if leaf.get("outcome") == "moved" and leaf.get("act") == "concern.ended":
            old[_concern(leaf)] = _id(leaf, "message")
        if leaf.get("outcome") == "moved" and leaf.get("act") == "misfiled.ended":
            both.setdefault(_concern(leaf), set()).add(_id(leaf, "message"))
    return {message: new for one, message in old.items() for new in both.get(one, set()) - {message}}


def _concern(leaf: Mapping[str, Any]) -> str:
    return str(leaf.get("concern"))


def _id(leaf: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(str(leaf[name]))
    except (KeyError, ValueError) as error:
        raise Unreadable("An entry of the record about an erasure does not say what was erased.") from error
