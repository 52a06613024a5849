"""What waits for somebody, each kind as one narrow query: which it is, its heading, since when, whether late."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, func, literal, or_, select, union_all

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.model import Actor, CaseState, Role, State
from exchange.core.piles import WARNED
from exchange.core.waiting import CONCERNS, DATES, ON_YOU, REFERRALS, TASKS, WITHIN_A_MONTH
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.due import assessments, supervisions
from exchange.store.waits import overdue, waits

COVER_AFTER = timedelta(days=2)
WEEK = timedelta(days=7)


def waiting(actor: Actor) -> CompoundSelect[Any]:
    """SQL: all that waits for the actor: `what`, `id`, `since`, `heading`, `late`."""
    found = [_messages(actor), _tasks(actor), _assessments(actor)]
    if access.may(actor, Permission.CASE_OPEN):
        found.append(_piles(actor))
    if access.may(actor, Permission.REFERRALS):
        found.append(_referrals())
    if access.may(actor, Permission.ADMINISTER):
        found += [_recoveries(actor), _webhooks()]
    if access.may(actor, Permission.SUPERVISE):
        found += [_supervisions(actor), _referrals_due()]
    return union_all(*found)


def on_the_team(account_id: Any) -> ColumnElement[bool]:
    """SQL: whether the account is assigned to the case; asked for all cases at once, not for each."""
    a = t.assignment
    return t.cases.c.id.in_(select(a.c.case_id).where(a.c.account_id == account_id, a.c.until.is_(None)))


def _row(what: str, row: Any, since: Any, heading: Any, late: Any) -> Select[Any]:
    heading = literal(heading) if isinstance(heading, str) else heading
    return select(
        literal(what).label("what"), row.label("id"), since.label("since"), heading.label("heading"), late.label("late")
    )


def _seen_by(actor: Actor, since: Any, at_once: ColumnElement[bool]) -> ColumnElement[bool]:
    """Mine; or it has waited two days and I am the cover or a supervisor; or it is a concern and I supervise."""
    late = since < func.now() - literal(COVER_AFTER)
    supervisor = literal(Role.SUPERVISOR in actor.roles)
    # in the order of what each costs: a supervisor's list has thousands of late ones
    parts = [and_(supervisor, or_(late, at_once)), on_the_team(actor.id), and_(late, t.cases.c.cover_id == actor.id)]
    return and_(or_(*parts), t.cases.c.id.not_in(near.barred_cases(actor.id)))


def _messages(actor: Actor) -> Select[Any]:
    """A state with a heading shows at once; one that waits for somebody else when its clock has run. In a closed case
    nobody waits for anybody (what was open in it was decided), but a concern always does.

    What the workers cannot make safe (no scanner, no sandbox) shows at once too: somebody must mend it.
    """
    m, c, w = t.message, t.cases, waits()
    late = overdue(w)
    stuck = and_(m.c.state == State.QUARANTINED, m.c.rejected_code.is_not(None))
    in_time = and_(c.c.state == CaseState.OPEN, or_(w.c.heading != "", late))
    shows = or_(m.c.state == State.CONCERN, stuck, in_time)
    return (
        _row("message", m.c.id, m.c.state_since, func.coalesce(func.nullif(w.c.heading, ""), ON_YOU), late)
        .select_from(m.join(c, c.c.id == m.c.case_id).join(w, w.c.state == m.c.state))
        .where(shows, _seen_by(actor, m.c.state_since, m.c.state == State.CONCERN))
    )


def _tasks(actor: Actor) -> Select[Any]:
    k, c = t.task, t.cases
    concerns = [kind for kind, group in TASKS.items() if group == CONCERNS]
    heading = case(*[(k.c.kind == kind, group) for kind, group in TASKS.items()], else_=ON_YOU)
    legal = k.c.kind.in_(sorted(WITHIN_A_MONTH))
    last_day = case((legal, k.c.due_at), else_=k.c.due_at + literal(COVER_AFTER))
    late = func.coalesce(last_day <= func.now(), literal(False))
    return (
        _row("task", k.c.id, k.c.at, heading, late)
        .join(c, c.c.id == k.c.case_id)
        .where(k.c.done_at.is_(None), or_(legal, k.c.due_at.is_(None), k.c.due_at <= func.now()))
        .where(_seen_by(actor, k.c.at, or_(k.c.kind.in_(concerns), k.c.kind.like("decide_%"))))
    )


def _assessments(actor: Actor) -> Select[Any]:
    """Open cases of one's own whose assessment is missing, or runs out within a week."""
    due = assessments(actor, within=WEEK).where(on_the_team(actor.id)).subquery()
    return _row("assessment", due.c.id, due.c.due_at, DATES, due.c.late)


def _supervisions(actor: Actor) -> Select[Any]:
    """Cases whose supervision is due within a week, for supervisors (rule 12)."""
    due = supervisions(actor, within=WEEK).subquery()
    return _row("supervision", due.c.id, due.c.due_at, DATES, due.c.late)


def _referrals() -> Select[Any]:
    r = t.referral
    return _row("referral", r.c.id, r.c.created_at, REFERRALS, literal(False)).where(r.c.state == "new")


def _referrals_due() -> Select[Any]:
    """Referrals that are due to be erased, for supervisors, until they are."""
    r = t.referral
    due = r.c.notice_at.is_not(None), r.c.detail_sealed.is_not(None)
    return _row("referral_due", r.c.id, r.c.notice_at, DATES, literal(False)).where(*due)


def _recoveries(actor: Actor) -> Select[Any]:
    """Accounts but the actor's own of which a recovery code was used and nobody has looked at that yet."""
    r, a = t.recovery_code, t.account
    query = _row("recovery", a.c.id, func.max(r.c.used_at), ON_YOU, literal(False)).join(r, r.c.account_id == a.c.id)
    return query.where(r.c.used_at.is_not(None), r.c.seen_at.is_(None), a.c.id != actor.id).group_by(a.c.id)


def _piles(actor: Actor) -> Select[Any]:
    """Scanned piles that the actor put in, once they were looked at, until all of each was decided about."""
    p = t.pile
    late = p.c.at < func.now() - literal(WARNED)
    mine = p.c.account_id == actor.id, p.c.state.in_(("read", "refused"))
    return _row("pile", p.c.id, p.c.at, ON_YOU, late).where(*mine)


def _webhooks() -> Select[Any]:
    """Webhooks that were stopped because nothing arrived, for administrators."""
    w = t.webhook
    return _row("webhook", w.c.id, w.c.stopped_at, ON_YOU, literal(True)).where(w.c.state == "stopped")
