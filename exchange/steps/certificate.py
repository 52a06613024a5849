"""Erasure certificates: a worker signs them, whoever may see the case has them (core/certificate.py)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, text, update

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.certificate import ONE_THING, Certificate
from exchange.core.errors import LedgerUnavailable, NotAllowed, NotFound, Refused
from exchange.core.model import Actor, ActorKind
from exchange.store import near
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.ledgerkey import load_signer
from exchange.store.placing import places_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading

_ENTRY = text(
    "select max(index) from public.ledger_leaf where leaf::jsonb ->> 'act' = :act and leaf::jsonb ->> :about = :id"
)


async def certify(service: Service, erasure_id: UUID) -> None:
    """Sign one, if it is not signed yet. Only where the key that signs the record is."""
    e = t.erasure
    signer = load_signer(service.settings.ledger_key_file)
    await places_of(service.engine).settle()
    async with reading(service) as conn:
        row = (await conn.execute(select(e).where(e.c.id == erasure_id).with_for_update())).one_or_none()
        if row is None or row.note is not None:
            return
        one = {name: getattr(row, f"{name}_id") for name in ONE_THING}
        about = {"act": f"{row.what}.erased", "about": row.what, "id": str(getattr(row, f"{row.what}_id"))}
        entry = (await conn.execute(_ENTRY, about)).scalar_one()
        if entry is None:
            raise LedgerUnavailable
        made = Certificate(
            record=signer.verifier.name, case=row.case_id, erased=row.at, objects=row.objects, entry=entry,
            backups=row.backups_until, **one,
        )  # fmt: skip
        await conn.execute(update(e).where(e.c.id == erasure_id).values(note=made.signed(signer)))
        failpoint("erasure.signed")


async def certify_waiting(service: Service) -> int:
    """Sign every one that is not signed yet; how many there were."""
    async with reading(service) as conn:
        waiting = list((await conn.execute(select(t.erasure.c.id).where(t.erasure.c.note.is_(None)))).scalars())
    for erasure_id in waiting:
        await certify(service, erasure_id)
    return len(waiting)


async def erasures(service: Service, actor: Actor, case_id: UUID) -> list[Row[Any]]:
    """What was erased in a case, newest first, for whoever may see it."""
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
        mine = select(t.erasure, t.message.c.reference).outerjoin(t.message, t.message.c.id == t.erasure.c.message_id)
        found = await conn.execute(mine.where(t.erasure.c.case_id == case_id).order_by(t.erasure.c.at.desc()))
        return list(found.all())


async def certificate(service: Service, actor: Actor, erasure_id: UUID) -> str:
    """The signed note. `Refused` until it was signed, `NotFound` for whoever may not see the case."""
    e = t.erasure
    async with reading(service) as conn:
        row = (await conn.execute(select(e).where(e.c.id == erasure_id))).one_or_none()
        if row is None:
            raise NotFound
        if row.case_id is None:
            access.require(actor, Permission.SUPERVISE)
        else:
            await near.require(conn, actor, Permission.CASE_SEE, row.case_id)
    return _signed(row)


async def of_referrals(service: Service, actor: Actor, *, most: int = 100) -> list[Row[Any]]:
    """The referrals that were erased last, which belong to no case, for supervisors."""
    access.require(actor, Permission.SUPERVISE)
    e, r = t.erasure, t.referral
    query = select(e, r.c.reference).join(r, r.c.id == e.c.referral_id).where(e.c.what == "referral")
    async with reading(service) as conn:
        return list((await conn.execute(query.order_by(e.c.at.desc()).limit(most))).all())


async def to_certify(
    unit: Unit,
    what: str,
    case_id: UUID | None,
    *,
    objects: int = 0,
    message: UUID | None = None,
    participant: UUID | None = None,
    referral: UUID | None = None,
) -> None:
    """Note what the caller's unit erases. A worker signs it: the console has no key to sign with."""
    until = (unit.now + timedelta(days=unit.service.settings.backup_days)).date()
    ids = {"case_id": case_id, "message_id": message, "participant_id": participant, "referral_id": referral}
    erasure = await unit.add(t.erasure, what=what, objects=objects, backups_until=until, **ids)
    await unit.defer("certify_erasure", erasure=erasure)


async def certificate_of(service: Service, actor: Actor, about: UUID) -> str:
    """The newest certificate about a message or case by its id, at the machine's command line."""
    if actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed
    e = t.erasure
    whole = (e.c.what == "case") & (e.c.case_id == about)
    one = or_(*(e.c[name] == about for name in ("id", "message_id", "participant_id", "referral_id")))
    query = select(e).where(one | whole).order_by(e.c.at.desc()).limit(1)
    async with reading(service) as conn:
        row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise NotFound("Nothing of this id was erased.")
    return _signed(row)


def _signed(row: Row[Any]) -> str:
    if row.note is None:
        raise Refused("The certificate is being prepared. Please try again in a minute.")
    return str(row.note)
