"""Recovery codes: ten on paper, each good once in place of a lost second factor at sign-in, never of a password.

Made after a step-up, shown that once, kept as hashes that are bound to their account (about 117 bits each, so no slow
hash is needed). Making new ones ends the old ones. Wrong ones count with wrong codes and passwords: five make the
account wait. A used one is recorded, and every other administrator is told, until one of them has looked at it.
"""

import hashlib
from uuid import UUID

from sqlalchemy import delete, func, select, update

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.errors import BadInput, NotFound, SignInNeeded, StepUpNeeded
from exchange.core.keys import derive, random_below
from exchange.core.links import new_secret, normalise_code
from exchange.core.model import Actor, ActorKind
from exchange.steps import sessions
from exchange.steps.sessions import Session, SignedIn
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work

HOW_MANY = 10
GROUPS, GROUP = 6, 4
LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
"""Without those that look alike: 24 of them are 117 bits, so that a quick hash may keep them (ASVS 5.0.0 6.5.2)."""


async def make(service: Service, session: Session) -> list[str]:
    """Ten new codes, to show this once; earlier ones end. StepUpNeeded without a fresh second factor."""
    if not session.actor.stepped_up:
        raise StepUpNeeded
    made, r = [_new() for _ in range(HOW_MANY)], t.recovery_code
    async with unit_of_work(service, session.actor) as unit:
        await sessions.locked_account(unit, session.account_id)
        await unit.change(delete(r).where(r.c.account_id == session.account_id, r.c.used_at.is_(None)))
        for code in made:
            await unit.add(r, account_id=session.account_id, hash=_hash(session.account_id, code))
        unit.leaf("account.changed", account=session.account_id, kind="recovery_codes", count=HOW_MANY)
    return made


async def left(service: Service, account_id: UUID) -> int:
    """How many of the account's codes are unused."""
    r = t.recovery_code
    query = select(func.count()).select_from(r).where(r.c.account_id == account_id, r.c.used_at.is_(None))
    async with reading(service) as conn:
        return int((await conn.execute(query)).scalar_one())


async def confirm(service: Service, session: Session, untrusted_code: str) -> SignedIn:
    """The second factor of a sign-in that began: the session opens, stepped up, so that a new phone can be set up.

    Raises BadInput (code) for one that is wrong or used, WaitAWhile while the account waits.
    """
    if session.second_factor or not session.enrolled:
        raise SignInNeeded
    cookie, r, owner = new_secret(), t.recovery_code, session.account_id
    async with unit_of_work(service, Actor(ActorKind.STAFF, owner)) as unit:
        await sessions.locked_account(unit, owner)
        mine = update(r).where(r.c.account_id == owner, r.c.hash == _hash(owner, untrusted_code), r.c.used_at.is_(None))
        good = await unit.change(mine.values(used_at=func.now())) == 1
        if good:
            await sessions.open_in(unit, session.id, owner, cookie, "recovery_code")
            rest = select(func.count()).select_from(r).where(r.c.account_id == owner, r.c.used_at.is_(None))
            unit.leaf("account.recovery_used", account=owner, session=session.id, count=(await unit.one(rest))[0])
        else:
            await sessions.count_wrong(unit, owner)
    if not good:
        raise BadInput("This recovery code is not right, or it was used before. Each is good once.", field="recovery")
    return await sessions.opened(service, cookie)


async def looked_at(service: Service, actor: Actor, account_id: UUID) -> None:
    """An administrator has asked the person whether it was them. Not for oneself; `NotFound` where none waits."""
    access.require(actor, Permission.ADMINISTER)
    r = t.recovery_code
    async with unit_of_work(service, actor) as unit:
        used = update(r).where(r.c.account_id == account_id, r.c.used_at.is_not(None), r.c.seen_at.is_(None))
        if account_id == actor.id or not await unit.change(used.values(seen_at=func.now())):
            raise NotFound
        unit.leaf("account.recovery_seen", account=account_id)


async def waits(service: Service, actor: Actor, account_id: UUID) -> bool:
    """Whether a used code of this account was not looked at yet, for an administrator who is not its owner."""
    access.require(actor, Permission.ADMINISTER)
    r = t.recovery_code
    query = select(r.c.id).where(r.c.account_id == account_id, r.c.used_at.is_not(None), r.c.seen_at.is_(None))
    async with reading(service) as conn:
        return account_id != actor.id and (await conn.execute(query.limit(1))).first() is not None


def _new() -> str:
    groups = ("".join(LETTERS[random_below(len(LETTERS))] for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def _hash(account_id: UUID, untrusted_code: str) -> bytes:
    """SHA-256(HKDF(account ‖ code, "recovery-code")), 32 bytes; spaces, hyphens and case do not matter."""
    return hashlib.sha256(derive(account_id.bytes + normalise_code(untrusted_code).encode(), "recovery-code")).digest()
