"""Ask to take part: everything is optional but one safe way to reach the person."""

from exchange.core.referrals import Source
from exchange.web.frame import N_
from exchange.web.portal.questions import Journey, Question

QUESTIONS = (
    Question("reach", N_("What is a safe way to reach you?"), ("reach_by", "reach_address")),
    Question("when", N_("When and how may we reach you?"), ("reach_when", "reach_words")),
    Question("name", N_("What may we call you?"), ("name",)),
    Question("side", N_("Were you harmed, or were you responsible for harm?"), ("side",)),
    Question("about", N_("What would you like us to know?"), ("about",)),
    Question("needs", N_("What would make it easier for you?"), ("needs", "language")),
)
NEEDED = {
    "reach_by": N_("Choose how we should reach you"),
    "reach_address": N_("Enter a number or address that is safe"),
}
TOO_LONG = {
    "reach_address": N_("The number or address is too long"),
    "reach_when": N_("The good times are too long. Tell us the rest when we talk."),
    "reach_words": N_("What we may say is too long. Tell us the rest when we talk."),
    "name": N_("The name is too long"),
    "needs": N_("What helps you is too long. Tell us the rest when we talk."),
    "language": N_("The language is too long"),
}
LABELS = {
    "reach_by": N_("How should we reach you?"),
    "reach_address": N_("Number or address"),
    "reach_when": N_("Good times"),
    "reach_words": N_("What may we say, and who may answer?"),
    "name": N_("What may we call you?"),
    "side": N_("Your part in it"),
    "about": N_("What would you like us to know?"),
    "needs": N_("What helps you"),
    "language": N_("Your language"),
}
WAYS = {
    "phone": N_("Phone call"),
    "text": N_("Text message"),
    "email": N_("E-mail"),
    "post": N_("Letter"),
    "other": N_("Through somebody else"),
}
WORDS = {
    "reach_by": WAYS,
    "side": {
        "harmed": N_("I was harmed"),
        "responsible": N_("I was responsible"),
        "both": N_("Both, or it is not so clear"),
        "supporter": N_("I ask for somebody else"),
    },
}
ASK = Journey("/ask", Source.SELF, "portal/ask", QUESTIONS, LABELS, NEEDED, WORDS, TOO_LONG)
ROUTES = ASK.routes()
