"""Which messages and cases were erased, by the leaves of the record alone.

A backup brings back what was erased after it was made. The leaves are kept outside it, so after restoring one whoever
restores asks here what must go again. Says nothing about withdrawals, links or uploads that were given up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from exchange.core.errors import Unreadable


@dataclass(frozen=True)
class Erased:
    """Ids. The messages of an erased case are erased with it, named here or not."""

    cases: frozenset[UUID] = frozenset()
    messages: frozenset[UUID] = frozenset()


def erased(leaves: Iterable[Mapping[str, Any]]) -> Erased:
    """Everything that these leaves say was erased. Unreadable where such a leaf does not name what it is about."""
    cases, messages = set(), set()
    for leaf in leaves:
        if leaf.get("act") == "case.erased":
            cases.add(_id(leaf, "case"))
        elif leaf.get("act") == "message.erased":
            messages.add(_id(leaf, "message"))
    return Erased(frozenset(cases), frozenset(messages))


def _id(leaf: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(str(leaf[name]))
    except (KeyError, ValueError) as error:
        raise Unreadable("An entry of the record about an erasure does not say what was erased.") from error
