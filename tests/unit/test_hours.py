"""Opening hours, closed days, working days; no clock but the one given."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from exchange.core.errors import BadInput
from exchange.steps.hours import Hours

LONDON = ZoneInfo("Europe/London")
WEEK = "Mon-Fri 08:00-20:00; Sat-Sun 09:00-17:00"
OFFICE = Hours.parse("Mon-Fri 9:00-17:00", [date(2026, 12, 25), date(2026, 12, 28)])


def at(text: str) -> datetime:
    """A time in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize("text", [WEEK, "Mon 08:00-20:00", "Tue-Thu 10:30-12:00", ""])
def test_the_written_form_reads_back(text: str) -> None:
    """What `text` writes, `parse` reads, and equal days are written together."""
    assert Hours.parse(text).text() == text


@pytest.mark.parametrize(
    "text",
    [
        "daily",
        "Mon-Fri",
        "Mon-Fri 8-20",
        "Mon 20:00-08:00",
        "Sun-Mon 08:00-20:00",
        "Mon 08:00-25:00",
        "Xyz 08:00-09:00",
    ],
)
def test_other_forms_are_refused_with_an_example(text: str) -> None:
    """The sentence shows how to write it and names the field."""
    with pytest.raises(BadInput, match="Mon-Fri 08:00-20:00") as refusal:
        Hours.parse(text)
    assert refusal.value.field == "opening"


@pytest.mark.parametrize(
    ("now", "reopens"),
    [
        ("2026-11-23T07:59", "2026-11-23T09:00"),
        ("2026-11-23T09:00", "2026-11-24T09:00"),
        ("2026-11-27T18:00", "2026-11-30T09:00"),
        ("2026-12-24T18:00", "2026-12-29T09:00"),
        ("2026-03-27T18:00", "2026-03-30T09:00"),
    ],
)
def test_reopening_skips_weekends_and_closed_days(now: str, reopens: str) -> None:
    """Also over the night in March in which clocks change: nine o'clock stays nine o'clock."""
    assert OFFICE.reopens_at(at(now)) == at(reopens)


def test_a_service_without_hours_never_reopens() -> None:
    """And is never open."""
    never = Hours.parse("")
    assert never.reopens_at(at("2026-11-23T09:00")) is None
    assert not never.is_open(at("2026-11-23T09:00"))


def test_open_from_the_first_minute_to_the_last() -> None:
    """The closing time itself is closed."""
    assert OFFICE.is_open(at("2026-11-23T09:00"))
    assert not OFFICE.is_open(at("2026-11-23T17:00"))
    assert not OFFICE.is_open(at("2026-12-25T10:00"))


def test_working_days_are_counted_over_holidays() -> None:
    """Two working days after Christmas Eve 2026 (a Thursday) is Wednesday, 30 December."""
    assert OFFICE.after_working_days(date(2026, 12, 24), 2) == date(2026, 12, 30)
    assert OFFICE.after_working_days(date(2026, 11, 23), 0) == date(2026, 11, 23)


def test_the_day_before_a_closed_day_is_known() -> None:
    """A release on it warns."""
    assert OFFICE.before_closed_day(at("2026-12-24T10:00"))
    assert not OFFICE.before_closed_day(at("2026-11-23T10:00"))
