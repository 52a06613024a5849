"""Statistics for supervisors: the course of two years, one quarter in its divisions, waits; and all as a table."""

from datetime import date
from typing import Any

from aiohttp import web
from babel.dates import format_date

from exchange.core.access import Permission
from exchange.core.diary import Diary
from exchange.core.errors import NotFound
from exchange.core.statistics import BY_KIND, BY_MONTH, BY_TYPE, Figure, Quarter
from exchange.steps import statistics
from exchange.steps.statistics import Statistics
from exchange.web import frame, statistics_table
from exchange.web.console import supervisor, words
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_, gettext
from exchange.web.frame.i18n import current_language

FIGURES: dict[str, str] = {
    Figure.REFERRALS: N_("People who asked to take part"),
    Figure.OPENED: N_("Cases opened"),
    Figure.INVITING: N_("People we decided to invite or not to invite"),
    Figure.PUT_IN: N_("Messages put in"),
    Figure.DECIDED: N_("Decisions at the review desk"),
    Figure.OFFERED: N_("Messages offered"),
    Figure.ANSWERED: N_("Answers to an offer"),
    Figure.RELEASED: N_("Messages handed over"),
    Figure.EXCHANGES: N_("Cases in which something was handed over"),
    Figure.WITHDRAWN: N_("Messages taken back by their author"),
    Figure.OUTCOME: N_("Cases with an outcome"),
    Figure.CLOSED: N_("Cases closed"),
}
PARTS: dict[str, dict[str, str]] = {
    Figure.REFERRALS: {
        "opened": N_("Became a case"),
        "not_for_us": N_("Not for us"),
        "waiting": N_("Not decided when the quarter ended"),
    },
    Figure.INVITING: words.DIARY_VALUES[Diary.INVITING],
    Figure.DECIDED: {
        "approved": N_("Approved"),
        "returned": N_("Sent back"),
        "withheld": N_("Not to be shared"),
    },
    Figure.ANSWERED: {"accepted": N_("Said yes"), "declined": N_("Said no for now"), "later": N_("Not now")},
    Figure.OUTCOME: words.DIARY_VALUES[Diary.OUTCOME],
}
DIVISIONS: dict[str, str] = {
    BY_KIND: N_("What became of it"),
    BY_TYPE: N_("By kind of case"),
    BY_MONTH: N_("By month"),
}
STAGES: dict[str, str] = {
    "referral": N_("From asking to take part until it was decided"),
    "review": N_("From putting in until the first decision"),
    "offer": N_("From approval until it was offered"),
    "answer": N_("From the offer until the answer"),
    "hand_over": N_("From a yes until it was handed over"),
    "whole": N_("From putting in until it was handed over"),
}
WIDTH, HEIGHT, GAP = 640, 120, 6


async def page(request: web.Request) -> web.StreamResponse:
    """One quarter; the newest unless another is asked for. Each figure is closed until it is opened, or all are."""
    asked = request.query.get("quarter")
    found = await statistics.read(service_of(request), actor_of(request), _quarter(asked) if asked else None)
    chosen = found.quarter
    context = {
        "form": frame.blank(quarter=chosen.first.isoformat() if chosen else ""),
        "quarters": [(one.first.isoformat(), spoken(one)) for one in reversed(found.quarters)],
        "chosen": chosen and chosen.first.isoformat(),
        "title": chosen and spoken(chosen),
        "least": found.least,
        "whole": request.query.get("whole") == "yes",
        "figures": [_figure(found, figure, chosen) for figure in found.figures] if chosen else [],
        "times": [(gettext(STAGES[name]), days) for name, days in found.times.items()],
        "waits": [(gettext(supervisor.WAITS_FOR[name]), days) for name, days in found.waits.items()],
    }
    return frame.render(request, "console/statistics.html", context)


async def table(request: web.Request) -> web.StreamResponse:
    """The quarter as a table for spreadsheets; that it was taken stands in the record first."""
    form = await frame.parse(request, Taken)
    if isinstance(form, frame.ErrorSummary):
        raise NotFound
    found = await statistics.take(service_of(request), actor_of(request), _quarter(form.quarter))
    return statistics_table.answer(found)


class Taken(frame.Form):
    """Which quarter."""

    quarter: str


def spoken(quarter: Quarter) -> str:
    """ "January to March 2026"."""
    last = date(quarter.first.year, int(quarter.months[-1]), 1)
    words_ = {"first": _month(quarter.first), "last": _month(last), "year": quarter.first.year}
    return gettext(N_("%(first)s to %(last)s %(year)s")) % words_


def _figure(found: Statistics, figure: Figure, chosen: Quarter) -> dict[str, Any]:
    numbers, shown = found.course[figure], found.figures[figure]
    upto = found.quarters[: found.quarters.index(chosen) + 1][-len(numbers) :]
    return {
        "id": figure.value,
        "title": gettext(FIGURES[figure]),
        "total": shown.total,
        "bars": _bars(numbers),
        "course": [(spoken(quarter), number) for quarter, number in zip(upto, numbers, strict=True)],
        "divisions": [
            (by, gettext(DIVISIONS[by]), [(_part(figure, by, name, chosen), number) for name, number in parts.items()])
            for by, parts in shown.parts.items()
        ],
    }


def _part(figure: Figure, by: str, name: str, quarter: Quarter) -> str:
    if by == BY_MONTH:
        return _month(date(quarter.first.year, int(name), 1))
    return words.said(words.TYPES if by == BY_TYPE else PARTS[figure], name)


def _bars(numbers: list[int | None]) -> list[dict[str, int]]:
    """One bar per quarter; a hidden number stands as a line across the ground, whatever it is."""
    most = max((number or 0 for number in numbers), default=0)
    step = WIDTH // max(1, len(numbers))
    tall = [round(HEIGHT * (number or 0) / most) if most else 0 for number in numbers]
    return [
        {"x": at * step, "width": max(1, step - GAP), "y": HEIGHT - high, "height": high, "hidden": numbers[at] is None}
        for at, high in enumerate(tall)
    ]


def _month(day: date) -> str:
    return str(format_date(day, "LLLL", locale=current_language().partition("-")[0]))


def _quarter(untrusted: str) -> date:
    try:
        return date.fromisoformat(untrusted)
    except ValueError:
        raise NotFound from None


ROUTES = [
    frame.Route("GET", "/supervisor/statistics", page, Permission.SUPERVISE),
    frame.Route("POST", "/supervisor/statistics", table, Permission.SUPERVISE),
]
