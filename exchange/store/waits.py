"""The one table of what waits (`core/waiting.py`) as SQL: lists of thousands join it instead of saying it again."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Subquery, Text, column, func, or_, text

from exchange.core.model import CaseState, State
from exchange.core.waiting import WAITING
from exchange.store import tables as t

_ROWS = ", ".join(
    f"('{state}', '{one.owner}', '{one.group}', {one.days or 0}, now() - interval '{one.days or 0} days')"
    for state, one in WAITING.items()
    if one.owner != "nobody"
)
# as a text, because SQLAlchemy compiles a statement with VALUES anew each time it is asked
_TABLE = text(f"select * from (values {_ROWS}) as listed (state, owner, heading, days, last)").columns(  # noqa: S608  # our own words
    column("state", Text),
    column("owner", Text),
    column("heading", Text),
    column("days", Integer),
    column("last", DateTime(timezone=True)),
)


def waits() -> Subquery:
    """SQL: a row for each state in which somebody moves next: `state`, `owner`, `heading` ("": none), `days`, `last`.

    A message is overdue that came into its state at `last` or before.
    """
    return _TABLE.subquery("waits")


def due_at(wait: Any) -> ColumnElement[datetime]:
    """SQL: when the clock of a message has run, by its row of `waits`."""
    return t.message.c.state_since + func.make_interval(0, 0, 0, wait.c.days)


def overdue(wait: Any) -> ColumnElement[bool]:
    """SQL: whether it has: the message is in its state since `last` or before, so nothing is added up row by row."""
    found: ColumnElement[bool] = t.message.c.state_since <= wait.c.last
    return found


def somewhere() -> ColumnElement[bool]:
    """SQL: a message that waits for somebody. In a closed case only a concern does: the rest was decided."""
    return or_(t.message.c.state == State.CONCERN, t.cases.c.state == CaseState.OPEN)
