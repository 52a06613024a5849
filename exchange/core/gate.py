"""The gate: may this message be read, and if not, every reason why (DESIGN section 6).

Everything that affects where a message may go lives in this file:

- `TRANSITIONS`, the one table of (state, event) -> state. A pair that is not in it is refused, and a
  refused event changes nothing.
- `CONDITIONS`, the ten conditions and what certain acts and cases ask besides, each a function of facts, asked act
  and time that yields the codes of what is missing.
- `ASKED`, which conditions each act asks.
- `explain`, facts (`core/gate_facts.py`) in, verdict out. Any exception in a check means no.

It does not know who may press which button (`access.py`), does no I/O and has no clock.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from exchange.core.errors import Refused
from exchange.core.gate_facts import Approval, Facts, Grant, Person
from exchange.core.model import Event, State, Status

S, E = State, Event

__all__ = [
    "ASKED", "CLOSED", "CONDITIONS", "FINAL", "GONE", "NEVER_SENT", "SHAREABLE", "SHARED", "TRANSITIONS", "UNSEEN",
    "Act", "Approval", "Facts", "Grant", "Person", "Reason", "Verdict", "approved", "explain", "move",
    "said_beforehand",
]  # fmt: skip


SHARED = (S.OFFERED, S.ACCEPTED, S.DECLINED, S.LATER, S.RELEASED, S.OPENED, S.LAPSED)
CLOSED = (S.CONCERN, S.WITHDRAWN, S.ERASED, S.SUPERSEDED)
GONE = (Status.DIED, Status.LOST_CONTACT)
UNSEEN = (S.RECEIVING, S.QUARANTINED, S.REJECTED)

TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.RECEIVING, E.RECEIVE): S.QUARANTINED,
    (S.QUARANTINED, E.CLEAN): S.IN_REVIEW,
    (S.QUARANTINED, E.REJECT): S.REJECTED,
    (S.REJECTED, E.PUT_IN_AGAIN): S.RECEIVING,
    (S.RETURNED, E.PUT_IN_AGAIN): S.RECEIVING,
    (S.RETURNED, E.REPLACE): S.SUPERSEDED,
    (S.REJECTED, E.REPLACE): S.SUPERSEDED,
    (S.IN_REVIEW, E.APPROVE): S.APPROVED,
    (S.IN_REVIEW, E.RETURN): S.RETURNED,
    (S.IN_REVIEW, E.WITHHOLD): S.WITHHELD,
    (S.APPROVED, E.OFFER): S.OFFERED,
    (S.DECLINED, E.OFFER): S.OFFERED,
    (S.LATER, E.OFFER): S.OFFERED,
    (S.ACCEPTED, E.RELEASE): S.RELEASED,
    (S.LAPSED, E.RELEASE): S.RELEASED,
    (S.RELEASED, E.OPEN): S.OPENED,
    (S.OPENED, E.OPEN): S.OPENED,
    (S.RELEASED, E.LAPSE): S.LAPSED,
    (S.RELEASED, E.LINK_GONE): S.ACCEPTED,
    (S.OPENED, E.LINK_GONE): S.ACCEPTED,
    (S.LAPSED, E.LINK_GONE): S.ACCEPTED,
    (S.CONCERN, E.END_CONCERN): S.IN_REVIEW,
    (S.CONCERN, E.END_CONCERN_WITHHELD): S.WITHHELD,
    (S.CONCERN, E.WITHDRAW): S.CONCERN,
    (S.IN_REVIEW, E.KEEP): S.KEPT,
    **{(s, E.ACCEPT): S.ACCEPTED for s in (S.OFFERED, S.DECLINED, S.LATER)},
    **{(s, E.DECLINE): S.DECLINED for s in SHARED if s is not S.DECLINED},
    **{(s, E.POSTPONE): S.LATER for s in (S.OFFERED, S.ACCEPTED, S.DECLINED)},
    **{(s, E.UNSHARE): S.APPROVED for s in SHARED},
    **{(s, E.RETRACT): S.WITHHELD for s in (S.APPROVED, *SHARED)},
    **{(s, E.REVISE): S.IN_REVIEW for s in (S.IN_REVIEW, S.RETURNED, S.WITHHELD, S.APPROVED, *SHARED)},
    **{(s, E.RAISE_CONCERN): S.CONCERN for s in S if s not in (*CLOSED, *UNSEEN)},
    **{(s, E.WITHDRAW): S.WITHDRAWN for s in S if s not in CLOSED},
    **{(s, E.ERASE): S.ERASED for s in S if s not in (S.ERASED, S.CONCERN)},
}
FINAL = frozenset({S.ERASED, S.SUPERSEDED, S.WITHDRAWN})
SHAREABLE = frozenset({S.APPROVED, *SHARED})


NEVER_SENT = frozenset({E.RECEIVE, E.CLEAN, E.REJECT, E.PUT_IN_AGAIN, E.REPLACE, E.REVISE, E.KEEP, E.RAISE_CONCERN,
                        E.END_CONCERN, E.END_CONCERN_WITHHELD, E.WITHDRAW, E.ERASE})  # fmt: skip
"""What may happen to a letter never to be sent (rule 13): nothing on this list leads towards anybody else."""


def move(state: State, event: Event, *, never_sent: bool = False) -> State:
    """The state after the event; `Refused` where the table has no such pair, or never for this kind of message."""
    if never_sent and event not in NEVER_SENT:
        raise Refused("This is a letter never to be sent. It goes to nobody. Nothing was changed.")
    if event is E.KEEP and not never_sent:
        raise Refused("Only a letter never to be sent is kept in this way. Nothing was changed.")
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise Refused("That does not fit where this message stands now. Nothing was changed.")
    return after


class Act(StrEnum):
    """What is asked of the gate."""

    SUBMIT = "submit"
    REVIEW = "review"
    PREVIEW = "preview"
    OFFER = "offer"
    RELEASE = "release"
    PRESENT = "present"
    PRINT = "print"
    VIEW = "view"


Check = Callable[[Facts, Act, datetime], Iterator[str]]


def case_allows(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """1: the case is open; no pause, no safeguarding hold, no contact order without a carve-out."""
    if not facts.case_open:
        yield "case_closed"
    if facts.paused:
        yield "case_paused"
    if facts.hold or facts.state is S.CONCERN:
        yield "safety_hold"
    if facts.contact_order and not facts.carve_out:
        yield "contact_order"


def both_take_part(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """2: both participants' consent to take part is current and they are reachable and able.

    Of an author who has died or cannot be reached that holds which they said beforehand, and a supervisor's second
    approval of it; they themselves are asked nothing any more.
    """
    if not facts.author.takes_part:
        yield "author_takes_part"
    elif _was_a_child(facts.author, facts.author.decided_at, now):
        yield "author_of_age"
    if facts.author.status in GONE and act not in (Act.PREVIEW, Act.SUBMIT):
        yield from _said_beforehand(facts, now)
    elif facts.author.status is not Status.ACTIVE:
        yield "author_status"
    if act in (Act.PREVIEW, Act.SUBMIT):
        return
    if not facts.recipient.takes_part:
        yield "recipient_takes_part"
    elif _was_a_child(facts.recipient, facts.recipient.decided_at, now):
        yield "recipient_of_age"
    if facts.recipient.status is not Status.ACTIVE:
        yield "recipient_status"


def _was_a_child(person: Person, decided_at: datetime | None, now: datetime) -> bool:
    """Whether they decided it, or a guardian with them, before they came of age, and have come of age since."""
    if person.of_age_at is None or person.of_age_at > now:
        return False
    return decided_at is None or decided_at < person.of_age_at


def said_beforehand(facts: Facts, now: datetime) -> bool:
    """Whether the author said beforehand that it may be shared, and not before they came of age."""
    return facts.share_after and not _was_a_child(facts.author, facts.said_at, now)


def _said_beforehand(facts: Facts, now: datetime) -> Iterator[str]:
    if not said_beforehand(facts, now):
        yield "said_beforehand"
        return
    mine = {a.account for a in facts.after_approvals if facts.digest and a.digest == facts.digest}
    others = {a.account for a in facts.approvals if a.assigned and facts.digest and a.digest == facts.digest}
    if not any(others - {one} for one in mine - facts.touched_by):
        yield "approval_after"


def assessment_current(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """3: the risk assessment of the case is current (rule 11)."""
    if facts.assessment_until is None or facts.assessment_until <= now:
        yield "assessment"


def newest_and_clean(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """4: the revision is the message's newest, is clean, and is the one asked about."""
    if facts.digest is None or not facts.clean:
        yield "not_clean"
    elif facts.digest != facts.newest_digest:
        yield "not_newest"


def approved(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """5: an assigned facilitator approved this digest; under four-eyes two did who never touched it (rule 7, 12)."""
    valid = {a.account for a in facts.approvals if a.assigned and facts.digest and a.digest == facts.digest}
    if not valid:
        yield "approval"
    elif facts.four_eyes and len(valid - facts.touched_by) < 2:
        yield "second_approval"


def author_shares(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """6: the author's consent to share exactly this digest is current (rule 5)."""
    if not facts.share or _was_a_child(facts.author, facts.shared_at, now):
        yield "share_consent"


def recipient_receives(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """7: the recipient's consent to receive this message is current (rules 1, 5)."""
    if not facts.receive or _was_a_child(facts.recipient, facts.accepted_at, now):
        yield "receive_consent"


def support_in_place(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """8: guardian, supporter and interpreter conditions are met (rules 18, 19)."""
    yield from (f"author_{kind}" for kind in facts.author.missing_support)
    if act is not Act.PREVIEW:
        yield from (f"recipient_{kind}" for kind in facts.recipient.missing_support)


def not_stopped(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """9: not withdrawn, withheld, returned, expired or erased."""
    if facts.state not in SHAREABLE:
        yield "stopped"
    if facts.expires_at is not None and facts.expires_at <= now:
        yield "expired"


def link_grants(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """10: for access by link, the grant is live, is for this digest and this session, and its window is open."""
    if not facts.by_link:
        return
    grant = facts.grant
    if grant is None or not grant.live or not grant.own or grant.digest != facts.digest:
        yield "grant"
    elif grant.until <= now:
        yield "window"


def may_be_asked(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """Rule 1: the recipient has agreed to be told that something may be there for them."""
    if not facts.recipient.may_be_asked or _was_a_child(facts.recipient, facts.recipient.asked_at, now):
        yield "be_asked"


def asker_assigned(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """Review asks for assignment only: a hold never blocks the reviewer. An emergency lets look, not show."""
    if not facts.asker_assigned and not (act is Act.REVIEW and facts.asker_in_emergency):
        yield "assignment"


def prepared(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """Rules 10, 13: who is responsible submits only when prepared, accepting responsibility, and where the
    case's policy says that the harmed person starts, after they did."""
    if facts.author.responsible and not facts.author.prepared:
        yield "preparation"
    if facts.author.responsible and not facts.author.accepts_responsibility:
        yield "responsibility"
    if facts.author.responsible and facts.harmed_must_start:
        yield "harmed_starts"


def rules_agreed(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """Who writes to the other has agreed to the ground rules of the exchange as they stand now."""
    if not facts.never_sent and not facts.author.agreed_rules:
        yield "ground_rules"


def still_meant(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """Before an offer: what was decided longer ago than the case's policy says is asked anew (rules 2, 5).

    Who has died or cannot be reached is not asked anew: what they said beforehand stands in 2.
    """
    said = [("recipient_consent_old", facts.recipient.decided_at), ("be_asked_old", facts.recipient.asked_at)]
    if facts.author.status not in GONE:
        said += [("author_consent_old", facts.author.decided_at), ("share_old", facts.shared_at)]
    oldest = now - timedelta(days=facts.consent_days)
    yield from (code for code, at in said if at is None or at < oldest)


def cooled_off(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """Cooling-off time: who said yes had the days of the case's policy to think again. Without a yes, 7 says no."""
    if not facts.receive:
        return
    if facts.accepted_at is None or facts.accepted_at + timedelta(days=facts.cooling_days) > now:
        yield "cooling_off"


def may_ever_be_sent(facts: Facts, act: Act, now: datetime) -> Iterator[str]:
    """Rule 13: a letter never to be sent is shown to nobody but its author's team, whatever else is recorded."""
    if facts.never_sent:
        yield "never_sent"


CONDITIONS: dict[str, Check] = {
    "1": case_allows,
    "2": both_take_part,
    "3": assessment_current,
    "4": newest_and_clean,
    "5": approved,
    "6": author_shares,
    "7": recipient_receives,
    "8": support_in_place,
    "9": not_stopped,
    "10": link_grants,
    "asked": may_be_asked,
    "assigned": asker_assigned,
    "prepared": prepared,
    "rules": rules_agreed,
    "recent": still_meant,
    "cooling": cooled_off,
    "sendable": may_ever_be_sent,
}

_RELEASE = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "cooling", "sendable")
ASKED: dict[Act, tuple[str, ...]] = {
    Act.SUBMIT: ("1", "2", "prepared", "rules"),
    Act.REVIEW: ("assigned",),
    Act.PREVIEW: ("1", "2", "4", "5", "8", "9", "sendable"),
    Act.OFFER: ("1", "2", "3", "4", "5", "6", "8", "9", "asked", "recent", "sendable"),
    Act.RELEASE: _RELEASE,
    Act.PRESENT: (*_RELEASE, "assigned"),
    Act.PRINT: (*_RELEASE, "assigned"),
    Act.VIEW: (*_RELEASE, "10"),
}


@dataclass(frozen=True)
class Reason:
    """One thing that is still needed: the condition's number and a code (`REASONS` has its words)."""

    condition: str
    code: str


@dataclass(frozen=True)
class Verdict:
    """The gate's answer. Allowed exactly if there is no reason against."""

    act: Act
    reasons: tuple[Reason, ...]

    @property
    def allowed(self) -> bool:
        """True only where nothing is missing."""
        return self.reasons == ()

    def require(self) -> None:
        """Raise `Refused` with every reason unless allowed."""
        if not self.allowed:
            raise Refused(reasons=self.reasons)


def explain(act: Act, facts: Facts, now: datetime) -> Verdict:
    """Every reason against the act, in the order of the conditions. A check that crashes is a reason."""
    reasons: list[Reason] = []
    for number in ASKED[act]:
        try:
            found = list(CONDITIONS[number](facts, act, now))
        except Exception:  # noqa: BLE001 - any exception in a check means no
            found = ["check_failed"]
        reasons.extend(Reason(number, code) for code in found)
    return Verdict(act, tuple(reasons))
