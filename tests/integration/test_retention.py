"""Rule 23: keep little, and not for long. Dates from the closing of a case; a supervisor's word, or by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text, update

from exchange.core.case_types import CaseType
from exchange.core.certificate import open_certificate
from exchange.core.errors import Conflict, NotAllowed, NotFound, OnHold, Refused
from exchange.core.model import OPERATOR, CaseState, Channel, Policy, Side
from exchange.core.notes import BadNote
from exchange.core.retention import Due, What, due_at
from exchange.steps import cases, certificate, closing, concern, hold, referral, retention, setup
from exchange.steps.cases import SafeContact
from exchange.store import ledger_read, read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import running_api
from tests.support.closing import shut
from tests.support.world import World, make_world

CLOSED = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded, kept for a year once it is closed."""
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service, policy=Policy(retention_days=365))


async def closed(world: World, case: UUID, *, days_ago: int) -> None:
    """Closed so many days ago, by the database's clock."""
    await shut(world.service, world.supervisor, case)
    async with reading(world.service) as conn:
        mine = update(t.closing).where(t.closing.c.case_id == case)
        await conn.execute(mine.values(at=func.now() - timedelta(days=days_ago)))


async def bystander(world: World, case: UUID) -> UUID:
    """Somebody in a case who has never agreed to take part."""
    reach = SafeContact(Channel.PHONE, "01632 960 003")
    who = {"name": "Bystander", "form_of_name": "B.", "needs": "Large print"}
    return await cases.add_participant(world.service, world.facilitator, case, side=Side.HARMED, contact=reach, **who)


async def due(world: World) -> dict[tuple[What, UUID], Due]:
    """The schedule as the supervisor sees it."""
    return {(one.what, one.about): one for one in await retention.schedule(world.service, world.supervisor)}


def test_rule_23_whoever_never_took_part_is_never_kept_longer() -> None:
    """Days of the policy for those who did, the few of the setting for those who did not; the shorter of both."""
    days = {"retention_days": 2557, "untaken_days": 90}
    assert due_at(CLOSED, took_part=True, **days) == CLOSED + timedelta(days=2557)
    assert due_at(CLOSED, took_part=False, **days) == CLOSED + timedelta(days=90)
    assert due_at(CLOSED, took_part=False, retention_days=30, untaken_days=90) == CLOSED + timedelta(days=30)
    assert Policy().retention_days == 2557
    one = Due(What.CASE, uuid4(), uuid4(), "C", CLOSED, CLOSED, took_part=True, told_at=CLOSED)
    later = CLOSED + timedelta(days=10)
    assert [one.goes_by_itself(later, days) for days in (0, 10, 11)] == [False, True, False]
    assert not replace(one, told_at=None).goes_by_itself(later, 10)
    assert not replace(one, told_at=CLOSED + timedelta(seconds=1)).goes_by_itself(later, 10)
    assert not replace(one, due_at=CLOSED + timedelta(seconds=1)).goes_by_itself(later, 10)
    assert not replace(one, held=True).goes_by_itself(later, 10)


async def test_rule_23_a_closed_case_has_a_date_and_goes_with_a_supervisors_word(world: World) -> None:
    """Not a day sooner, not by the team, not under a hold; a trace without content and a certificate stay."""
    service, rowan = world.service, world.supervisor
    await world.released()
    assert await due(world) == {}
    await closed(world, world.case, days_ago=364)
    [one] = (await due(world)).values()
    assert (one.what, one.took_part, one.due_at - one.since) == (What.CASE, True, timedelta(days=365))
    with pytest.raises(Refused, match="until its date"):
        await retention.confirm(service, rowan, What.CASE, world.case)
    await closed(world, world.case, days_ago=366)
    assert await retention.run(service) == 0
    assert await retention.run(service) == 0
    tasks = select(func.count()).where(t.task.c.kind == retention.TASK, t.task.c.done_at.is_(None))
    async with reading(service) as conn:
        assert (await conn.execute(tasks)).scalar_one() == 1
    with pytest.raises(NotAllowed):
        await retention.confirm(service, world.facilitator, What.CASE, world.case)
    await hold.place_hold(service, rowan, world.case, "A court asked.")
    assert (await due(world))[What.CASE, world.case].held
    with pytest.raises(OnHold):
        await retention.confirm(service, rowan, What.CASE, world.case)
    await hold.lift_hold(service, rowan, world.case, "It is over.")
    await retention.confirm(service, rowan, What.CASE, world.case)
    async with reading(service) as conn:
        assert (await conn.execute(select(t.cases.c.state))).scalar_one() == CaseState.ERASED
        assert (await conn.execute(tasks)).scalar_one() == 0
        assert (await conn.execute(select(t.erasure.c.what))).scalar_one() == "case"
    assert await due(world) == {}
    with pytest.raises(NotFound):
        await retention.confirm(service, rowan, What.CASE, world.case)


async def test_rule_23_opened_again_it_is_due_no_more(world: World) -> None:
    """And closed once more it is counted anew."""
    await closed(world, world.case, days_ago=400)
    await closing.reopen(world.service, world.supervisor, world.case)
    assert await due(world) == {}
    with pytest.raises(NotFound):
        await retention.confirm(world.service, world.supervisor, What.CASE, world.case)
    await shut(world.service, world.supervisor, world.case)
    [one] = (await due(world)).values()
    assert one.due_at > datetime.now(UTC) + timedelta(days=364)


async def test_rule_23_who_never_took_part_goes_sooner_and_the_others_stay(world: World) -> None:
    """In a case of others only their own words go; a case in which nobody took part goes whole; a referral too."""
    service, rowan = world.service, world.supervisor
    third = await bystander(world, world.case)
    nobodys = await cases.open_case(service, world.facilitator)
    await bystander(world, nobodys)
    for case in (world.case, nobodys):
        await closed(world, case, days_ago=91)
    await referral.save_referral(service, {"reach_by": "phone", "reach_address": "01632 960 777"})
    asked = (await referral.listed(service, rowan))[0].id
    await referral.not_for_us(service, rowan, asked, reason="Another service")
    async with reading(service) as conn:
        await conn.execute(update(t.referral).values(decided_at=func.now() - timedelta(days=91)))
    now = datetime.now(UTC)
    ready = {key for key, one in (await due(world)).items() if one.is_due(now)}
    assert ready == {(What.PERSON, third), (What.CASE, nobodys), (What.REFERRAL, asked)}
    for what, about in ready:
        await retention.confirm(service, rowan, what, about)
    p = t.participant
    async with reading(service) as conn:
        rows = {row.id: row for row in await conn.execute(select(p).where(p.c.case_id == world.case))}
        contacts = select(t.safe_contact.c.participant_id).join(p).where(p.c.case_id == world.case)
        reached = set((await conn.execute(contacts)).scalars())
        told = (await conn.execute(select(t.referral))).one()
        left = "select leaf::jsonb ->> 'act' from public.ledger_leaf where leaf like '%.erased%'"
        acts = set((await conn.execute(text(left))).scalars())
    assert (rows[third].name_sealed, rows[third].needs_sealed, rows[third].side) == (b"", None, Side.HARMED)
    assert rows[world.author].name_sealed
    assert reached == {world.author, world.recipient}
    assert (told.detail_sealed, told.reason_sealed, told.state) == (None, None, "not_for_us")
    assert acts == {"participant.erased", "case.erased", "referral.erased"}
    assert set(await due(world)) == {(What.CASE, world.case)}


async def test_rule_23_a_person_and_a_referral_get_a_certificate_too(world: World) -> None:
    """Signed, checked with the auditor's key, without a word of them; seen with the case, or by supervisors."""
    service, rowan = world.service, world.supervisor
    verifier = setup.make_keys(service.settings)
    third = await bystander(world, world.case)
    await closed(world, world.case, days_ago=91)
    await referral.save_referral(service, {"reach_by": "phone", "reach_address": "01632 960 777"})
    asked = (await referral.listed(service, rowan))[0].id
    await referral.not_for_us(service, rowan, asked, reason="Another service")
    async with reading(service) as conn:
        await conn.execute(update(t.referral).values(decided_at=func.now() - timedelta(days=91)))
    await retention.confirm(service, rowan, What.PERSON, third)
    await retention.confirm(service, rowan, What.REFERRAL, asked)
    assert await certificate.certify_waiting(service) == 2
    notes = [await certificate.certificate_of(service, OPERATOR, one) for one in (third, asked)]
    person, told = [open_certificate(note, verifier) for note in notes]
    assert (person.what, person.participant, person.case, person.objects) == ("participant", third, world.case, 0)
    assert (told.what, told.referral, told.case) == ("referral", asked, None)
    assert "Bystander" not in notes[0] + notes[1]
    async with reading(service) as conn:
        leaves = await ledger_read.leaves(conn, limit=1000)
        acts = {leaf.index: leaf.leaf["act"] for leaf in leaves}
    assert (acts[person.entry], acts[told.entry]) == ("participant.erased", "referral.erased")
    for wrong in (notes[0].replace("what: participant", "what: referral"), notes[1].replace(str(asked), str(third))):
        with pytest.raises(BadNote):
            open_certificate(wrong, verifier)
    assert [row.participant_id for row in await certificate.erasures(service, rowan, world.case)] == [third]
    [listed] = await certificate.of_referrals(service, rowan)
    assert await certificate.certificate(service, rowan, listed.id) == notes[1]
    for other in (world.facilitator, world.auditor):
        with pytest.raises(NotAllowed):
            await certificate.certificate(service, other, listed.id)


async def test_rule_23_by_itself_after_its_notice_and_never_over_a_hold_or_a_concern(world: World) -> None:
    """With a clock that is moved on; where the service has not set so, nothing goes."""
    silent = world.service
    service = replace(silent, settings=silent.settings.model_copy(update={"retention_notice_days": 30}))
    message = await world.letter()
    await closed(world, world.case, days_ago=0)
    fell_due = datetime.now(UTC) + timedelta(days=365, minutes=1)
    late = fell_due + timedelta(days=30)
    assert await retention.run(silent, now=fell_due) == 0
    assert await retention.run(silent, now=late) == 0
    assert await retention.run(service, now=fell_due + timedelta(days=29)) == 0
    raised = await concern.raise_concern(service, world.facilitator, message, kind="other", note="Look.")
    assert await retention.run(service, now=late) == 0
    await concern.end_concern(service, world.supervisor, raised, outcome="continue", note="Settled.")
    await hold.place_hold(service, world.supervisor, world.case, "A court asked.")
    assert await retention.run(service, now=late) == 0
    await hold.lift_hold(service, world.supervisor, world.case, "It is over.")
    assert await retention.run(service, now=late) == 1
    async with reading(service) as conn:
        assert (await conn.execute(select(t.cases.c.state))).scalar_one() == CaseState.ERASED


async def test_rule_23_nothing_goes_by_itself_before_somebody_was_told_so_many_days(world: World) -> None:
    """Long overdue, the worker was off: told on the first night, then kept for the days of the notice; all three."""
    settings = world.service.settings.model_copy(update={"retention_notice_days": 30})
    service = replace(world.service, settings=settings)
    third = await bystander(world, world.case)
    await closed(world, world.case, days_ago=500)
    await referral.save_referral(service, {"reach_by": "phone", "reach_address": "01632 960 777"})
    asked = (await referral.listed(service, world.supervisor))[0].id
    await referral.not_for_us(service, world.supervisor, asked, reason="Another service")
    async with reading(service) as conn:
        await conn.execute(update(t.referral).values(decided_at=func.now() - timedelta(days=500)))
    start = datetime.now(UTC)
    nights = [await retention.run(service, now=start + timedelta(days=day)) for day in (0, 1, 29)]
    assert nights == [0, 0, 0]
    assert {key: one.told_at for key, one in (await due(world)).items()} == dict.fromkeys(
        ((What.CASE, world.case), (What.PERSON, third), (What.REFERRAL, asked)), start
    )
    waits = (await read.needs_you_now(service, world.supervisor))["dates"]
    assert sorted((one.kind, one.case_id, one.participant_id) for one in waits if one.case_id is None) == [
        (retention.TASK, None, None)
    ]
    assert {one.participant_id for one in waits if one.case_id == world.case} >= {None, third}
    assert "dates" not in await read.needs_you_now(service, world.stranger)
    assert await retention.run(service, now=start + timedelta(days=30)) == 3
    async with reading(service) as conn:
        assert (await conn.execute(select(t.cases.c.state))).scalar_one() == CaseState.ERASED
        assert (await conn.execute(select(t.referral.c.detail_sealed))).scalar_one() is None
    assert "dates" not in await read.needs_you_now(service, world.supervisor)


async def test_rule_23_a_notice_ends_when_a_case_is_opened_again(world: World) -> None:
    """The next closing is told anew, and the old notice keeps nobody from closing it."""
    service = world.service
    await closed(world, world.case, days_ago=400)
    assert await retention.run(service) == 0
    await closing.reopen(service, world.supervisor, world.case)
    waiting = [one.state for one in (await closing.read(service, world.supervisor, world.case)).found]
    assert retention.TASK not in waiting
    await closed(world, world.case, days_ago=400)
    assert (await due(world))[What.CASE, world.case].told_at is None


async def test_rule_23_how_long_a_closed_case_is_kept_is_changed_by_nobody(world: World) -> None:
    """Neither its rules nor its kind, which brings rules of its own; the page says why."""
    service, rowan = world.service, world.supervisor
    await closed(world, world.case, days_ago=40)
    with pytest.raises(Conflict, match="Open it again first"):
        await cases.set_policy(service, rowan, world.case, Policy(retention_days=30), reason="Less.")
    with pytest.raises(Conflict, match="Open it again first"):
        await cases.set_type(service, rowan, world.case, CaseType.CUSTODY, reason="Moved.")
    assert (await due(world))[What.CASE, world.case].due_at > datetime.now(UTC) + timedelta(days=300)
    async with running_api(service) as api:
        page = await api.console.as_(rowan)
        status, shown, _ = await page.send(f"/cases/{world.case}/type", type="custody", reason="Moved.")
        assert (status, "its rules cannot be changed" in shown) == (409, True)


async def test_rule_23_the_page_and_the_api_list_dates_and_erase(world: World) -> None:
    """The button is there once it is due; a supervisor who is barred from the case sees nothing of it."""
    await closed(world, world.case, days_ago=10)
    third = await bystander(world, world.case)
    async with running_api(world.service) as api:
        rowan = await api.console.as_(world.supervisor)
        _, shown = await rowan.get("/retention")
        assert "The whole case" in shown
        assert "Erase it" not in shown
        assert (await rowan.send(f"/retention/cases/{world.case}", "/account"))[0] == 409
        await closed(world, world.case, days_ago=366)
        _, shown = await rowan.get("/retention")
        assert shown.count("Erase it") == 2
        status, _, where = await rowan.send(f"/retention/people/{third}", "/retention")
        assert (status, where) == (303, "/retention")
        caller = await api.as_(world.supervisor)
        [one] = (await caller.get("/retention"))["due"]
        assert (one["what"], one["about"], one["held"]) == ("case", str(world.case), False)
        lead = await api.as_(world.facilitator)
        assert (await lead.ask("GET", "/retention")).status == 403
        assert (await caller.ask("POST", f"/retention/cases/{world.case}")).status == 204
        assert (await caller.get("/retention"))["due"] == []
