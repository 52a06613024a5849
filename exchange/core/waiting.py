"""Nothing waits unseen (rule 25): every state a message can stay in has an owner, a clock and a next event.

`WAITING` is the one table. Owners: `team` the case's facilitators, `author`, `recipient`, `service` the
workers, `supervisor`, `nobody` for final states. `group` is the heading on "Needs you now" under which the
team sees it; an empty group means that it shows on the case only, until its clock has run (`days`), after
which it shows under "Waiting on you" for the team, and after two working days for cover and supervisor.
"""

from dataclasses import dataclass

from exchange.core.model import Event, State

S, E = State, Event


@dataclass(frozen=True)
class Wait:
    """Who moves next, under which heading, after how many days it is overdue, and by which event."""

    owner: str
    group: str
    days: int | None
    next: Event | None


CONCERNS, TO_REVIEW, TO_HAND_OVER = "concerns", "to_review", "hand_over"
LINK_ASKED, ON_YOU, DATES, REFERRALS = "link_asked", "on_you", "dates", "referrals"
GROUPS = (CONCERNS, TO_REVIEW, TO_HAND_OVER, LINK_ASKED, ON_YOU, DATES, REFERRALS)

WAITING: dict[State, Wait] = {
    S.RECEIVING: Wait("author", "", 14, E.RECEIVE),
    S.QUARANTINED: Wait("service", "", 1, E.CLEAN),
    S.REJECTED: Wait("team", ON_YOU, 2, E.PUT_IN_AGAIN),
    S.IN_REVIEW: Wait("team", TO_REVIEW, 2, E.APPROVE),
    S.RETURNED: Wait("author", ON_YOU, 14, E.PUT_IN_AGAIN),
    # For the author's own good, so somebody asks now and then how they are.
    S.KEPT: Wait("team", "", 90, E.ERASE),
    S.WITHHELD: Wait("team", "", 90, E.REVISE),
    S.APPROVED: Wait("author", "", 90, E.OFFER),
    S.OFFERED: Wait("recipient", "", 14, E.ACCEPT),
    S.ACCEPTED: Wait("team", TO_HAND_OVER, 2, E.RELEASE),
    S.DECLINED: Wait("recipient", "", 90, E.ACCEPT),
    S.LATER: Wait("recipient", "", 30, E.ACCEPT),
    S.RELEASED: Wait("recipient", "", 14, E.OPEN),
    # The follow-up two working days later is a task of its own; this is the long look back.
    S.OPENED: Wait("team", "", 84, E.LINK_GONE),
    S.LAPSED: Wait("team", ON_YOU, 2, E.RELEASE),
    S.CONCERN: Wait("supervisor", CONCERNS, 0, E.END_CONCERN),
    S.SUPERSEDED: Wait("nobody", "", None, None),
    S.WITHDRAWN: Wait("nobody", "", None, None),
    S.ERASED: Wait("nobody", "", None, None),
}

WITHIN_A_MONTH = frozenset({"rectification", "own_copy", "decide_own_copy"})
"""Tasks whose date is the end of a month that the law gives: to be done from the first day, late on that one. Every
other task with a date is a reminder, and shows from that day on."""

WISHES = {"pause": "asked_to_stop", "withdraw": "asked_to_stop", "replace": "asked_to_replace", "call": "call_me"}
"""What the stop page asks, and the task that the team gets."""

# Tasks that no state says by itself: kind -> heading.
TASKS: dict[str, str] = {
    "link_asked": LINK_ASKED,
    "link_tried": LINK_ASKED,
    "link_locked": LINK_ASKED,
    "wrong_attempts": LINK_ASKED,
    "follow_up": DATES,
    "follow_up_case": DATES,
    "give_back": ON_YOU,
    "assessment_due": DATES,
    "call_me": ON_YOU,
    "talk_first": ON_YOU,
    "only_translation": ON_YOU,
    "asked_to_stop": ON_YOU,
    "asked_to_replace": ON_YOU,
    "not_for_me": CONCERNS,
    "wrong_person": CONCERNS,
    "appeal": ON_YOU,
    "decide_appeal": ON_YOU,
    "tell_author": ON_YOU,
    "feedback": ON_YOU,
    "share_agreed": ON_YOU,
    "emergency_opened": CONCERNS,
    "decide_emergency": CONCERNS,
    "decide_hold": CONCERNS,
    "decide_pause": ON_YOU,
    "decide_contact_order": ON_YOU,
    "decide_status": ON_YOU,
    "reply_came": ON_YOU,
    "reply_scanned": ON_YOU,
    "notice_failed": ON_YOU,
    "notice_stopped": ON_YOU,
    "notice_unknown": ON_YOU,
    "decide_retention": DATES,
    "of_age_soon": DATES,
    "rectification": DATES,
    "own_copy": DATES,
    "decide_own_copy": ON_YOU,
    "copy_ready": ON_YOU,
    "copy_gone": ON_YOU,
    "again_stopped": CONCERNS,
    "again_message": ON_YOU,
    "again_person": ON_YOU,
    "again_words": ON_YOU,
    "again_feedback": ON_YOU,
    "again_appeal": ON_YOU,
    "again_rectification": ON_YOU,
    "again_own_copy": ON_YOU,
    "object_lost": CONCERNS,
}
