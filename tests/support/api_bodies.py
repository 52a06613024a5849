"""One request for every endpoint, good enough to reach the step behind it; ids are filled in from a world.

`{…}` in paths and in values of bodies stand for ids of the world; DIGEST is no version's, so that nothing
moves on: the matrix asks who may ask, not what becomes of it.
"""

from typing import Any
from uuid import UUID

from exchange.web.api.table import ENDPOINTS

DIGEST = "0" * 64
CONTACT = {"means": "phone", "address": "01632 960 002"}
REASON = {"digest": DIGEST, "reason": "Because."}
TICKS = ["right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure"]
SAID = {"method": "phone", "wording": "receive-2026-01"}

BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/webhooks"): {"address": "https://cases.example/hook", "kinds": ["case.closed"]},
    ("PUT", "/webhooks/{webhook}/state"): {"on": False},
    ("POST", "/step-up"): {"code": "000000"},
    ("POST", "/tokens"): {"label": "another"},
    ("POST", "/cases"): {},
    ("POST", "/cases/import"): {"table": "reference"},
    ("PUT", "/cases/{case}/state"): {"state": "open"},
    ("PUT", "/cases/{case}/closing"): {"decisions": []},
    ("POST", "/cases/{case}/follow-up"): {"value": "held", "words": "She is well."},
    ("PUT", "/cases/{case}/policy"): {},
    ("PUT", "/cases/{case}/type"): {"type": "custody", "reason": "He was arrested."},
    ("POST", "/cases/{case}/supervision"): {"note": "We went through the plan."},
    ("POST", "/cases/{case}/legal-hold"): {"reason": "A court asked."},
    ("POST", "/cases/{case}/legal-hold/lift"): {"reason": "It is over."},
    ("POST", "/cases/{case}/team"): {"account": "{second}"},
    ("PUT", "/cases/{case}/cover"): {"account": "{supervisor}"},
    ("POST", "/cases/{case}/bars"): {"account": "{second}", "reason": "Neighbours."},
    ("POST", "/accounts/{account}/leaving"): {"takers": [{"case": "{case}", "account": "{second}"}]},
    ("POST", "/emergencies"): {"reference": "C-22222", "kind": "danger", "reason": "Nobody answers."},
    ("POST", "/emergencies/{emergency}/decision"): {"agree": True},
    ("POST", "/cases/{case}/participants"): {
        "side": "harmed", "name": "Name", "form_of_name": "N.", "contact": CONTACT,
    },
    ("PUT", "/participants/{participant}"): {"name": "Name", "form_of_name": "N."},
    ("PUT", "/participants/{participant}/safe-contact"): CONTACT,
    ("POST", "/participants/{participant}/code"): {"how": "phone", "code": "apple river garden"},
    ("PUT", "/participants/{participant}/notices"): {
        "means": "email", "address": "a@people.example", "days": [0], "words": "notice-ring-2026-01",
    },
    ("POST", "/cases/{case}/disclosures"): {
        "kind": "police", "authority": "A station", "what": "A date.", "basis": "consents",
        "concerned": ["{participant}"],
    },
    ("POST", "/participants/{participant}/corrections"): {"about": "details", "said": "My name has one l."},
    ("POST", "/corrections/{wrong}/answer"): {"outcome": "corrected", "words": "One l."},
    ("PUT", "/copies/{copy}/items/{item}"): {"inside": True},
    ("POST", "/copies/{copy}/approval"): {"agree": True},
    ("POST", "/cases/{case}/ground-rules"): {"en": ["We write through our facilitator."]},
    ("POST", "/participants/{participant}/ground-rules"): {"rules": "{rules}", "method": "paper"},
    ("PUT", "/participants/{participant}/of-age"): {"day": "2030-05-04"},
    ("POST", "/messages/{message}/after"): {"digest": DIGEST, "reason": "The family knows of it."},
    ("PUT", "/participants/{participant}/naming"): {"form_of_name": "The person harmed", "signature": "J."},
    ("POST", "/cases/{case}/diary"): {"kind": "plan", "value": "written", "words": "She writes first."},
    ("POST", "/cases/{case}/assessments"): {"version": 0, "answers": {}, "value": "current", "why": "We looked."},
    ("POST", "/cases/{case}/facts"): {"kind": "contact_order", "value": "none"},
    ("POST", "/participants/{participant}/consents"): {"kind": "be_asked", "given": True, **SAID},
    ("POST", "/cases/{case}/messages"): {"author": "{participant}", "recipient": "{other}", "kind": "letter"},
    ("POST", "/replies"): {"code": "P-8WCD9-JXN98"},
    ("PUT", "/messages/{message}/letter"): {"text": "Hello."},
    ("POST", "/messages/{message}/approve"): {"digest": DIGEST, "ticks": TICKS, "understood": "myself"},
    ("POST", "/messages/{message}/return"): REASON,
    ("POST", "/messages/{message}/withhold"): REASON,
    ("POST", "/messages/{message}/retract"): REASON,
    ("POST", "/messages/{message}/keep"): {"digest": DIGEST},
    ("POST", "/messages/{message}/told"): {"words": "It will not be shared.", "means": "phone"},
    ("POST", "/messages/{message}/appeal"): {"says": "I do not agree.", "method": "phone"},
    ("POST", "/messages/{message}/appeal/decision"): {"outcome": "upheld", "reason": "It names a school."},
    ("POST", "/messages/{message}/early/notes"): {"text": "Here.", "seconds": 1.5},
    ("POST", "/messages/{message}/notes"): {"digest": DIGEST, "text": "Here.", "place": {"page": 1}},
    ("POST", "/messages/{message}/texts"): {
        "base_digest": DIGEST, "name": "transcription", "language": "en", "text": "Hello.",
    },
    ("POST", "/messages/{message}/show-text"): {"digest": DIGEST},
    ("POST", "/messages/{message}/original"): {"digest": DIGEST, "left_out": True},
    ("GET", "/messages/{message}/texts/{name}"): {"digest": DIGEST},
    ("POST", "/messages/{message}/edits"): {"doing": "strike", "part": "text", "start": 6, "end": 9, "why": "name"},
    ("PUT", "/messages/{message}/captions"): {
        "digest": DIGEST, "number": 0, "captions": "WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n", "language": "en",
    },
    ("POST", "/messages/{message}/captions/save"): {"number": 1},
    ("POST", "/messages/{message}/captions/draft"): {"language": "en"},
    ("POST", "/messages/{message}/captions/silence"): {"digest": DIGEST, "start": 1, "end": 9, "why": "name"},
    ("POST", "/messages/{message}/marks/leave"): {"kind": "phone", "words": "07700 900123"},
    ("POST", "/messages/{message}/marks/show-again"): {"kind": "phone", "words": "07700 900123"},
    ("POST", "/messages/{message}/concerns"): {"kind": "other", "note": "I saw something."},
    ("POST", "/messages/{message}/misfiled"): {"reason": "It is of another case."},
    ("GET", "/concerns/{concern}/right-place"): {"reference": "C-22222"},
    ("POST", "/concerns/{concern}/move"): {
        "reference": "C-22222", "author": "{participant}", "recipient": "{other}", "reason": "It belongs there.",
    },
    ("POST", "/concerns/{concern}/remove"): {"reason": "It belongs nowhere."},
    ("POST", "/concerns/{concern}/notes"): {"text": "A note."},
    ("POST", "/concerns/{concern}/end"): {"outcome": "continue", "note": "A note."},
    ("POST", "/messages/{message}/offer"): {"content_note": "A letter.", "told_by": "phone"},
    ("POST", "/messages/{message}/release/link"): {"channel": "email"},
    ("POST", "/messages/{message}/release/present"): {"who_is_there": "Both of us"},
    ("POST", "/releases/{release}/end"): {"copy": "kept"},
    ("POST", "/messages/{message}/revoke"): {},
    ("POST", "/messages/{message}/not-now"): SAID,
    ("POST", "/invitations"): {"author": "{participant}", "recipient": "{other}", "channel": "email"},
    ("POST", "/messages/{message}/preview-link"): {"channel": "email"},
    ("POST", "/messages/{message}/stop-link"): {"channel": "email"},
    ("PUT", "/piles/{pile}/parts/{part}/code"): {"code": "P-22222-22222"},
    ("POST", "/messages/{message}/revise-link"): {"channel": "email"},
    ("POST", "/messages/{message}/replace-link"): {"channel": "email"},
    ("PUT", "/service/assessment-form/sections"): {"id": "s1", "title": {"en": "One", "cy": "Un"}},
    ("PUT", "/service/assessment-form/questions"): {
        "section": "s1", "kind": "text", "words": {"en": "What?", "cy": "Beth?"},
    },
    ("POST", "/service/assessment-form/take-out"): {"id": "q3"},
    ("POST", "/service/assessment-form/move"): {"id": "q2", "by": 1},
    ("PUT", "/service/guidance/{language}"): {"helps": ["Say it."], "hurts": ["Blame"], "reads": "We do."},
    ("PUT", "/wordings/{kind}/draft"): {"en": "We ask you.", "cy": "Gofynnwn ichi."},
    ("POST", "/wordings/{kind}/draft/approve"): {"digest": "0" * 64},
    ("POST", "/referrals/{referral}/not-for-us"): {"reason": "Somebody else does this."},
    ("POST", "/record/export"): {},
    ("POST", "/record/table"): {},
    ("GET", "/record/proof"): {"index": 0},
    ("GET", "/record/entry"): {"index": 0},
    ("POST", "/record/cosignatures"): {"size": 1, "lines": "x"},
    ("POST", "/accounts"): {"login": "newcomer", "display_name": "New", "roles": ["facilitator"]},
    ("PUT", "/accounts/{account}"): {"display_name": "Somebody"},
    ("PUT", "/accounts/{account}/roles"): {"roles": ["facilitator"]},
    ("PUT", "/accounts/{account}/sign-on"): {"subject": "a-subject"},
    ("PATCH", "/service"): {"phone": "01632 960 009"},
    ("POST", "/sign-in"): {"login": "nobody", "password": "wrong", "code": "000000"},
}  # fmt: skip
WORDS = {
    "page": "1",
    "name": "text",
    "wording": "take-part-2026-01",
    "kind": "assessment",
    "problem": "refused",
    "language": "en",
    "quarter": "2026-01-01",
}


def body_of(method: str, path: str, ids: dict[str, UUID]) -> Any:
    """The body (or query) for an endpoint, None where it takes none."""
    return _filled(BODIES.get((method, path)), ids)


def path_of(path: str, ids: dict[str, UUID]) -> str:
    """The path with ids and words in it."""
    words = WORDS | ({"kind": "take_part"} if path.startswith("/wordings") else {})
    return path.format(**{name: str(found) for name, found in ids.items()}, **words)


def without_request() -> set[tuple[str, str]]:
    """Endpoints whose body is needed and missing here: must be none."""
    needed = {(one.method, one.path) for one in ENDPOINTS if one.asks and not one.in_query}
    return needed - set(BODIES)


def _filled(value: Any, ids: dict[str, UUID]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    if isinstance(value, str) and value.startswith("{"):
        return str(ids[value[1:-1]])
    return value
