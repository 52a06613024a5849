"""Bearer tokens for the JSON API: one account's, shown once, stored as a hash, with an end.

A token carries its account's roles as they are now; it ends with the account, with a new password, and by
its own date. Release, export and keys need a step-up of the token by a one-time code (DESIGN section 12).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, func, select, update

from exchange.core import access
from exchange.core.access import SCOPES, Permission, Scope
from exchange.core.errors import BadInput, NotFound, SignInNeeded, StepUpNeeded
from exchange.core.keys import derive
from exchange.core.links import new_secret
from exchange.core.model import OPERATOR, Actor, ActorKind, Role
from exchange.steps import sessions
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

PREFIX = "exch_"
LONGEST_DAYS = 366


@dataclass(frozen=True)
class Token:
    """A token as lists show it."""

    id: UUID
    label: str
    scope: Scope | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class NewToken:
    """A token with its secret, which is shown this once."""

    id: UUID
    secret: str = field(repr=False)
    expires_at: datetime


async def create_token(
    service: Service,
    actor: Actor,
    *,
    label: str,
    days: int = 90,
    scope: Scope | None = None,
    account_id: UUID | None = None,
) -> NewToken:
    """A token for the actor's own account, after a step-up; from the command line, for `account_id`.

    With a `scope` it may do that and nothing else.
    """
    owner = _owner(actor, account_id)
    label = " ".join(label.split())[:100]
    if not label or not label.isprintable() or not 1 <= days <= LONGEST_DAYS:
        raise BadInput("A token needs a name and an end within 366 days.", field="label")
    secret, token_id = PREFIX + new_secret(), uuid4()
    async with unit_of_work(service, actor) as unit:
        await unit.one(select(t.account.c.id).where(t.account.c.id == owner, t.account.c.active))
        until = unit.now + timedelta(days=days)
        values = {"account_id": owner, "token_hash": _hash(secret), "label": label, "expires_at": until}
        await unit.add(t.api_token, id=token_id, scope=scope, **values)
        unit.leaf("account.token_created", account=owner, key=token_id, until=until, scope=scope)
    return NewToken(token_id, secret, until)


async def token_for_sign_in(
    service: Service, untrusted_login: str, untrusted_password: str, untrusted_code: str, *, label: str
) -> NewToken:
    """A one-day token for password and one-time code together, for scripts. Errors as at sign-in."""
    signed = await sessions.sign_in(service, untrusted_login, untrusted_password, cookie=None)
    if not signed.session.enrolled:
        await sessions.sign_out(service, signed.cookie)
        raise SignInNeeded("Sign in with a browser once to set up the second factor.")
    opened = await sessions.confirm_factor(service, signed.session, untrusted_code)
    try:
        return await create_token(service, opened.session.actor, label=label, days=1)
    finally:
        await sessions.sign_out(service, opened.cookie)


async def resolve(service: Service, untrusted_bearer: str) -> Actor:
    """Whose token this is, with `session` = the token's id. `SignInNeeded` for any that does not count."""
    k, a = t.api_token, t.account
    query = select(k.c.id, k.c.account_id, k.c.stepped_up_at, k.c.scope, a.c.roles, func.now().label("read_at"))
    query = query.join(a, a.c.id == k.c.account_id).where(a.c.active, a.c.password_until.is_(None))
    async with reading(service) as conn:
        row = (await conn.execute(_live(query).where(k.c.token_hash == _hash(untrusted_bearer)))).first()
    if row is None:
        raise SignInNeeded
    fresh = timedelta(seconds=service.settings.step_up_seconds)
    stepped_up = row.stepped_up_at is not None and row.stepped_up_at + fresh > row.read_at
    only = SCOPES[Scope(row.scope)] if row.scope else None
    return Actor(ActorKind.STAFF, row.account_id, frozenset(map(Role, row.roles)), row.id, stepped_up, only)


async def step_up_token(service: Service, actor: Actor, untrusted_code: str) -> None:
    """Confirm the second factor for the token the actor came with (`resolve`). Errors as at sign-in."""
    if actor.id is None:
        raise SignInNeeded
    k = t.api_token
    async with unit_of_work(service, actor) as unit:
        right = await sessions.spend_code(unit, actor.id, untrusted_code)
        if right:
            mine = _live(update(k).where(k.c.id == actor.session, k.c.account_id == actor.id))
            if not await unit.change(mine.values(stepped_up_at=func.now())):
                raise SignInNeeded
            unit.leaf("account.stepped_up", account=actor.id, key=actor.session)
    if not right:
        raise BadInput("This code is not right, or it was used before. Wait for the next one.", field="code")


async def tokens_of(service: Service, actor: Actor) -> list[Token]:
    """The actor's own tokens that still count, newest first."""
    k = t.api_token
    mine: Select[Any] = _live(select(k).where(k.c.account_id == actor.id))
    async with reading(service) as conn:
        rows = await conn.execute(mine.order_by(k.c.created_at.desc()))
        return [
            Token(row.id, row.label, Scope(row.scope) if row.scope else None, row.created_at, row.expires_at)
            for row in rows
        ]


async def revoke_token(service: Service, actor: Actor, token_id: UUID) -> None:
    """End one of the actor's own tokens. `NotFound` for anybody else's."""
    k = t.api_token
    async with unit_of_work(service, actor) as unit:
        mine = _live(update(k).where(k.c.id == token_id, k.c.account_id == actor.id))
        if not await unit.change(mine.values(revoked_at=func.now())):
            raise NotFound
        unit.leaf("account.token_revoked", account=actor.id, key=token_id)


def _owner(actor: Actor, account_id: UUID | None) -> UUID:
    if actor.kind is OPERATOR.kind and account_id is not None:
        return account_id
    access.require(actor, Permission.OWN_ACCOUNT)
    if not actor.stepped_up:
        raise StepUpNeeded
    if actor.id is None or account_id not in (None, actor.id):
        raise NotFound
    return actor.id


def _live(statement: Any) -> Any:
    k = t.api_token
    return statement.where(k.c.revoked_at.is_(None), k.c.expires_at > func.now())


def _hash(untrusted_bearer: str) -> bytes:
    return hashlib.sha256(derive(untrusted_bearer.encode("utf-8", "replace"), "token-id")).digest()
