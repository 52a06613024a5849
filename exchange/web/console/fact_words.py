"""What the forms of facts ask and offer, in words; the codes are those of `core/model.py`."""

from exchange.core.access import Permission
from exchange.core.model import FactKind
from exchange.steps.facts import permission_for
from exchange.web.console.words import STATUSES
from exchange.web.frame import N_

_SUPPORT = {
    "not_needed": N_("Not needed"),
    "needed": N_("Needed, but not in place yet"),
    "in_place": N_("In place"),
}
VALUES: dict[FactKind, dict[str, str]] = {
    FactKind.ASSESSMENT: {
        "current": N_("Done, and nothing speaks against going on"),
        "none": N_("Not current: it has to be done again"),
    },
    FactKind.PAUSE: {"on": N_("Pause the case"), "off": N_("Go on")},
    FactKind.HOLD: {
        "on": N_("Stop everything in this case for safety"),
        "off": N_("It is safe again: end the stop"),
    },
    FactKind.CONTACT_ORDER: {
        "in_force": N_("An order that forbids contact is in force"),
        "none": N_("There is no such order"),
    },
    FactKind.CARVE_OUT: {
        "recorded": N_("The order allows this exchange, or whoever made it agreed"),
        "none": N_("There is no exception"),
    },
    FactKind.STATUS: STATUSES,
    FactKind.PREPARATION: {"done": N_("They have been prepared"), "not_done": N_("Not yet")},
    FactKind.RESPONSIBILITY: {
        "accepted": N_("They accept responsibility for the harm"),
        "not_accepted": N_("They do not, or not yet"),
    },
    FactKind.GUARDIAN: _SUPPORT,
    FactKind.SUPPORTER: _SUPPORT,
    FactKind.INTERPRETER: _SUPPORT,
}
WHY: dict[FactKind, str] = {
    FactKind.ASSESSMENT: N_("Nothing is offered or handed over without a risk assessment that is current."),
    FactKind.PAUSE: N_("While a case is paused nothing is offered, handed over or opened. You can still review."),
    FactKind.HOLD: N_(
        "Use this when somebody may be in danger. It stops everything at once, and tells no participant. "
        "A supervisor is told, and only a supervisor can end it."
    ),
    FactKind.CONTACT_ORDER: N_("While an order is in force nothing is shared, unless an exception is recorded."),
    FactKind.CARVE_OUT: N_("Write down who allowed it, when, and where the paper is kept."),
    FactKind.STATUS: N_("Anything but active stops their messages until a supervisor has decided."),
    FactKind.PREPARATION: N_("A person who is responsible puts in a message only after preparation."),
    FactKind.RESPONSIBILITY: N_("A person who is responsible puts in a message only when they accept that."),
    FactKind.GUARDIAN: N_("For people under 18, or who need somebody to decide with them."),
    FactKind.SUPPORTER: N_("Somebody who is with them when they read, hear or watch."),
    FactKind.INTERPRETER: N_("For a language, British Sign Language, or Easy Read."),
}
UNTIL: dict[FactKind, str] = {
    FactKind.PAUSE: N_("Until when? Leave this empty if you do not know yet."),
    FactKind.CONTACT_ORDER: N_("Last day of the order, if it has one"),
    FactKind.CARVE_OUT: N_("Last day of the exception, if it has one"),
}


def supervised(kind: FactKind, value: str, in_force: str | None) -> bool:
    """Whether only a supervisor records this answer while `in_force` is so."""
    return permission_for(kind, value, in_force) is Permission.FACT_SUPERVISED
