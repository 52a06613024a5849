"""A restored database before anybody may come in: no old link, session or token works, and every case is paused.

A person lifts each pause (`decide_pause`, under "Needs you now"), once they know what the backup does not.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, select, update

from exchange.core.model import OPERATOR, CaseState, FactKind, Role, State
from exchange.core.retention import NOTICE
from exchange.core.since_acts import Leaf
from exchange.steps import own_copy_making
from exchange.steps.revoke import LIVE, end_link, locked_link
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

TASK = "decide_pause"
GONE = (State.ERASED, State.WITHDRAWN, State.SUPERSEDED)


async def close_everything(service: Service) -> int:
    """End links, sessions, grants, tokens, emergencies, copies and notices; how many links. May be run again."""
    async with reading(service) as conn:
        live = list((await conn.execute(select(t.link.c.id).where(t.link.c.state.in_(LIVE)))).scalars())
    for link_id in live:
        async with unit_of_work(service, OPERATOR) as unit:
            link = await locked_link(unit, t.link.c.id == link_id)
            if link is not None:
                await end_link(unit, link, "revoked")
    async with unit_of_work(service, OPERATOR) as unit:
        await _end_sessions(unit)
        await _end_staff(unit)
        await _end_what_waits(unit)
        unit.leaf("service.closed_after_restore", count=len(live))
    return len(live)


async def pause_cases(service: Service) -> int:
    """Every case that is not erased; how many. One that is paused by this already stays as it is."""
    k, c = t.task, t.cases
    waits = select(k.c.id).where(k.c.case_id == c.c.id, k.c.kind == TASK, k.c.done_at.is_(None)).exists()
    async with reading(service) as conn:
        query = select(c.c.id).where(c.c.state != CaseState.ERASED, ~waits).order_by(c.c.id)
        found = list((await conn.execute(query)).scalars())
    for case_id in found:
        async with unit_of_work(service, OPERATOR) as unit:
            await unit.case(case_id)
            await put_fact(unit, case_id, FactKind.PAUSE, "on", TASK)
    return len(found)


async def silence(unit: Unit) -> int:
    """No other system is told of anything: what waits for webhooks goes, and each is off; how many were on.

    One that was removed or stopped since the backup is there again: an administrator says which still counts.
    """
    w, d = t.webhook, t.webhook_delivery
    await unit.change(delete(t.webhook_event))
    await unit.change(delete(d).where(d.c.state != "delivered"))
    off = await unit.all(update(w).where(w.c.state != "off").values(state="off", failed=0).returning(w.c.id))
    for row in off:
        unit.leaf("webhook.switched", webhook=row.id, state="off")
    return len(off)


async def put_fact(unit: Unit, case_id: UUID, kind: FactKind, value: str, task: str) -> None:
    """A fact that nobody but the machine's operator stands for, and a task for those who must look at it."""
    await unit.add(t.fact, case_id=case_id, kind=kind, value=value)
    unit.leaf("fact.recorded", case=case_id, fact=kind, value=value)
    await unit.add(t.task, case_id=case_id, kind=task, due_at=unit.now)


async def _end_sessions(unit: Unit) -> None:
    """Whatever a link or a visit could still open by, also of those that had ended before."""
    s = t.portal_session
    over: dict[str, Any] = {"state": "ended", "payload": None, "private_wrapped": None}
    await unit.change(update(s).values(**over, ended_at=func.coalesce(s.c.ended_at, func.now())))
    await unit.change(update(t.link).values(payload=None, secret_sealed=None))
    await unit.change(delete(t.grant))


async def _end_staff(unit: Unit) -> None:
    """Sessions, tokens, emergencies, half-made sign-ins."""
    now = func.now()
    await unit.change(update(t.account_session).where(t.account_session.c.ended_at.is_(None)).values(ended_at=now))
    await unit.change(update(t.api_token).where(t.api_token.c.revoked_at.is_(None)).values(revoked_at=now))
    await unit.change(update(t.emergency).where(t.emergency.c.ended_at.is_(None)).values(ended_at=now))
    for table in (t.passkey_challenge, t.sign_on_attempt):
        await unit.change(delete(table))


async def _end_what_waits(unit: Unit) -> None:
    """Copies that could be taken, notices that would leave, and what would be erased by itself.

    Somebody may have decided since the backup to keep it; so its days of notice begin anew.
    """
    n, k = t.notice, t.task
    await unit.change(update(k).where(k.c.kind == NOTICE, k.c.done_at.is_(None)).values(done_at=func.now()))
    await unit.change(update(t.referral).values(notice_at=None))
    waiting = update(n).where(n.c.state.in_(("waiting", "trying")))
    await unit.change(waiting.values(state="stopped", outcome="over", ended_at=func.now()))
    await own_copy_making.end_of(unit, select(t.participant.c.id))


async def newest_digest(unit: Unit, message_id: UUID) -> str | None:
    """Of the message's newest version, None before the first."""
    r = t.revision
    row = await unit.maybe(select(r.c.digest).where(r.c.message_id == message_id).order_by(r.c.number.desc()).limit(1))
    return row.digest if row else None


async def account_of(unit: Unit, leaf: Leaf) -> UUID | None:
    """Who did it, where that is an account that the backup knows."""
    actor: dict[str, Any] = leaf["actor"]
    if actor["kind"] != "staff" or not await is_there(unit, t.account, UUID(actor["id"])):
        return None
    return UUID(actor["id"])


async def somebody(unit: Unit, leaf: Leaf) -> UUID:
    """Who did it; for an account newer than the backup its oldest administrator stands: what protects must not lack."""
    a = t.account
    oldest = select(a.c.id).order_by(a.c.roles.contains([Role.ADMINISTRATOR]).desc(), a.c.created_at).limit(1)
    found: UUID = await account_of(unit, leaf) or (await unit.one(oldest)).id
    return found


async def is_there(unit: Unit, table: Table, row: UUID) -> bool:
    """Whether the backup has this row."""
    return await unit.maybe(select(table.c.id).where(table.c.id == row)) is not None
