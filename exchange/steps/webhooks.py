"""Webhooks as administrators see them: whom to tell of what, a test, what went and what did not (core/webhooks.py).

The secret is shown once, when the webhook is made, and is kept sealed. Administrators see references that were sent,
which tell them no more than a case-management system is told.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, func, select, update

from exchange.core import access, webhooks
from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict
from exchange.core.model import Actor
from exchange.core.webhooks import EVENTS, Told
from exchange.store import tables as t
from exchange.store.sealing import service_opener
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

MOST = 10
SHOWN = 50
ADDRESS, SECRET = "webhook.address", "webhook.secret"


@dataclass(frozen=True)
class Webhook:
    """One webhook; its address is for administrators, its secret for nobody."""

    id: UUID
    address: str
    kinds: tuple[str, ...]
    state: str
    failed: int
    at: datetime
    waiting: int
    dead: int


@dataclass(frozen=True)
class Made:
    """A new webhook, and its secret, which is shown this once."""

    id: UUID
    secret: str = field(repr=False)


async def listed(service: Service, actor: Actor) -> list[Webhook]:
    """All of them, oldest first."""
    access.require(actor, Permission.ADMINISTER)
    w, d = t.webhook, t.webhook_delivery
    counts = [
        select(func.count()).where(d.c.webhook_id == w.c.id, d.c.state == state).scalar_subquery().label(state)
        for state in ("waiting", "dead")
    ]
    async with reading(service) as conn:
        rows = (await conn.execute(select(w, *counts).order_by(w.c.at, w.c.id))).all()
        opener = await service_opener(service, conn) if rows else None
    return [_webhook(row, opener.open(row.address_sealed, ADDRESS, row.id)) for row in rows if opener]


async def deliveries(service: Service, actor: Actor, webhook_id: UUID) -> list[Row[Any]]:
    """What was to be sent there: dead ones first, then the newest; at most fifty."""
    access.require(actor, Permission.ADMINISTER)
    d = t.webhook_delivery
    query = select(d).where(d.c.webhook_id == webhook_id).order_by(d.c.state != "dead", d.c.at.desc(), d.c.id)
    async with reading(service) as conn:
        return list((await conn.execute(query.limit(SHOWN))).all())


async def add(service: Service, actor: Actor, *, address: str, kinds: Collection[str]) -> Made:
    """Tell this address of these kinds from now on. BadInput (address, kinds)."""
    access.require_administrator(actor)
    kept, chosen = webhooks.checked_address(address), [kind.value for kind in EVENTS if kind.value in kinds]
    if not chosen or set(kinds) - set(chosen):
        raise BadInput("Choose what it is to be told of.", field="kinds")
    webhook_id, secret = uuid4(), webhooks.new_secret()
    async with unit_of_work(service, actor) as unit:
        if (await unit.one(select(func.count()).select_from(t.webhook)))[0] >= MOST:
            raise BadInput("There are ten webhooks. Remove one first.", field="address")
        opener = await service_opener(service, unit.conn)
        sealed = {
            "address_sealed": opener.seal(kept, ADDRESS, webhook_id),
            "secret_sealed": opener.seal(secret, SECRET, webhook_id),
        }
        await unit.add(t.webhook, id=webhook_id, kinds=chosen, made_by=actor.id, **sealed)
        unit.leaf("webhook.added", webhook=webhook_id)
    return Made(webhook_id, secret)


async def switch(service: Service, actor: Actor, webhook_id: UUID, *, on: bool) -> None:
    """Stop telling it, or tell it again: what waits goes then, too."""
    access.require_administrator(actor)
    state = "on" if on else "off"
    async with unit_of_work(service, actor) as unit:
        await _locked(unit, webhook_id)
        mine = update(t.webhook).where(t.webhook.c.id == webhook_id)
        await unit.change(mine.values(state=state, failed=0, stopped_at=None))
        unit.leaf("webhook.switched", webhook=webhook_id, state=state)


async def remove(service: Service, actor: Actor, webhook_id: UUID) -> None:
    """Forget it, with everything that was to be sent there."""
    access.require_administrator(actor)
    async with unit_of_work(service, actor) as unit:
        await _locked(unit, webhook_id)
        await unit.change(delete(t.webhook).where(t.webhook.c.id == webhook_id))
        unit.leaf("webhook.removed", webhook=webhook_id)


async def test(service: Service, actor: Actor, webhook_id: UUID) -> None:
    """Send it something that is about nothing. Conflict where it is switched off."""
    access.require_administrator(actor)
    async with unit_of_work(service, actor) as unit:
        if (await _locked(unit, webhook_id)).state != "on":
            raise Conflict("It is switched off. Switch it on first.")
        await unit.add(t.webhook_delivery, webhook_id=webhook_id, kind=Told.TEST.value, data={}, due_at=func.now())
        unit.leaf("webhook.tested", webhook=webhook_id)
        await unit.defer("tell_webhooks")


async def again(service: Service, actor: Actor, webhook_id: UUID) -> int:
    """Try everything again that was given up; how many."""
    access.require_administrator(actor)
    d = t.webhook_delivery
    async with unit_of_work(service, actor) as unit:
        await _locked(unit, webhook_id)
        dead = update(d).where(d.c.webhook_id == webhook_id, d.c.state == "dead")
        count = await unit.change(dead.values(state="waiting", attempts=0, due_at=func.now()))
        unit.leaf("webhook.tried_again", webhook=webhook_id, count=count)
        await unit.defer("tell_webhooks")
    return count


async def _locked(unit: Unit, webhook_id: UUID) -> Row[Any]:
    return await unit.one(select(*t.plain(t.webhook)).where(t.webhook.c.id == webhook_id).with_for_update())


def _webhook(row: Row[Any], address: str) -> Webhook:
    return Webhook(row.id, address, tuple(row.kinds), row.state, row.failed, row.at, row.waiting, row.dead)
