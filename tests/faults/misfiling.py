"""A letter under the wrong person: reported, moved to the right one by a supervisor's word, and made safe there."""

from sqlalchemy import select

from exchange.core.model import State
from exchange.steps import misfiled
from exchange.store import tables as t
from tests.faults import queue
from tests.faults.people import People, act
from tests.faults.putting_in import state
from tests.support.misfiled import WHY


async def _reported(people: People) -> bool:
    c = t.concern
    row = await people.see(select(c.c.id).where(c.c.message_id == people.message))
    if row is not None:
        people.know(concern=row.id)
    return row is not None


@act("concern.raised", look=_reported)
async def report_misfiled(people: People) -> None:
    """Whoever reads it sees that it is the other one's: from now on it is frozen."""
    found = await misfiled.report(people.service, people.world.facilitator, people.message, reason=WHY)
    people.know(concern=found)


async def _decided(people: People) -> bool:
    r = t.refiling
    row = await people.see(select(r.c.message_id, r.c.to_message).where(r.c.concern_id == people.id("concern")))
    if row is not None:
        people.know(wrong=row.message_id, message=row.to_message)
    return row is not None


@act("misfiled.decided", look=_decided)
async def decide_place(people: People) -> None:
    """A supervisor says whose it is. From here on everything is about the message in the right place."""
    world = people.world
    row = await people.see(select(t.cases.c.reference).where(t.cases.c.id == world.case))
    wrong, swapped = people.message, {"author": world.recipient, "recipient": world.author}
    made = await misfiled.move(
        people.service, world.supervisor, people.id("concern"), reference=row.reference, reason=WHY, **swapped
    )
    people.know(wrong=wrong, message=made)


@act("misfiled.ended")
async def refile(people: People) -> None:
    """A worker moves it and makes it safe; then the old one is gone and the new one can be looked at, once."""
    await queue.work(people)
    await queue.by_the_clock(people)
    old = await people.see(select(t.message.c.state).where(t.message.c.id == people.id("wrong")))
    there = await state(people)
    people.history.note(
        read="moved", right=(old.state, there) == (State.ERASED, State.IN_REVIEW), said=f"{old} {there}"
    )
