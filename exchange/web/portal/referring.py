"""A professional asks for others: who they are, who agreed to be referred and when, how each can be reached safely.

Of somebody who has not agreed no way to reach them is asked or kept (`core/referrals.py`).
"""

from exchange.core import referrals
from exchange.core.referrals import WHO, Source
from exchange.web.frame import N_
from exchange.web.portal.asking import WAYS
from exchange.web.portal.questions import Journey, Question
from exchange.web.referral_words import ROLES

QUESTIONS = (
    Question("by", N_("Who are you?"), ("by_name", "by_organisation", "by_role", "by_reach")),
    Question("one", N_("Who is the first person?"), ("one_name", "one_side")),
    Question("one_agreed", N_("Has this person agreed to be referred?"), ("one_agreed", "one_agreed_when")),
    Question(
        "one_reach",
        N_("How can we reach this person safely?"),
        ("one_reach_by", "one_reach_address", "one_reach_when", "one_reach_words", "one_needs"),
    ),
    Question("two", N_("Is there a second person?"), ("two_name", "two_side")),
    Question("two_agreed", N_("Has the second person agreed to be referred?"), ("two_agreed", "two_agreed_when")),
    Question(
        "two_reach",
        N_("How can we reach the second person safely?"),
        ("two_reach_by", "two_reach_address", "two_reach_when", "two_reach_words", "two_needs"),
    ),
    Question("about", N_("What happened?"), ("about",)),
    Question("risks", N_("What must we know to keep everybody safe?"), ("orders", "orders_words", "risks")),
)
_LABELS = {
    "name": N_("First name, or what we may call them"),
    "side": N_("Their part in it"),
    "agreed": N_("Agreed to be referred"),
    "agreed_when": N_("When and how they agreed"),
    "reach_by": N_("How to reach them"),
    "reach_address": N_("Number or address"),
    "reach_when": N_("Good times"),
    "reach_words": N_("What may we say, and who may answer?"),
    "needs": N_("What would help them"),
}
LABELS = {
    "by_name": N_("Your name"),
    "by_organisation": N_("Your organisation"),
    "by_role": N_("Where you work"),
    "by_reach": N_("Your work phone or e-mail"),
    **{f"{who}_{name}": label for who in WHO for name, label in _LABELS.items()},
    "about": N_("What happened"),
    "orders": N_("Orders against contact"),
    "orders_words": N_("Which order, and until when"),
    "risks": N_("Risks that you know of"),
}
NEEDED = {
    "by_name": N_("Enter your name"),
    "by_organisation": N_("Enter your organisation"),
    "by_role": N_("Choose where you work"),
    "by_reach": N_("Enter your work phone or e-mail"),
    **{f"{who}_agreed": N_("Say whether they have agreed") for who in WHO},
    **{f"{who}_agreed_when": N_("Enter when and how they agreed") for who in WHO},
    **{f"{who}_reach_by": N_("Choose how we should reach them") for who in WHO},
    **{f"{who}_reach_address": N_("Enter a number or address that is safe") for who in WHO},
}
SIDES = {"harmed": N_("They were harmed"), "responsible": N_("They were responsible for harm")}
AGREED = {"yes": N_("Yes, they have agreed"), "no": N_("No, or I have not asked them")}
ORDERS = {"yes": N_("Yes, there is one"), "no": N_("No"), "not_known": N_("I do not know")}
WORDS = {
    "by_role": ROLES,
    "orders": ORDERS,
    **{f"{who}_side": SIDES for who in WHO},
    **{f"{who}_agreed": AGREED for who in WHO},
    **{f"{who}_reach_by": WAYS for who in WHO},
}
REFER = Journey(
    "/refer", Source.PROFESSIONAL, "portal/refer", QUESTIONS, LABELS, NEEDED, WORDS, applies=referrals.applies
)
ROUTES = REFER.routes()
