"""The stages of a case as a task list: what is done, what comes next. Nothing is decided here; any order is possible.

A stage is done when what belongs to it is recorded: for everybody in the case whether to invite them, for everybody
who is invited their preparation, a current assessment, an exchange in which nothing is on its way, and the closing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from exchange.core.diary import Diary
from exchange.core.model import FactKind, Side, State
from exchange.store.read import CaseView
from exchange.web.console.checks import DONE, NEEDED, NOTE, Check, Known
from exchange.web.frame import N_, gettext

AT_REST = frozenset({State.OPENED, State.KEPT, State.WITHHELD, State.WITHDRAWN, State.ERASED, State.SUPERSEDED})
PREPARED = (Diary.INFORMATION, Diary.EXPECTATIONS, Diary.NEEDS)


def stages(view: CaseView, known: Known, now: datetime) -> list[Check]:
    """In their order; the first that is not done is what comes next."""
    case = f"/cases/{view.case.id}"
    invited = [p for p in view.people if not _says(known, p, Diary.INVITING, "not_invited")]
    assessed = bool(view.assessment_until and view.assessment_until > now)
    exchanged = bool(view.messages) and all(row.state in AT_REST for row in view.messages)
    closed = (None, Diary.OUTCOME) in known
    found = [
        _people(N_("Whom to invite"), view.people, lambda p: (p.id, Diary.INVITING) in known, "inviting"),
        _people(N_("Preparation"), invited, lambda p: _prepared(view, known, p), "information"),
        (N_("Risk assessment"), assessed, f"{case}/facts/assessment"),
        (N_("The exchange"), exchanged, f"{case}#exchange"),
        _people(N_("Closing conversations"), invited, lambda p: (p.id, Diary.CLOSING_TALK) in known, "closing_talk"),
        (N_("Outcome"), closed, f"{case}/diary/outcome"),
    ]
    following = next((title for title, done, _ in found if not done), "")
    return [_line(title, done, href, following) for title, done, href in found]


def _line(title: str, done: bool, href: str, following: str) -> Check:
    status, tone = (N_("Done"), DONE) if done else (N_("Next"), NEEDED) if title == following else (N_("Later"), NOTE)
    return Check(gettext(title), gettext(status), tone, href)


def _people(title: str, people: list[Row[Any]], done: Callable[[Row[Any]], bool], kind: str) -> tuple[str, bool, str]:
    """A stage that everybody goes through; its link leads to the first who has not, or to the first person."""
    waiting = [person for person in people if not done(person)]
    first = next(iter(waiting or people), None)
    return title, bool(people) and not waiting, f"/people/{first.id}/diary/{kind}" if first is not None else "#people"


def _prepared(view: CaseView, known: Known, person: Row[Any]) -> bool:
    """What was talked about; for the person responsible also what the gate asks for (rule 10)."""
    talked = all(_says(known, person, kind, "done") for kind in PREPARED)
    if person.side != Side.RESPONSIBLE:
        return talked
    facts = {FactKind.PREPARATION: "done", FactKind.RESPONSIBILITY: "accepted"}
    return talked and all(view.value(kind, person.id) == value for kind, value in facts.items())


def _says(known: Known, person: Row[Any], kind: Diary, value: str) -> bool:
    found = known.get((person.id, kind))
    return found is not None and found.value == value
