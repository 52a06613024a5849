"""The life of a case, rule by rule, through the real steps: its type and policy, cooling-off, letters never sent."""

from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from exchange.core import case_types, gate
from exchange.core.audit_rules import replay
from exchange.core.case_types import CaseType
from exchange.core.diary import Diary
from exchange.core.errors import BadInput, NotAllowed, NotFound, Refused
from exchange.core.gate import Act
from exchange.core.model import Channel, ConsentKind, FactKind, Kind, Policy, Side, State
from exchange.steps import (
    cases,
    consent,
    diary,
    erase,
    intake,
    links,
    offer,
    process,
    release,
    review,
    sending,
)
from exchange.store import facts, ledger_read
from exchange.store import tables as t
from exchange.store.read import case_view, diary_of, message_view
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.roles import as_portal
from tests.support.world import LETTER, PERSON, World, make_world, said_of

COOKIE = "L" * 42 + "A"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    """The reasons' codes."""
    return [r.code for r in refused.value.reasons]


async def unsent(world: World) -> tuple[UUID, str]:
    """A letter never to be sent, made safe and in review; its id and digest."""
    who = {"author": world.author, "recipient": world.recipient}
    message = await intake.begin_message(
        world.service, world.facilitator, world.case, kind=Kind.LETTER, never_sent=True, **who
    )
    await intake.write_letter(world.service, world.facilitator, message, LETTER)
    await intake.finish(world.service, world.facilitator, message)
    await process.process_message(world.service, message)
    return message, await world.digest(message)


async def test_rule_13_a_case_that_becomes_gender_based_violence_is_started_by_the_harmed_person(world: World) -> None:
    """A supervisor changes the type, with a reason; from then on the gate asks who starts. Nobody else can."""
    service, supervisor = world.service, world.supervisor
    with pytest.raises(BadInput):
        await cases.set_type(service, supervisor, world.case, CaseType.GENDER_VIOLENCE, reason=" ")
    with pytest.raises(NotAllowed):
        await cases.set_type(service, world.facilitator, world.case, CaseType.GENDER_VIOLENCE, reason="x")
    await cases.set_type(service, supervisor, world.case, CaseType.GENDER_VIOLENCE, reason="She told us more.")
    view = await case_view(service, world.facilitator, world.case)
    assert (view.case.type, view.policy) == ("gender_violence", case_types.DEFAULTS[CaseType.GENDER_VIOLENCE])
    (told,) = await diary_of(service, world.facilitator, world.case, kinds=frozenset({Diary.TYPE}))
    assert (told.value, told.words, told.who) == ("gender_violence", "She told us more.", "Rowan")
    who = {"author": world.author, "recipient": world.recipient}
    with pytest.raises(Refused) as refused:
        await intake.begin_message(service, world.facilitator, world.case, kind=Kind.LETTER, **who)
    assert codes(refused) == ["harmed_starts"]
    with pytest.raises(BadInput):
        await cases.set_policy(
            service, supervisor, world.case, case_types.with_changes(CaseType.GENDER_VIOLENCE, {"harmed_starts": False})
        )


async def test_cooling_off_lies_between_the_yes_and_handing_over(service: Service) -> None:
    """Refused in every way until the days are over; a yes in other words does not begin them anew, a no does."""
    world = await make_world(service, policy=Policy(cooling_days=7))
    lead = world.facilitator
    message = await world.shared()
    told = offer.Terms("About that evening.", Channel.PHONE)
    with pytest.raises(BadInput):
        await offer.make_offer(service, lead, message, offer.Terms("x", Channel.PHONE, on_acceptance=True))
    await offer.make_offer(service, lead, message, told)
    await world.accept(message)
    for way in (release.release_by_link(service, lead, message, channel=Channel.EMAIL),
                release.present(service, lead, message, who_is_there="us"),
                release.print_pack(service, lead, message)):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await way
        assert codes(refused) == ["cooling_off"]
    async with reading(service) as conn:
        await conn.execute(text("update receive_current set since = now() - interval '7 days'"))
    await world.accept(message)
    view = await message_view(service, lead, message)
    assert view.needed == []
    await world.accept(message, given=False)
    await world.accept(message)
    with pytest.raises(Refused) as refused:
        await release.release_by_link(service, lead, message, channel=Channel.EMAIL)
    assert codes(refused) == ["cooling_off"]
    async with reading(service) as conn:
        await conn.execute(text("update receive_current set since = now() - interval '7 days'"))
    link = await release.release_by_link(service, lead, message, channel=Channel.EMAIL)
    assert await world.visit(link, COOKIE)


async def test_an_auditor_finds_what_was_handed_over_before_its_time(service: Service) -> None:
    """The record itself says how long the days are, so a release inside them shows without the database."""
    world = await make_world(service, policy=Policy(cooling_days=7))
    message, _ = await world.offered()
    await world.accept(message)
    async with reading(service) as conn:
        await conn.execute(text("update receive_current set since = now() - interval '7 days'"))
    await release.release_by_link(service, world.facilitator, message, channel=Channel.EMAIL)
    async with reading(service) as conn:
        leaves = [leaf.leaf for leaf in await ledger_read.leaves(conn, limit=1000)]
    assert [found.reasons for found in replay(leaves)] == [("cooling_off",)]


async def test_rule_13_a_letter_never_to_be_sent_goes_nowhere(world: World) -> None:
    """Read and kept by the team; no decision, offer, link, release or state of sharing can be written about it."""
    service, lead = world.service, world.facilitator
    message, digest = await unsent(world)
    with pytest.raises(Refused):
        await world.approve(message)
    for refuse in (review.withhold, review.return_to_author):
        with pytest.raises(Refused):
            await refuse(service, lead, message, digest, reason="x")
    for step in (
        offer.make_offer(service, lead, message, offer.Terms("x", Channel.PHONE)),
        links.preview_link(service, lead, message, channel=Channel.EMAIL),
        release.release_by_link(service, lead, message, channel=Channel.EMAIL),
        release.present(service, lead, message, who_is_there="us"),
        release.print_pack(service, lead, message),
    ):
        with pytest.raises(Refused) as refused:
            await step
        assert "never_sent" in codes(refused)
    said = {"message_id": message, "digest": digest}
    with pytest.raises(Refused):
        await consent.record(service, lead, world.author, ConsentKind.SHARE, True, PERSON, **said)
    with pytest.raises(Refused):
        await consent.record(
            service, lead, world.recipient, ConsentKind.RECEIVE, True, said_of(ConsentKind.RECEIVE), message_id=message
        )
    assert await world.state(message) == State.IN_REVIEW
    await review.keep(service, lead, message, digest)
    view = await message_view(service, lead, message)
    assert (view.message.state, view.needed, view.next_act) == (State.KEPT, [], None)
    async with reading(service) as conn:
        known = await facts.load(conn, view.message, asker=lead.id)
        now = (await conn.execute(select(func.now()))).scalar_one()
    assert not any(gate.explain(act, known, now).allowed for act in Act if act not in (Act.SUBMIT, Act.REVIEW))


REFUSED_BY_THE_DATABASE = (
    "update message set never_sent = false where id = '{m}'",
    "update message set state = 'approved' where id = '{m}'",
    "update message set state = 'released' where id = '{m}'",
    "insert into offer (message_id, digest, told_by, made_by) values ('{m}', '{d}', 'phone', '{a}')",
    "insert into release (message_id, digest, way, made_by) values ('{m}', '{d}', 'printed', '{a}')",
    "insert into share_current (message_id, digest, consent_id) values ('{m}', '{d}', '{c}')",
    "insert into receive_current (message_id, consent_id) values ('{m}', '{c}')",
)


async def test_rule_13_the_database_refuses_it_too(world: World) -> None:
    """No bug above can share a letter never to be sent; the same statement about another letter is no trouble."""
    message, digest = await unsent(world)
    another = await world.letter()
    async with reading(world.service) as conn:
        consented = (await conn.execute(select(t.consent.c.id).limit(1))).scalar_one()
    ids = {"a": world.facilitator.id, "c": consented}
    for statement in REFUSED_BY_THE_DATABASE:
        with pytest.raises(IntegrityError, match=r"never to be sent|decided once"):
            async with world.service.engine.begin() as conn:
                await conn.execute(text(statement.format(m=message, d=digest, **ids)))
        async with world.service.engine.begin() as conn:
            await conn.execute(text(statement.format(m=another, d=await world.digest(another), **ids)))


async def test_rule_13_its_author_is_told_what_it_is(world: World) -> None:
    """An invitation to write one makes one, whoever holds the link; the receipt says so; replacing it makes another."""
    service, lead = world.service, world.facilitator
    invited = await links.invite(service, lead, world.author, world.recipient, channel=Channel.EMAIL, never_sent=True)
    found = await world.visit(invited, COOKIE)
    portal = as_portal(service)
    assert found.payload["never_sent"] is True
    await sending.write(portal, found, LETTER)
    found = await world.visit(invited, COOKIE)
    await sending.send(portal, found)
    again = await world.visit(invited, COOKIE)
    assert again.payload["never_sent"] is True
    assert found.link.message_id
    row = await world.row(found.link.message_id)
    assert row.never_sent
    await process.process_message(service, row.id)
    newer = await intake.begin_message(
        service, lead, world.case, author=world.author, recipient=world.recipient, kind=Kind.LETTER, replaces=row.id
    )
    assert (await world.row(newer)).never_sent


async def test_a_letter_never_to_be_sent_can_be_taken_back_and_erased(world: World) -> None:
    """It is its author's: withdrawn, or erased with the case; the diary's words go too."""
    service = world.service
    message, digest = await unsent(world)
    await review.keep(service, world.facilitator, message, digest)
    await cases.set_policy(service, world.supervisor, world.case, Policy(cooling_days=1), reason="Words of a diary.")
    async with reading(service) as conn:
        assert len(set((await conn.execute(select(t.diary.c.words_sealed))).scalars())) == 2
    await consent.withdraw_message(service, world.facilitator, message)
    await erase.erase_case(service, world.supervisor, world.case)
    async with reading(service) as conn:
        assert set((await conn.execute(select(t.diary.c.words_sealed))).scalars()) == {None}
    assert await world.state(message) == State.ERASED


async def test_rule_10_prepared_is_who_was_talked_with(world: World) -> None:
    """Neither preparation nor responsibility is recorded before its items are in the diary, nor once one is undone."""
    service, lead = world.service, world.facilitator
    contact = cases.SafeContact(Channel.PHONE)
    person = await cases.add_participant(
        service, lead, world.case, side=Side.RESPONSIBLE, name="Made Up", form_of_name="M.", contact=contact
    )
    for kind in (Diary.INFORMATION, Diary.EXPECTATIONS, Diary.NEEDS):
        with pytest.raises(Refused):
            await world.fact(FactKind.PREPARATION, "done", person)
        await diary.record(service, lead, world.case, kind, "done", participant=person, words=f"About {kind}.")
    await world.fact(FactKind.PREPARATION, "done", person)
    with pytest.raises(Refused):
        await world.fact(FactKind.RESPONSIBILITY, "accepted", person)
    await diary.record(service, lead, world.case, Diary.OWNING_UP, "done", participant=person)
    await world.fact(FactKind.RESPONSIBILITY, "accepted", person)
    await diary.record(service, lead, world.case, Diary.NEEDS, "not_done", participant=person)
    with pytest.raises(Refused):
        await world.fact(FactKind.PREPARATION, "done", person)
    await world.fact(FactKind.PREPARATION, "not_done", person)


async def test_rule_22_reasons_for_inviting_or_not_are_recorded(world: World) -> None:
    """Each with its reason, sealed, kept when it changes; the team reads it, a supervisor outside does not."""
    service, lead = world.service, world.facilitator
    about = {"participant": world.recipient}
    with pytest.raises(BadInput) as refused:
        await diary.record(service, lead, world.case, Diary.INVITING, "not_invited", words=" ", **about)
    assert refused.value.field == "words"
    with pytest.raises(BadInput):
        await diary.record(service, lead, world.case, Diary.INVITING, "perhaps", words="x", **about)
    with pytest.raises(NotFound):
        await diary.record(service, world.stranger, world.case, Diary.INVITING, "invited", words="x", **about)
    with pytest.raises(NotFound):
        await diary.record(service, lead, world.case, Diary.TYPE, "serious", words="x")
    for value, words in (("not_invited", "It is too early for her."), ("invited", "She rang us herself.")):
        await diary.record(service, lead, world.case, Diary.INVITING, value, words=words, **about)
    kinds = frozenset({Diary.INVITING})
    mine = await diary_of(service, lead, world.case, kinds=kinds)
    assert [(one.value, one.words) for one in mine] == [
        ("invited", "She rang us herself."), ("not_invited", "It is too early for her."),
    ]  # fmt: skip
    assert {one.words for one in await diary_of(service, world.supervisor, world.case, kinds=kinds)} == {""}
    async with reading(service) as conn:
        sealed = (await conn.execute(select(t.diary.c.words_sealed))).scalars().all()
        leaves = [str(leaf.leaf) for leaf in await ledger_read.leaves(conn, limit=1000)]
    assert not [one for one in sealed if one and b"too early" in one]
    assert not [one for one in leaves if "early" in one]
    assert sum("diary.written" in one and "inviting" in one for one in leaves) == 2


async def test_rule_13_a_letter_given_up_before_it_was_sent_starts_nothing(service: Service) -> None:
    """Taken back before it was found to be safe, begun or sent: nothing. Taken back after it: she has started."""
    world = await make_world(service, policy=Policy(harmed_starts=True))
    lead, case = world.facilitator, world.case
    hers, his = {"author": world.recipient, "recipient": world.author}, {"author": world.author}
    for how_far in ("begun", "sent", "safe"):
        message = await intake.begin_message(service, lead, case, kind=Kind.LETTER, **hers)
        if how_far != "begun":
            await intake.write_letter(service, lead, message, LETTER)
            await intake.finish(service, lead, message)
        if how_far == "safe":
            await process.process_message(service, message)
        await consent.withdraw_message(service, lead, message)
        assert await world.state(message) == State.WITHDRAWN
        if how_far != "safe":
            with pytest.raises(Refused) as refused:
                await intake.begin_message(service, lead, case, kind=Kind.LETTER, recipient=world.recipient, **his)
            assert codes(refused) == ["harmed_starts"], how_far
    await intake.begin_message(service, lead, case, kind=Kind.LETTER, recipient=world.recipient, **his)
