"""What happened after a backup was made, by the leaves of the record that lie outside it (DESIGN section 7).

A restored database has forgotten it. What a leaf tells whole (a fact, a consent to take part, who is on a team) can be
put back; of the rest the leaf tells enough to be careful: a message that was decided about is looked at again, an
account whose password or factor changed is closed until somebody resets it. What was erased stands in
`core/erasures.py`. Later leaves win over earlier ones of the same thing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from exchange.core.errors import Unreadable

Leaf = Mapping[str, Any]
DECISIVE = frozenset({"consent", "concern", "revision", "message"})
NOT_DECISIVE = frozenset({"review.opened", "review.renewed", "review.noted", "review.told"})
HARMLESS = frozenset({"details", "factor_begun", "passkey_added"})
"""Changes of an account after which its older state can do nothing that the newer could not."""
STANDING = ("take_part", "be_asked")
"""Consents about no single message: their leaf tells them whole."""
TEAM = ("case.assigned", "case.unassigned")
BARS = ("case.barred", "case.bar_lifted")
HOLDS = ("case.held", "case.hold_lifted")
DOORS = ("case.closed", "case.reopened")


@dataclass
class Since:
    """Ids by what must be done about them; leaves where they tell it whole, in their order."""

    facts: list[Leaf] = field(default_factory=list)
    consents: list[Leaf] = field(default_factory=list)
    team: list[Leaf] = field(default_factory=list)
    bars: dict[tuple[UUID, UUID], Leaf] = field(default_factory=dict)
    holds: dict[UUID, Leaf] = field(default_factory=dict)
    doors: dict[UUID, Leaf] = field(default_factory=dict)
    policies: dict[UUID, Leaf] = field(default_factory=dict)
    messages: dict[UUID, bool] = field(default_factory=dict)
    """Every message that anything was said about; True: something was decided about it."""
    withdrawn: set[UUID] = field(default_factory=set)
    concerns: dict[UUID, UUID] = field(default_factory=dict)
    """Messages with a concern that nobody has decided, and their cases."""
    contacts: set[UUID] = field(default_factory=set)
    codes: set[UUID] = field(default_factory=set)
    wishes: set[UUID] = field(default_factory=set)
    accounts: set[UUID] = field(default_factory=set)
    put_in: Counter[UUID] = field(default_factory=Counter)
    """Cases in which messages were begun that the backup does not have, and how many."""
    backups: list[str] = field(default_factory=list)
    """Digests of backups that were made, in order."""


def since(leaves: Iterable[Leaf]) -> Since:
    """Everything in these leaves that matters after a restore. Unreadable where one lacks what it is about."""
    found = Since()
    try:
        for leaf in leaves:
            _of_case(found, leaf)
            _of_message(found, leaf)
            _of_people(found, leaf)
            if leaf["act"] == "backup.made":
                found.backups.append(leaf["digest"])
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable("An entry of the record does not say what it is about. Nothing was restored.") from error
    return found


def _of_case(found: Since, leaf: Leaf) -> None:
    act = leaf["act"]
    if act in TEAM:
        found.team.append(leaf)
    elif act in BARS:
        found.bars[UUID(leaf["case"]), UUID(leaf["account"])] = leaf
    elif act in HOLDS:
        found.holds[UUID(leaf["case"])] = leaf
    elif act in DOORS:
        found.doors[UUID(leaf["case"])] = leaf
    elif act == "case.policy_set":
        found.policies[UUID(leaf["case"])] = leaf
    elif act == "fact.recorded":
        found.facts.append(leaf)


def _of_message(found: Since, leaf: Leaf) -> None:
    act = leaf["act"]
    if not isinstance(leaf.get("message"), str):
        return
    message = UUID(leaf["message"])
    subject = act.partition(".")[0]
    decisive = subject in DECISIVE or (subject == "review" and act not in NOT_DECISIVE)
    found.messages[message] = decisive or found.messages.get(message, False)
    if act == "message.withdrawn":
        found.withdrawn.add(message)
    elif act == "concern.raised":
        found.concerns[message] = UUID(leaf["case"])
    elif act == "concern.ended" and leaf.get("outcome") != "moved":
        # of one that was moved away the copy may be lost with the backup: then it is to be decided again
        found.concerns.pop(message, None)
    elif act == "message.begun" and "case" in leaf:
        found.put_in[UUID(leaf["case"])] += 1


def _of_people(found: Since, leaf: Leaf) -> None:
    act, subject = leaf["act"], leaf["act"].partition(".")[0]
    if subject == "consent" and leaf.get("scope") in STANDING and "consent" in leaf:
        found.consents.append(leaf)
    elif act == "participant.contact_set":
        found.contacts.add(UUID(leaf["participant"]))
    elif act == "participant.code_agreed":
        found.codes.add(UUID(leaf["participant"]))
    elif act in ("notice.agreed", "notice.declined"):
        found.wishes.add(UUID(leaf["participant"]))
    elif act in ("account.passkey_copied", "account.recovery_used") or (
        act == "account.changed" and leaf.get("kind") not in HARMLESS
    ):
        found.accounts.add(UUID(leaf["account"]))
