"""The rules of one case: its kind, its policy in words, where each value comes from, and changing them."""

from dataclasses import asdict
from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import Field, field_validator

from exchange.core import case_types
from exchange.core.access import Permission
from exchange.core.case_types import CaseType
from exchange.core.diary import Diary
from exchange.core.model import Policy
from exchange.steps import cases
from exchange.store.read import CaseView, case_view, diary_of
from exchange.web import frame
from exchange.web.console import policy_words, words
from exchange.web.console.asking import asked
from exchange.web.console.session import actor_of, id_of, is_supervisor, service_of
from exchange.web.frame import N_

CHANGED = frame.notice("policy-changed", N_("The rules of this case are changed."))
OF_TYPE = frame.notice("type-changed", N_("It is another kind of case now. Look at its rules."))
SWITCHES = ("four_eyes", "harmed_starts", "notices_by_itself")
NUMBERS = tuple(name for name in case_types.BOUNDS if name not in SWITCHES)
NUMBER = N_("Enter a whole number that this kind of case allows")


class Rules(frame.Form):
    """The policy as the page shows it; what the type fixes is not on the form."""

    four_eyes: Literal["yes", "no"] | None = None
    harmed_starts: Literal["yes", "no"] | None = None
    notices_by_itself: Literal["yes", "no"] | None = None
    assessment_days: int
    cooling_days: int
    link_days: int
    window_days: int
    notices: int
    consent_days: int
    retention_days: int
    emergency_hours: int
    supervision_days: int | None = None
    expire_days: int | None = None
    follow_up_days: int | None = None
    reason: str = Field(max_length=4000, min_length=1)
    sentences: ClassVar = {**dict.fromkeys(NUMBERS, NUMBER), "reason": N_("Write why")}

    @field_validator(*policy_words.UNSET, mode="before")
    @classmethod
    def _left_empty(cls, untrusted_value: Any) -> Any:
        return None if untrusted_value == "" else untrusted_value


class AnotherType(frame.Form):
    """What kind of case it is from now on, and why."""

    type: CaseType
    reason: str = Field(max_length=4000, min_length=1)
    sentences: ClassVar = {"type": N_("Choose what kind of case this is"), "reason": N_("Write why")}


async def page(request: web.Request) -> web.StreamResponse:
    """The rules in words; for a supervisor also the form."""
    return await _page(request, frame.blank(), 200)


async def change(request: web.Request) -> web.StreamResponse:
    """Change them, within what the case's type allows."""

    async def act(form: Rules) -> web.StreamResponse:
        view = await _view(request)
        entered = form.model_dump(exclude={"reason"})
        fixed = {name: value for name, value in asdict(view.policy).items() if entered[name] is None}
        switched = {name: entered[name] == "yes" for name in SWITCHES if entered[name] is not None}
        free = {name: None for name in policy_words.UNSET if entered[name] is None}
        policy = Policy(**{**entered, **fixed, **switched, **free})
        await cases.set_policy(service_of(request), actor_of(request), view.case.id, policy, reason=form.reason)
        return frame.see_other(request, f"/cases/{view.case.id}/policy", done=CHANGED)

    return await asked(request, Rules, _page, act, at="reason")


async def type_page(request: web.Request) -> web.StreamResponse:
    """What kind of case it is, and which it should be."""
    return await _type_page(request, frame.blank(), 200)


async def set_type(request: web.Request) -> web.StreamResponse:
    """Make it a case of another kind."""

    async def act(form: AnotherType) -> web.StreamResponse:
        case_id = id_of(request, "case")
        await cases.set_type(service_of(request), actor_of(request), case_id, form.type, reason=form.reason)
        return frame.see_other(request, f"/cases/{case_id}/policy", done=OF_TYPE)

    return await asked(request, AnotherType, _type_page, act, at="type")


async def _view(request: web.Request) -> CaseView:
    return await case_view(service_of(request), actor_of(request), id_of(request, "case"))


async def _page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await _view(request)
    case_type, values = CaseType(view.case.type), asdict(view.policy)
    if not form.entered:
        form = frame.ErrorSummary({name: [_entered(value)] for name, value in values.items()}, form.errors)
    kinds = frozenset({Diary.TYPE, Diary.POLICY})
    context = {
        "form": form,
        "case": view.case,
        "type": words.said(words.TYPES, case_type),
        "type_hint": words.said(policy_words.TYPE_HINTS, case_type),
        "rows": _rows(case_type, view.policy),
        "may_change": is_supervisor(request) and view.case.state == "open",
        "history": [
            (one, words.said(words.TYPES, one.value) if one.kind is Diary.TYPE else "")
            for one in await diary_of(service_of(request), actor_of(request), view.case.id, kinds=kinds)
        ],
    }
    return frame.render(request, "console/policy.html", context, status=status)


def _rows(case_type: CaseType, policy: Policy) -> list[dict[str, Any]]:
    """One line per value: its title and words, whether it was changed for this case, and how far it may go."""
    changed, beyond = case_types.changed(case_type, policy), set(case_types.beyond(case_type, policy))
    return [
        {
            "name": name,
            "title": frame.gettext(title),
            "words": policy_words.told(name, getattr(policy, name)),
            "changed": name in changed,
            "beyond": name in beyond,
            "fixed": case_types.bound(case_type, name).must is not None,
            "limit": policy_words.limit(case_types.bound(case_type, name)),
            "hint": policy_words.hint(name, case_types.bound(case_type, name)),
            "switch": name in SWITCHES,
        }
        for name, title in policy_words.TITLES.items()
    ]


def _entered(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


async def _type_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    view = await _view(request)
    others = {code: label for code, label in words.TYPES.items() if code != view.case.type}
    context = {
        "form": form,
        "case": view.case,
        "type": words.said(words.TYPES, view.case.type),
        "types": words.choices(others, policy_words.TYPE_HINTS),
    }
    return frame.render(request, "console/case_type.html", context, status=status)


ROUTES = [
    frame.Route("GET", "/cases/{case}/policy", page, Permission.CASE_SEE),
    frame.Route("POST", "/cases/{case}/policy", change, Permission.CASE_CLOSE),
    frame.Route("GET", "/cases/{case}/type", type_page, Permission.CASE_CLOSE),
    frame.Route("POST", "/cases/{case}/type", set_type, Permission.CASE_CLOSE),
]
