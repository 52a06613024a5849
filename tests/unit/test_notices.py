"""The rule of notices: off until everything is recorded, and no wherever anything speaks against it."""

from dataclasses import fields, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.core import notices
from exchange.core.errors import Refused
from exchange.core.model import Channel, Status
from exchange.core.notices import OFF, REASONS, Facts, SafeHours, explain

LONDON = ZoneInfo("Europe/London")
WEEKDAYS = SafeHours(frozenset(range(5)), time(9), time(12))
MONDAY_TEN = datetime(2026, 11, 23, 10, tzinfo=LONDON)
YES = Facts(
    means=Channel.EMAIL, address=True, hours=WEEKDAYS, words=True, declined=False, contact_changed=False,
    came_back=False, set_up=True, case_open=True, paused=False, hold=False, emergency=False, contact_order=False,
    takes_part=True, status=Status.ACTIVE, custody=False, stands=True, gate=(), sent=0, most=1, asked_by_staff=True,
    by_itself=False,
)  # fmt: skip
AGAINST: list[tuple[dict[str, Any], str]] = [
    ({"declined": True}, "declined"),
    ({"means": None}, "no_means"),
    ({"means": Channel.PHONE}, "no_means"),
    ({"address": False}, "no_means"),
    ({"hours": None}, "no_hours"),
    ({"hours": SafeHours(frozenset(), time(9), time(12))}, "no_hours"),
    ({"words": False}, "no_words"),
    ({"contact_changed": True}, "contact_changed"),
    ({"came_back": True}, "came_back"),
    ({"set_up": False}, "not_set_up"),
    ({"case_open": False}, "case_closed"),
    ({"paused": True}, "case_paused"),
    ({"hold": True}, "safety_hold"),
    ({"emergency": True}, "emergency"),
    ({"contact_order": True}, "contact_order"),
    ({"takes_part": False}, "takes_part"),
    ({"custody": True}, "custody"),
    ({"stands": False}, "over"),
    ({"gate": ("assessment",)}, "gate"),
    ({"sent": 1}, "enough"),
    ({"most": 0}, "enough"),
    ({"asked_by_staff": False}, "not_by_itself"),
    *(({"status": one}, "status") for one in (None, *(s for s in Status if s is not Status.ACTIVE))),
]
hours = st.builds(
    SafeHours,
    st.frozensets(st.integers(0, 6)),
    st.builds(time, st.integers(0, 23)),
    st.builds(time, st.integers(0, 23)),
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(  # noqa: DTZ001  # a zone is put on next
    lambda one: one.replace(tzinfo=UTC).astimezone(LONDON)
)


def test_it_may_go_where_everything_is_recorded_and_nothing_speaks_against_it() -> None:
    """At once within the safe hours, with no reason."""
    verdict = explain(YES, MONDAY_TEN)
    assert (verdict.reasons, verdict.at) == ((), MONDAY_TEN)
    assert verdict.require() == MONDAY_TEN


def test_nothing_recorded_means_no() -> None:
    """The facts' own defaults are all against it."""
    verdict = explain(Facts(), MONDAY_TEN)
    assert verdict.at is None
    assert set(verdict.reasons) == set(REASONS) - {"declined", "never", "check_failed"}
    with pytest.raises(Refused):
        verdict.require()


@pytest.mark.parametrize(("change", "reason"), AGAINST)
def test_one_thing_against_it_is_enough(change: dict[str, Any], reason: str) -> None:
    """Exactly that reason, and no time."""
    verdict = explain(replace(YES, **change), MONDAY_TEN)
    assert (verdict.reasons, verdict.at) == ((reason,), None)


def test_every_reason_is_reached_by_a_test() -> None:
    """Those above, the two of hours and crashes, and no code that pages have no word for."""
    reached = {reason for _, reason in AGAINST} | {"never", "check_failed"}
    assert reached == set(REASONS)
    assert set(OFF) < reached


@given(st.data(), moments)
def test_it_goes_exactly_if_nothing_is_against_it(data: st.DataObject, now: datetime) -> None:
    """Any mixture of facts: reasons are exactly those of the parts, and a time only without a reason."""
    chosen = data.draw(st.lists(st.sampled_from(AGAINST), max_size=6, unique_by=lambda one: tuple(one[0])))
    facts = YES
    for change, _ in chosen:
        facts = replace(facts, **change)
    verdict = explain(facts, now)
    wanted = {reason for _, reason in chosen}
    if "declined" in wanted:
        wanted -= {"no_means", "no_hours", "no_words"}
    assert set(verdict.reasons) == wanted
    assert (verdict.at is None) == bool(wanted)


class Crash:
    """A fact that cannot be read."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __bool__(self) -> bool:
        raise RuntimeError

    def __ge__(self, other: object) -> bool:
        raise RuntimeError

    __le__ = __ge__

    def __hash__(self) -> int:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


READ = [one.name for one in fields(Facts) if one.name not in ("by_itself", "status")]


@pytest.mark.parametrize("name", READ)
def test_a_check_that_crashes_means_no(name: str) -> None:
    """Whichever fact cannot be read."""
    verdict = explain(replace(YES, **{name: Crash()}), MONDAY_TEN)
    assert verdict.at is None
    assert "check_failed" in verdict.reasons


def test_hours_that_crash_mean_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise where only the time cannot be found."""

    def crash(*_: object) -> None:
        raise OverflowError

    monkeypatch.setattr(notices.SafeHours, "next", crash)
    assert explain(YES, MONDAY_TEN).reasons == ("check_failed",)


@given(hours, moments)
def test_the_time_is_always_a_safe_one(safe: SafeHours, now: datetime) -> None:
    """Never earlier than now, and within the hours, also where the clock changes."""
    at = safe.next(now)
    if at is None:
        assert not safe.days or (safe.end.hour and safe.start >= safe.end)
        return
    assert at >= now
    assert safe.allow(at.astimezone(UTC).astimezone(LONDON))


@given(hours, moments)
def test_no_safe_moment_is_missed(safe: SafeHours, now: datetime) -> None:
    """Looked at every half hour, nothing before the answer is safe."""
    at = safe.next(now)
    until = (at or now + timedelta(days=8)).astimezone(UTC)
    moment, step = now.astimezone(UTC), timedelta(minutes=30)
    while moment < until:
        assert not safe.allow(moment.astimezone(LONDON))
        moment += step


@pytest.mark.parametrize(
    ("now", "at"),
    [
        ("2026-11-23T08:59", "2026-11-23T09:00"),
        ("2026-11-23T12:00", "2026-11-24T09:00"),
        ("2026-11-20T12:30", "2026-11-23T09:00"),
        ("2026-11-22T17:00", "2026-11-23T09:00"),
    ],
)
def test_outside_the_hours_it_waits_until_the_next_ones(now: str, at: str) -> None:
    """Before nine, after twelve, over a weekend."""
    moments_of = [datetime.fromisoformat(one).replace(tzinfo=LONDON) for one in (now, at)]
    assert explain(YES, moments_of[0]).at == moments_of[1]


def test_hours_that_never_come_mean_no() -> None:
    """A span without length."""
    empty = SafeHours(frozenset({0}), time(9), time(9))
    assert explain(replace(YES, hours=empty), MONDAY_TEN).reasons == ("never",)


def test_rule_6_at_most_as_often_as_policy_says() -> None:
    """With two allowed the second may go, the third may not, whoever asks."""
    for staff in (True, False):
        asked = replace(YES, most=2, asked_by_staff=staff, by_itself=True)
        assert explain(replace(asked, sent=1), MONDAY_TEN).at == MONDAY_TEN
        assert explain(replace(asked, sent=2), MONDAY_TEN).reasons == ("enough",)


def test_by_itself_only_where_policy_and_person_allow_it() -> None:
    """The fact holds both."""
    asked = replace(YES, asked_by_staff=False)
    assert explain(asked, MONDAY_TEN).reasons == ("not_by_itself",)
    assert explain(replace(asked, by_itself=True), MONDAY_TEN).at == MONDAY_TEN
