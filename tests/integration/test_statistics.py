"""Statistics without persons: counted from the real record; small numbers hidden on page, in table and at the API."""

import csv
import io
import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from exchange.core.errors import NotAllowed, NotFound
from exchange.core.statistics import BY_KIND, BY_MONTH, BY_TYPE, Figure, Quarter
from exchange.steps import referral, statistics
from exchange.store import figures
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import running_api
from tests.support.roles import as_owner
from tests.support.staff import found
from tests.support.world import World, make_world

PAST = Quarter(date(2025, 4, 1))


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded, in a service with a key pair of its own."""
    await found(service)
    return await make_world(service)


async def a_quarter_later(world: World) -> Quarter:
    """Everything that is in the record happened four months ago: only the owner of a database could do that."""
    async with reading(as_owner(world.service)) as conn:
        await conn.execute(text("alter table ledger_leaf disable trigger user"))
        await conn.execute(text("update ledger_leaf set at = at - interval '125 days'"))
        await conn.execute(text("alter table ledger_leaf enable trigger user"))
    async with reading(world.service) as conn:
        day = await figures.first_day(conn, world.service.settings.zone)
    assert day is not None
    return Quarter.of(day)


async def counted_past(world: World, **totals: int) -> None:
    """A quarter as the worker would have counted it."""
    async with reading(world.service) as conn:
        for figure, number in totals.items():
            rows = [("", ""), (BY_TYPE, "general"), (BY_MONTH, PAST.months[1])]
            if figure == "answered":
                rows[2:2] = [(BY_KIND, "accepted")]
            values = [{"quarter": PAST.first, "figure": figure, "division": by, "part": part, "number": number}
                      for by, part in rows]  # fmt: skip
            await conn.execute(insert(t.figure), values)
        done = {"quarter": PAST.first, "figure": figures.COUNTED, "division": "", "part": "", "number": 1}
        await conn.execute(insert(t.figure).values(**done))


async def test_a_quarter_is_counted_from_the_record_once_when_it_has_ended(world: World) -> None:
    """Real acts; before the quarter is over nothing is counted, afterwards once, and by two workers once."""
    for _ in range(2):
        await world.released()
    withdrawn = await world.letter()
    await referral.save_referral(world.service, {"reach_by": "phone", "reach_address": "01632 960 555"})
    assert await statistics.count_quarters(world.service) == 0
    quarter = await a_quarter_later(world)
    assert await statistics.count_quarters(world.service) >= 1
    assert await statistics.count_quarters(world.service) == 0
    async with reading(world.service) as conn:
        raw = (await figures.numbers(conn, [quarter]))[quarter]
        acts = list((await conn.execute(text("select leaf::jsonb ->> 'act' from ledger_leaf"))).scalars())
        assert not await figures.keep(conn, quarter, {("opened", "", ""): 99})
    assert withdrawn
    totals = {figure: number for (figure, by, part), number in raw.items() if not by and not part}
    assert totals == {
        Figure.REFERRALS: 1, Figure.OPENED: 1, Figure.PUT_IN: 3, Figure.DECIDED: 2, Figure.OFFERED: 2,
        Figure.ANSWERED: 2, Figure.RELEASED: 2, Figure.EXCHANGES: 1, figures.COUNTED: 1,
    }  # fmt: skip
    assert raw[Figure.REFERRALS, BY_KIND, "waiting"] == 1
    assert raw[Figure.ANSWERED, BY_KIND, "accepted"] == 2
    assert acts.count("statistics.counted") >= 1


async def test_small_numbers_are_hidden_on_the_page_in_the_table_and_at_the_api(world: World) -> None:
    """Three things that happened are nowhere; twelve are everywhere; and that the table was taken is recorded."""
    await counted_past(world, opened=3, answered=12)
    day = PAST.first.isoformat()
    async with running_api(world.service) as api:
        boss = await api.console.as_(world.supervisor)
        _, page = await boss.get("/supervisor/statistics")
        status, table, _ = await boss.send("/supervisor/statistics", quarter=day)
        told = await (await api.as_(world.supervisor)).get("/supervisor/statistics", quarter=day)
    assert status == 200
    sections = dict(re.findall(r'<section aria-labelledby="(\w+)">(.*?)</section>', page, re.DOTALL))
    assert "(hidden)" in sections["opened"]
    assert re.findall(r"numeric\">(\w+)<", sections["opened"]) == ["hidden"] * 9
    assert "(12)" in sections["answered"]
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["number"] for row in rows if row["figure"] == "opened"} == {"hidden"}
    said = {row["division"]: row["number"] for row in rows if row["figure"] == "answered" and row["number"] != "0"}
    assert said == {"total": "12", "kind": "12", "type": "12", "month": "12"}
    assert told["figures"]["opened"]["total"] is None
    assert told["figures"]["answered"]["parts"]["kind"] == {"accepted": 12, "declined": 0, "later": 0}
    async with reading(world.service) as conn:
        last = (await conn.execute(text("select leaf::jsonb from ledger_leaf order by index desc limit 5"))).scalars()
        taken: list[Any] = [leaf for leaf in last if leaf["act"] == "statistics.taken"]
    assert len(taken) == 1
    assert taken[0]["actor"]["id"] == str(world.supervisor.id)


async def test_only_supervisors_see_statistics_and_only_of_quarters_that_have_ended(world: World) -> None:
    """Everybody else is refused by the step itself; a quarter that was not counted is not there."""
    await counted_past(world, opened=30)
    for other in (world.facilitator, world.auditor, world.administrator):
        with pytest.raises(NotAllowed):
            await statistics.read(world.service, other)
    with pytest.raises(NotFound):
        await statistics.read(world.service, world.supervisor, PAST.next.first)
    found = await statistics.read(world.service, world.supervisor)
    assert found.figures[Figure.OPENED].total == 30
    async with reading(world.service) as conn:
        assert list((await conn.execute(select(t.figure.c.quarter).distinct())).scalars()) == [PAST.first]
