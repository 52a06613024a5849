"""Codes of the rules in the words of the pages: kinds, sides, facts, values, ways, tasks. Message ids all."""

from typing import Any

from exchange.core.diary import Diary
from exchange.core.model import Channel, ConsentKind, EmergencyKind, FactKind, Kind, Method, Role, Side, Status
from exchange.core.referrals import Source
from exchange.core.waiting import CONCERNS, DATES, LINK_ASKED, ON_YOU, REFERRALS, TO_HAND_OVER, TO_REVIEW
from exchange.web.frame import N_, gettext

KINDS: dict[str, str] = {Kind.LETTER: N_("Letter"), Kind.AUDIO: N_("Audio"), Kind.VIDEO: N_("Video")}
UNSENT_KINDS: dict[str, str] = {
    Kind.LETTER: N_("Letter never to be sent"),
    Kind.AUDIO: N_("Audio never to be sent"),
    Kind.VIDEO: N_("Video never to be sent"),
}
QUESTION: str = N_("Question")
SIDES: dict[str, str] = {Side.HARMED: N_("Harmed"), Side.RESPONSIBLE: N_("Responsible")}
ROLES: dict[str, str] = {
    Role.FACILITATOR: N_("Facilitator"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.AUDITOR: N_("Auditor"),
    Role.ADMINISTRATOR: N_("Administrator"),
}
ROLE_HINTS: dict[str, str] = {
    Role.FACILITATOR: N_("Works with people, in the cases they are assigned to"),
    Role.SUPERVISOR: N_("Sees where every case stands, reassigns, decides on concerns"),
    Role.AUDITOR: N_("Reads the record, never what people wrote or said"),
    Role.ADMINISTRATOR: N_("Manages accounts and settings, never cases"),
}
PARTS: dict[str, str] = {"lead": N_("Leads the case"), "co": N_("On the team")}
TYPES: dict[str, str] = {
    "general": N_("General"),
    "serious": N_("Serious and complex"),
    "gender_violence": N_("Gender-based violence"),
    "young": N_("Somebody under 18"),
    "custody": N_("Somebody in prison"),
}
MEANS: dict[str, str] = {
    Channel.PHONE: N_("Phone call"),
    Channel.TEXT: N_("Text message"),
    Channel.EMAIL: N_("E-mail"),
    Channel.POST: N_("Post"),
    Channel.IN_PERSON: N_("In person"),
    Channel.PRINT: N_("On paper, through staff where they are"),
}
METHODS: dict[str, str] = {
    Method.IN_PERSON: N_("In person"),
    Method.PHONE: N_("By phone"),
    Method.WRITING: N_("In writing"),
    Method.PAPER: N_("On a signed paper"),
    Method.LINK: N_("Through their link"),
}
CONSENTS: dict[str, str] = {
    ConsentKind.TAKE_PART: N_("To take part"),
    ConsentKind.BE_ASKED: N_("To be told that something is there"),
    ConsentKind.SHARE: N_("To share a version"),
    ConsentKind.RECEIVE: N_("To receive a message"),
    ConsentKind.DISCLOSE: N_("To passing one thing on"),
    ConsentKind.SHARE_AFTER: N_("To share a message after their death"),
}
STATUSES: dict[str, str] = {
    Status.ACTIVE: N_("Active"),
    Status.LOST_CONTACT: N_("We have lost contact"),
    Status.DIED: N_("Has died"),
    Status.LACKS_CAPACITY: N_("Cannot decide for themselves at the moment"),
    Status.CAME_OF_AGE: N_("Has come of age"),
}
FACTS: dict[str, str] = {
    FactKind.ASSESSMENT: N_("Risk assessment"),
    FactKind.PAUSE: N_("Pause"),
    FactKind.HOLD: N_("Stop for safety"),
    FactKind.CONTACT_ORDER: N_("Contact order"),
    FactKind.CARVE_OUT: N_("Exception to a contact order"),
    FactKind.STATUS: N_("Situation"),
    FactKind.PREPARATION: N_("Preparation"),
    FactKind.RESPONSIBILITY: N_("Acceptance of responsibility"),
    FactKind.GUARDIAN: N_("Guardian"),
    FactKind.SUPPORTER: N_("Supporter"),
    FactKind.INTERPRETER: N_("Interpreter"),
}
_TALKED = {"done": N_("Talked about"), "not_done": N_("Not yet")}
REFERRED: dict[str, str] = {
    Source.SELF: N_("They asked to take part themselves"),
    Source.PROFESSIONAL: N_("Referred by a professional"),
}
DIARY: dict[str, str] = {
    Diary.REFERRED: N_("How the case came to us"),
    Diary.TYPE: N_("Kind of case"),
    Diary.POLICY: N_("Rules of the case"),
    Diary.INVITING: N_("Whether to invite them"),
    Diary.INFORMATION: N_("Information given"),
    Diary.EXPECTATIONS: N_("What they hope for and expect"),
    Diary.NEEDS: N_("What they need"),
    Diary.OWNING_UP: N_("How they see what they did"),
    Diary.PLAN: N_("Plan of the exchange"),
    Diary.CLOSING_TALK: N_("Closing conversation"),
    Diary.OUTCOME: N_("Outcome"),
    Diary.FOLLOW_UP: N_("Follow-up"),
}
DIARY_VALUES: dict[str, dict[str, str]] = {
    Diary.REFERRED: REFERRED,
    Diary.TYPE: TYPES,
    Diary.POLICY: {"changed": N_("Changed")},
    Diary.INVITING: {
        "invited": N_("Invited"),
        "not_invited_early": N_("Not invited: it is too early"),
        "not_invited_unsafe": N_("Not invited: it would not be safe"),
        "not_invited_unreachable": N_("Not invited: we cannot reach them"),
        "not_invited_other": N_("Not invited: the other person does not want it"),
        "not_invited": N_("Not invited: for another reason"),
    },
    Diary.INFORMATION: _TALKED,
    Diary.EXPECTATIONS: _TALKED,
    Diary.NEEDS: _TALKED,
    Diary.OWNING_UP: _TALKED,
    Diary.PLAN: {"written": N_("Written")},
    Diary.CLOSING_TALK: {
        "held": N_("Held"),
        "not_wanted": N_("They did not want one"),
        "not_possible": N_("It was not possible"),
    },
    Diary.OUTCOME: {
        "agreed": N_("What was wanted took place"),
        "partly": N_("Part of it took place"),
        "stopped": N_("It was stopped"),
        "not_begun": N_("It did not begin"),
    },
    Diary.FOLLOW_UP: {
        "held": N_("We asked them how they are"),
        "not_wanted": N_("They did not want to be asked"),
        "not_reached": N_("We did not reach them"),
    },
}
EMERGENCY_KINDS: dict[str, str] = {
    EmergencyKind.DANGER: N_("Somebody may be in danger"),
    EmergencyKind.NOBODY_THERE: N_("Nobody of the team can be reached, and it cannot wait"),
    EmergencyKind.DUTY: N_("The law or the police demand it now"),
    EmergencyKind.OTHER: N_("Something else"),
}
EMERGENCY_STATES: dict[str, str] = {
    "asked": N_("Asked, waits for a supervisor"),
    "open": N_("Open now"),
    "over": N_("Over"),
    "declined": N_("Not opened"),
}
GROUP_TITLES: dict[str, str] = {
    CONCERNS: N_("Concerns"),
    TO_REVIEW: N_("To review"),
    TO_HAND_OVER: N_("Ready to hand over"),
    LINK_ASKED: N_("Someone asked for a new link"),
    ON_YOU: N_("Waiting on you"),
    DATES: N_("Dates due"),
    REFERRALS: N_("New referrals"),
}
STATE_NEEDS: dict[str, str] = {
    "receiving": N_("Not finished: still being put in"),
    "quarantined": N_("Still being made safe"),
    "rejected": N_("Could not be used: ask for it again"),
    "in_review": N_("A version waits for a decision"),
    "returned": N_("Sent back: help the author to go on"),
    "withheld": N_("Not to be shared: look again"),
    "approved": N_("Approved, waiting: does the author agree, can it be offered?"),
    "offered": N_("Offered: no answer yet"),
    "accepted": N_("Accepted: hand it over"),
    "declined": N_("Said no for now: may be asked again"),
    "later": N_("Not now: may be asked again"),
    "released": N_("Handed over: not opened yet"),
    "opened": N_("Opened: how are they? Keep, return or destroy?"),
    "lapsed": N_("The link ran out: make a new one"),
    "concern": N_("Stopped for safety"),
    "kept": N_("A letter never to be sent: ask how its author is"),
}
STATE_NEXT: dict[str, str] = {
    "receiving": N_("The author finishes and sends it"),
    "quarantined": N_("The service makes it safe by itself"),
    "rejected": N_("Put it in again"),
    "in_review": N_("Review it"),
    "returned": N_("The author changes it and sends it again"),
    "superseded": N_("Nothing: a newer message took its place"),
    "withheld": N_("Nothing, unless a new version is made"),
    "approved": N_("The author agrees to share it, then offer it"),
    "offered": N_("The recipient decides"),
    "accepted": N_("Hand it over"),
    "declined": N_("Nothing, unless they think again"),
    "later": N_("Ask again when the time is right"),
    "released": N_("The recipient opens it"),
    "opened": N_("Ask how they are"),
    "lapsed": N_("Make a new link"),
    "concern": N_("A supervisor decides"),
    "withdrawn": N_("Nothing: the author took it back"),
    "erased": N_("Nothing: it was erased"),
    "kept": N_("Nothing: it is never sent. Ask now and then how the author is"),
}
TASKS: dict[str, str] = {
    "link_asked": N_("Asked for a new link"),
    "link_tried": N_("Somebody tried a link that has ended"),
    "link_locked": N_("A link is locked after ten wrong codes"),
    "wrong_attempts": N_("Wrong codes were entered"),
    "follow_up": N_("Ask how they are after reading"),
    "follow_up_case": N_("The case is closed: ask how everybody is"),
    "give_back": N_("Give a message back to its author"),
    "assessment_due": N_("Risk assessment is due"),
    "supervision_due": N_("Supervision is due"),
    "call_me": N_("Asked for a call"),
    "talk_first": N_("Wants to talk first"),
    "only_translation": N_("Wants only the translation to be handed over"),
    "asked_to_stop": N_("Asked to stop"),
    "asked_to_replace": N_("Wants to replace it with a new one"),
    "not_for_me": N_("Opened by somebody who said: not for me"),
    "wrong_person": N_("Reached the wrong person"),
    "appeal": N_("Does not agree with a decision"),
    "decide_appeal": N_("An appeal: the author asks that somebody else looks again"),
    "tell_author": N_("Tell the author what was decided"),
    "feedback": N_("Told us something"),
    "share_agreed": N_("The author agreed to share"),
    "emergency_opened": N_("A case was opened in an emergency"),
    "decide_emergency": N_("Somebody asks to open a case in an emergency"),
    "decide_hold": N_("Stopped for safety: a supervisor decides"),
    "decide_pause": N_("Paused: the service was put back from a backup"),
    "decide_contact_order": N_("A contact order was recorded: decide what follows"),
    "decide_status": N_("Somebody's situation has changed: decide what follows"),
    "notice_failed": N_("A notice could not be delivered"),
    "notice_stopped": N_("A notice was not sent"),
    "notice_unknown": N_("A notice may not have been sent"),
    "decide_retention": N_("Something is due to be erased: a supervisor confirms"),
    "of_age_soon": N_("Somebody comes of age within four weeks: talk with them about what they want then"),
    "rectification": N_("Somebody says that something about them is wrong: answer it"),
    "own_copy": N_("A copy of what we hold about somebody: look through it"),
    "decide_own_copy": N_("A copy of what we hold about somebody: a second person approves it"),
    "copy_ready": N_("A copy of what we hold about somebody is ready to hand out"),
    "copy_gone": N_("A copy of what we hold about somebody is gone before they got it"),
    "reply_came": N_("A reply on paper came in elsewhere"),
    "reply_scanned": N_("A reply on paper was scanned elsewhere"),
    "again_stopped": N_("Stopped after the backup was made: why is lost"),
    "again_message": N_("Began or sent a message after the backup was made: it is lost"),
    "again_person": N_("A person was changed after the backup was made: look at them"),
    "again_words": N_("Something was written down after the backup was made: it is lost"),
    "again_feedback": N_("Told us something after the backup was made: their words are lost"),
    "again_appeal": N_("Did not agree with a decision, after the backup was made: ask them again"),
    "again_rectification": N_("Said that something about them is wrong, after the backup was made: ask them again"),
    "again_own_copy": N_("Asked for a copy of what we hold, after the backup was made: ask them again"),
    "object_lost": N_("Part of a message cannot be read any more"),
    "referral": N_("Asks to take part"),
    "referral_professional": N_("A professional refers somebody"),
}


def said(table: dict[str, str], code: object) -> str:
    """The words for a code in the page's language; an unknown code is shown as it is."""
    return gettext(table.get(str(code), str(code)))


def kind_of(message: Any) -> str:
    """What a message (its row) is: letter, audio, video; a question; or one never to be sent."""
    if message.asks:
        return gettext(QUESTION)
    return said(UNSENT_KINDS if message.never_sent else KINDS, message.kind)


def choices(table: dict[str, str], hints: dict[str, str] | None = None) -> list[tuple[str, ...]]:
    """(value, words) or (value, words, hint) for radios and ticks."""
    if hints is None:
        return [(code, gettext(words)) for code, words in table.items()]
    return [(code, gettext(words), gettext(hints[code])) for code, words in table.items()]
