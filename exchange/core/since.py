"""What happened after a backup was made, by the leaves of the record that lie outside it (DESIGN section 7).

A restored database has forgotten it. What a leaf tells whole (a fact, a consent to take part, who is on a team) can be
put back; of the rest the leaf tells enough to be careful: a message that was decided about is looked at again, an
account whose password or factor changed is closed until somebody resets it, and of what was asked or said in words a
person is told to ask again. Which act is which stands in `core/since_acts.py`; what was erased in `core/erasures.py`.
Later leaves win over earlier ones of the same thing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from exchange.core.errors import Unreadable
from exchange.core.since_acts import COUNTED, Leaf, decisive, task_of

HARMLESS = frozenset({"details", "factor_begun", "passkey_added"})
"""Changes of an account after which its older state can do nothing that the newer could not."""
STANDING = ("take_part", "be_asked", "share_after")
"""Consents that void nothing of a version: their leaf tells them whole."""
TEAM = ("case.assigned", "case.unassigned")
BARS = ("case.barred", "case.bar_lifted")
HOLDS = ("case.held", "case.hold_lifted")
DOORS = ("case.closed", "case.reopened")
ENDS_ASKING = ("task.done", "own_copy.handed_out", "own_copy.dropped")
WITHHELD = "withheld"


@dataclass(frozen=True)
class Ask:
    """A task: somebody asked for this, or it was stopped, after the backup. Ids that the backup may not know."""

    kind: str
    case: UUID | None
    message: UUID | None = None
    participant: UUID | None = None
    account: UUID | None = None


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
    states: dict[UUID, str] = field(default_factory=dict)
    """Where each stood last, where a leaf says so."""
    kinds: dict[UUID, str] = field(default_factory=dict)
    """What a message that was still being put in became: letter, sound, film."""
    withdrawn: set[UUID] = field(default_factory=set)
    concerns: dict[UUID, Leaf] = field(default_factory=dict)
    """Messages with a concern that nobody has decided."""
    withheld: dict[UUID, Leaf] = field(default_factory=dict)
    """The last review that decided that a message is not to be shared."""
    asks: dict[object, Ask] = field(default_factory=dict)
    """What a person must ask or look at again, in order, each once."""
    named: set[UUID] = field(default_factory=set)
    """People whose form of name or signature was agreed anew: what they agreed to share was named otherwise."""
    of_age: dict[UUID, Leaf] = field(default_factory=dict)
    covers: dict[UUID, Leaf] = field(default_factory=dict)
    contacts: set[UUID] = field(default_factory=set)
    codes: set[UUID] = field(default_factory=set)
    wishes: set[UUID] = field(default_factory=set)
    accounts: set[UUID] = field(default_factory=set)
    put_in: Counter[UUID] = field(default_factory=Counter)
    """Cases in which messages were begun that the backup does not have, and how many."""
    backups: list[str] = field(default_factory=list)
    """Digests of backups that were made, in order."""
    lost: Counter[str] = field(default_factory=Counter)
    """Acts that made what the backup does not have and no case stands for, and how many of each."""
    settings: set[str] = field(default_factory=set)
    """Names of settings that were changed."""


def since(leaves: Iterable[Leaf]) -> Since:
    """Everything in these leaves that matters after a restore. Unreadable where one lacks what it is about."""
    found = Since()
    try:
        for leaf in leaves:
            _of_case(found, leaf)
            _of_message(found, leaf)
            _of_people(found, leaf)
            _asked(found, leaf)
            _counted(found, leaf)
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
    elif act == "case.cover_set":
        found.covers[UUID(leaf["case"])] = leaf
    elif act == "fact.recorded":
        found.facts.append(leaf)


def _of_message(found: Since, leaf: Leaf) -> None:
    act = leaf["act"]
    if not isinstance(leaf.get("message"), str):
        return
    message = UUID(leaf["message"])
    found.messages[message] = decisive(act) or found.messages.get(message, False)
    if "state_to" in leaf:
        found.states[message] = leaf["state_to"]
    if act == "message.withdrawn":
        found.withdrawn.add(message)
    elif act == "message.kind_changed":
        found.kinds[message] = leaf["kind"]
    elif act == "concern.raised":
        found.concerns[message] = leaf
    elif act == "concern.ended" and leaf.get("outcome") != "moved":
        # of one that was moved away the copy may be lost with the backup: then it is to be decided again
        found.concerns.pop(message, None)
    elif act in ("review.withheld", "review.retracted"):
        found.withheld[message] = leaf
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
    elif act == "participant.named":
        found.named.add(UUID(leaf["participant"]))
    elif act == "participant.came_of_age":
        found.of_age[UUID(leaf["participant"])] = leaf
    elif act in ("notice.agreed", "notice.declined"):
        found.wishes.add(UUID(leaf["participant"]))
    elif act in ("account.passkey_copied", "account.recovery_used") or (
        act == "account.changed" and leaf.get("kind") not in HARMLESS
    ):
        found.accounts.add(UUID(leaf["account"]))


def _asked(found: Since, leaf: Leaf) -> None:
    """Each once, but for what has an id of its own, by which it may be done again."""
    if leaf["act"] in ENDS_ASKING:
        found.asks.pop(leaf.get("task") or leaf.get("request"), None)
    kind = task_of(leaf)
    if kind is not None:
        who = _id(leaf, "author") or _id(leaf, "participant")
        account = _id(leaf, "account") if leaf["act"] == "emergency.opened" else None
        ask = Ask(kind, _id(leaf, "case"), _id(leaf, "message"), who, account)
        found.asks[leaf.get("task") or leaf.get("request") or ask] = ask


def _counted(found: Since, leaf: Leaf) -> None:
    act = leaf["act"]
    if act == "service.changed":
        names = leaf.get("kind", ())
        found.settings |= {names} if isinstance(names, str) else set(names)
    elif act in COUNTED:
        found.lost[act] += 1


def _id(leaf: Leaf, name: str) -> UUID | None:
    value = leaf.get(name)
    return UUID(value) if isinstance(value, str) else None
