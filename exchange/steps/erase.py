"""Erasure of a message or a case: keys destroyed, texts emptied, objects reaped; a trace remains (rule 23).

What stays says that something happened, and when, not what it was: states, decisions without their words,
and the record. Whoever erases must be a supervisor of the case; a concern must be ended and a legal hold lifted
first. Each erasure gets a certificate (`steps/certificate.py`), and is done again after a restore (`replay`).
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, select, update

from exchange.core.access import Permission
from exchange.core.erasures import erased, moved_away
from exchange.core.errors import Conflict, NotAllowed
from exchange.core.model import Actor, ActorKind, CaseState, Event, Purpose, State
from exchange.steps import erase_person
from exchange.steps.certificate import to_certify
from exchange.steps.erase_person import BLANK
from exchange.steps.hold import refuse_if_held
from exchange.steps.own_copy_making import end_of
from exchange.steps.revoke import end_links, kill_links, void_decisions
from exchange.store import near, piles
from exchange.store import tables as t
from exchange.store.reaper import to_reap
from exchange.store.retention import took_part
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work

# Columns that hold words or keys about one message, emptied by erasure.
EMPTIED = (
    (t.revision, {"key_sealed": None, "change_sealed": None, "edits_sealed": None}),
    (t.review, {"reason_sealed": None}),
    (t.spoken, {"key_sealed": None}),
    (t.offer, {"content_note_sealed": None}),
    (t.release, {"present_sealed": None}),
    (t.upload, {"key_sealed": None, "key_wrapped": None, "name_sealed": None, "about_wrapped": None}),
    (t.feedback, {"text_sealed": None}),
    (t.consent, {"note_sealed": None}),
    (t.told, {"words_sealed": None}),
    (t.appeal, {"text_sealed": None, "reason_sealed": None}),
)
# Likewise of a case; what must not be NULL becomes empty, which opens to nothing.
EMPTIED_OF_CASE: tuple[tuple[Table, dict[str, Any]], ...] = (
    (t.participant, BLANK),
    (t.ground_rules, {"text_sealed": None}),
    (t.feedback, {"text_sealed": None}),
    (t.fact, {"note_sealed": None}),
    (t.diary, {"words_sealed": None}),
    (t.assessment, {"why_sealed": None}),
    (t.assessment_part, {"told_sealed": None}),
    (t.concern, {"note_sealed": b""}),
    (t.referral, {"detail_sealed": None, "reason_sealed": None}),
    (t.supervision, {"note_sealed": None}),
    (t.bar, {"reason_sealed": None}),
    (t.emergency, {"reason_sealed": None}),
    (t.rectification, {"said_sealed": None, "answer_sealed": None}),
    (t.disclosure, {"authority_sealed": None, "what_sealed": None, "duty_sealed": None}),
    (t.legal_hold, {"reason_sealed": None, "lifted_reason_sealed": None}),
)


async def erase_message(service: Service, actor: Actor, message_id: UUID) -> int:
    """Erase one message; how many objects go. `OnHold`, `Refused` while a concern is open."""
    async with unit_of_work(service, actor) as unit:
        message = await unit.message(message_id)
        await near.require(unit.conn, actor, Permission.CASE_CLOSE, message.case_id)
        return await whole_message(unit, message)


async def whole_message(unit: Unit, message: Row[Any]) -> int:
    """A locked message, inside the caller's unit, whose right was asked; how many objects go. Raises as above."""
    await refuse_if_held(unit, message.case_id)
    objects = await _erase(unit, message)
    await to_certify(unit, "message", message.case_id, objects=objects, message=message.id)
    return objects


async def erase_case(service: Service, actor: Actor, case_id: UUID) -> int:
    """Erase a case and everything in it; how many objects go. `OnHold`, `Refused` while a concern is open."""
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CLOSE, case_id)
        objects = await whole_case(unit, case)
    if service.keys is not None:
        service.keys.forget(str(case.key_id))
    return objects


async def whole_case(unit: Unit, case: Row[Any]) -> int:
    """A locked case, inside the caller's unit, whose right was asked; how many objects go. Raises as `erase_case`."""
    if case.state == CaseState.ERASED:
        raise Conflict("This case was erased already.")
    await erase_person.refuse(unit, case.id)
    objects = await _erase_case(unit, case.id)
    await to_certify(unit, "case", case.id, objects=objects)
    return objects


async def replay(service: Service, actor: Actor, leaves: Iterable[Mapping[str, Any]]) -> int:
    """After a restore: erase again what these leaves of the record say was erased; how many things.

    What was moved to the right case after this backup was made is not erased: its copy is lost, this is the only one,
    and its case is held (`core/since.py`). The leaves come from outside the restored database. Neither hold nor concern
    stops it: it was done once. Command line only; may be run again.
    """
    if actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed
    leaves = list(leaves)
    gone, became, done = erased(leaves), moved_away(leaves), 0
    for message_id in sorted(gone.messages):
        copy = became.get(message_id)
        done += await _again(service, actor, message_id, None if copy in gone.messages else copy)
    for case_id in sorted(gone.cases):
        done += await _case_again(service, actor, case_id)
    for person_id in sorted(gone.people):
        done += await _person_again(service, actor, person_id)
    for referral_id in sorted(gone.referrals):
        done += await _referral_again(service, actor, referral_id)
    return done


async def _again(service: Service, actor: Actor, message_id: UUID, copy: UUID | None) -> int:
    """`copy`: what it became where it belongs. One that was made after the backup is lost, so the old one is kept."""
    m = t.message
    async with unit_of_work(service, actor) as unit:
        if copy and await unit.maybe(select(m.c.id).where(m.c.id == copy, m.c.state != State.RECEIVING)) is None:
            return 0
        known = await unit.maybe(select(t.message.c.state).where(t.message.c.id == message_id))
        if known is None or known.state == State.ERASED:
            return 0
        message = await without_concern(unit, await unit.message(message_id))
        objects = await _erase(unit, message)
        await to_certify(unit, "message", message.case_id, objects=objects, message=message.id)
        return 1


async def _case_again(service: Service, actor: Actor, case_id: UUID) -> int:
    async with unit_of_work(service, actor) as unit:
        known = await unit.maybe(select(t.cases.c.state).where(t.cases.c.id == case_id))
        if known is None or known.state == CaseState.ERASED:
            return 0
        await unit.case(case_id)
        for message in await _messages(unit, case_id, t.message.c.state == State.CONCERN):
            await without_concern(unit, message)
        await to_certify(unit, "case", case_id, objects=await _erase_case(unit, case_id))
        return 1


async def _person_again(service: Service, actor: Actor, person_id: UUID) -> int:
    """Whoever took part by this backup is not whom the leaf means: they came back, and it was made after that."""
    p = t.participant
    left = select(p.c.case_id).where(p.c.id == person_id, p.c.name_sealed != b"", ~took_part("id", p.c.id))
    async with unit_of_work(service, actor) as unit:
        known = await unit.maybe(left)
        if known is None:
            return 0
        await unit.case(known.case_id)
        await erase_person.person(unit, known.case_id, person_id)
        return 1


async def _referral_again(service: Service, actor: Actor, referral_id: UUID) -> int:
    r = t.referral
    left = select(r.c.id).where(r.c.id == referral_id, r.c.detail_sealed.is_not(None)).with_for_update()
    async with unit_of_work(service, actor) as unit:
        if await unit.maybe(left) is None:
            return 0
        await erase_person.referral(unit, referral_id)
        return 1


async def without_concern(unit: Unit, message: Row[Any]) -> Row[Any]:
    """A concern that the backup brought back had been decided before the message was erased."""
    if message.state != State.CONCERN:
        return message
    moved = await unit.move(message, Event.END_CONCERN_WITHHELD)
    open_ones = update(t.concern).where(t.concern.c.message_id == message.id, t.concern.c.ended_at.is_(None))
    await unit.change(open_ones.values(ended_at=func.now(), outcome="withhold"))
    unit.leaf("concern.ended", case=message.case_id, message=message.id, outcome="withhold", **moved)
    return await unit.message(message.id)


async def _erase(unit: Unit, message: Row[Any]) -> int:
    """One locked message: decisions void, links dead, keys and words gone, objects to be reaped."""
    objects = await _objects(unit, message.id)
    moved = await unit.move(message, Event.ERASE, title_sealed=None)
    await void_decisions(unit, message)
    await end_links(unit, message.id, (Purpose.SUBMIT, Purpose.STOP))
    for key in objects:
        await to_reap(unit, key)
    for table, values in EMPTIED:
        await unit.change(update(table).where(table.c.message_id == message.id).values(**values))
    for table in (t.review_note, t.edit, t.mark_left, t.caption_draft):
        await unit.change(table.delete().where(table.c.message_id == message.id))
    through = select(t.link.c.id).where(t.link.c.message_id == message.id)
    await unit.change(t.draft.delete().where(t.draft.c.link_id.in_(through)))
    await end_of(unit, [message.author_id])
    unit.leaf("message.erased", case=message.case_id, message=message.id, count=len(objects), **moved)
    return len(objects)


async def _erase_case(unit: Unit, case_id: UUID) -> int:
    """A locked case: every message, every link, session, draft and code, every word, then the case's own key."""
    objects = 0
    for message in await _messages(unit, case_id, t.message.c.state != State.ERASED):
        objects += await _erase(unit, message)
    links = [row.id for row in await unit.all(select(t.link.c.id).where(t.link.c.case_id == case_id).with_for_update())]
    await kill_links(unit, links, "revoked")
    await unit.change(t.draft.delete().where(t.draft.c.link_id.in_(links)))
    for table, values in EMPTIED_OF_CASE:
        await unit.change(update(table).where(table.c.case_id == case_id).values(**values))
    people = select(t.participant.c.id).where(t.participant.c.case_id == case_id)
    await unit.change(update(t.consent).where(t.consent.c.participant_id.in_(people)).values(note_sealed=None))
    for table in (t.safe_contact, t.code, t.notice_wish):
        await unit.change(table.delete().where(table.c.participant_id.in_(people)))
    await erase_person.stop_notices(unit, t.notice.c.case_id == case_id)
    await end_of(unit, people)
    concerns = select(t.concern.c.id).where(t.concern.c.case_id == case_id)
    await unit.change(t.concern_note.delete().where(t.concern_note.c.concern_id.in_(concerns)))
    await piles.discard_parts(unit, t.pile_part.c.case_id == case_id, "away")
    todo = update(t.task).where(t.task.c.case_id == case_id, t.task.c.done_at.is_(None))
    await unit.change(todo.values(done_at=func.now()))
    key_id = select(t.cases.c.key_id).where(t.cases.c.id == case_id).scalar_subquery()
    destroyed = {"private_wrapped": None, "field_key_sealed": None}
    await unit.change(update(t.key_pair).where(t.key_pair.c.id == key_id).values(**destroyed))
    over = {"state": CaseState.ERASED, "summary_sealed": None, "moved_at": func.now()}
    await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(**over))
    unit.leaf("case.erased", case=case_id, count=objects)
    return objects


async def _messages(unit: Unit, case_id: UUID, which: Any) -> list[Row[Any]]:
    m = t.message
    return await unit.all(select(m).where(m.c.case_id == case_id, which).order_by(m.c.id).with_for_update())


async def _objects(unit: Unit, message_id: UUID) -> list[str]:
    """Every object of the message: pieces of originals, parts of revisions, spoken reasons, what was heard early."""
    pieces = select(t.piece.c.object_key).join(t.upload).where(t.upload.c.message_id == message_id)
    parts = select(t.part.c.object_key).join(t.revision).where(t.revision.c.message_id == message_id)
    spoken = select(t.spoken.c.object_key).where(t.spoken.c.message_id == message_id, t.spoken.c.key_sealed.isnot(None))
    early = select(t.early.c.object_key).where(t.early.c.message_id == message_id)
    return sorted({row.object_key for query in (pieces, parts, spoken, early) for row in await unit.all(query)})
