"""No page of the console asks the database more the more cases there are, and none asks too much (rule 25)."""

import re

import pytest

from exchange.store import read
from exchange.store.read import cases, home, oversight
from exchange.store.service import Service
from exchange.web.console.app import ROUTES
from exchange.web.frame.routing import PUBLIC
from tests.support.many import Many, add_cases, make_many
from tests.support.many_pages import LEFT_OUT, Page, pages_of, queries_of

FEW, MORE = 50, 350
MOST_QUERIES = {
    # one act each: content is opened, with the gate asked, the case locked and a leaf written before the first byte
    "/messages/{message}/review": 55, "/messages/{message}/changes": 25, "/people/{person}": 28,
    "/people/{person}/naming": 20, "/cases/{case}/closing": 38,
    "/messages/{message}/told": 18, "/messages/{message}/appeal": 18, "/concerns/{concern}/misfiled": 18,
}  # fmt: skip
MOST = 15
"""On every other page."""
MOST_ON_LISTS = 10
LISTS = (
    "/", "/cases", "/supervisor", "/supervisor/waiting", "/supervisor/decisions", "/referrals", "/emergencies",
    "/supervisor/second-approvals", "/supervisor/due", "/record", "/record/overview", "/admin/accounts",
    "/leaving/{account}", "/retention",
)  # fmt: skip


@pytest.fixture
async def many(service: Service) -> Many:
    """Fifty cases of five facilitators."""
    return await make_many(service, cases=FEW, facilitators=5)


async def test_rule_25_no_page_asks_more_queries_where_there_are_more_cases(many: Many) -> None:
    """The very same pages over 50 and over 400 cases: not one query more, and each below its bound."""
    pages = await pages_of(many)
    before = await queries_of(many.service, pages)
    await add_cases(many, cases=MORE, seed=2)
    after = await queries_of(many.service, pages)
    grown = {page.path: (before[page], after[page]) for page in pages if after[page] > before[page] + SLACK}
    assert grown == {}
    assert {p.path: count for p, count in after.items() if count > MOST_QUERIES.get(p.route, MOST)} == {}
    assert {p.path: count for p, count in after.items() if p.route in LISTS and count > MOST_ON_LISTS} == {}
    assert await _shown(many) == {"needs": home.MOST, "cases": cases.PAGE, "waiting": oversight.PAGE}


SLACK = 1
"""A session's last use is noted every ten seconds: one query more or less."""


async def _shown(many: Many) -> dict[str, int]:
    """How many rows the longest group, the list of cases and what waits show of hundreds; the counts know them all."""
    who = many.supervisor
    groups = await read.needs_you_now(many.service, who)
    listed = await read.case_list(many.service, who, show="all")
    waiting = await read.waiting_list(many.service, who, read.Wanted())
    assert max(group.total for group in groups.values()) > home.MOST
    assert listed.total == FEW + MORE
    assert waiting.total > oversight.PAGE
    return {"needs": max(map(len, groups.values())), "cases": len(listed), "waiting": len(waiting.rows)}


async def test_rule_25_every_page_with_a_list_or_a_case_is_among_those(many: Many) -> None:
    """Each page that the console declares is visited, or left out with a reason that still fits some route."""
    routes = {one.path for one in ROUTES if one.method == "GET" and one.permission is not PUBLIC}
    left = {route for route in routes if any(re.search(pattern, route) for pattern, _ in LEFT_OUT)}
    visited = {page.route for page in await pages_of(many)}
    assert routes - left - visited == set()
    assert [reason for pattern, reason in LEFT_OUT if not any(re.search(pattern, one) for one in left)] == []
    assert all(isinstance(page, Page) for page in await pages_of(many))


async def test_rule_25_leafing_through_a_list_shows_each_row_once(many: Many) -> None:
    """All pages together are all rows, none twice, the latest first."""
    first = await read.waiting_list(many.service, many.supervisor, read.Wanted())
    rows = []
    for number in range(1, -(-first.total // oversight.PAGE) + 1):
        rows += (await read.waiting_list(many.service, many.supervisor, read.Wanted(), page=number)).rows
    assert len({row.message_id for row in rows}) == len(rows) == first.total
    assert [row.due_at for row in rows] == sorted(row.due_at for row in rows)
    late = await read.waiting_list(many.service, many.supervisor, read.Wanted(late=True))
    assert late.total == sum(row.late for row in rows) > 0
    found = (await read.needs_you_now(many.service, many.supervisor))["on_you"]
    seen = [item.message_id or item.task_id for item in found]
    for number in range(2, -(-found.total // home.MOST) + 1):
        more = await read.needs_you_now(many.service, many.supervisor, group="on_you", page=number)
        seen += [item.message_id or item.task_id for item in more["on_you"]]
    assert len(seen) == found.total
