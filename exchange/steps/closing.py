"""A case is closed: what is open in it is decided, one thing after the other, then a supervisor closes it.

Decisions are carried out in the transaction that closes the case, not before: until then nothing has moved, and
whoever thinks again decides again. Links end with the case, but the ones by which people can stop something; consents
that were to end are asked anew if it is ever opened again; and on a date after closing somebody asks how people are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from exchange.core import closing
from exchange.core.access import Permission
from exchange.core.closing import Made, Open, What, Word
from exchange.core.diary import Diary
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.model import Actor, CaseState, Event, FactKind, Purpose
from exchange.steps import consent, diary, facts, release, retention
from exchange.steps.revoke import LIVE, kill_links, move_if, old_yes_ends
from exchange.store import closing as open_things
from exchange.store import near
from exchange.store import tables as t
from exchange.store.facts import policy_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

FOLLOW_UP, GIVE_BACK = "follow_up_case", "give_back"
LATEST = timedelta(days=366)
ID_OF: dict[What, str] = {
    What.MESSAGE: "message",
    What.PAPER: "release",
    What.TASK: "task",
    What.COPY: "request",
    What.CONSENT: "participant",
}
"""By which field a leaf names the thing."""


@dataclass(frozen=True)
class Closing:
    """What is open in a case, what was decided about it, and what is in the way of closing it."""

    found: list[Open]
    made: dict[tuple[What, UUID], Made]

    @property
    def unsettled(self) -> list[Open]:
        """What is in the way."""
        return closing.unsettled(self.found, self.made)


async def read(service: Service, actor: Actor, case_id: UUID) -> Closing:
    """For whoever may see the case."""
    async with reading(service) as conn:
        await near.require(conn, actor, Permission.CASE_SEE, case_id)
        return Closing(await open_things.still_open(conn, case_id), await open_things.made(conn, case_id))


async def decide(service: Service, actor: Actor, case_id: UUID, words: Mapping[tuple[What, UUID], Word]) -> None:
    """Say what becomes of these things when the case is closed. All or nothing.

    Raises NotFound for what is not open, BadInput for what may not be decided about it, NotAllowed for what is the
    team's alone.
    """
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_SETTLE, case_id)
        if case.state != CaseState.OPEN:
            raise Conflict("This case is closed already.")
        found = {(one.what, one.about): one for one in await open_things.still_open(unit.conn, case_id)}
        known = await open_things.made(unit.conn, case_id)
        for key, word in words.items():
            if key not in found:
                raise NotFound
            if known.get(key) != Made(word, found[key].state):
                await _decided(unit, case_id, found[key], word)


async def _decided(unit: Unit, case_id: UUID, one: Open, word: Word) -> None:
    if word not in closing.choices(one):
        raise BadInput("Choose one of the answers.", field=name_of(one))
    if closing.for_the_team(one, word):
        await near.require(unit.conn, unit.actor, Permission.CONSENT, case_id)
    said = {"what": one.what, "about": one.about, "state": one.state, "word": word}
    await unit.add(t.closing_decision, case_id=case_id, **said, decided_by=unit.actor.id)
    named = {ID_OF[one.what]: one.about} if one.what in ID_OF else {}
    unit.leaf("closing.decided", case=case_id, kind=one.what, outcome=word, **named)


def name_of(one: Open) -> str:
    """The name of its field: what it is, and its id."""
    return f"{one.what}_{one.about.hex}"


async def close(service: Service, actor: Actor, case_id: UUID, *, follow_up: datetime | None = None) -> None:
    """Close the case: a supervisor's decision. `Refused` while something in it is undecided.

    `follow_up`: when somebody asks how people are; without it, as the case's policy says.
    """
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CLOSE, case_id)
        if case.state != CaseState.OPEN:
            raise Conflict("This case is closed already.")
        due = _due(follow_up, unit.now, policy_of(case).follow_up_days)
        found, made = await open_things.still_open(unit.conn, case_id), await open_things.made(unit.conn, case_id)
        closing.require_settled(found, made)
        for one in found:
            await _carry_out(unit, case_id, one, made[one.what, one.about].word)
        await shut(unit, case_id)
        if due is not None:
            await _ask_later(unit, case_id, due)


async def shut(unit: Unit, case_id: UUID) -> None:
    """The closing itself, in a unit that has locked the case and asked everything. Only links for stopping stay."""
    k, d, c = t.link, t.closing_decision, t.cases
    live = k.c.case_id == case_id, k.c.purpose != Purpose.STOP, k.c.state.in_(LIVE)
    await kill_links(unit, [row.id for row in await unit.all(select(k.c.id).where(*live).with_for_update())], "revoked")
    newest = select(open_things.newest(case_id).subquery().c.id)
    carried_out = update(d).where(d.c.id.in_(newest), d.c.applied_at.is_(None))
    await unit.change(carried_out.values(applied_at=func.now()))
    await unit.change(update(c).where(c.c.id == case_id).values(state=CaseState.CLOSED, moved_at=func.now()))
    await unit.change(t.closing.delete().where(t.closing.c.case_id == case_id))
    await unit.add(t.closing, case_id=case_id)
    unit.leaf("case.closed", case=case_id)


async def reopen(service: Service, actor: Actor, case_id: UUID) -> None:
    """Open it again (a supervisor). Consents that ended with it are asked anew; nobody has to follow it up any more."""
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CLOSE, case_id)
        if case.state == CaseState.ERASED:
            raise Conflict("This case was erased. It cannot be opened again.")
        c = t.cases
        await unit.change(update(c).where(c.c.id == case_id).values(state=CaseState.OPEN, moved_at=func.now()))
        await unit.change(t.closing.delete().where(t.closing.c.case_id == case_id))
        await _asked(unit, case_id)
        await retention.close_notices(unit, case_id)
        unit.leaf("case.reopened", case=case_id)


async def follow_up(
    service: Service, actor: Actor, case_id: UUID, *, value: str, words: str, again: datetime | None = None
) -> None:
    """Write down how people are after closing, and with that end the follow-up; or ask `again` on another day."""
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.FACT, case_id)
        if case.state != CaseState.CLOSED:
            raise Refused("Follow-up begins when the case is closed.")
        due = _due(again, unit.now, None)
        await diary.write(unit, service, case_id, Diary.FOLLOW_UP, value, words=words)
        await _asked(unit, case_id)
        if due is not None:
            await _ask_later(unit, case_id, due)


def _due(asked: datetime | None, now: datetime, days: int | None) -> datetime | None:
    if asked is None:
        return now + timedelta(days=days) if days else None
    if not now < asked <= now + LATEST:
        raise BadInput("The date must be in the future, and within a year.", field="until-day")
    return asked


async def _ask_later(unit: Unit, case_id: UUID, due: datetime) -> None:
    task = await unit.add(t.task, case_id=case_id, kind=FOLLOW_UP, due_at=due)
    unit.leaf("task.added", case=case_id, task=task, kind=FOLLOW_UP, until=due)


async def _asked(unit: Unit, case_id: UUID) -> None:
    k = t.task
    mine = (k.c.case_id == case_id, k.c.kind == FOLLOW_UP, k.c.done_at.is_(None))
    for row in await unit.all(select(k.c.id).where(*mine)):
        await _done(unit, case_id, row.id, FOLLOW_UP)


async def _done(unit: Unit, case_id: UUID, task_id: UUID, kind: str) -> None:
    k = t.task
    if await unit.change(update(k).where(k.c.id == task_id).values(done_at=func.now(), done_by=unit.actor.id)):
        unit.leaf("task.done", case=case_id, task=task_id, kind=kind)


async def _carry_out(unit: Unit, case_id: UUID, one: Open, word: Word) -> None:
    """What follows from one decision. What only stays as it is (an order, a request for a copy) needs nothing."""
    if one.what is What.MESSAGE:
        await _message(unit, await unit.message(one.about), word)
    elif one.what is What.PAPER:
        await release.end(unit, await unit.one(select(t.release).where(t.release.c.id == one.about)), word)
    elif one.what is What.TASK and word is not Word.GO_ON:
        await _done(unit, case_id, one.about, one.state)
    elif one.what is What.CONSENT and word is Word.END:
        # what they had agreed about each message ends with it: opened again, nothing of it is in force
        person = await unit.one(select(*t.plain(t.participant)).where(t.participant.c.id == one.about))
        await consent.leave(unit, person, closing=True)
    elif one.what is What.PAUSE:
        await facts.add(unit, case_id, FactKind.PAUSE, "off")


async def _message(unit: Unit, message: Row[Any], word: Word) -> None:
    """Taken back; or it stays, sealed, where nobody can open it any more; or also goes back to its author."""
    if word is Word.WITHDRAW:
        await consent.withdraw(unit, message)
        return
    moved = await move_if(unit, message, Event.LINK_GONE)
    if moved:
        unit.leaf("message.link_gone", case=message.case_id, message=message.id, **moved)
        await old_yes_ends(unit, message.id)
    if word is Word.GIVE_BACK:
        about = {"case_id": message.case_id, "message_id": message.id, "participant_id": message.author_id}
        task = await unit.add(t.task, **about, kind=GIVE_BACK, due_at=unit.now)
        unit.leaf("task.added", case=message.case_id, message=message.id, task=task, kind=GIVE_BACK)
