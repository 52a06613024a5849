"""Less careful rules for one case: who may give it them, and when not (rules 6, 11, 12, 13).

More careful is every supervisor's to say, also of a case that they lead. Less careful is for a supervisor who was never
on its team, with a fresh second factor: nobody takes the second pair of eyes or the time to think away from their own
case alone, nor joins the team after giving them away (`decided_from_outside`). And what was approved under four eyes or
with cooling-off time is handed over under them.
"""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core import case_types
from exchange.core.access import ON_THE_TEAM, Relation
from exchange.core.case_types import CaseType
from exchange.core.errors import Refused, StepUpNeeded
from exchange.core.gate import SHAREABLE
from exchange.core.model import Policy, State
from exchange.store import tables as t
from exchange.store.unit import Unit

BEFORE_HANDING_OVER = SHAREABLE - {State.RELEASED, State.OPENED}


async def require_policy(unit: Unit, case_id: UUID, near_to: Relation, before: Policy, after: Policy) -> None:
    """Raise `Refused` or `StepUpNeeded` where the actor may not give the case this policy now."""
    less = case_types.looser(before, after)
    if less:
        await _require(unit, case_id, near_to)
    if not less.isdisjoint(case_types.UNTIL_HANDED_OVER) and await _on_its_way(unit, case_id):
        raise Refused(
            "A message is approved and not handed over yet. Until it is, this case keeps its second pair of eyes and "
            "its time to think again."
        )


async def policy_of_type(
    unit: Unit, case_id: UUID, near_to: Relation, before: CaseType, old: Policy, after: CaseType
) -> Policy:
    """The policy that a case gets with another type; raises as `require_policy` does.

    Whoever is on its team takes nothing away: what the case has more of stays, and a type with lower floors is refused.
    """
    new = case_types.adapted(before, old, after)
    if await _on_its_way(unit, case_id):
        new = case_types.stricter(new, old, case_types.UNTIL_HANDED_OVER)
    if await _own_case(unit, case_id, near_to):
        new = case_types.stricter(new, old)
    if case_types.lowered(before, after) or case_types.looser(old, new):
        await _require(unit, case_id, near_to)
    return new


async def _require(unit: Unit, case_id: UUID, near_to: Relation) -> None:
    if await _own_case(unit, case_id, near_to):
        raise Refused("You are or were on the team of this case. Only a supervisor from outside makes it less careful.")
    if not unit.actor.stepped_up:
        raise StepUpNeeded
    await unit.add(t.loosened, case_id=case_id, account_id=unit.actor.id)


async def decided_from_outside(conn: AsyncConnection, case_id: UUID, account_id: UUID) -> bool:
    """Whether they made this case less careful, or gave a message of it the second approval that a supervisor from
    outside gives. Whoever did that stays outside: else the second pair of eyes would be the first."""
    m, r, o = t.message, t.review, t.loosened
    after = select(r.c.id).join(m, m.c.id == r.c.message_id).where(m.c.case_id == case_id, r.c.account_id == account_id)
    after = after.where(r.c.decision == "after", r.c.void_at.is_(None), r.c.assigned.is_(False))
    loose = select(o.c.id).where(o.c.case_id == case_id, o.c.account_id == account_id)
    return bool((await conn.execute(select(or_(after.exists(), loose.exists())))).scalar_one())


async def _own_case(unit: Unit, case_id: UUID, near_to: Relation) -> bool:
    """Whether the actor is on the team, or ever was: leaving it for a moment changes nothing."""
    a = t.assignment
    ever = select(a.c.id).where(a.c.case_id == case_id, a.c.account_id == unit.actor.id).limit(1)
    return near_to in ON_THE_TEAM or await unit.maybe(ever) is not None


async def _on_its_way(unit: Unit, case_id: UUID) -> bool:
    m = t.message
    waiting = select(m.c.id).where(m.c.case_id == case_id, m.c.state.in_(BEFORE_HANDING_OVER)).limit(1)
    return await unit.maybe(waiting) is not None
