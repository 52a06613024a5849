"""Not to be shared: the author is told why, may appeal, and a supervisor who did not decide it decides (rule 21).

The author is told in a safe way, in words that hold nothing of the recipient's; that it was done is recorded. They
appeal through their facilitator, or through the link by which they can stop their own message. An appeal upheld
leaves the message withheld; one allowed sends it back to review, by somebody who did not withhold it. While
something must be told or decided there is a task, so nothing of this waits unseen (rule 25).
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, or_, select, update

from exchange.core.access import READS_INSIDE, Permission
from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.model import Actor, Channel, Event, Method, Purpose, Role, State
from exchange.core.telling import named_in
from exchange.steps import stop
from exchange.steps.consent import require_own_hand
from exchange.steps.visit import Visit
from exchange.store import near
from exchange.store import tables as t
from exchange.store.read.names import staff_names
from exchange.store.sealing import Opener, opener_of, reader_of, seal_of
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work

NOT_TO_BE_SHARED = ("withhold", "retract")
OUTCOMES = ("upheld", "allowed")
TELL, DECIDE = "tell_author", "decide_appeal"
LONGEST = 5000


@dataclass(frozen=True)
class AppealView:
    """The newest appeal of a message: what the author says, why it was not shared, what was decided and told.

    `open` and `may_decide` are about this actor; texts are for the team and for supervisors, who decide on them.
    """

    appeal: Row[Any] | None
    says: str
    reason: str
    decisions: list[tuple[Row[Any], str]]
    told: list[tuple[Row[Any], str]]
    staff: dict[UUID, str]
    may_decide: bool

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.appeal is not None and self.appeal.decided_at is None


async def tell(service: Service, actor: Actor, message_id: UUID, *, words: str, means: Channel) -> None:
    """Record that the author was told what was decided, in these words. BadInput where they name the recipient."""
    if not words.strip():
        raise BadInput("Write what you told them.", field="words")
    row = uuid4()
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CONSENT, message.case_id)
        kind = await _to_tell(unit, message)
        opener = await opener_of(service, unit.conn, message.case_id)
        if named_in(words, *await _known_of(unit, opener, message.recipient_id)):
            raise BadInput("These words hold a name, an address or a number of the other person.", field="words")
        sealed = opener.seal(words.strip()[:LONGEST], "told.words", row)
        about = {"message_id": message.id, "kind": kind, "means": means, "recorded_by": actor.id}
        await unit.add(t.told, id=row, **about, words_sealed=sealed)
        await _done(unit, message, TELL)
        unit.leaf("review.told", case=message.case_id, message=message.id, kind=kind, channel=means)


async def appeal(service: Service, actor: Actor, message_id: UUID, *, says: str, method: Method) -> UUID:
    """The author does not agree, and said so to their facilitator. Its id; Conflict while one is open."""
    if not says.strip():
        raise BadInput("Write what the author says.", field="says")
    require_own_hand(actor, method)
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CONSENT, message.case_id)
        if not await _may_appeal(unit, message):
            raise Conflict("There is nothing to appeal against, or an appeal is open already.")
        opener = await opener_of(service, unit.conn, message.case_id)
        row = uuid4()
        sealed = opener.seal(says.strip()[:LONGEST], "appeal.text", row)
        await unit.add(t.appeal, **_new(row, message, method, sealed), recorded_by=actor.id)
        await _asked(unit, message, row, method)
    return row


async def by_link(service: Service, visit: Visit, *, says: str) -> None:
    """The author writes it through the stop link of their own message. Nothing they are answered tells where it stands.

    Where there is nothing to appeal against it goes to their facilitator as a word from them.
    """
    if visit.purpose is not Purpose.STOP:
        raise NotFound
    if not says.strip():
        raise BadInput("Write what you want to say.", field="says")
    async with unit_of_work(service, visit.actor) as unit:
        message = await unit.message(visit.link.message_id)
        possible = message.author_id == visit.actor.id and await _may_appeal(unit, message)
        if possible:
            seal, row = await seal_of(unit.conn, message.case_id), uuid4()
            sealed = seal.seal(says.strip()[:LONGEST], "appeal.text", row)
            # not `unit.add`: the portal puts in what it may not read back
            await unit.change(t.appeal.insert().values(**_new(row, message, Method.LINK, sealed)))
            await _asked(unit, message, row, Method.LINK)
    if not possible:
        await stop.tell(service, visit, kind="appeal", text=says.strip())


async def decide(service: Service, actor: Actor, message_id: UUID, *, outcome: str, reason: str) -> None:
    """A supervisor who did not withhold it: `upheld`, or `allowed`, which sends it back to review. The author is told.

    Raises BadInput, Conflict where none is open or a concern is, Refused for whoever decided the first time.
    """
    if outcome not in OUTCOMES:
        raise BadInput("Choose what you decide.", field="outcome")
    if not reason.strip():
        raise BadInput("Write the reason in words the author will understand.", field="reason")
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.FACT_SUPERVISED, message.case_id)
        a = t.appeal
        row = await unit.maybe(select(a.c.id).where(a.c.message_id == message.id, a.c.decided_at.is_(None)))
        if row is None:
            raise Conflict("This appeal was decided already.")
        if message.state == State.CONCERN:
            raise Conflict("A concern about this message is open. Decide that first, then the appeal.")
        if actor.id in await _who_withheld(unit, message):
            raise Refused("You decided that it is not to be shared. Another supervisor must decide the appeal.")
        opener = await opener_of(service, unit.conn, message.case_id)
        decided = {"decided_at": func.now(), "decided_by": actor.id, "outcome": outcome}
        sealed = opener.seal(reason.strip()[:LONGEST], "appeal.reason", row.id)
        await unit.change(update(a).where(a.c.id == row.id).values(**decided, reason_sealed=sealed))
        moved = await unit.move(message, Event.REVISE) if outcome == "allowed" and _withheld(message) else {}
        await _done(unit, message, DECIDE)
        await must_be_told(unit, message)
        about = {"case": message.case_id, "message": message.id, "appeal": row.id}
        unit.leaf("appeal.decided", **about, outcome=outcome, **moved)


async def read_appeal(service: Service, actor: Actor, message_id: UUID) -> AppealView:
    """The page about telling and appealing: for the team, and for supervisors, who decide on what they read there."""
    a = t.appeal
    async with reading(service) as conn:
        case_id = await near.case_of_message(conn, message_id)
        near_to = await near.require(conn, actor, Permission.CASE_SEE, case_id)
        inside = near_to in READS_INSIDE or Role.SUPERVISOR in actor.roles
        opener = await reader_of(service, conn, case_id)
        query = select(a).where(a.c.message_id == message_id).order_by(a.c.at.desc()).limit(1)
        newest = (await conn.execute(query)).first()
        reviews = (await conn.execute(_withholdings(message_id).order_by(t.review.c.at.desc()))).all()
        told = (await conn.execute(select(t.told).where(t.told.c.message_id == message_id).order_by(t.told.c.at))).all()

        def opened(value: bytes | None, column: str, row: UUID) -> str:
            return opener.open(value, column, row) if inside else ""

        return AppealView(
            appeal=newest,
            says=opened(newest.text_sealed, "appeal.text", newest.id) if newest else "",
            reason=opened(newest.reason_sealed, "appeal.reason", newest.id) if newest else "",
            decisions=[(row, opened(row.reason_sealed, "review.reason", row.id)) for row in reviews],
            told=[(row, opened(row.words_sealed, "told.words", row.id)) for row in told],
            staff=await staff_names(conn),
            may_decide=Role.SUPERVISOR in actor.roles and actor.id not in {row.account_id for row in reviews},
        )


async def require_somebody_else(unit: Unit, message: Row[Any]) -> None:
    """After an appeal was allowed, whoever withheld it does not review it again."""
    a = t.appeal
    allowed = await unit.maybe(select(a.c.id).where(a.c.message_id == message.id, a.c.outcome == "allowed").limit(1))
    if allowed and unit.actor.id in await _who_withheld(unit, message):
        raise Refused("An appeal was allowed: somebody who did not decide the first time reviews it now.")


async def must_be_told(unit: Unit, message: Row[Any]) -> None:
    """The author waits to be told: one open task of the team."""
    k = t.task
    mine = (k.c.message_id == message.id, k.c.kind == TELL, k.c.done_at.is_(None))
    if await unit.maybe(select(k.c.id).where(*mine)) is None:
        about = {"case_id": message.case_id, "message_id": message.id, "participant_id": message.author_id}
        await unit.add(t.task, **about, kind=TELL)


def _withheld(message: Row[Any]) -> bool:
    return bool(message.state == State.WITHHELD)


async def _to_tell(unit: Unit, message: Row[Any]) -> str:
    """What the author is to be told now: the newest appeal's outcome, or that it is withheld. Conflict otherwise."""
    a = t.appeal
    query = select(a.c.outcome).where(a.c.message_id == message.id, a.c.outcome.is_not(None))
    row = await unit.maybe(query.order_by(a.c.decided_at.desc()).limit(1))
    k = t.task  # what has to be told stays so, whatever became of the message since
    waits = select(k.c.id).where(k.c.message_id == message.id, k.c.kind == TELL, k.c.done_at.is_(None))
    if row is None and not _withheld(message) and await unit.maybe(waits) is None:
        raise Conflict("There is nothing to tell: it was not withheld.")
    return str(row.outcome) if row else "withheld"


async def _known_of(unit: Unit, opener: Opener, person: UUID) -> tuple[str, str, list[str]]:
    """A person's full name, the form of it that others may know, and where they can be reached."""
    p, s = t.participant, t.safe_contact
    row = await unit.one(select(p).where(p.c.id == person))
    contacts = await unit.all(select(s).where(s.c.participant_id == person))
    details = [json.loads(opener.open(one.detail_sealed, "safe_contact.detail", one.id)) for one in contacts]
    name = opener.open(row.name_sealed, "participant.name", row.id)
    form = opener.open(row.form_of_name_sealed, "participant.form_of_name", row.id)
    return name, form, [str(one.get("address", "")) for one in details]


async def _may_appeal(unit: Unit, message: Row[Any]) -> bool:
    a = t.appeal
    open_one = select(a.c.id).where(a.c.message_id == message.id, a.c.decided_at.is_(None))
    return _withheld(message) and await unit.maybe(open_one) is None


def _new(row: UUID, message: Row[Any], method: Method, sealed: bytes) -> dict[str, Any]:
    about = {"case_id": message.case_id, "message_id": message.id, "participant_id": message.author_id}
    return {"id": row, **about, "method": method, "text_sealed": sealed}


async def _asked(unit: Unit, message: Row[Any], row: UUID, method: Method) -> None:
    about = {"case_id": message.case_id, "message_id": message.id, "participant_id": message.author_id}
    await unit.add(t.task, **about, kind=DECIDE)
    unit.leaf("appeal.made", case=message.case_id, message=message.id, appeal=row, method=method)


async def _who_withheld(unit: Unit, message: Row[Any]) -> set[UUID]:
    """Everybody who ever decided that it is not to be shared, by review or by ending a concern."""
    c = t.concern
    ended = select(c.c.ended_by).where(c.c.message_id == message.id, c.c.ended_by.is_not(None))
    found = {row.account_id for row in await unit.all(_withholdings(message.id))}
    return found | {row.ended_by for row in await unit.all(ended)}


def _withholdings(message_id: UUID) -> Any:
    r = t.review
    which = or_(*[r.c.decision == decision for decision in NOT_TO_BE_SHARED])
    return select(r).where(r.c.message_id == message_id, which)


async def _done(unit: Unit, message: Row[Any], kind: str) -> None:
    k = t.task
    mine = (k.c.message_id == message.id, k.c.kind == kind, k.c.done_at.is_(None))
    await unit.change(update(k).where(*mine).values(done_at=func.now(), done_by=unit.actor.id))
