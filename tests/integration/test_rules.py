"""What practice demands, rule by rule, through the real steps (the numbers are RULES.md's)."""

from uuid import UUID

import pytest
from sqlalchemy import select, text

from exchange.core.errors import BadInput, Conflict, ExchangeError, NotFound, Refused
from exchange.core.model import TICKS, Channel, ConsentKind, FactKind, Kind, Method, Policy, Purpose, State
from exchange.steps import (
    cases,
    concern,
    consent,
    erase,
    intake,
    links,
    offer,
    process,
    release,
    review,
    stop,
    sweep,
    team,
    view,
)
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from tests.support.assessing import assess
from tests.support.closing import shut
from tests.support.roles import as_owner
from tests.support.world import LETTER, PERSON, World, make_world

COOKIE = "D" * 42 + "A"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    """The reasons' codes."""
    return [r.code for r in refused.value.reasons]


async def test_rule_1_nothing_reaches_a_recipient_unasked(world: World) -> None:
    """Without consent to be asked there is no offer, and an offer carries no word of the content."""
    message = await world.shared()
    said = Said(Method.PHONE, "be-asked-2026-01")
    await consent.record(world.service, world.facilitator, world.recipient, ConsentKind.BE_ASKED, False, said)
    terms = offer.Terms("About that evening.", Channel.EMAIL)
    with pytest.raises(Refused) as refused:
        await offer.make_offer(world.service, world.facilitator, message, terms)
    assert codes(refused) == ["be_asked"]
    await consent.record(world.service, world.facilitator, world.recipient, ConsentKind.BE_ASKED, True, said)
    link = await offer.make_offer(world.service, world.facilitator, message, terms)
    assert link is not None
    found = await world.visit(link, COOKIE)
    assert LETTER[:20] not in str(found.payload)
    with pytest.raises(NotFound):
        await view.shelf(world.service, found)


async def test_rule_2_approved_and_held_is_normal(world: World) -> None:
    """An approved letter stays approved; a year later only the assessment must be made again."""
    message = await world.shared()
    assert await world.state(message) == State.APPROVED
    async with reading(as_owner(world.service)) as conn:
        await conn.execute(text("alter table fact disable trigger fact_append_only"))
        await conn.execute(text("update fact set at = at - interval '1 year'"))
    with pytest.raises(Refused) as refused:
        await offer.make_offer(world.service, world.facilitator, message, offer.Terms("x", Channel.PHONE))
    assert codes(refused) == ["assessment"]
    await assess(world.service, world.facilitator, world.case)
    await offer.make_offer(world.service, world.facilitator, message, offer.Terms("x", Channel.PHONE, by_link=False))
    assert await world.state(message) == State.OFFERED


async def test_rule_3_with_the_facilitator_present(world: World) -> None:
    """With me: who is there is written down, the gate is asked at each part, and it ends with the copy's fate."""
    message, _ = await world.offered(by_link=False)
    await world.accept(message)
    shown = await release.present(world.service, world.facilitator, message, who_is_there="The recipient and I")
    opened = await view.open_for_staff(world.service, world.facilitator, message, "text", release=shown)
    assert (await opened.reader.whole()).decode() == LETTER
    await world.fact(FactKind.PAUSE, "on")
    with pytest.raises(Refused):
        await view.open_for_staff(world.service, world.facilitator, message, "text", release=shown)
    await release.end_presentation(world.service, world.facilitator, shown, copy="destroyed")
    assert await world.state(message) == State.OPENED
    await world.fact(FactKind.PAUSE, "off")
    with pytest.raises(NotFound):
        await view.open_for_staff(world.service, world.facilitator, message, "text", release=shown)


async def test_rule_5_consent_is_recorded_with_who_when_how_and_wording(world: World) -> None:
    """Every decision is a row that cannot be edited; the newest counts."""
    message = await world.shared()
    await world.agree_to_share(message, given=False)
    async with reading(world.service) as conn:
        query = select(t.consent).where(t.consent.c.message_id == message).order_by(t.consent.c.number)
        rows = (await conn.execute(query)).all()
    assert [(r.given, r.method, r.wording, r.recorded_by) for r in rows] == [
        (True, "in_person", "share-2026-01", world.facilitator.id),
        (False, "in_person", "share-2026-01", world.facilitator.id),
    ]
    with pytest.raises(ExchangeError):
        await _edit_consent(world)


async def _edit_consent(world: World) -> None:
    try:
        async with reading(as_owner(world.service)) as conn:
            await conn.execute(text("update consent set given = true"))
    except Exception as error:
        raise Refused from error


async def test_rule_6_no_is_not_for_ever(world: World) -> None:
    """A decline can become an acceptance, and an acceptance a decline."""
    message, _ = await world.offered(by_link=False)
    await world.accept(message, given=False)
    assert await world.state(message) == State.DECLINED
    await world.accept(message)
    assert await world.state(message) == State.ACCEPTED
    await consent.postpone(world.service, world.facilitator, world.recipient, message, PERSON)
    assert await world.state(message) == State.LATER


async def test_rule_7_a_returned_letter_comes_back_revised(world: World) -> None:
    """A return has a reason and voids what was decided; the next round is reviewed anew."""
    message = await world.letter()
    first = await world.digest(message)
    with pytest.raises(BadInput):
        await review.return_to_author(world.service, world.facilitator, message, first, reason=" ")
    await review.return_to_author(
        world.service, world.facilitator, message, first, reason="Please leave out the street."
    )
    assert await world.state(message) == State.RETURNED
    await intake.put_in_again(world.service, world.facilitator, message)
    await intake.write_letter(world.service, world.facilitator, message, "A better letter.")
    await intake.finish(world.service, world.facilitator, message)
    await process.process_message(world.service, message)
    assert await world.state(message) == State.IN_REVIEW
    assert await world.digest(message) != first
    with pytest.raises(Conflict):
        await review.approve(world.service, world.facilitator, message, first, ticks=TICKS, understood="myself")


async def test_rule_8_stopping_never_tells_whether_it_was_read(world: World) -> None:
    """The stop link's answer is the same before release, after reading, and after it was withdrawn already."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    receipt = await _stop_visit(world, message)
    before = await stop.stop(world.service, receipt, wish="withdraw")
    again = await stop.stop(world.service, receipt, wish="withdraw")
    assert before == again == stop.ANSWER
    assert await world.state(message) == State.WITHDRAWN
    with pytest.raises(ExchangeError):
        await view.open_for_visitor(world.service, found, "text")


async def _stop_visit(world: World, message: UUID) -> view.Visit:
    """The author's visit through a stop link."""
    async with unit_of_work(world.service, world.facilitator) as unit:
        row = await unit.message(message)
        person = await unit.one(select(t.participant).where(t.participant.c.id == world.author))
        opener = await opener_of(world.service, unit.conn, world.case)
        link = await links.make(unit, opener, person, Purpose.STOP, {"you": "A"}, message=row, days=None)
    return await world.visit(link, "E" * 42 + "A")


async def test_rule_10_preparation_first(world: World) -> None:
    """Who is responsible cannot put anything in before preparation and responsibility are recorded."""
    await world.fact(FactKind.PREPARATION, "not_done", world.author)
    await world.fact(FactKind.RESPONSIBILITY, "not_accepted", world.author)
    who = {"author": world.author, "recipient": world.recipient}
    with pytest.raises(Refused) as refused:
        await intake.begin_message(world.service, world.facilitator, world.case, kind=Kind.LETTER, **who)
    assert codes(refused) == ["preparation", "responsibility"]


async def test_rule_12_four_eyes(service: Service) -> None:
    """Under four eyes one approval is not enough, twice the same is not two, and who put it in does not count."""
    world = await make_world(service, policy=Policy(four_eyes=True))
    message = await world.letter()
    assert await world.approve(message) is False
    with pytest.raises(Conflict):
        await world.approve(message)
    assert await world.approve(message, by=world.second) is False
    assert await world.state(message) == State.IN_REVIEW
    third = world.stranger
    await team.assign(service, world.supervisor, world.case, third.id)
    assert await world.approve(message, by=third) is True


async def test_four_eyes_asked_for_later_takes_a_second_approval(world: World) -> None:
    """A policy that becomes stricter after an approval is met by one more approval, not by a new version."""
    message = await world.letter()
    digest = await world.digest(message)
    for who in (world.facilitator, world.second):
        with pytest.raises(Refused):
            await review.retract(world.service, who, message, digest, reason="x")
    async with reading(world.service) as conn:
        await conn.execute(t.message.update().values(put_in_by=None))
        await conn.execute(t.upload.update().values(account_id=None))
    assert await world.approve(message) is True
    with pytest.raises(Refused):
        await world.approve(message, by=world.second)
    await cases.set_policy(world.service, world.supervisor, world.case, Policy(four_eyes=True))
    assert await world.approve(message, by=world.second) is True
    await world.agree_to_share(message)
    await offer.make_offer(world.service, world.facilitator, message, offer.Terms("x", Channel.PHONE, by_link=False))


async def test_rule_13_the_harmed_person_starts(service: Service) -> None:
    """Where policy says so, who is responsible puts nothing in before the harmed person did."""
    world = await make_world(service, policy=Policy(harmed_starts=True))
    who = {"author": world.author, "recipient": world.recipient}
    with pytest.raises(Refused) as refused:
        await intake.begin_message(service, world.facilitator, world.case, kind=Kind.LETTER, **who)
    assert codes(refused) == ["harmed_starts"]
    first = await intake.begin_message(
        service, world.facilitator, world.case, kind=Kind.LETTER, author=world.recipient, recipient=world.author
    )
    await intake.write_letter(service, world.facilitator, first, LETTER)
    await intake.finish(service, world.facilitator, first)
    await process.process_message(service, first)
    await intake.begin_message(service, world.facilitator, world.case, kind=Kind.LETTER, **who)


async def test_rule_13_a_letter_never_to_be_sent_starts_nothing(service: Service) -> None:
    """Nor does a letter before it was found to be safe, or after it was found not to be: kept or begun, it is a no."""
    world = await make_world(service, policy=Policy(harmed_starts=True))
    lead, case = world.facilitator, world.case

    async def answers(state: State, message: UUID) -> None:
        assert await world.state(message) == state
        with pytest.raises(Refused) as refused:
            await intake.begin_message(
                service, lead, case, kind=Kind.LETTER, author=world.author, recipient=world.recipient
            )
        assert codes(refused) == ["harmed_starts"]

    async def hers(*, never_sent: bool) -> UUID:
        both = {"author": world.recipient, "recipient": world.author}
        message = await intake.begin_message(service, lead, case, kind=Kind.LETTER, never_sent=never_sent, **both)
        await intake.write_letter(service, lead, message, LETTER)
        await answers(State.RECEIVING, message)
        await intake.finish(service, lead, message)
        await answers(State.QUARANTINED, message)
        return message

    for_herself = await hers(never_sent=True)
    await process.process_message(service, for_herself)
    await answers(State.IN_REVIEW, for_herself)
    await review.keep(service, lead, for_herself, await world.digest(for_herself))
    await answers(State.KEPT, for_herself)
    lost, sent = await hers(never_sent=False), await hers(never_sent=False)
    async with reading(service) as conn:
        mine = "upload_id in (select id from upload where message_id = :m)"
        await conn.execute(text(f"update piece set object_key = object_key || 'x' where {mine}"), {"m": lost})  # noqa: S608  # our own words
    await process.process_message(service, lost)
    await answers(State.REJECTED, lost)
    await process.process_message(service, sent)
    await intake.begin_message(service, lead, case, kind=Kind.LETTER, author=world.author, recipient=world.recipient)


async def test_rule_2_policy_may_set_an_end(service: Service) -> None:
    """An approved message expires where the case's policy says so, and is then not offered."""
    world = await make_world(service, policy=Policy(expire_days=30))
    message = await world.shared()
    async with reading(service) as conn:
        await conn.execute(t.message.update().values(expires_at=text("expires_at - interval '31 days'")))
    with pytest.raises(Refused) as refused:
        await offer.make_offer(service, world.facilitator, message, offer.Terms("x", Channel.PHONE))
    assert codes(refused) == ["expired"]


async def test_rule_18_under_18_needs_a_guardian(world: World) -> None:
    """For somebody under 18 nothing is offered before a guardian is in place."""
    async with reading(world.service) as conn:
        await conn.execute(t.participant.update().where(t.participant.c.id == world.recipient).values(under_18=True))
    message = await world.shared()
    terms = offer.Terms("x", Channel.PHONE, by_link=False)
    with pytest.raises(Refused) as refused:
        await offer.make_offer(world.service, world.facilitator, message, terms)
    assert codes(refused) == ["recipient_guardian"]
    await world.fact(FactKind.GUARDIAN, "in_place", world.recipient)
    await offer.make_offer(world.service, world.facilitator, message, terms)


async def test_rule_20_paper_consent_names_the_printed_version(world: World) -> None:
    """On paper the author agrees to a version code; another code is refused and nothing changes."""
    message = await world.approved()
    digest = await world.digest(message)
    async with reading(world.service) as conn:
        code = (await conn.execute(select(t.revision.c.version_code).where(t.revision.c.digest == digest))).scalar_one()
    about = {"message_id": message, "digest": digest}
    said = Said(Method.PAPER, "share-2026-01", paper_code="XXXXXX")
    with pytest.raises(BadInput):
        await consent.record(world.service, world.facilitator, world.author, ConsentKind.SHARE, True, said, **about)
    said = Said(Method.PAPER, "share-2026-01", paper_code=f" {code.lower()} ")
    await consent.record(world.service, world.facilitator, world.author, ConsentKind.SHARE, True, said, **about)
    terms = offer.Terms("x", Channel.IN_PERSON, by_link=False)
    await offer.make_offer(world.service, world.facilitator, message, terms)
    await world.accept(message)
    printed = await release.print_pack(world.service, world.facilitator, message)
    opened = await view.open_for_staff(world.service, world.facilitator, message, "text", release=printed)
    assert (await opened.reader.whole()).decode() == LETTER


async def test_rule_23_erasure_leaves_a_trace_and_no_key(world: World) -> None:
    """After erasure no key of the message is left, its objects are to be reaped, and its states remain."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    assert await erase.erase_message(world.service, world.supervisor, message) > 0
    with pytest.raises(ExchangeError):
        await view.open_for_visitor(world.service, found, "text")
    async with reading(world.service) as conn:
        left = await conn.execute(select(t.revision.c.key_sealed).where(t.revision.c.message_id == message))
        kept = await conn.execute(select(t.upload.c.key_sealed).where(t.upload.c.message_id == message))
        assert {*left.scalars(), *kept.scalars()} == {None}
    assert await world.state(message) == State.ERASED


async def test_a_concern_freezes_and_only_a_supervisor_ends_it(world: World) -> None:
    """Everything stops, nothing is erased; a withdrawal meanwhile counts when it ends."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    row = await concern.raise_concern(world.service, world.facilitator, message, kind="threat", note="It threatens.")
    with pytest.raises(ExchangeError):
        await view.open_for_visitor(world.service, found, "text")
    with pytest.raises(ExchangeError):
        await concern.end_concern(world.service, world.facilitator, row, outcome="continue", note="No.")
    await consent.withdraw_message(world.service, world.facilitator, message)
    assert await world.state(message) == State.CONCERN
    await concern.end_concern(world.service, world.supervisor, row, outcome="continue", note="A misreading.")
    assert await world.state(message) == State.WITHDRAWN


async def test_reading_in_the_same_sitting(world: World) -> None:
    """Accepting by link, where the facilitator allowed it, gives this session the key; otherwise nothing."""
    message, link = await world.offered(on_acceptance=True)
    assert link is not None
    found = await world.visit(link, COOKIE)
    said = Said(Method.LINK, "receive-2026-01")
    await consent.record(
        world.service, found.actor, world.recipient, ConsentKind.RECEIVE, True, said, message_id=message
    )
    with pytest.raises(NotFound):
        await view.shelf(world.service, found)
    assert await release.grant_on_acceptance(world.service, found.id, message) is True
    assert await release.grant_on_acceptance(world.service, found.id, message) is False
    opened = await view.open_for_visitor(world.service, found, "text")
    assert (await opened.reader.whole()).decode() == LETTER


async def test_a_link_that_ran_out_unread_lapses(world: World) -> None:
    """The sweep ends it, the message waits for a new link, and that is one step."""
    message, _ = await world.released()
    async with reading(world.service) as conn:
        await conn.execute(t.link.update().values(expires_at=text("now() - interval '1 minute'")))
    assert await sweep.run_out(world.service) >= 1
    assert await world.state(message) == State.LAPSED
    await release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    assert await world.state(message) == State.RELEASED


async def test_sent_to_the_wrong_person_lists_what_was_seen(world: World) -> None:
    """Revoked at once, the parts opened are named, a supervisor has a task, a new link can follow."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    await view.open_for_visitor(world.service, found, "text")
    seen = await release.revoke(world.service, world.facilitator, message, wrong_person=True)
    assert [s.part for s in seen] == ["text"]
    assert await world.state(message) == State.ACCEPTED
    async with reading(world.service) as conn:
        assert (await conn.execute(select(t.task.c.kind).where(t.task.c.kind == "wrong_person"))).scalar_one()


async def test_what_cannot_be_recorded_does_not_happen(world: World) -> None:
    """Where the record cannot be written, neither a decision nor a byte happens."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    async with reading(as_owner(world.service)) as conn:
        await conn.execute(text("alter function ledger_append rename to ledger_gone"))
    with pytest.raises(ExchangeError):
        await view.open_for_visitor(world.service, found, "text")
    with pytest.raises(ExchangeError):
        await world.fact(FactKind.PAUSE, "on")
    with pytest.raises(ExchangeError):
        await shut(world.service, world.supervisor, world.case)
    async with reading(as_owner(world.service)) as conn:
        await conn.execute(text("alter function ledger_gone rename to ledger_append"))
    assert await world.state(message) == State.RELEASED
