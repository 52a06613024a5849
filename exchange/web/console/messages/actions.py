"""The buttons of a message's page: only what its state allows and this person may. Every step asks again."""

from dataclasses import dataclass

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, Event, State
from exchange.store.read import MessageView
from exchange.web.frame import N_, gettext

E, S, P = Event, State, Permission
SHARED = frozenset({S.APPROVED, S.OFFERED, S.ACCEPTED, S.DECLINED, S.LATER, S.RELEASED, S.OPENED, S.LAPSED})
ASKED = frozenset({S.OFFERED, S.DECLINED, S.LATER})
READABLE = frozenset({S.RELEASED, S.OPENED})
CAME_BACK = frozenset({S.RETURNED, S.REJECTED})
REPLACEABLE = frozenset(S) - {S.RECEIVING, S.QUARANTINED, S.SUPERSEDED, S.ERASED, *CAME_BACK}
STOPPABLE = frozenset(S) - {S.RECEIVING, S.SUPERSEDED, S.ERASED}


@dataclass(frozen=True)
class Action:
    """A button: its words, where it leads, whether it posts at once, whether it is what the page is for now."""

    words: str
    place: str
    post: bool = False
    main: bool = False


@dataclass(frozen=True)
class _Rule:
    words: str
    place: str
    permission: Permission
    states: frozenset[State] = frozenset(S)
    event: Event | None = None
    ready: bool = False  # only when nothing is missing any more
    post: bool = False
    main: frozenset[State] = frozenset(S)  # where it is what the page is for, if nothing before it is


SAID_BEFOREHAND = SHARED | {S.IN_REVIEW, S.RETURNED}
NEVER: frozenset[State] = frozenset()
RULES = (
    _Rule(N_("Go on putting it in"), "upload", P.PUT_IN, frozenset({S.RECEIVING})),
    _Rule(N_("Give the author a link to change it"), "revise-link", P.PUT_IN, CAME_BACK),
    _Rule(N_("Put it in again"), "put-in-again", P.PUT_IN, event=E.PUT_IN_AGAIN, post=True),
    _Rule(N_("Say the reason in your own voice"), "spoken", P.REVIEW, frozenset({S.RETURNED}), main=NEVER),
    _Rule(N_("Review it"), "review", P.REVIEW, event=E.APPROVE),
    _Rule(N_("Read it, and keep it"), "review", P.REVIEW, event=E.KEEP),
    _Rule(N_("Hand it over"), "hand-over", P.RELEASE, frozenset({S.ACCEPTED, S.LAPSED}), ready=True),
    _Rule(N_("Offer it"), "offer", P.OFFER, event=E.OFFER, ready=True),
    _Rule(N_("Record what the author decides"), "consent/share", P.CONSENT, frozenset({S.APPROVED})),
    _Rule(N_("Give the author a link to see it"), "preview-link", P.CONSENT, frozenset({S.APPROVED}), main=NEVER),
    _Rule(N_("Record what the recipient decides"), "consent/receive", P.CONSENT, SHARED - {S.APPROVED}, main=ASKED),
    _Rule(N_("Make a new link"), "hand-over", P.RELEASE, READABLE, ready=True, main=NEVER),
    _Rule(N_("Send a notice"), "notice", P.CASE_CHANGE, frozenset({S.OFFERED, S.RETURNED}), main=NEVER),
    _Rule(N_("Take the reading back"), "revoke", P.REVOKE, event=E.LINK_GONE, main=NEVER),
    _Rule(N_("Tell the author"), "told", P.CONSENT, frozenset({S.WITHHELD})),
    _Rule(N_("The author does not agree"), "appeal", P.CASE_SEE, frozenset({S.WITHHELD}), main=NEVER),
    _Rule(N_("Look at it"), "review", P.CONTENT, frozenset(S) - {S.IN_REVIEW}, main=NEVER),
    _Rule(N_("Take something out"), "changes", P.REVIEW, event=E.REVISE, main=NEVER),
    _Rule(N_("Type a text beside it"), "text", P.REVIEW, event=E.REVISE, main=NEVER),
    _Rule(N_("Record what the author decides"), "consent/share", P.CONSENT, SHARED - {S.APPROVED}, main=NEVER),
    _Rule(N_("If its author dies or cannot be reached"), "consent/after", P.CONSENT, SAID_BEFOREHAND, main=NEVER),
    _Rule(N_("Send it back"), "return", P.REVIEW, event=E.RETURN, main=NEVER),
    _Rule(N_("Not to be shared"), "withhold", P.REVIEW, event=E.WITHHOLD, main=NEVER),
    _Rule(N_("Take the approval back"), "retract", P.REVIEW, event=E.RETRACT, main=NEVER),
    _Rule(N_("Give the author a new link to stop it"), "stop-link", P.CONSENT, STOPPABLE, main=NEVER),
    _Rule(N_("Give the author a link to replace it"), "replace-link", P.PUT_IN, REPLACEABLE, main=NEVER),
    _Rule(N_("The author takes it back"), "withdraw", P.CONSENT, event=E.WITHDRAW, main=NEVER),
    _Rule(N_("Erase it"), "erase", P.CASE_CLOSE, event=E.ERASE, main=NEVER),
    _Rule(N_("It is in the wrong case"), "misfiled", P.CONCERN_RAISE, event=E.RAISE_CONCERN, main=NEVER),
    _Rule(N_("Raise a concern"), "concern", P.CONCERN_RAISE, event=E.RAISE_CONCERN, main=NEVER),
)


def possible(found: MessageView, actor: Actor) -> list[Action]:
    """In the order in which they are likely; at most the first one is the main action of the page."""
    fitting = [r for r in RULES if _fits(r, found) and access.may(actor, r.permission, found.relation)]
    here, state = f"/messages/{found.message.id}", found.message.state
    return [
        Action(gettext(rule.words), f"{here}/{rule.place}", rule.post, at == 0 and state in rule.main)
        for at, rule in enumerate(fitting)
    ]


def _fits(rule: _Rule, found: MessageView) -> bool:
    if found.message.state not in rule.states or (rule.event is not None and rule.event not in found.events):
        return False
    if rule.place == "review" and found.newest is None:
        return False
    if rule.place == "consent/after" and found.message.never_sent:
        return False
    return not (rule.ready and found.needed)
