"""A journey of questions for whoever comes to the portal unasked: one page each, then a check, then it is sent.

What was answered so far travels in the page itself, sealed by the browser's own secret: nothing is stored until it
is sent, and nothing of it stands in an address. A journey says which questions it has; `asking.py` and `referring.py`
are the two there are.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from exchange.core import referrals
from exchange.core.errors import BadInput, WaitAWhile
from exchange.core.referrals import Source
from exchange.steps import referral, wording
from exchange.web import frame
from exchange.web.frame import N_, PUBLIC, Route
from exchange.web.frame.csrf import signed, unsigned
from exchange.web.frame.forms import form_of
from exchange.web.frame.i18n import current_language
from exchange.web.frame.routing import Csrf

LONGEST = 256 * 1024
CHECK = "check"
TOO_LONG = N_("This is too long. Tell us the rest when we talk.")
Answers = dict[str, str]


@dataclass(frozen=True)
class Question:
    """One page: its key, its heading, and the fields it asks (names of `referrals.FIELDS`)."""

    key: str
    heading: str
    fields: tuple[str, ...]


def _always(_answers: Mapping[str, str], _name: str) -> bool:
    return True


@dataclass(frozen=True)
class Journey:
    """`template`: "portal/ask" for ask.html, ask_question.html, ask_sent.html. `needed`: the sentence for a field left
    empty; `applies`: whether a field is asked, after these answers; `words`: the words of an answer's codes."""

    path: str
    source: Source
    template: str
    questions: tuple[Question, ...]
    labels: Mapping[str, str]
    needed: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    too_long: Mapping[str, str] = field(default_factory=dict)
    applies: Callable[[Mapping[str, str], str], bool] = _always

    def asked(self, so_far: Answers) -> list[Question]:
        """The questions that are asked, after these answers."""
        return [one for one in self.questions if any(self.applies(so_far, name) for name in one.fields)]

    def routes(self) -> list[Route]:
        """Its two routes."""

        async def explain(request: web.Request) -> web.Response:
            """What happens to it, before the first question."""
            words = wording.current("privacy", current_language()).paragraphs
            start = {"words": words, "so_far": _pack(self, request, {}), "first": self.questions[0].key}
            return frame.render(request, f"{self.template}.html", start)

        async def answer(request: web.Request) -> web.Response:
            """Take the answers of one page, show the next; at the end the check, then send."""
            return await _answer(self, request)

        return [
            Route("GET", self.path, explain, PUBLIC),
            Route("POST", self.path, answer, PUBLIC, csrf=Csrf.FORM, max_body=LONGEST),
        ]


@dataclass(frozen=True)
class _At:
    """Where somebody is on a journey. `to_check`: they came from the check to change one answer, and go back to it."""

    journey: Journey
    request: web.Request
    so_far: Answers
    to_check: bool = False

    @property
    def asked(self) -> list[Question]:
        return self.journey.asked(self.so_far)

    def having(self, given: Answers) -> "_At":
        """With these answers too; what is then not asked any more is forgotten."""
        found = {**self.so_far, **given}
        return replace(self, so_far={k: text for k, text in found.items() if text and self.journey.applies(found, k)})


async def _answer(journey: Journey, request: web.Request) -> web.Response:
    untrusted = await form_of(request, LONGEST)
    at = _At(
        journey, request, _unpack(journey, request, untrusted.get("so_far", "")), bool(untrusted.get("back_to_check"))
    )
    asked = {one.key: one for one in at.asked}
    step, go = untrusted.get("step", ""), untrusted.get("go", "next")
    if go in asked:
        return _question(at, asked[go])
    if step == CHECK and go == "send":
        return await _send(at)
    if step not in asked:
        return _question(at, journey.questions[0])
    given = {name: untrusted.get(name, "").strip() for name in asked[step].fields}
    form = _wrong(at, given)
    if form.errors:
        return _question(at, asked[step], form, 422)
    return _next(at, at.having(given), asked[step])


def _next(before: _At, at: _At, question: Question) -> web.Response:
    """The next question; the check after the last one, or where a changed answer asks for nothing new."""
    later = at.asked[at.asked.index(question) + 1 :]
    following = [one for one in later if one not in before.asked] if at.to_check else later
    return _question(at, following[0]) if following else _check(at)


async def _send(at: _At) -> web.Response:
    service = at.request.app[frame.SERVICE]
    try:
        reference = await referral.save_referral(service, at.so_far, at.journey.source)
    except (BadInput, WaitAWhile) as error:
        return _check(at, frame.blank().add("", str(error)), error.status)
    return frame.render(at.request, f"{at.journey.template}_sent.html", {"reference": reference})


def _wrong(at: _At, given: Answers) -> frame.ErrorSummary:
    form, journey, so_far = frame.blank(**given), at.journey, {**at.so_far, **given}
    for name, text in given.items():
        if not text and name in journey.needed and journey.applies(so_far, name):
            form.add(name, journey.needed[name])
        if len(text) > referrals.longest(journey.source, name):
            form.add(name, journey.too_long.get(name, TOO_LONG))
    return form


def _question(at: _At, question: Question, form: frame.ErrorSummary | None = None, status: int = 200) -> web.Response:
    number = at.asked.index(question)
    context = _context(at) | {
        "form": form or frame.blank(**{name: at.so_far.get(name) for name in question.fields}),
        "question": question,
        "number": number + 1,
        "all": len(at.asked),
        "before_this": at.asked[number - 1].key if number else "",
        "back_to_check": at.to_check,
    }
    return frame.render(at.request, f"{at.journey.template}_question.html", context, status=status)


def _check(at: _At, form: frame.ErrorSummary | None = None, status: int = 200) -> web.Response:
    asked = [
        (question, [name for name in question.fields if at.journey.applies(at.so_far, name)]) for question in at.asked
    ]
    parts = [
        (question, [(at.journey.labels[name], _told(at.journey, name, at.so_far.get(name, ""))) for name in names])
        for question, names in asked
    ]
    # the same questions about two people are told apart by their headings
    headings = len(set(at.journey.labels.values())) < len(at.journey.labels)
    told = {"form": form or frame.blank(), "parts": parts, "headings": headings, "last": at.asked[-1].key}
    context = _context(at) | told
    return frame.render(at.request, "portal/check_answers.html", context, status=status)


def _told(journey: Journey, name: str, text: str) -> str:
    words = journey.words.get(name, {}).get(text)
    return frame.gettext(words) if words else text


def _context(at: _At) -> dict[str, Any]:
    words = {
        name: [(code, frame.gettext(text)) for code, text in found.items()] for name, found in at.journey.words.items()
    }
    return {"journey": at.journey, "so_far": _pack(at.journey, at.request, at.so_far), "choices": words}


def _pack(journey: Journey, request: web.Request, so_far: Answers) -> str:
    text = base64.urlsafe_b64encode(json.dumps(so_far, ensure_ascii=False).encode()).decode()
    return signed(request, journey.path, text)


def _unpack(journey: Journey, request: web.Request, untrusted: str) -> Answers:
    """What this browser answered before on this journey; nothing if it cannot be trusted."""
    text = unsigned(request, journey.path, untrusted)
    if text is None:
        return {}
    found: Answers = json.loads(base64.urlsafe_b64decode(text))
    return found
