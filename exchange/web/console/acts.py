"""Entries of the record in plain words: what was done, by whom, and what the entry says of itself.

Every act that the code writes has its sentence in `ACTS`; a test reads the code and compares.
"""

from collections.abc import Mapping
from typing import Any

from exchange.store.ledger_read import Recorded
from exchange.web.console.record_words import spoken
from exchange.web.frame import N_, gettext

ACTS: dict[str, str] = {
    "account.changed": N_("An account was changed"),
    "account.created": N_("An account was made"),
    "account.passkey_copied": N_("A passkey seems to be copied; it was refused and switched off"),
    "account.password_given": N_("A password was entered"),
    "account.recovery_seen": N_("Somebody was asked about a recovery code they used"),
    "account.recovery_used": N_("A recovery code was used in place of the second factor"),
    "account.refused": N_("A sign-in was refused"),
    "account.sign_on_given": N_("The provider said who signs in"),
    "account.signed_in": N_("Signed in"),
    "account.signed_out": N_("Signed out"),
    "account.stepped_up": N_("Confirmed with the second factor"),
    "account.token_created": N_("A token was made"),
    "account.token_revoked": N_("A token was ended"),
    "case.bar_lifted": N_("May see the case again: a conflict of interest has ended"),
    "case.barred": N_("Kept from the case: a conflict of interest"),
    "case.assigned": N_("Put on the case"),
    "case.closed": N_("The case was closed"),
    "case.cover_set": N_("The cover was named"),
    "case.erased": N_("The case was erased"),
    "case.held": N_("A legal hold was put on the case"),
    "case.hold_lifted": N_("The legal hold was lifted"),
    "case.opened": N_("The case was opened"),
    "case.policy_set": N_("The case's rules were changed"),
    "case.reopened": N_("The case was opened again"),
    "case.unassigned": N_("Taken off the case"),
    "concern.ended": N_("A concern was decided"),
    "concern.noted": N_("A note on a concern"),
    "concern.raised": N_("A concern was raised"),
    "consent.given": N_("Agreed"),
    "consent.postponed": N_("Not now"),
    "consent.withdrawn": N_("Did not agree, or took it back"),
    "copy.decided": N_("Decided about the copy"),
    "emergency.asked": N_("Asked to open a case in an emergency"),
    "emergency.declined": N_("An emergency was not agreed to"),
    "emergency.ended": N_("An emergency was ended"),
    "emergency.opened": N_("A case was opened in an emergency, from outside the team"),
    "emergency.refused": N_("An emergency was refused: no such case for this person"),
    "fact.recorded": N_("Recorded"),
    "feedback.given": N_("Told us something"),
    "grant.created": N_("The key was given to a link"),
    "keys.forgotten": N_("An old root key was destroyed"),
    "keys.moved": N_("The root key was moved"),
    "keys.rewrapped": N_("Keys were locked again under the root key in use"),
    "keys.rotated": N_("The root key was replaced"),
    "keys.settled": N_("Everything is locked by the root key in use"),
    "link.claimed": N_("A link was opened with its code"),
    "link.created": N_("A link was made"),
    "link.done": N_("A link was used up"),
    "link.expired": N_("A link ran out"),
    "link.refused": N_("A wrong code"),
    "link.revoked": N_("A link was ended"),
    "link.shown": N_("A link was shown again"),
    "mark.left": N_("A marked place was looked at and left"),
    "mark.shown_again": N_("A marked place that was left is shown again"),
    "message.begun": N_("A message was begun"),
    "message.erased": N_("A message was erased"),
    "message.kind_changed": N_("What kind of message it is was changed"),
    "message.link_gone": N_("Its link ended; a new one can be made"),
    "message.put_in": N_("A message was put in"),
    "message.put_in_again": N_("A message was put in again"),
    "message.rejected": N_("A message could not be used"),
    "message.replaced": N_("A message was replaced"),
    "message.stopped": N_("Sharing was stopped"),
    "message.withdrawn": N_("A message was taken back"),
    "notice.agreed": N_("What is safe for notices was recorded"),
    "notice.asked": N_("A notice was asked for"),
    "notice.declined": N_("Wants no notices"),
    "notice.delivered": N_("A notice was delivered"),
    "notice.failed": N_("A notice did not arrive, or nobody knows"),
    "notice.put_off": N_("A notice waits for a safe hour"),
    "notice.sent": N_("A notice was sent"),
    "notice.stopped": N_("A notice was not sent"),
    "notice.tried": N_("A notice is being sent"),
    "offer.made": N_("Offered"),
    "original.confirmed": N_("What was put in was read back and found whole"),
    "original.replayed": N_("The author played their recording before sending it"),
    "original.received": N_("What was put in arrived and was locked away"),
    "participant.added": N_("A person was added"),
    "participant.changed": N_("A person's details were changed"),
    "participant.code_agreed": N_("A code was agreed"),
    "participant.code_read": N_("A code was shown to staff"),
    "participant.contact_set": N_("Safe contact was recorded"),
    "presented.opened": N_("Opened by staff, to hand it over"),
    "presented.renewed": N_("Still open with staff, to hand it over"),
    "preview.opened": N_("Looked at by the author, before sharing"),
    "preview.renewed": N_("Still open with the author, before sharing"),
    "record.cosigned": N_("A witness cosigned the record"),
    "record.exported": N_("The record was taken away"),
    "record.heartbeat": N_("The service was running; nothing else had happened"),
    "record.proved": N_("The proof of an entry was taken"),
    "record.read": N_("The record was read"),
    "record.witness_added": N_("A witness was named"),
    "redaction.asked": N_("A version without some of it was asked for"),
    "redaction.dropped": N_("A change that was wanted was taken off the list"),
    "redaction.refused": N_("The version without some of it could not be made"),
    "redaction.wanted": N_("A change was put on the list"),
    "referral.declined": N_("A referral was not for us"),
    "referral.opened": N_("A referral became a case"),
    "referral.read": N_("A referral was read"),
    "referral.received": N_("A referral came in"),
    "release.created": N_("Handed over"),
    "release.ended": N_("Showing it ended"),
    "release.presented": N_("Handed over by staff, in person"),
    "release.printed": N_("Handed over on paper"),
    "release.revoked": N_("Handing over was taken back"),
    "review.approved": N_("Approved"),
    "reason.dropped": N_("A spoken reason was taken away"),
    "reason.made": N_("A spoken reason was made safe"),
    "reason.opened": N_("A spoken reason was opened"),
    "reason.rejected": N_("A spoken reason could not be used"),
    "reason.spoken": N_("A reason was spoken"),
    "review.approved_first": N_("Approved once; a second approval is needed"),
    "review.noted": N_("A note at a place"),
    "review.opened": N_("Looked at by staff"),
    "review.returned": N_("Sent back"),
    "review.renewed": N_("Still open with staff"),
    "review.retracted": N_("The approval was taken back"),
    "review.withheld": N_("Not to be shared"),
    "revision.made": N_("A version was made"),
    "service.changed": N_("Settings were changed"),
    "service.demo_filled": N_("The demonstration was filled with made-up people"),
    "service.founded": N_("The service began"),
    "service.recovery_confirmed": N_("The recovery sheet was confirmed"),
    "session.confirmed": N_("Said: this is for me"),
    "session.ended": N_("A visit ended"),
    "session.locked": N_("A visit was locked"),
    "session.unlocked": N_("A visit was unlocked"),
    "stop.asked": N_("Asked to stop, pause or call"),
    "task.added": N_("Something to do was added"),
    "task.done": N_("Something was done"),
    "transcript.asked": N_("A machine was asked to write down a recording"),
    "transcript.made": N_("A machine wrote down a recording, for a person to check"),
    "transcript.refused": N_("A machine could not write down a recording"),
    "upload.begun": N_("An upload began"),
    "upload.dropped": N_("An upload was dropped"),
    "upload.expired": N_("An unfinished upload was cleared away"),
    "upload.sized": N_("The size of an upload was told"),
    "view.opened": N_("Opened by the recipient"),
    "view.renewed": N_("Still open with the recipient"),
}
ACTORS: dict[str, str] = {
    "worker": N_("The service"),
    "operator": N_("At the machine itself"),
    "visitor": N_("Somebody not signed in"),
}
SHOWN = ("kind", "fact", "value", "scope", "way", "method", "purpose", "role", "outcome", "reason")
ABOUT = ("participant", "account", "facilitator", "cover")


def line(entry: Recorded, names: Mapping[str, str]) -> dict[str, Any]:
    """One entry for a page: number, time, words, who, what it says of itself, and the ids it names."""
    leaf = entry.leaf
    actor = leaf.get("actor", {})
    who = names.get(str(actor.get("id", "")), "")
    if not who:
        kind = ACTORS.get(str(actor.get("role", "")))
        who = gettext(kind) if kind else _short(actor.get("id", ""))
    said = [word for name in SHOWN if name in leaf for word in spoken(leaf, name)]
    about = next((found for name in ABOUT if (found := names.get(str(leaf.get(name, "")), ""))), "")
    return {
        "number": entry.index,
        "when": entry.at,
        "words": gettext(ACTS.get(leaf["act"], leaf["act"])),
        "act": leaf["act"],
        "who": who,
        "about": about if about != who else "",
        "said": "; ".join(said),
        "ids": {name: str(leaf[name]) for name in ("case", "message", "participant") if name in leaf},
    }


def _short(untrusted_id: object) -> str:
    """The beginning of an id: enough to tell two people apart on a page."""
    return str(untrusted_id)[:8]
