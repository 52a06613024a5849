"""What the record shows as unusual: each rule on both sides of its border, and that nobody is accused for nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core.unusual import CONTENT, Kind, Limits, Unusual, Watch

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
LEAD, OTHER, COVER = "lead", "other", "cover"


def leaf(act: str, who: str = LEAD, minutes: float = 0, **more: Any) -> dict[str, Any]:
    """A leaf by a member of staff, so many minutes after noon."""
    at = (NOON + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"act": act, "actor": {"kind": "staff", "id": who}, "at": at, "v": 1, **more}


def found(*leaves: dict[str, Any], open_: bool = True, limits: Limits | None = None) -> list[Unusual]:
    """The findings."""
    watch = Watch(lambda _at: open_, limits or Limits())
    for index, leaf in enumerate(leaves):
        watch.see(index, leaf)
    return watch.findings()


def case(name: str, lead: str = LEAD) -> dict[str, Any]:
    """A case is opened."""
    return leaf("case.opened", "supervisor", case=name, facilitator=lead)


def test_a_usual_day_shows_nothing() -> None:
    """The lead reads in their own case while the service is open."""
    assert found(case("a"), *(leaf("review.opened", minutes=n, case="a") for n in range(30))) == []


@pytest.mark.parametrize("act", sorted(CONTENT | {"record.read", "record.exported", "referral.read"}))
def test_reading_outside_hours_shows(act: str) -> None:
    """Every act by which staff read; once per stretch of time, with how often."""
    seen = found(case("a"), leaf(act, case="a"), leaf(act, minutes=20, case="a"), open_=False)
    assert [(one.kind, one.who, one.first, one.last, one.count) for one in seen] == [
        (Kind.OUTSIDE_HOURS, LEAD, 1, 2, 2)
    ]


def test_other_acts_and_other_people_may_come_at_any_hour() -> None:
    """A participant reads at night; a worker works."""
    by_night = leaf("view.opened", case="a") | {"actor": {"kind": "participant", "id": "p"}}
    assert found(case("a"), by_night, leaf("consent.given", case="a"), open_=False) == []


def test_far_apart_is_two_findings() -> None:
    """Within the window one, after it another."""
    assert len(found(case("a"), leaf("review.opened", case="a"), leaf("review.opened", minutes=61, case="a"),
                     open_=False)) == 2  # fmt: skip


@pytest.mark.parametrize(
    ("staffing", "who", "expected"),
    [
        ([], LEAD, False),
        ([], OTHER, True),
        ([leaf("case.assigned", "s", case="a", account=OTHER, role="co")], OTHER, False),
        ([leaf("case.assigned", "s", case="a", account=OTHER, role="co"),
          leaf("case.unassigned", "s", case="a", account=OTHER)], OTHER, True),
        ([leaf("case.cover_set", "s", case="a", cover=COVER)], COVER, False),
        ([leaf("case.cover_set", "s", case="a", cover=COVER),
          leaf("case.cover_set", "s", case="a", cover=OTHER)], COVER, True),
        ([leaf("case.assigned", "s", case="a", account=OTHER, role="lead")], LEAD, True),
        ([leaf("case.assigned", "s", case="a", account=OTHER, role="lead")], OTHER, False),
        ([leaf("case.assigned", "s", case="b", account=OTHER, role="co")], OTHER, True),
    ],
    ids=["lead", "stranger", "co", "taken off", "cover", "no longer cover", "old lead", "new lead", "other case"],
)  # fmt: skip
@pytest.mark.parametrize("act", sorted(CONTENT))
def test_who_was_not_on_the_case_shows(act: str, staffing: list[dict[str, Any]], who: str, expected: bool) -> None:
    """As the record itself tells who was on it at that time."""
    kinds = {one.kind for one in found(case("a"), *staffing, leaf(act, who, case="a"))}
    assert kinds == ({Kind.NOT_ASSIGNED} if expected else set())


def test_a_supervisor_may_look_at_the_record_of_any_case() -> None:
    """That is no content."""
    assert found(case("a"), leaf("record.read", OTHER, case="a")) == []


@settings(max_examples=40)
@given(st.integers(2, 15), st.integers(1, 30))
def test_bulk_begins_exactly_at_the_limit(limit: int, count: int) -> None:
    """So many different cases within an hour, one fewer is nothing; the same case again does not count."""
    cases = [case(str(n)) for n in range(count)]
    reads = [leaf("review.opened", minutes=n % 2, case=str(n // 2)) for n in range(2 * count)]
    reads.sort(key=lambda one: one["at"])
    seen = found(*cases, *reads, limits=Limits(cases=limit))
    assert [(one.kind, one.count, one.case) for one in seen] == ([(Kind.BULK, count, "")] if count >= limit else [])


def test_bulk_is_per_person_and_per_hour() -> None:
    """Two people, or two hours, with half each are nothing."""
    limits, cases = Limits(cases=4), [case(str(n)) for n in range(4)]
    late = [leaf("review.opened", minutes=61 * (n // 2), case=str(n)) for n in range(4)]
    assert found(*cases, *late, limits=limits) == []
    teams = [leaf("case.assigned", "s", case=str(n), account=OTHER, role="co") for n in range(4)]
    shared = [leaf("review.opened", (LEAD, OTHER)[n % 2], case=str(n)) for n in range(4)]
    assert found(*cases, *teams, *shared, limits=limits) == []


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(2, 6))
def test_failures_begin_exactly_at_the_limit(count: int, limit: int) -> None:
    """Of one account or one link, whoever tried."""
    for name, act in (("account", "account.refused"), ("link", "link.refused")):
        tries = [leaf(act, minutes=n, **{name: "x"}) for n in range(count)]
        seen = found(*tries, limits=Limits(failures=limit))
        expected = [(Kind.FAILURES, "x", 0, count - 1, count)] if count >= limit else []
        assert [(one.kind, one.who, one.first, one.last, one.count) for one in seen] == expected


def test_failures_of_different_links_or_far_apart_do_not_add_up() -> None:
    """Nor does a refusal of nobody known."""
    assert found(*(leaf("link.refused", link=str(n)) for n in range(20))) == []
    assert found(*(leaf("link.refused", minutes=20 * n, link="x") for n in range(20))) == []
    assert found(*(leaf("account.refused") for _ in range(20))) == []


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(sorted(CONTENT)), st.integers(0, 3), st.integers(0, 300)), max_size=60))
def test_findings_name_real_entries_in_order(drawn: list[tuple[str, int, int]]) -> None:
    """Whatever happened: first ≤ last, times fit the entries, none is named twice for one kind, person and case."""
    leaves = [leaf(act, f"p{who}", minutes, case=f"c{who}") for act, who, minutes in sorted(drawn, key=lambda d: d[2])]
    seen = found(*leaves, open_=False)
    for one in seen:
        assert one.first <= one.last
        assert leaves[one.first]["at"] == one.since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert leaves[one.last]["at"] == one.until.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert len({(one.kind, one.who, one.case, one.first) for one in seen}) == len(seen)
    outside = [one for one in seen if one.kind is Kind.OUTSIDE_HOURS]
    assert sum(one.count for one in outside) == len(leaves)
