"""The auditor's overview on real acts: what was opened is counted, what is unusual is listed, looking is recorded."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import pairwise

import pytest

from exchange.core.errors import NotAllowed
from exchange.core.model import OPERATOR, Role
from exchange.core.unusual import Kind
from exchange.steps import bars as conflicts
from exchange.steps import oversight, setup, watching
from exchange.steps import settings as service_settings
from exchange.store import ledger, ledger_read
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.console.record_overview import bars
from tests.support.console_site import Console, running_console
from tests.support.world import World, make_world, staff


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case; the lead has read a letter, a stranger's account appears where it should not."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    made = await make_world(service)
    async with reading(service) as conn:
        await ledger.append(conn, [opened(made, str(made.facilitator.id)) for _ in range(3)])
        await ledger.append(conn, [opened(made, str(made.stranger.id)), opened(made, str(made.author), "participant")])
        refused = {"act": "link.refused", "actor": {"kind": "system", "role": "visitor"}, "link": made.author}
        await ledger.append(conn, [{**refused, "case": made.case, "attempts": number} for number in range(5)])
    return made


def opened(world: World, who: str, kind: str = "staff") -> dict[str, object]:
    """A leaf that says that content was opened."""
    act = "review.opened" if kind == "staff" else "view.opened"
    return {"act": act, "actor": {"kind": kind, "id": who}, "case": world.case, "part": "page-1"}


@pytest.fixture
async def console(world: World) -> AsyncIterator[Console]:
    """The console over that world."""
    async with running_console(world.service) as running:
        yield running


async def test_openings_are_counted_and_the_unusual_is_found(world: World) -> None:
    """By staff and by participants; by case and kind; nothing of another case."""
    found = await oversight.overview(world.service, world.auditor, days=30)
    assert (len(found.spans), found.spans[-1].staff, found.spans[-1].participants) == (30, 4, 1)
    kinds = {(one.kind, one.who) for one in found.findings} - {
        (Kind.OUTSIDE_HOURS, str(who.id)) for who in (world.facilitator, world.stranger, world.auditor)
    }
    assert kinds == {(Kind.NOT_ASSIGNED, str(world.stranger.id)), (Kind.FAILURES, str(world.author))}
    only = await oversight.overview(world.service, world.auditor, days=30, kind=Kind.FAILURES)
    assert [(one.kind, one.count) for one in only.findings] == [(Kind.FAILURES, 5)]
    other = await oversight.overview(world.service, world.auditor, days=7, case=str(world.author))
    assert (other.findings, sum(span.total for span in other.spans)) == ([], 0)


async def test_looking_is_recorded_and_for_auditors_only(world: World) -> None:
    """The leaf says since when and for which case."""
    await oversight.overview(world.service, world.auditor, days=7, case=str(world.case))
    async with reading(world.service) as conn:
        leaf = (await ledger_read.leaves(conn, limit=1, newest_first=True))[0].leaf
    assert (leaf["act"], leaf["case"], leaf["days"]) == ("record.read", str(world.case), 7)
    for actor in (world.facilitator, world.supervisor, world.administrator):
        with pytest.raises(NotAllowed):
            await oversight.overview(world.service, actor, days=7)


async def test_a_conflict_of_interest_hides_what_is_unusual_in_that_case(world: World) -> None:
    """Only auditors read the list; one who is barred from a case is not told about it, others are."""
    before = await oversight.overview(world.service, world.auditor, days=7, kind=Kind.NOT_ASSIGNED)
    assert [one.case for one in before.findings] == [str(world.case)]
    await conflicts.set_bar(world.service, world.supervisor, world.case, world.auditor.id, reason="They are related.")
    found = await oversight.overview(world.service, world.auditor, days=7)
    assert str(world.case) not in {one.case for one in found.findings}
    other = await staff(world.service, "second-auditor", Role.AUDITOR)
    found = await oversight.overview(world.service, other, days=7, kind=Kind.NOT_ASSIGNED)
    assert [one.case for one in found.findings] == [str(world.case)]


async def test_outside_opening_hours_is_told_by_the_service_s_own_hours(world: World) -> None:
    """A service that is open for one minute in the week: every reading by staff is outside its hours."""
    await service_settings.save(world.service, OPERATOR, opening="Sun 03:00-03:01")
    found = await oversight.overview(world.service, world.auditor, days=7, kind=Kind.OUTSIDE_HOURS)
    counts = {one.who: one.count for one in found.findings}
    assert (counts[str(world.facilitator.id)], counts[str(world.stranger.id)]) == (3, 1)
    assert str(world.author) not in counts


async def test_a_second_look_adds_what_was_done_since_and_says_the_rest_again(world: World) -> None:
    """A look goes on where the last one ended, and finds what one from the beginning finds."""
    first = await oversight.overview(world.service, world.auditor, days=7, kind=Kind.NOT_ASSIGNED)
    async with reading(world.service) as conn:
        await ledger.append(conn, [opened(world, str(world.stranger.id)) for _ in range(2)])
        joined = {"act": "case.assigned", "actor": {"kind": "staff", "id": str(world.facilitator.id)}}
        await ledger.append(conn, [{**joined, "case": world.case, "account": str(world.stranger.id), "role": "co"}])
        await ledger.append(conn, [opened(world, str(world.stranger.id))])
        await ledger.append(conn, [opened(world, str(world.facilitator.id))])
    again = await oversight.overview(world.service, world.auditor, days=7, kind=Kind.NOT_ASSIGNED)
    assert [one.count for one in first.findings] == [1]
    assert [(one.who, one.count) for one in again.findings] == [(str(world.stranger.id), 3)]
    anew = watching.Watching()
    async with reading(world.service) as conn:
        since, zone = again.findings[0].since - timedelta(days=1), world.service.settings.zone
        hours = (await service_settings.read(world.service)).hours
        whole = await anew.findings(conn, since, hours, zone)
        assert whole == await anew.findings(conn, since, hours, zone)
    assert [one for one in whole if one.kind is Kind.NOT_ASSIGNED] == again.findings


async def test_three_months_are_shown_by_week(world: World) -> None:
    """Without a gap and without a day twice."""
    spans = (await oversight.overview(world.service, world.auditor, days=92)).spans
    assert len(spans) == 14
    assert all((after.first - before.last).days == 1 for before, after in pairwise(spans))
    assert sum((span.last - span.first).days + 1 for span in spans) == 92


async def test_the_page_has_a_chart_its_table_and_the_findings(world: World, console: Console) -> None:
    """No script is needed; the picture has a title, the table the same numbers."""
    auditor = await console.as_(world.auditor)
    status, page = await auditor.get(f"/record/overview?days=30&case={world.case}")
    assert status == 200
    assert re.search(r'<svg[^>]*role="img"[^>]*aria-labelledby="chart-title"', page)
    assert page.count('class="app-chart__staff"') == 30
    assert re.search(r"numeric\">4</td><td[^>]*>1</td>", page)
    assert "Not on the case at that time" in page
    assert "Refused again and again" in page.split("<h2", 2)[2]
    status, page = await auditor.get("/record/overview?case=nothing")
    assert (status, "Nothing of this name is known" in page) == (422, True)
    lead = await console.as_(world.facilitator)
    assert (await lead.get("/record/overview"))[0] == 403


def test_bars_fill_the_picture_and_stay_in_it() -> None:
    """The tallest reaches the top, the parts add up, nothing leaves the frame."""
    spans = [oversight.Span(date(2026, 3, 1), date(2026, 3, 1), staff, people)
             for staff, people in ((0, 0), (3, 1), (0, 8), (1, 0))]  # fmt: skip
    drawn = bars(spans)
    assert [bar["staff"] + bar["participants"] for bar in drawn] == [0, 80, 160, 20]
    assert all(bar["staff_y"] + bar["staff"] == bar["participants_y"] for bar in drawn)
    assert all(bar["participants_y"] + bar["participants"] == 160 for bar in drawn)
    assert max(bar["x"] + bar["width"] for bar in drawn) <= 640
    assert bars([]) == []
