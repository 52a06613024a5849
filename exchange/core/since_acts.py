"""What becomes of every act of the record that a restored database has forgotten: one line for each.

- `AGAIN`: its leaf tells it whole, so it is done again.
- `LOOKED`: its leaf names a message that was decided about; what was in force is void and a person looks again.
- `ASKED`: somebody asked for something, raised an alarm or wrote something down. Words are in no leaf, so a person is
  given the task of asking again (`core/waiting.py`).
- `COUNTED`: what it made is lost and has no case to put a task on; `exchange restore` says how many, or which.
- `NOTHING`: nothing is to be done, by the reason.

A test compares this with everything that the code can write. An act that stands nowhere here and names a message is
taken for one that decided.
"""

from collections.abc import Mapping
from typing import Any

from exchange.core.waiting import TASKS, WISHES

Leaf = Mapping[str, Any]

STOPPED, ALL_WORDS, PERSON, MESSAGE = "again_stopped", "again_words", "again_person", "again_message"
FEEDBACK = "again_feedback"

AGAIN = frozenset({
    "account.changed", "account.passkey_copied", "account.recovery_used", "case.assigned", "case.bar_lifted",
    "case.barred", "case.closed", "case.cover_set", "case.erased", "case.held", "case.hold_lifted", "case.policy_set",
    "case.reopened", "case.unassigned", "fact.recorded", "message.erased", "message.withdrawn", "notice.agreed",
    "notice.declined", "participant.came_of_age", "participant.code_agreed", "participant.contact_set",
    "participant.erased", "referral.erased",
})  # fmt: skip
LOOKED = frozenset({
    "concern.ended", "consent.given", "consent.postponed", "consent.withdrawn", "message.dictated",
    "message.kind_changed", "message.link_gone", "message.rejected", "message.replaced", "message.restored",
    "message.stopped", "redaction.asked", "redaction.dropped", "redaction.wanted", "review.approved",
    "review.approved_after", "review.approved_first", "review.kept", "review.retracted", "review.returned",
    "review.withheld", "revision.made",
})  # fmt: skip
ASKED = {
    "appeal.made": "again_appeal",
    "assessment.made": ALL_WORDS,
    "case.barred": STOPPED,
    "case.held": STOPPED,
    "concern.noted": STOPPED,
    "concern.raised": STOPPED,
    "diary.written": ALL_WORDS,
    "disclosure.recorded": ALL_WORDS,
    "emergency.opened": "emergency_opened",
    "feedback.given": FEEDBACK,
    "message.begun": MESSAGE,
    "message.put_in": MESSAGE,
    "message.put_in_again": MESSAGE,
    "notice.failed": "notice_failed",
    "own_copy.prepared": "again_own_copy",
    "participant.added": PERSON,
    "participant.changed": PERSON,
    "participant.code_agreed": PERSON,
    "participant.contact_set": PERSON,
    "participant.named": PERSON,
    "rectification.asked": "again_rectification",
    "release.revoked": "wrong_person",
    "reply.handed_on": "reply_came",
    "review.noted": ALL_WORDS,
    "review.retracted": STOPPED,
    "review.withheld": STOPPED,
    "rules.written": ALL_WORDS,
    "stop.asked": "asked_to_stop",
    "supervision.held": ALL_WORDS,
    "task.added": "feedback",
}
"""The task of each; `task_of` looks closer where the leaf says which."""
COUNTED = frozenset({
    "account.created", "case.opened", "pile.put_in", "record.witness_added", "referral.received", "service.changed",
    "wording.approved", "wording.drafted", "wording.retired",
})  # fmt: skip
NOTHING: dict[str, tuple[str, ...]] = {
    "it was only looked at, counted, proved or taken away": (
        "account.recovery_seen", "early.opened", "early.renewed", "link.shown", "mark.left", "mark.shown_again",
        "original.replayed", "own_copy.decided", "own_copy.looked_at", "participant.code_read", "pile.opened",
        "presented.opened",
        "presented.renewed", "preview.opened", "preview.renewed", "record.exported", "record.proved", "record.read",
        "referral.read", "review.opened", "review.renewed", "statistics.counted", "statistics.taken", "view.opened",
        "view.renewed",
    ),
    "every link, session, token and grant is ended by a restore": (
        "account.password_given", "account.refused", "account.sign_on_given", "account.signed_in",
        "account.signed_out", "account.stepped_up", "account.token_created", "account.token_revoked", "copy.decided",
        "emergency.asked", "emergency.declined", "emergency.ended", "emergency.refused", "grant.created",
        "link.claimed", "link.created", "link.done", "link.expired", "link.refused", "link.revoked",
        "release.created", "release.ended", "release.pack_made", "release.presented", "release.printed",
        "session.confirmed", "session.ended", "session.locked", "session.unlocked",
    ),
    "what was decided stands open again, with its task, or is asked again with what it answered": (
        "appeal.decided", "misfiled.decided", "offer.made", "rectification.answered", "referral.declined",
        "referral.opened", "review.told", "rules.agreed", "task.done",
    ),
    "what followed from it has leaves of its own": (
        "cases.imported", "closing.decided", "misfiled.ended", "participant.gone",
    ),
    "it belongs to something that is asked for again": (
        "early.made", "original.confirmed", "original.received", "own_copy.approved", "own_copy.checked",
        "own_copy.dropped", "own_copy.ended", "own_copy.handed_out", "own_copy.made", "own_copy.sent_back",
        "reason.dropped", "reason.made", "reason.opened", "reason.rejected", "reason.spoken", "redaction.refused",
        "transcript.asked", "transcript.made", "transcript.refused", "upload.begun", "upload.dropped",
        "pile.assigned", "pile.expired", "pile.read", "pile.refused", "pile.reply_put_in", "pile.thrown_away",
        "upload.expired", "upload.sized", "wording.dropped",
    ),
    "no notice and no webhook goes out after a restore until a person says so": (
        "notice.asked", "notice.delivered", "notice.put_off", "notice.sent", "notice.stopped", "notice.tried",
        "webhook.added", "webhook.delivered", "webhook.failed", "webhook.given_up", "webhook.removed",
        "webhook.stopped", "webhook.switched", "webhook.tested", "webhook.tried_again",
    ),
    "it is about the machine, and the backup was opened by the key of its time": (
        "backup.made", "keys.forgotten", "keys.moved", "keys.rewrapped", "keys.rotated", "keys.settled",
        "object.lost", "object.made_again", "object.whole_again", "record.cosigned", "record.heartbeat",
        "service.closed_after_restore", "service.demo_filled", "service.done_again", "service.founded",
        "service.recovery_confirmed", "service.restored",
    ),
}  # fmt: skip
HARMLESS = frozenset(act for acts in NOTHING.values() for act in acts)
KNOWN = AGAIN | LOOKED | ASKED.keys() | COUNTED | HARMLESS


def decisive(act: str) -> bool:
    """Whether what was in force about the leaf's message must be looked at again."""
    return act in LOOKED or act in DECIDES_TOO or act not in KNOWN


DECIDES_TOO = frozenset({
    "concern.noted", "concern.raised", "message.begun", "message.erased", "message.put_in", "message.put_in_again",
    "message.withdrawn",
})  # fmt: skip
"""Done or asked again, and looked at again besides."""


def task_of(leaf: Leaf) -> str | None:
    """The kind of the task that this leaf asks for, None where it asks for none."""
    kind, said = ASKED.get(leaf["act"]), str(leaf.get("kind", ""))
    match leaf["act"]:
        case "task.added":
            return said if said in TASKS else kind
        case "feedback.given":
            return said if said in ("call_me", "only_translation", "talk_first") else kind
        case "stop.asked":
            return WISHES.get(str(leaf.get("outcome")), kind)
        case "release.revoked":
            return kind if leaf.get("reason") == kind else None
        case "notice.failed":
            return "notice_unknown" if leaf.get("outcome") == "unknown" else kind
        case "consent.given" | "consent.withdrawn":
            return ALL_WORDS if leaf.get("scope") == "disclose" else None
        case "fact.recorded":
            return _of_fact(leaf)
    return kind


def _of_fact(leaf: Leaf) -> str | None:
    """A hold, an order or a changed situation waits for a supervisor; a pause for whoever lifts the restore's own."""
    fact, value = str(leaf["fact"]), leaf["value"]
    alarming = (fact in ("hold", "contact_order") and value in ("on", "in_force")) or (
        fact == "status" and value != "active"
    )
    return f"decide_{fact}" if alarming else None
