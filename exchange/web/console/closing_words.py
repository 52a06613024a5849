"""What can be open when a case is closed, and what may be decided about it, in words."""

from exchange.core.closing import What, Word
from exchange.web.frame import N_, gettext

TITLES: dict[str, str] = {
    What.HOLD: N_("The case is stopped for safety"),
    What.CONCERN: N_("A concern"),
    What.APPEAL: N_("An appeal that is not decided"),
    What.MESSAGE: N_("Message"),
    What.PAPER: N_("Paper that was handed over or shown"),
    What.TASK: N_("Something to do"),
    What.COPY: N_("A copy of what we hold about somebody, asked for"),
    What.CORRECTION: N_("Somebody said that something about them is wrong"),
    What.PAUSE: N_("The case is paused"),
    What.ORDER: N_("A contact order is in force"),
    What.LEGAL_HOLD: N_("A legal hold is in force"),
    What.CONSENT: N_("Consent to take part and to be told"),
    What.TALK: N_("Closing conversation"),
    What.OUTCOME: N_("Outcome"),
}
WHY: dict[str, str] = {
    What.HOLD: N_("A supervisor ends it first."),
    What.CONCERN: N_("A supervisor decides about it first."),
    What.APPEAL: N_("A supervisor decides about it first."),
    What.MESSAGE: N_("It is not shared, or was not opened yet."),
    What.PAPER: N_("Nobody has written down what became of it."),
    What.TASK: N_("It is on somebody's list."),
    What.COPY: N_("They have a right to it, whether the case is open or not."),
    What.CORRECTION: N_("They have a right to an answer, whether the case is open or not."),
    What.PAUSE: N_("It ends with the case."),
    What.ORDER: N_("It stays recorded."),
    What.LEGAL_HOLD: N_("Nothing is erased while it is in force, also in a closed case."),
    What.CONSENT: N_("If it ends and the case is ever opened again, they are asked anew."),
    What.TALK: N_("Write down how it was, or why there was none."),
    What.OUTCOME: N_("Write down what came of it."),
}
WORDS: dict[str, str] = {
    Word.SHARE: N_("Share it first: the case stays open until then"),
    Word.GIVE_BACK: N_("Give it back to its author"),
    Word.KEEP: N_("Keep it, locked, as long as the case is kept"),
    Word.WITHDRAW: N_("Its author takes it back"),
    Word.KEPT: N_("They keep it"),
    Word.RETURNED: N_("It came back to us"),
    Word.DESTROYED: N_("It was destroyed"),
    Word.DONE: N_("It is done"),
    Word.NEEDLESS: N_("It is not needed any more"),
    Word.GO_ON: N_("It goes on after closing"),
    Word.STAY: N_("It stays as it is"),
    Word.END: N_("It ends with the case"),
}
_OF_CONSENT: dict[str, str] = {
    Word.END: N_("It ends with the case"),
    Word.STAY: N_("It stays, as they wish: we may get in touch again"),
}


def word(what: What, chosen: Word) -> str:
    """The words of a decision about this kind of thing."""
    return gettext(_OF_CONSENT[chosen] if what is What.CONSENT else WORDS[chosen])
