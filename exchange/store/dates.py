"""When a risk assessment runs out (rule 11) and when supervision is due (rule 12): SQL over a row of `cases`.

The only place for both: one case at the gate and lists of thousands ask the same expression.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select

from exchange.core.model import FactKind, Policy
from exchange.store import tables as t


def assessment_until() -> ColumnElement[datetime]:
    """SQL: when the newest assessment runs out: its own date, never later than policy allows. NULL: none is current."""
    f = t.fact
    latest = f.c.at + func.make_interval(0, 0, 0, _days("assessment_days"))
    return (
        select(case((f.c.value == "current", func.least(f.c.until, latest, type_=f.c.until.type))))
        .where(f.c.case_id == t.cases.c.id, f.c.kind == FactKind.ASSESSMENT)
        .order_by(f.c.number.desc())
        .limit(1)
        .correlate(t.cases)
        .scalar_subquery()
    )


def supervision_due() -> ColumnElement[datetime]:
    """SQL: so long after the last supervision, or after the case was opened; NULL where the policy asks for none."""
    s = t.supervision
    last = select(func.max(s.c.at)).where(s.c.case_id == t.cases.c.id).correlate(t.cases).scalar_subquery()
    since = func.coalesce(last, t.cases.c.created_at)
    return since + func.make_interval(0, 0, 0, _days("supervision_days"))


def _days(name: str) -> ColumnElement[int]:
    """So many days by the case's policy; by the default of `Policy` where it says nothing."""
    told, default = t.cases.c.policy[name].as_integer(), getattr(Policy(), name)
    return told if default is None else func.coalesce(told, default)
