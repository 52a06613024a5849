"""Ask to take part: one question per page, everything optional but one safe way to reach the person.

What was answered so far travels in the page itself, sealed by the browser's own secret: nothing is stored
until it is sent, and nothing of it stands in an address.
"""

import base64
import json
from dataclasses import dataclass

from aiohttp import web

from exchange.core.errors import BadInput, WaitAWhile
from exchange.steps import referral, wording
from exchange.web import frame
from exchange.web.frame import N_, PUBLIC, Route
from exchange.web.frame.csrf import signed, unsigned
from exchange.web.frame.forms import form_of
from exchange.web.frame.i18n import current_language
from exchange.web.frame.routing import Csrf

PURPOSE = "ask"
LONGEST = 256 * 1024


@dataclass(frozen=True)
class Question:
    """One page: its key, its heading, and the fields it asks (names of `referral.FIELDS`)."""

    key: str
    heading: str
    fields: tuple[str, ...]


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
KEYS = tuple(question.key for question in QUESTIONS)
CHECK = "check"


async def explain(request: web.Request) -> web.Response:
    """GET /ask: what happens to it, before the first question."""
    words = wording.current("privacy", current_language()).paragraphs
    return frame.render(request, "portal/ask.html", {"words": words, "so_far": _pack(request, {})})


async def answer(request: web.Request) -> web.Response:
    """POST /ask: take the answers of one page, show the next; at the end the check, then send."""
    untrusted = await form_of(request, LONGEST)
    so_far = _unpack(request, untrusted.get("so_far", ""))
    step, go = untrusted.get("step", ""), untrusted.get("go", "next")
    if go in KEYS:
        return _question(request, so_far, QUESTIONS[KEYS.index(go)])
    if step == CHECK and go == "send":
        return await _send(request, so_far)
    if step not in KEYS:
        return _question(request, so_far, QUESTIONS[0])
    question = QUESTIONS[KEYS.index(step)]
    given = {name: untrusted.get(name, "").strip() for name in question.fields}
    form = _wrong(given)
    if form.errors:
        return _question(request, so_far, question, form, 422)
    so_far = {name: text for name, text in {**so_far, **given}.items() if text}
    after = KEYS.index(step) + 1
    if after == len(QUESTIONS) or untrusted.get("back_to_check"):
        return _check(request, so_far)
    return _question(request, so_far, QUESTIONS[after])


async def _send(request: web.Request, so_far: dict[str, str]) -> web.Response:
    service = request.app[frame.SERVICE]
    try:
        reference = await referral.save_referral(service, so_far)
    except (BadInput, WaitAWhile) as error:
        return _check(request, so_far, frame.blank().add("", str(error)), error.status)
    return frame.render(request, "portal/ask_sent.html", {"reference": reference})


def _wrong(given: dict[str, str]) -> frame.ErrorSummary:
    form = frame.blank(**given)
    for name, sentence in NEEDED.items():
        if name in given and not given[name]:
            form.add(name, sentence)
    for name, text in given.items():
        if len(text) > referral.LONGEST:
            form.add(name, TOO_LONG.get(name, N_("This is too long. Tell us the rest when we talk.")))
    return form


def _question(
    request: web.Request,
    so_far: dict[str, str],
    question: Question,
    form: frame.ErrorSummary | None = None,
    status: int = 200,
) -> web.Response:
    at = KEYS.index(question.key)
    context = {
        "form": form or frame.blank(**{name: so_far.get(name) for name in question.fields}),
        "question": question,
        "so_far": _pack(request, so_far),
        "number": at + 1,
        "all": len(QUESTIONS),
        "before_this": KEYS[at - 1] if at else "",
        "back_to_check": "reach_by" in so_far and question.fields[0] in so_far,
    }
    return frame.render(request, "portal/ask_question.html", context, status=status)


def _check(
    request: web.Request, so_far: dict[str, str], form: frame.ErrorSummary | None = None, status: int = 200
) -> web.Response:
    context = {
        "form": form or frame.blank(),
        "questions": QUESTIONS,
        "answers": so_far,
        "so_far": _pack(request, so_far),
        "last": KEYS[-1],
    }
    return frame.render(request, "portal/ask_check.html", context, status=status)


def _pack(request: web.Request, so_far: dict[str, str]) -> str:
    text = base64.urlsafe_b64encode(json.dumps(so_far, ensure_ascii=False).encode()).decode()
    return signed(request, PURPOSE, text)


def _unpack(request: web.Request, untrusted: str) -> dict[str, str]:
    """What this browser answered before; nothing if it cannot be trusted."""
    text = unsigned(request, PURPOSE, untrusted)
    if text is None:
        return {}
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(text))
    return found


ROUTES = [
    Route("GET", "/ask", explain, PUBLIC),
    Route("POST", "/ask", answer, PUBLIC, csrf=Csrf.FORM, max_body=LONGEST),
]
