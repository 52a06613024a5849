"""The worker's part of webhooks: every event that happened goes to each webhook that asked for it, until it arrived.

An event stands in the outbox of the transaction of its act (store/unit.py), so nothing is told that did not happen and
nothing that happened is forgotten. A try is claimed before it is made, and what became of it is recorded after; a
worker that dies between the two leaves it to be tried again, under the same `webhook-id`.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, or_, select, update

from exchange.core import webhooks
from exchange.core.model import WORKER
from exchange.core.webhooks import MOST_FAILED, Told
from exchange.steps.webhooks import ADDRESS, SECRET
from exchange.store import hooks
from exchange.store import tables as t
from exchange.store.sealing import Opener, service_opener
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

AT_ONCE = 20
CLAIM = timedelta(minutes=5)
"""For how long a delivery is one worker's. Receivers refuse what was signed longer ago than this."""
SENDING = CLAIM.total_seconds() - 2 * hooks.SECONDS
"""No try begins later than this after its claim, so that it has ended before another worker may take it."""
KEPT = timedelta(days=30)
GONE = 410
"""The receiver says that it wants nothing any more (Standard Webhooks, "response codes")."""


@dataclass(frozen=True)
class _Try:
    """One delivery, ready to be sent."""

    row: Row[Any]
    now: datetime
    address: str = field(repr=False)
    secret: str = field(repr=False)


async def tell(service: Service) -> int:
    """Take up what happened, send what is due; how many tries were made. Safe to run often and twice at once."""
    await _take_up(service)
    began, made = time.monotonic(), 0
    for one in await _claimed(service):
        if time.monotonic() - began > SENDING:
            break
        await _settle(service, one, *await _sent(service, one))
        made += 1
    return made


async def _take_up(service: Service) -> None:
    """From the outbox to each webhook; and forget what arrived a month ago."""
    e, w, d = t.webhook_event, t.webhook, t.webhook_delivery
    async with reading(service) as conn:
        first = select(e.c.id).order_by(e.c.at).limit(1000).with_for_update(skip_locked=True)
        ids = list((await conn.execute(first)).scalars())
        kinds = (await conn.execute(select(w.c.id, w.c.kinds).where(w.c.state == "on"))).all() if ids else []
        for event in await _events(conn, ids) if kinds else []:
            data = {
                name: found for name in ("case", "message", "referral") if (found := getattr(event, name)) is not None
            }
            for webhook_id, wanted in kinds:
                if event.kind in wanted:
                    about = {"webhook_id": webhook_id, "kind": event.kind, "data": data, "at": event.at}
                    await conn.execute(insert(d).values(**about, due_at=func.now()))
        await conn.execute(delete(e).where(e.c.id.in_(ids)))
        await conn.execute(delete(d).where(d.c.state == "delivered", d.c.at < func.now() - KEPT))


async def _events(conn: Any, ids: list[UUID]) -> list[Row[Any]]:
    """With the references that people know."""
    e, c, m, r = t.webhook_event, t.cases, t.message, t.referral
    query = (
        select(e.c.kind, e.c.at, c.c.reference.label("case"), m.c.reference.label("message"),
               r.c.reference.label("referral"))
        .join(c, c.c.id == e.c.case_id, isouter=True)
        .join(m, m.c.id == e.c.message_id, isouter=True)
        .join(r, r.c.id == e.c.referral_id, isouter=True)
        .where(e.c.id.in_(ids))
        .order_by(e.c.at)
    )  # fmt: skip
    return list((await conn.execute(query)).all())


async def _claimed(service: Service) -> list[_Try]:
    d, w = t.webhook_delivery, t.webhook
    due = (
        select(d.c.id)
        .join(w, w.c.id == d.c.webhook_id)
        .where(d.c.state == "waiting", w.c.state == "on", or_(d.c.due_at.is_(None), d.c.due_at <= func.now()))
        .order_by(d.c.at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=d)
    )
    async with reading(service) as conn:
        ids = list((await conn.execute(due)).scalars())
        if not ids:
            return []
        await conn.execute(update(d).where(d.c.id.in_(ids)).values(due_at=func.now() + CLAIM))
        opener = await service_opener(service, conn)
        query = select(d, w.c.address_sealed, w.c.secret_sealed, func.now().label("now")).join(w)
        rows = (await conn.execute(query.where(d.c.id.in_(ids)).order_by(d.c.at))).all()
    return [_try(opener, row) for row in rows]


def _try(opener: Opener, row: Row[Any]) -> _Try:
    address = opener.open(row.address_sealed, ADDRESS, row.webhook_id)
    return _Try(row, row.now, address, opener.open(row.secret_sealed, SECRET, row.webhook_id))


async def _sent(service: Service, one: _Try) -> tuple[int | None, str]:
    """The status, and a word for it."""
    made = webhooks.body(Told(one.row.kind), one.row.at, one.row.data)
    signed = webhooks.headers(one.secret, f"msg_{one.row.id.hex}", one.now, made)
    try:
        status = await hooks.send(service.settings, one.address, signed, made)
    except hooks.NotSent as error:
        return None, error.reason
    if 200 <= status < 300:
        return status, "arrived"
    return status, "redirected" if 300 <= status < 400 else "refused"


async def _settle(service: Service, one: _Try, status: int | None, reason: str) -> None:
    d, w, mine = t.webhook_delivery, t.webhook, t.webhook_delivery.c.id == one.row.id
    async with unit_of_work(service, WORKER) as unit:
        webhook = await unit.maybe(select(*t.plain(w)).where(w.c.id == one.row.webhook_id).with_for_update())
        row = await unit.maybe(select(d).where(mine, d.c.state == "waiting").with_for_update())
        if webhook is None or row is None:
            return
        attempts = row.attempts + 1
        said = {"attempts": attempts, "status": status, "reason": reason, "tried_at": unit.now}
        if reason == "arrived":
            await unit.change(update(d).where(mine).values(state="delivered", **said))
            await unit.change(update(w).where(w.c.id == webhook.id).values(failed=0))
            unit.leaf("webhook.delivered", webhook=webhook.id, attempts=attempts)
            return
        wait = webhooks.next_try(attempts)
        after = {"state": "dead"} if wait is None else {"due_at": unit.now + wait}
        await unit.change(update(d).where(mine).values(**said, **after))
        about = {"webhook": webhook.id, "attempts": attempts, "reason": reason}
        unit.leaf("webhook.given_up" if wait is None else "webhook.failed", **about)
        await _failed(unit, webhook, gone=status == GONE)


async def _failed(unit: Unit, webhook: Row[Any], *, gone: bool) -> None:
    """One more in a row; too many, or a plain "gone", stop it until an administrator looks."""
    w, failed = t.webhook, webhook.failed + 1
    mine = update(w).where(w.c.id == webhook.id)
    if webhook.state == "on" and (gone or failed >= MOST_FAILED):
        await unit.change(mine.values(failed=failed, state="stopped", stopped_at=unit.now))
        unit.leaf("webhook.stopped", webhook=webhook.id, count=failed)
    else:
        await unit.change(mine.values(failed=failed))
