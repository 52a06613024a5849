"""What is still needed, in words: one line per reason the gate can give (PAGES "Message").

`form` names the console form that clears the line; the console turns it into a URL. `who` says who may.
The sentences are msgids of the catalogues.
"""

from dataclasses import dataclass

from exchange.core.gate import Reason


@dataclass(frozen=True)
class Line:
    """A reason in plain words, who may clear it, and the name of the form that does ("" where none)."""

    sentence: str
    who: str
    form: str = ""


_TEAM = "A facilitator of the case"
_SUPERVISOR = "A supervisor"
_AUTHOR = "The author, by link or with a facilitator"
_RECIPIENT = "The recipient, by link or with a facilitator"

REASONS: dict[str, Line] = {
    "case_closed": Line("The case is closed.", _SUPERVISOR, "case.state"),
    "case_paused": Line("The case is paused.", _TEAM, "fact.pause"),
    "safety_hold": Line("The case or this message is stopped for safety.", _SUPERVISOR, "fact.hold"),
    "contact_order": Line(
        "A contact order is in force and no exception is recorded.", _SUPERVISOR, "fact.contact_order"
    ),
    "author_takes_part": Line("The author has not agreed to take part.", _TEAM, "consent.author.take_part"),
    "recipient_takes_part": Line("The recipient has not agreed to take part.", _TEAM, "consent.recipient.take_part"),
    "author_status": Line("The author's situation has changed.", _SUPERVISOR, "fact.author.status"),
    "recipient_status": Line("The recipient's situation has changed.", _SUPERVISOR, "fact.recipient.status"),
    "assessment": Line("The risk assessment is missing or out of date.", _TEAM, "fact.assessment"),
    "not_clean": Line("No safe version has been made yet.", "The service, by itself", ""),
    "not_newest": Line("There is a newer version.", _TEAM, "message.review"),
    "approval": Line("A facilitator has not approved this version.", _TEAM, "message.review"),
    "second_approval": Line(
        "Two facilitators who did not put it in or edit it must approve this version.", _TEAM, "message.review"
    ),
    "share_consent": Line("The author has not agreed to share this version.", _AUTHOR, "consent.author.share"),
    "receive_consent": Line("The recipient has not agreed to receive it.", _RECIPIENT, "consent.recipient.receive"),
    "be_asked": Line("The recipient has not agreed to be asked.", _TEAM, "consent.recipient.be_asked"),
    "author_guardian": Line("The author's guardian is not in place.", _TEAM, "fact.author.guardian"),
    "author_supporter": Line("The author's supporter is not in place.", _TEAM, "fact.author.supporter"),
    "author_interpreter": Line("The author's interpreter is not in place.", _TEAM, "fact.author.interpreter"),
    "recipient_guardian": Line("The recipient's guardian is not in place.", _TEAM, "fact.recipient.guardian"),
    "recipient_supporter": Line("The recipient's supporter is not in place.", _TEAM, "fact.recipient.supporter"),
    "recipient_interpreter": Line("The recipient's interpreter is not in place.", _TEAM, "fact.recipient.interpreter"),
    "stopped": Line("It is not at a point where it can be shared.", _TEAM, "message.review"),
    "expired": Line("The time for sharing it has run out.", _TEAM, "message.expiry"),
    "grant": Line("There is no working link for this person.", _TEAM, "message.release"),
    "window": Line("The time to read it has run out.", _TEAM, "message.release"),
    "assignment": Line("You are not assigned to this case.", _SUPERVISOR, "case.team"),
    "said_beforehand": Line(
        "The author has died or cannot be reached, and did not say beforehand that this may be shared then.",
        "Nobody: it stays with us",
    ),
    "approval_after": Line(
        "The author has died or cannot be reached: a supervisor must approve this version too.",
        _SUPERVISOR,
        "message.after",
    ),
    "author_of_age": Line(
        "The author has come of age since they agreed to take part: ask them anew.", _TEAM, "consent.author.take_part"
    ),
    "recipient_of_age": Line(
        "The recipient has come of age since they agreed to take part: ask them anew.",
        _TEAM,
        "consent.recipient.take_part",
    ),
    "ground_rules": Line(
        "The author has not agreed to the ground rules of this exchange.",
        "The author, by link or with a facilitator",
        "case.ground-rules",
    ),
    "author_consent_old": Line(
        "The author agreed to take part too long ago: ask again.", _TEAM, "consent.author.take_part"
    ),
    "recipient_consent_old": Line(
        "The recipient agreed to take part too long ago: ask again.", _TEAM, "consent.recipient.take_part"
    ),
    "be_asked_old": Line(
        "The recipient agreed to be asked too long ago: ask again.", _TEAM, "consent.recipient.be_asked"
    ),
    "share_old": Line("The author agreed to share it too long ago: ask again.", _AUTHOR, "consent.author.share"),
    "preparation": Line("The author has not been prepared.", _TEAM, "fact.author.preparation"),
    "responsibility": Line("The author has not accepted responsibility.", _TEAM, "fact.author.responsibility"),
    "harmed_starts": Line("In this case the person who was harmed writes first.", "The person who was harmed"),
    "cooling_off": Line("The time to think again after a yes is not over.", "Nobody: it ends by itself", "case.policy"),
    "never_sent": Line("This is a letter never to be sent.", "Nobody: it stays so"),
    "check_failed": Line("A check could not be made, so the answer is no.", "The administrator", ""),
}


def lines(reasons: tuple[Reason, ...]) -> list[tuple[Reason, Line]]:
    """Each reason with its words; a code without words is a mistake and raises KeyError."""
    return [(reason, REASONS[reason.code]) for reason in reasons]
