"""Erasure of one person who never took part, and of a referral: every word about them; a trace remains (rule 23).

What stays: that somebody was asked or asked, on which side, and what was decided when. An open concern comes first,
for it may be about them; so does a legal hold. Each gets a certificate (`steps/certificate.py`). Done again after a
restore by `steps/erase.py`.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from exchange.core.errors import Refused
from exchange.core.model import State
from exchange.steps.certificate import to_certify
from exchange.steps.hold import refuse_if_held
from exchange.steps.own_copy_making import end_of
from exchange.steps.own_copy_pieces import Whose, own_referral
from exchange.steps.revoke import kill_links
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.unit import Unit

BLANK = {
    "name_sealed": b"", "form_of_name_sealed": b"", "needs_sealed": None, "signature_sealed": None, "of_age_at": None,
}  # fmt: skip
# Columns that hold words about one person.
WRITTEN = (
    (t.feedback, {"text_sealed": None}),
    (t.fact, {"note_sealed": None}),
    (t.consent, {"note_sealed": None}),
    (t.diary, {"words_sealed": None}),
    (t.assessment_part, {"told_sealed": None}),
    (t.rectification, {"said_sealed": None, "answer_sealed": None}),
)


async def refuse(unit: Unit, case_id: UUID) -> None:
    """Raise what forbids erasing in a locked case: `OnHold`, or Refused while a concern is open."""
    m = t.message
    await refuse_if_held(unit, case_id)
    if await unit.maybe(select(m.c.id).where(m.c.case_id == case_id, m.c.state == State.CONCERN).limit(1)):
        raise Refused("A concern is open in this case. A supervisor must decide it first.")


async def person(unit: Unit, case_id: UUID, person_id: UUID) -> None:
    """Inside the caller's unit, which has locked the case and asked `refuse`. Raises NotAllowed without keys."""
    await _own_referral(unit, case_id, person_id)
    mine = select(t.link.c.id).where(t.link.c.participant_id == person_id).with_for_update()
    await kill_links(unit, [row.id for row in await unit.all(mine)], "revoked")
    await stop_notices(unit, t.notice.c.participant_id == person_id)
    await unit.change(update(t.participant).where(t.participant.c.id == person_id).values(**BLANK))
    for table, values in WRITTEN:
        await unit.change(update(table).where(table.c.participant_id == person_id).values(**values))
    for table in (t.safe_contact, t.code, t.notice_wish):
        await unit.change(table.delete().where(table.c.participant_id == person_id))
    await _passed_on(unit, case_id)
    await end_of(unit, [person_id])
    todo = update(t.task).where(t.task.c.participant_id == person_id, t.task.c.done_at.is_(None))
    await unit.change(todo.values(done_at=func.now()))
    unit.leaf("participant.erased", case=case_id, participant=person_id)
    await to_certify(unit, "participant", case_id, participant=person_id)


async def referral(unit: Unit, referral_id: UUID) -> None:
    """What somebody told when they asked; its reference and dates stay."""
    mine = update(t.referral).where(t.referral.c.id == referral_id)
    await unit.change(mine.values(detail_sealed=None, reason_sealed=None))
    unit.leaf("referral.erased", referral=referral_id)
    await to_certify(unit, "referral", None, referral=referral_id)


async def stop_notices(unit: Unit, whose: ColumnElement[bool]) -> None:
    """What waits to be sent is not sent any more."""
    pending = update(t.notice).where(whose, t.notice.c.state == "waiting")
    await unit.change(pending.values(state="stopped", outcome="over", ended_at=func.now()))


async def _own_referral(unit: Unit, case_id: UUID, person_id: UUID) -> None:
    """Only where it is certain that it was they; asked while their name and addresses still tell."""
    row = await unit.one(select(t.participant).where(t.participant.c.id == person_id))
    of = Whose(unit.service, unit.conn, await opener_of(unit.service, unit.conn, case_id), row)
    while (found := await own_referral(of)) is not None:
        await referral(unit, found[0].id)


async def _passed_on(unit: Unit, case_id: UUID) -> None:
    """The words of disclosures that concern nobody who is still there."""
    d, p = t.disclosure, t.participant
    gone = [row.id for row in await unit.all(select(p.c.id).where(p.c.case_id == case_id, p.c.name_sealed == b""))]
    alone = update(d).where(d.c.case_id == case_id, d.c.concerned.contained_by(gone))
    await unit.change(alone.values(authority_sealed=None, what_sealed=None, duty_sealed=None))
