"""Closing a case by its steps and pages: nothing is left undecided, and somebody asks later how people are."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from exchange.core.closing import What, Word
from exchange.core.diary import Diary
from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from exchange.core.links import new_secret
from exchange.core.model import Channel, ConsentKind, FactKind, Policy, State
from exchange.steps import (
    cases,
    closing,
    concern,
    consent,
    diary,
    hold,
    offer,
    own_copy,
    release,
    review,
    stop,
    tasks,
    view,
)
from exchange.store import ledger_read, read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.closing import settle
from tests.support.console_site import Console, running_console
from tests.support.world import PERSON, World, make_world, said_of


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console."""
    async with running_console(service) as running:
        yield running


async def listed(world: World) -> list[What]:
    """What is open."""
    return [one.what for one in (await closing.read(world.service, world.facilitator, world.case)).found]


async def close(world: World, **more: object) -> None:
    """A supervisor closes the case."""
    await closing.close(world.service, world.supervisor, world.case, **more)


async def state(world: World) -> str:
    """Open or closed."""
    return str((await read.case_view(world.service, world.facilitator, world.case)).case.state)


async def test_everything_that_is_open_is_listed_and_in_the_way(world: World) -> None:
    """One of each kind; the case is not closed while any of them is undecided, and nothing has moved."""
    service, lead, boss = world.service, world.facilitator, world.supervisor
    kept = await world.letter("Another one.")
    raised = await world.letter("A third.")
    withheld = await world.letter("A fourth.")
    await concern.raise_concern(service, lead, raised, kind="other", note="Look.")
    await review.withhold(service, lead, withheld, await world.digest(withheld), reason="It names a school.")
    paper, _ = await world.offered()
    await world.accept(paper)
    await release.print_pack(service, lead, paper)
    await own_copy.prepare(service, lead, world.author)
    await hold.place_hold(service, boss, world.case, "A court asked.")
    for fact, value in ((FactKind.PAUSE, "on"), (FactKind.CONTACT_ORDER, "in_force"), (FactKind.HOLD, "on")):
        await world.fact(fact, value)
    found = await listed(world)
    assert set(found) == set(What) - {What.APPEAL, What.CORRECTION}
    assert found.count(What.MESSAGE) == 2
    assert found.count(What.CONSENT) == found.count(What.TALK) == 2
    await settle(service, lead, world.case)
    with pytest.raises(Refused):
        await close(world)
    left = {one.what for one in (await closing.read(service, boss, world.case)).unsettled}
    assert left == {What.HOLD, What.CONCERN, What.TASK}
    assert await state(world) == "open"
    assert (await world.state(kept), await world.state(paper)) == (State.IN_REVIEW, State.RELEASED)


async def test_decisions_are_carried_out_when_the_case_is_closed_and_not_before(world: World) -> None:
    """Taken back, kept and given back; paper and tasks; links end but those for stopping; each is in the record."""
    service, lead = world.service, world.facilitator
    back, kept, mine = await world.letter("One."), await world.approved("Two."), await world.approved("Three.")
    sent, link = await world.released("Four.")
    stopping = await stop.renew(service, lead, sent, channel=Channel.EMAIL)
    paper, _ = await world.offered("Five.")
    await world.accept(paper)
    await release.print_pack(service, lead, paper)
    await world.fact(FactKind.PAUSE, "on")
    await settle(service, lead, world.case, words={What.PAPER: Word.RETURNED, What.TASK: Word.DONE})
    words = {back: Word.GIVE_BACK, kept: Word.KEEP, mine: Word.WITHDRAW, sent: Word.KEEP}
    await closing.decide(service, lead, world.case, {(What.MESSAGE, one): word for one, word in words.items()})
    assert await world.state(mine) == State.APPROVED
    await close(world)
    states = [await world.state(one) for one in (back, kept, mine, sent, paper)]
    # every yes to a message ended with its author's and recipient's yes to taking part
    assert states == [State.IN_REVIEW, State.APPROVED, State.WITHDRAWN, State.APPROVED, State.APPROVED]
    k, r = t.link, t.release
    async with reading(service) as conn:
        live = (await conn.execute(select(k.c.id).where(k.c.state.in_(("live", "claimed"))))).scalars().all()
        copy = (await conn.execute(select(r.c.copy).where(r.c.message_id == paper))).scalar_one()
        waiting = (await conn.execute(select(t.task).where(t.task.c.done_at.is_(None)))).all()
        leaves = [leaf.leaf for leaf in await ledger_read.leaves(conn, limit=1000)]
    assert (live, copy) == ([stopping.id], "returned")
    assert link.id not in live
    assert {(row.kind, row.message_id) for row in waiting if row.kind != "follow_up"} == {
        ("give_back", back), ("follow_up_case", None),
    }  # fmt: skip
    decided = {(leaf["kind"], leaf["outcome"]) for leaf in leaves if leaf["act"] == "closing.decided"}
    assert {("message", "give_back"), ("paper", "returned"), ("consent", "end"), ("pause", "end")} <= decided


async def test_what_moved_after_its_decision_is_asked_about_anew(world: World) -> None:
    """Approved since: kept is no answer any more. To be shared first keeps the case open until it was."""
    service, lead = world.service, world.facilitator
    message = await world.letter()
    await settle(service, lead, world.case)
    await world.approve(message)
    with pytest.raises(Refused):
        await close(world)
    await closing.decide(service, lead, world.case, {(What.MESSAGE, message): Word.SHARE})
    with pytest.raises(Refused):
        await close(world)
    assert [one.what for one in (await closing.read(service, lead, world.case)).unsettled] == [What.MESSAGE]
    await closing.decide(service, lead, world.case, {(What.MESSAGE, message): Word.KEEP})
    await close(world)
    assert await state(world) == "closed"


async def test_who_decides_and_what_is_no_answer(world: World) -> None:
    """What people say is the team's to write down; closing is a supervisor's; strangers see nothing."""
    service, boss = world.service, world.supervisor
    message = await world.letter()
    here, person = (What.MESSAGE, message), (What.CONSENT, world.author)
    for word, chosen in ((Word.WITHDRAW, here), (Word.STAY, person)):
        with pytest.raises(NotAllowed):
            await closing.decide(service, boss, world.case, {chosen: word})
    await closing.decide(service, boss, world.case, {here: Word.KEEP})
    with pytest.raises(BadInput):
        await closing.decide(service, boss, world.case, {here: Word.DONE})
    with pytest.raises(NotFound):
        await closing.decide(service, boss, world.case, {(What.MESSAGE, world.case): Word.KEEP})
    for refused in (closing.read(service, world.stranger, world.case),
                    closing.decide(service, world.stranger, world.case, {here: Word.KEEP}),
                    closing.close(service, world.stranger, world.case)):  # fmt: skip
        with pytest.raises(NotFound):
            await refused
    await settle(service, world.facilitator, world.case)
    with pytest.raises(NotAllowed):
        await closing.close(service, world.facilitator, world.case)


async def test_a_conversation_with_each_participant_and_the_outcome_come_first(world: World) -> None:
    """Whoever takes part; somebody who never agreed holds nothing up."""
    service, lead = world.service, world.facilitator
    await consent.record(service, lead, world.author, ConsentKind.TAKE_PART, False, PERSON)
    await settle(service, lead, world.case, talks=False)
    left = {(one.what, one.about) for one in (await closing.read(service, lead, world.case)).unsettled}
    assert left == {(What.TALK, world.recipient), (What.OUTCOME, world.case)}
    await diary.record(service, lead, world.case, Diary.CLOSING_TALK, "not_possible", participant=world.recipient)
    with pytest.raises(Refused):
        await close(world)
    await diary.record(service, lead, world.case, Diary.OUTCOME, "stopped", words="He left.")
    await close(world)


async def test_a_consent_that_ended_with_the_case_is_asked_anew(world: World) -> None:
    """Opened again, one person's stays and the other's does not count; the history says what they said."""
    service, lead = world.service, world.facilitator
    message = await world.shared()
    await settle(service, lead, world.case)
    await closing.decide(service, lead, world.case, {(What.CONSENT, world.author): Word.STAY})
    await close(world)
    await closing.reopen(service, world.supervisor, world.case)
    view = await read.case_view(service, lead, world.case)
    assert (bool(view.consents[world.author]), bool(view.consents[world.recipient])) == (True, False)
    with pytest.raises(Refused) as refused:
        await offer.make_offer(service, lead, message, offer.Terms("About that evening.", Channel.PHONE))
    asked_anew = {"recipient_takes_part", "be_asked", "recipient_consent_old", "be_asked_old"}
    assert {reason.code for reason in refused.value.reasons} == asked_anew
    assert len((await read.person_view(service, lead, world.recipient)).consents) == 2
    for kind in (ConsentKind.TAKE_PART, ConsentKind.BE_ASKED):
        await consent.record(service, lead, world.recipient, kind, True, said_of(kind))
    await offer.make_offer(service, lead, message, offer.Terms("About that evening.", Channel.PHONE))


async def test_a_yes_to_a_letter_ends_with_the_case_too(world: World) -> None:
    """Who ended with the case is asked anew about each letter, not only about taking part; the other's yes stays."""
    service, lead = world.service, world.facilitator
    his, hers = world.author, world.recipient
    shared = await world.shared("One.")
    accepted, _ = await world.offered("Two.")
    await world.accept(accepted)
    opened, _ = await world.released("Three.")
    await settle(service, lead, world.case, words={What.MESSAGE: Word.KEEP})
    await close(world)
    await closing.reopen(service, world.supervisor, world.case)
    for person in (his, hers):
        for kind in (ConsentKind.TAKE_PART, ConsentKind.BE_ASKED):
            await consent.record(service, lead, person, kind, True, said_of(kind))
    for message in (shared, accepted, opened):
        known = (await read.message_view(service, lead, message)).known
        assert (known.share, known.receive, await world.state(message)) == (False, False, State.APPROVED)
    with pytest.raises(Refused):
        await offer.make_offer(service, lead, shared, offer.Terms("About that evening.", Channel.PHONE))


async def test_what_was_opened_is_not_called_declined_when_only_its_recipient_ends(world: World) -> None:
    """Nobody said no: it arrived. What was accepted and not opened, and the yes to it, end as before."""
    service, lead = world.service, world.facilitator
    opened, link = await world.released("One.")
    await view.open_for_visitor(service, await world.visit(link, new_secret()), "text")
    accepted, _ = await world.offered("Two.")
    await world.accept(accepted)
    await settle(service, lead, world.case, words={What.MESSAGE: Word.KEEP})
    await closing.decide(service, lead, world.case, {(What.CONSENT, world.author): Word.STAY})
    await close(world)
    assert [await world.state(one) for one in (opened, accepted)] == [State.OPENED, State.DECLINED]
    known = (await read.message_view(service, lead, opened)).known
    assert (known.share, known.receive) == (True, False)


async def test_a_closed_case_shows_nothing_to_do_but_what_was_left_to_do(world: World) -> None:
    """A letter that was kept in review is on nobody's list; the follow-up is, when its day has come."""
    service, lead = world.service, world.facilitator
    await world.letter()
    await settle(service, lead, world.case, words={What.MESSAGE: Word.KEEP})
    await close(world)
    assert await read.needs_you_now(service, lead) == {}
    assert (await read.waiting_list(service, world.supervisor, read.Wanted(None, "", False))).total == 0
    async with reading(service) as conn:
        await conn.execute(update(t.task).values(due_at=func.now()))
    (due,) = (await read.needs_you_now(service, lead))["dates"]
    assert due.kind == "follow_up_case"


async def test_follow_up_comes_when_policy_says_and_ends_with_what_was_written(world: World) -> None:
    """Its default, another day, none; asked again or done; it ends on its page, or when the case is opened again."""
    service, lead, now = world.service, world.facilitator, datetime.now(UTC)

    async def waits() -> list[int]:
        k = t.task
        async with reading(service) as conn:
            query = select(k.c.due_at).where(k.c.kind == "follow_up_case", k.c.done_at.is_(None))
            return [round((due - now) / timedelta(days=1)) for due in (await conn.execute(query)).scalars()]

    with pytest.raises(Refused):
        await closing.follow_up(service, lead, world.case, value="held", words="x")
    await settle(service, lead, world.case)
    for day in (now - timedelta(days=1), now + timedelta(days=400)):
        with pytest.raises(BadInput):
            await close(world, follow_up=day)
    await close(world)
    assert await waits() == [42]
    view = await read.case_view(service, lead, world.case)
    with pytest.raises(Refused):
        await tasks.finish_task(service, lead, next(one.id for one in view.tasks if one.kind == "follow_up_case"))
    with pytest.raises(BadInput):
        await closing.follow_up(service, lead, world.case, value="held", words=" ")
    told = {"value": "not_reached", "words": "Nobody answered.", "again": now + timedelta(days=7)}
    await closing.follow_up(service, lead, world.case, **told)
    assert await waits() == [7]
    await closing.follow_up(service, lead, world.case, value="held", words="They are well.")
    assert await waits() == []
    found = await read.diary_of(service, lead, world.case, kinds=frozenset({Diary.FOLLOW_UP}))
    assert [(one.value, one.words) for one in found] == [
        ("held", "They are well."),
        ("not_reached", "Nobody answered."),
    ]
    await closing.reopen(service, world.supervisor, world.case)
    await cases.set_policy(service, world.supervisor, world.case, Policy(follow_up_days=None), reason="A short one.")
    await settle(service, lead, world.case)
    await close(world)
    assert await waits() == []
    with pytest.raises(Conflict):
        await close(world)


async def test_a_case_is_closed_on_its_pages(world: World, console: Console) -> None:
    """What is open, a decision for each; the supervisor gets the button when nothing is left."""
    lead, boss, case = await console.as_(world.facilitator), await console.as_(world.supervisor), f"/cases/{world.case}"
    message = await world.approved()
    await settle(world.service, world.facilitator, world.case)
    await closing.decide(world.service, world.facilitator, world.case, {(What.MESSAGE, message): Word.SHARE})
    field = f"message_{message.hex}"
    _, page = await lead.get(f"{case}/closing")
    assert "Not decided yet: 1" in page
    assert "It must be shared before the case can be closed." in page
    _, page = await boss.get(f"{case}/closing")
    assert 'action="/cases' in page
    assert "/closing/close" not in page
    assert 'value="withdraw"' not in page
    status, page, _ = await boss.send(f"{case}/closing/close", f"{case}/closing")
    assert status == 409
    assert "Something in this case is still open." in page
    status, page, _ = await lead.send(f"{case}/closing", **{field: "nonsense"})
    assert status == 303
    assert (await lead.send(f"{case}/closing", **{field: "keep"}))[0] == 303
    _, page = await boss.get(f"{case}/closing")
    assert "Everything is decided." in page
    due = dict(re.findall(r'name="(until-\w+)"[^>]* value="(\d+)"', page))
    assert len(due) == 3
    assert (await boss.send(f"{case}/closing/close", f"{case}/closing", **due))[0] == 303
    _, page = await lead.get(f"{case}/follow-up")
    assert "To be asked by" in page
    assert (await lead.send(f"{case}/follow-up", value="held", words=""))[0] == 422
    assert (await lead.send(f"{case}/follow-up", value="held", words="They are well."))[0] == 303
    _, page = await lead.get(f"{case}/follow-up")
    assert "Nothing is due." in page
    assert "They are well." in page
    _, page = await boss.get(f"{case}/follow-up")
    assert "They are well." not in page
