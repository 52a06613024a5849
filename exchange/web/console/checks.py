"""A case's checks as task lists: what is recorded, in words, and the form on which it can be changed.

One list for the case (assessment, orders, pause) and one per person (consents, preparation, support). Nothing
is decided here: the gate reads the same facts by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from exchange.core.diary import Diary
from exchange.core.model import ConsentKind, FactKind, Side, Status
from exchange.store.read import CaseView, Entry
from exchange.web.console import words
from exchange.web.frame import N_, gettext

DONE, NEEDED, NOTE = "done", "needed", "note"


@dataclass(frozen=True)
class Check:
    """One line: what, how it stands in words, `tone` done, needed or note, and where to record it."""

    title: str
    status: str
    tone: str
    href: str


Known = dict[tuple[UUID | None, Diary], Entry]


def of_case(view: CaseView, known: Known, now: datetime) -> list[Check]:
    """The checks of the case itself."""
    place = f"/cases/{view.case.id}/facts"
    until = view.assessment_until
    assessed = bool(until and until > now)
    order = view.value(FactKind.CONTACT_ORDER) == "in_force"
    exception = view.carved_out
    stopped, paused = view.value(FactKind.HOLD) == "on", view.value(FactKind.PAUSE) == "on"
    found = [
        Check(
            words.said(words.FACTS, FactKind.ASSESSMENT),
            gettext(N_("Current") if assessed else N_("Missing or out of date")),
            DONE if assessed else NEEDED,
            f"/cases/{view.case.id}/assessments",
        ),
        _check(FactKind.CONTACT_ORDER, N_("In force") if order else N_("None"), not order or exception, place),
    ]
    if order:
        found.append(_check(FactKind.CARVE_OUT, N_("Recorded") if exception else N_("None"), exception, place))
    found.append(_check(FactKind.PAUSE, N_("Paused") if paused else N_("Not paused"), not paused, place))
    found.append(_check(FactKind.HOLD, N_("Stopped") if stopped else N_("Not stopped"), not stopped, place))
    referred = (Diary.REFERRED,) if (None, Diary.REFERRED) in known else ()
    kinds = (*referred, Diary.PLAN, Diary.OUTCOME)
    return [*found, *(_entry(known, kind, None, f"/cases/{view.case.id}") for kind in kinds)]


def of_person(view: CaseView, known: Known, person: Row[Any]) -> list[Check]:
    """The checks of one person in the case, in the order in which they come up."""
    place, consents = f"/people/{person.id}", view.consents.get(person.id, {})
    found = [_entry(known, Diary.INVITING, person, place)]
    found += [_consent(consents.get(kind), kind, place) for kind in (ConsentKind.TAKE_PART, ConsentKind.BE_ASKED)]
    facts = f"{place}/facts"
    found += [_entry(known, kind, person, place) for kind in (Diary.INFORMATION, Diary.EXPECTATIONS, Diary.NEEDS)]
    if person.side == Side.RESPONSIBLE:
        prepared = view.value(FactKind.PREPARATION, person.id) == "done"
        found.append(_entry(known, Diary.OWNING_UP, person, place))
        accepts = view.value(FactKind.RESPONSIBILITY, person.id) == "accepted"
        found.append(_check(FactKind.PREPARATION, N_("Done") if prepared else N_("Not yet"), prepared, facts))
        found.append(_check(FactKind.RESPONSIBILITY, N_("Accepted") if accepts else N_("Not yet"), accepts, facts))
    support = (FactKind.GUARDIAN, FactKind.SUPPORTER, FactKind.INTERPRETER)
    found += [_support(view, person, kind, facts) for kind in support]
    status = view.value(FactKind.STATUS, person.id) or Status.ACTIVE
    found.append(_check(FactKind.STATUS, words.STATUSES[status], status == Status.ACTIVE, facts))
    return [*found, _entry(known, Diary.CLOSING_TALK, person, place)]


def _entry(known: Known, kind: Diary, person: Row[Any] | None, place: str) -> Check:
    """A line of the diary: what was written last, or that nothing was."""
    found = known.get((person.id if person is not None else None, kind))
    status = words.said(words.DIARY_VALUES[kind], found.value) if found else gettext("Not yet")
    return Check(words.said(words.DIARY, kind), status, DONE if found else NOTE, f"{place}/diary/{kind}")


def _support(view: CaseView, person: Row[Any], kind: FactKind, place: str) -> Check:
    value = view.value(kind, person.id)
    if kind is FactKind.GUARDIAN and person.under_18 and value != "in_place":
        value = "needed"
    known = {"needed": N_("Needed, not in place"), "in_place": N_("In place"), "not_needed": N_("Not needed")}
    return _check(kind, known.get(value or "", N_("Not recorded")), value != "needed", place, note=value is None)


def _consent(row: Row[Any] | None, kind: ConsentKind, place: str) -> Check:
    given = bool(row and row.given)
    status = N_("Agreed") if given else (N_("Not agreed") if row else N_("Not asked yet"))
    title = {
        ConsentKind.TAKE_PART: N_("Agrees to take part"),
        ConsentKind.BE_ASKED: N_("Agrees to be told when something is there"),
    }
    tone = DONE if given else NEEDED
    return Check(gettext(title[kind]), gettext(status), tone, f"{place}/consents/{kind}")


def _check(kind: FactKind, status: str, good: bool, place: str, *, note: bool = False) -> Check:
    tone = NOTE if note else (DONE if good else NEEDED)
    return Check(words.said(words.FACTS, kind), gettext(status), tone, f"{place}/{kind}")
