"""Rule 12: serious and complex cases have supervision at least every 12 weeks, and it is prompted."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from exchange.core.errors import BadInput, NotAllowed, NotFound
from exchange.core.model import Policy, Role
from exchange.steps import bars, cases, setup, supervision
from exchange.store import ledger_read, read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.assessing import assess
from tests.support.closing import shut
from tests.support.console_site import running_console
from tests.support.world import World, make_world, staff

WEEKS = 84
NOTE = "We went through the plan. Ask about the school."


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case whose policy asks for supervision every 84 days."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service, policy=Policy(supervision_days=WEEKS))


async def grows_older(world: World, days: int) -> None:
    """So many days pass for the case and for its supervision."""
    async with reading(world.service) as conn:
        for column in (t.cases.c.created_at, t.supervision.c.at):
            await conn.execute(update(column.table).values({column.name: column - timedelta(days=days)}))


async def due(world: World) -> tuple[int, bool]:
    """How many cases are on the list of dates due, and whether it stands on the supervisor's start page."""
    listed = await read.due_list(world.service, world.supervisor, "supervision")
    groups = await read.needs_you_now(world.service, world.supervisor)
    prompted = any(item.kind == "supervision_due" for rows in groups.values() for item in rows)
    return listed.total, prompted


async def test_rule_12_supervision_is_prompted_before_twelve_weeks_are_over_and_until_it_is_held(world: World) -> None:
    """Not before, not after it was held, again after twelve weeks more; nothing where the policy asks for none."""
    assert await due(world) == (0, False)
    await grows_older(world, WEEKS - 6)
    assert await due(world) == (1, True)
    assert (await read.supervision_view(world.service, world.facilitator, world.case)).late is False
    await grows_older(world, 7)
    assert (await read.supervision_view(world.service, world.facilitator, world.case)).late is True
    await supervision.hold(world.service, world.supervisor, world.case, note=NOTE)
    assert await due(world) == (0, False)
    await grows_older(world, WEEKS + 1)
    assert await due(world) == (1, True)
    assert (await read.needs_you_now(world.service, world.facilitator)).get("dates", []) == []
    await cases.set_policy(world.service, world.supervisor, world.case, Policy())
    assert await due(world) == (0, False)
    await cases.set_policy(world.service, world.supervisor, world.case, Policy(supervision_days=WEEKS))
    await shut(world.service, world.supervisor, world.case)
    assert await due(world) == (0, False)


async def test_rule_12_only_a_supervisor_records_it_and_the_note_is_sealed(world: World) -> None:
    """The team reads it; a stranger does not know of it; the record has no word of it."""
    for who, error in ((world.facilitator, NotAllowed), (world.stranger, NotFound), (world.auditor, NotFound)):
        with pytest.raises(error):
            await supervision.hold(world.service, who, world.case, note=NOTE)
    with pytest.raises(BadInput):
        await supervision.hold(world.service, world.supervisor, world.case, note=" ")
    await supervision.hold(world.service, world.supervisor, world.case, note=NOTE)
    view = await read.supervision_view(world.service, world.second, world.case)
    assert [(row.account_id, note) for row, note in view.held] == [(world.supervisor.id, NOTE)]
    with pytest.raises(NotFound):
        await read.supervision_view(world.service, world.stranger, world.case)
    async with reading(world.service) as conn:
        leaf = (await ledger_read.leaves(conn, limit=1, newest_first=True))[0]
        sealed = (await conn.execute(select(t.supervision.c.note_sealed))).scalar_one()
    assert (leaf.leaf["act"], leaf.leaf["case"]) == ("supervision.held", str(world.case))
    assert "school" not in leaf.text
    assert b"school" not in sealed


async def test_rule_11_assessments_due_are_on_the_supervisors_list(world: World) -> None:
    """Missing or run out, and nothing of a case from which a conflict of interest keeps the supervisor."""
    assert (await read.due_list(world.service, world.supervisor, "assessment")).total == 0
    other = await cases.open_case(world.service, world.stranger)
    found = await read.due_list(world.service, world.supervisor, "assessment")
    assert [(row.id, row.late) for row in found.rows] == [(other, True)]
    boss = await staff(world.service, "second-supervisor", Role.SUPERVISOR)
    await bars.set_bar(world.service, boss, other, world.supervisor.id, reason="They are related.")
    assert (await read.due_list(world.service, world.supervisor, "assessment")).total == 0
    assert (await read.due_list(world.service, boss, "assessment")).total == 1


@pytest.mark.parametrize(
    ("policy", "own", "days"), [(Policy(), None, 90), (Policy(assessment_days=10), None, 10), (Policy(), 5, 5)]
)
async def test_rule_11_the_gate_the_case_the_list_and_the_home_page_say_the_same_date(
    world: World, policy: Policy, own: int | None, days: int
) -> None:
    """By the policy, by the default where an old case's policy names no days, and by its own date if that is sooner."""
    named = {name: value for name, value in asdict(policy).items() if value != getattr(Policy(), name)}
    await assess(world.service, world.facilitator, world.case, days=own)
    async with reading(world.service) as conn:
        now = (await conn.execute(update(t.cases).values(policy=named).returning(func.now()))).scalar_one()
    message = (await read.message_view(world.service, world.facilitator, await world.letter())).known.assessment_until
    case = (await read.case_view(world.service, world.facilitator, world.case)).assessment_until
    listed = await read.due_list(world.service, world.supervisor, "assessment")
    mine = (await read.needs_you_now(world.service, world.facilitator)).get("dates", [])
    assert message == case
    assert abs(case - (now + timedelta(days=days))) < timedelta(minutes=1)
    assert [row.due_at for row in listed.rows] == ([case] if days <= 14 else [])
    assert [item.since for item in mine] == ([case] if days <= 7 else [])


async def test_rule_25_the_supervisors_page_counts_what_waits_for_each_member_of_staff(world: World) -> None:
    """Open cases led, shared, covered; what waits and what is late; leads to the forms for each."""
    await world.letter()
    async with reading(world.service) as conn:
        await conn.execute(update(t.message).values(state_since=func.now() - timedelta(days=3)))
    async with running_console(world.service) as console:
        boss = await console.as_(world.supervisor)
        pages = {path: await boss.get(path) for path in (
            "/supervisor", f"/supervisor/waiting?staff={world.second.id}&late=yes", "/supervisor/due?what=assessment",
            f"/supervisor/waiting?staff={world.stranger.id}", "/supervisor/waiting?for=author&page=9999",
        )}  # fmt: skip
        status, _, _ = await boss.send(f"/cases/{world.case}/supervision", note=NOTE)
        assert status == 303
        assert NOTE in (await boss.get(f"/cases/{world.case}/supervision"))[1]
        lead = await console.as_(world.facilitator)
        assert NOTE in (await lead.get(f"/cases/{world.case}/supervision"))[1]
        assert (await lead.get("/supervisor/due"))[0] == 403
    assert {status for status, _ in pages.values()} == {200}
    found = [page.count("/messages/") for _, page in pages.values()]
    assert found == [1, 1, 0, 0, 0]
    loads = {one.name: one for one in await read.caseloads(world.service, world.supervisor)}
    assert [(one.leads, one.co, one.waiting, one.late) for one in (loads["Fern"], loads["Sage"], loads["Reed"])] == [
        (1, 0, 1, 1), (0, 1, 1, 1), (0, 0, 0, 0),
    ]  # fmt: skip
