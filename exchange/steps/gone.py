"""A participant has died, cannot be reached or has come of age: every contact stops at once.

Of the dead and the lost, what they said beforehand is what counts. Who has come of age is asked everything anew: what a
guardian may still have in hand (links, the code, where notices go) ends, however it was learnt that the day has come.

Nothing of theirs is taken back by that: consents, withdrawals and what was read stay as they were. Of what they wrote
nothing goes out any more, unless they said beforehand that this one message may (`ConsentKind.SHARE_AFTER`) and a
supervisor approves it again (`core/gate.py`, condition 2).
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core.access import Permission
from exchange.core.errors import BadInput, Conflict, Refused
from exchange.core.gate import GONE, Facts, said_beforehand
from exchange.core.model import Actor, FactKind, Purpose, Status
from exchange.steps.revoke import LIVE, kill_links
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.facts import newest_facts
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

OF_AGE_SOON = "of_age_soon"
"""The task that reminds of the day."""


async def changed(unit: Unit, case_id: UUID, person: UUID, status: Status) -> None:
    """What follows at once from a new status of somebody, inside the caller's unit: earlier second approvals are void.

    Of who is gone or has come of age every link ends (after a lost contact not the one to stop with), and no notice
    waits any more.
    """
    m, r = t.message, t.review
    written = select(m.c.id).where(m.c.author_id == person)
    given = (r.c.message_id.in_(written), r.c.decision == "after", r.c.void_at.is_(None))
    await unit.change(update(r).where(*given).values(void_at=func.now()))
    if status not in (*GONE, Status.CAME_OF_AGE):
        return
    k, n = t.link, t.notice
    theirs = [k.c.participant_id == person, k.c.state.in_(LIVE)]
    theirs += [k.c.purpose != Purpose.STOP] if status is Status.LOST_CONTACT else []
    found = [row.id for row in await unit.all(select(k.c.id).where(*theirs).with_for_update())]
    await kill_links(unit, found, "revoked")
    waiting = update(n).where(n.c.participant_id == person, n.c.state == "waiting")
    await unit.change(waiting.values(state="stopped", outcome="status", ended_at=func.now()))
    if status is Status.CAME_OF_AGE:
        await _an_adult(unit, case_id, person)
        return
    unit.leaf("participant.gone", case=case_id, participant=person, value=status, count=len(found))


async def _an_adult(unit: Unit, case_id: UUID, person: UUID) -> None:
    """From this moment, or from their day if that was earlier, nothing counts that was decided before."""
    p = t.participant
    day = func.least(func.coalesce(p.c.of_age_at, func.now()), func.now())
    await unit.change(update(p).where(p.c.id == person).values(under_18=False, of_age_at=day))
    for table in (t.code, t.notice_wish):
        await unit.change(table.delete().where(table.c.participant_id == person))
    await reminded_of_age(unit, person)
    unit.leaf("participant.came_of_age", case=case_id, participant=person)


async def reminded_of_age(unit: Unit, person: UUID) -> None:
    """Nobody has to be reminded any more that they come of age soon."""
    k = t.task
    waiting = update(k).where(k.c.participant_id == person, k.c.kind == OF_AGE_SOON, k.c.done_at.is_(None))
    await unit.change(waiting.values(done_at=func.now(), done_by=unit.actor.id))


async def status_of(unit: Unit, case_id: UUID, person: UUID) -> Status:
    """How somebody is, as recorded last."""
    row = (await newest_facts(unit.conn, case_id)).get((person, FactKind.STATUS))
    return Status(row.value) if row else Status.ACTIVE


async def require_reachable(unit: Unit, person: Row[Any], purpose: Purpose) -> None:
    """Nothing is made for the dead, nor sent after somebody who cannot be reached. BadInput."""
    status = await status_of(unit, person.case_id, person.id)
    if status is Status.DIED or (status is Status.LOST_CONTACT and purpose is not Purpose.STOP):
        raise BadInput("They have died or cannot be reached. Nothing is sent to them.")


async def approve(service: Service, actor: Actor, message_id: UUID, digest: str, *, reason: str) -> None:
    """A supervisor's second approval of a version whose author is gone and said beforehand that it may be shared.

    `Refused` where they did not say so, where nobody else approved this version, or for whoever put it in or edited it.
    """
    if not reason.strip():
        raise BadInput("Write why it is right to share it now.", field="reason")
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.FACT_SUPERVISED, message.case_id)
        known = await facts.load(unit.conn, message, digest=digest, asker=actor.id)
        if known.author.status not in GONE:
            raise Refused("Its author can be asked. This is only for whoever has died or cannot be reached.")
        if known.digest != known.newest_digest:
            raise Conflict("There is a newer version of this message. Please look at that one.")
        _may_approve(actor, known, unit.now)
        opener, row = await opener_of(service, unit.conn, message.case_id), uuid4()
        await unit.add(
            t.review,
            id=row,
            message_id=message.id,
            digest=digest,
            account_id=actor.id,
            decision="after",
            reason_sealed=opener.seal(reason.strip(), "review.reason", row),
            assigned=await facts.on_the_team(unit.conn, message.case_id, UUID(str(actor.id))),
        )
        await unit.change(update(t.cases).where(t.cases.c.id == message.case_id).values(moved_at=func.now()))
        unit.leaf("review.approved_after", case=message.case_id, message=message.id, digest=digest, approval=row)


def _may_approve(actor: Actor, known: Facts, now: datetime) -> None:
    if not said_beforehand(known, now):
        raise Refused("The author did not say beforehand that this may be shared. It stays with us.")
    if actor.id in known.touched_by:
        raise Refused("You put it in or changed it. Another supervisor must look at it.")
    if not any(one.digest == known.digest and one.account != actor.id for one in known.approvals):
        raise Refused("A facilitator other than you must have approved this version first.")
    if any(one.digest == known.digest and one.account == actor.id for one in known.after_approvals):
        raise Conflict("You have approved this version already.")
