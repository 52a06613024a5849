"""Replays the record through the gate: lists every access whose conditions were not in force at that moment.

From the leaves alone this keeps, per message and case, what the gate asks for: state, newest digest,
approvals, consents, assessment, pause, holds, contact order, participants' status, live links. At each act
of `ACCESS` it asks core/gate.py the same question the service had to ask, at the leaf's own time, and checks
that the approval and consents the leaf names are those in force.

It cannot know what the record does not hold, and takes it as given: who is assigned, four-eyes, guardian and
supporter conditions, that the revision was clean, the end of a link's window.

What leaves must say for this stands in a table in docs/ledger-format.md. A presentation under a release that
does not name its grounds itself stands on those of its release.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from exchange.core.gate import TRANSITIONS, Act, Approval, Facts, Grant, Person, explain
from exchange.core.model import ConsentKind, Event, FactKind, State, Status

ACCESS = {
    "release.created": Act.RELEASE,
    "release.presented": Act.PRESENT,
    "release.printed": Act.PRINT,
    "view.opened": Act.VIEW,
    "view.renewed": Act.VIEW,
    "presented.opened": Act.PRESENT,
    "presented.renewed": Act.PRESENT,
}
RELEASES = ("release.created", "release.presented", "release.printed")
GROUNDS = ("digest", "approval", "consent_share", "consent_receive", "consent_take_part")
VOIDS = ("revision.made", "review.returned", "review.withheld", "review.retracted", "concern.raised")
ENDS_LINK = ("link.revoked", "link.locked", "link.expired", "release.revoked", "release.ended")
_FOREVER = datetime.max.replace(tzinfo=UTC)
_SOMEBODY, _SUPERVISOR = UUID(int=0), UUID(int=1)


@dataclass(frozen=True, slots=True)
class Violation:
    """One access without its conditions: entry, act, message id, and the gate's codes of what was missing."""

    index: int
    act: str
    message: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"entry {self.index}: {self.act} of message {self.message} without {', '.join(self.reasons)}"


@dataclass
class _Case:
    open: bool = False
    hold: bool = False
    # until when; None is not at all
    paused: datetime | None = None
    contact_order: datetime | None = None
    carve_out: datetime | None = None
    assessment_until: datetime | None = None
    cooling_days: int = 0


@dataclass
class _Message:
    case: str = ""
    author: str = ""
    recipient: str = ""
    state: State = State.RECEIVING
    newest: str = ""
    concern: bool = False
    approvals: dict[str, str] = field(default_factory=dict)
    share: dict[str, str] = field(default_factory=dict)
    receive: str = ""
    accepted_at: datetime | None = None
    never_sent: bool = False
    share_after: bool = False
    after: set[str] = field(default_factory=set)


class Replay:
    """Takes leaves one by one, in order; `violations` grows."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._cases: dict[str, _Case] = {}
        self._messages: dict[str, _Message] = {}
        self._take_part: dict[str, str] = {}
        self._status: dict[str, Status] = {}
        self._ended: set[str] = set()
        self._releases: dict[str, dict[str, Any]] = {}

    def see(self, index: int, leaf: Mapping[str, Any]) -> None:
        """Take in the next leaf (parsed and checked). One that cannot be understood is a violation."""
        try:
            if leaf["act"] in ACCESS:
                self._judge(index, leaf)
            self._apply(leaf)
        except (ValueError, TypeError, KeyError):
            self.violations.append(Violation(index, str(leaf["act"]), "", ("unreadable",)))

    def _apply(self, leaf: Mapping[str, Any]) -> None:
        act, subject = str(leaf["act"]), str(leaf["act"]).partition(".")[0]
        if "case" in leaf:
            self._case(act, leaf)
        if "message" in leaf:
            self._message(act, leaf)
        if subject == "consent":
            self._consent(leaf, given=act == "consent.given")
        if act in ENDS_LINK:
            self._ended |= {leaf[name] for name in ("link", "release") if name in leaf}
        if act in RELEASES and "release" in leaf:
            self._releases[leaf["release"]] = {name: leaf.get(name) for name in ("message", *GROUNDS)}
        if act == "release.revoked":
            self._ended |= {name for name, of in self._releases.items() if of["message"] == leaf.get("message")}
        if leaf.get("fact") == FactKind.STATUS and "participant" in leaf:
            self._status[leaf["participant"]] = Status(leaf["value"])
            # a second approval counts for the situation in which it was given
            for message in self._messages.values():
                if message.author == leaf["participant"]:
                    message.after.clear()

    def _case(self, act: str, leaf: Mapping[str, Any]) -> None:
        case = self._cases.setdefault(leaf["case"], _Case())
        value = leaf.get("value")
        if act in ("case.opened", "case.policy_set"):
            case.cooling_days = leaf.get("days", 0)
        match act, leaf.get("fact"):
            case (("case.opened" | "case.reopened"), _):
                case.open = True
            case (("case.closed" | "case.erased"), _):
                case.open = False
            case (("case.paused" | "case.resumed"), _):
                case.paused = _FOREVER if act == "case.paused" else None
            case _, FactKind.PAUSE:
                case.paused = _until(leaf, value == "on")
            case _, FactKind.HOLD:
                case.hold = value == "on"
            case _, FactKind.CONTACT_ORDER:
                # an exception counts for the order under which it was recorded
                case.contact_order, case.carve_out = _until(leaf, value == "in_force"), None
            case _, FactKind.CARVE_OUT:
                case.carve_out = _until(leaf, value == "recorded")
            case _, FactKind.ASSESSMENT:
                case.assessment_until = _until(leaf, value == "current")

    def _message(self, act: str, leaf: Mapping[str, Any]) -> None:
        message = self._messages.setdefault(leaf["message"], _Message())
        message.case = leaf.get("case", message.case)
        message.author = leaf.get("author", message.author)
        message.recipient = leaf.get("recipient", message.recipient)
        digest = leaf.get("digest", "")
        if act in VOIDS:
            message.approvals.clear()
            message.after.clear()
            message.share.clear()
            message.receive = ""
        if act == "message.restored":
            _restored(message, leaf)
        if act == "message.begun":
            message.never_sent = leaf.get("form") == "never_sent"
        if act == "review.approved_after":
            message.after.add(digest)
        if act == "revision.made":
            message.newest = digest
        if act == "review.approved":
            message.approvals[leaf.get("approval") or leaf.get("review", "")] = digest
        if act in ("concern.raised", "concern.resolved", "concern.ended"):
            message.concern = act == "concern.raised"
        if act == "consent.postponed":
            message.receive = ""
        if "state_to" in leaf:
            message.state = State(leaf["state_to"])

    def _consent(self, leaf: Mapping[str, Any], *, given: bool) -> None:
        consent = leaf.get("consent", "") if given else ""
        message = self._messages.get(leaf.get("message", ""), _Message())
        match leaf.get("scope") or leaf.get("kind") or leaf.get("purpose"):
            case ConsentKind.TAKE_PART:
                self._take_part[leaf.get("participant", "")] = consent
                if not given:
                    self._leaves(leaf.get("participant", ""))
            case ConsentKind.RECEIVE:
                # a yes that is only put in other words has stood since the first one
                if not message.receive:
                    message.accepted_at = datetime.fromisoformat(leaf["at"])
                message.receive = consent
            case ConsentKind.SHARE_AFTER:
                message.share_after = bool(consent)
            case ConsentKind.SHARE if consent:
                message.share[leaf.get("digest", "")] = consent
            case ConsentKind.SHARE:
                message.share.clear()
                message.receive = ""

    def _leaves(self, who: str) -> None:
        """Who no longer takes part shares and receives nothing until asked anew."""
        for message in self._messages.values():
            if who in (message.author, message.recipient):
                message.receive = ""
            if who == message.author:
                message.share.clear()
                message.share_after = False

    def _judge(self, index: int, leaf: Mapping[str, Any]) -> None:
        message = self._messages.get(leaf.get("message", ""), _Message())
        grounds = self._releases.get(leaf.get("release", ""), {}) if leaf["act"] not in RELEASES else {}
        full = {**{name: value for name, value in grounds.items() if value is not None}, **leaf}
        facts = self._facts(full, message)
        verdict = explain(ACCESS[leaf["act"]], facts, datetime.fromisoformat(leaf["at"]))
        reasons = [reason.code for reason in verdict.reasons] + self._misnamed(full, message)
        if reasons:
            found = tuple(dict.fromkeys(reasons))
            self.violations.append(Violation(index, leaf["act"], leaf.get("message", ""), found))

    def _facts(self, leaf: Mapping[str, Any], message: _Message) -> Facts:
        case = self._cases.get(message.case or leaf.get("case", ""), _Case())
        digest = leaf.get("digest", "")
        author, recipient = self._people(leaf, message)
        at = datetime.fromisoformat(leaf["at"])
        live = not self._ended & {leaf.get("link"), leaf.get("release")}
        approvals = tuple(Approval(_SOMEBODY, of, assigned=True) for of in message.approvals.values())
        return Facts(
            state=message.state,
            case_open=case.open,
            paused=_lasts(case.paused, at),
            hold=case.hold or message.concern,
            contact_order=_lasts(case.contact_order, at),
            carve_out=_lasts(case.carve_out, at),
            assessment_until=case.assessment_until,
            author=author,
            recipient=recipient,
            digest=digest,
            newest_digest=message.newest,
            clean=True,
            approvals=approvals,
            four_eyes=False,
            share=digest in message.share,
            receive=bool(message.receive),
            accepted_at=message.accepted_at,
            cooling_days=case.cooling_days,
            never_sent=message.never_sent,
            share_after=message.share_after,
            after_approvals=tuple(Approval(_SUPERVISOR, of, assigned=True) for of in message.after),
            grant=Grant(digest, own=True, live=live, until=_FOREVER),
            by_link="link" in leaf or "release" in leaf,
            asker_assigned=True,
        )

    def _people(self, leaf: Mapping[str, Any], message: _Message) -> tuple[Person, Person]:
        """Author and recipient; if never recorded, those whose consents to take part the leaf names."""
        named = _several(leaf.get("consent_take_part"))
        held = {consent: participant for participant, consent in self._take_part.items() if consent}
        found = [held[consent] for consent in dict.fromkeys(named) if consent in held]
        first, second, *_ = [*found, "", ""]
        return self._person(message.author or first), self._person(message.recipient or second)

    def _person(self, who: str) -> Person:
        agreed = bool(who and self._take_part.get(who))
        return Person(takes_part=agreed, status=self._status.get(who, Status.ACTIVE))

    def _misnamed(self, leaf: Mapping[str, Any], message: _Message) -> list[str]:
        """What the leaf names as its grounds, or as its release, and what is not that."""
        digest, found = leaf.get("digest", ""), []
        in_force = {name for name, of in message.approvals.items() if of == digest}
        named = set(_several(leaf.get("approval")))
        if not named or not named <= in_force:
            found.append("approval")
        if leaf.get("consent_share") != message.share.get(digest, ""):
            found.append("share_consent")
        if leaf.get("consent_receive") != (message.receive or ""):
            found.append("receive_consent")
        if not set(_several(leaf.get("consent_take_part"))) <= set(self._take_part.values()):
            found.append("take_part_consent")
        if not self._release_holds(leaf):
            found.append("release")
        if not _fits_table(leaf):
            found.append("transition")
        return found

    def _release_holds(self, leaf: Mapping[str, Any]) -> bool:
        """Whether the release that an opening names was made for this digest and has not ended."""
        if leaf["act"] in RELEASES or ("release" not in leaf and leaf["act"].startswith("view.")):
            return True
        made = self._releases.get(leaf.get("release", ""), {})
        same = (made.get("message"), made.get("digest")) == (leaf.get("message"), leaf.get("digest"))
        return same and leaf["release"] not in self._ended


def _restored(message: _Message, leaf: Mapping[str, Any]) -> None:
    """After a restore: what the database has forgotten counts no more. Its state stands in the leaf."""
    message.concern = leaf.get("state_to") == State.CONCERN
    if leaf.get("outcome") != "as_it_was":
        message.approvals.clear()
        message.share.clear()
        message.receive, message.newest = "", leaf.get("digest", "")


def _until(leaf: Mapping[str, Any], holds: bool) -> datetime | None:
    """Until when a recorded fact holds; None if it says that it does not."""
    if not holds:
        return None
    return datetime.fromisoformat(leaf["until"]) if "until" in leaf else _FOREVER


def _lasts(until: datetime | None, at: datetime) -> bool:
    return until is not None and until > at


def _fits_table(leaf: Mapping[str, Any]) -> bool:
    """Whether the move that the leaf records stands in the transition table; true where it records none."""
    if not {"event", "state_from", "state_to"} <= set(leaf):
        return True
    after = TRANSITIONS.get((State(leaf["state_from"]), Event(leaf["event"])))
    return after is not None and after.value == leaf["state_to"]


def _several(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def replay(leaves: Iterable[Mapping[str, Any]]) -> list[Violation]:
    """Every access in these leaves (the whole record, in order) whose conditions were not in force."""
    run = Replay()
    for index, leaf in enumerate(leaves):
        run.see(index, leaf)
    return run.violations
