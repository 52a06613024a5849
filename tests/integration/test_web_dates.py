"""Dates, opening hours and languages as people read them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from exchange.web.frame import dates, i18n
from exchange.web.frame.hours import Opening

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPENING = Opening.parse("Mon-Fri 08:00-20:00; Sat-Sun 09:00-17:00")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Every test begins and ends in English."""
    i18n.use_language("en")
    yield
    i18n.use_language("en")


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (datetime(2026, 3, 3, 14, 15, tzinfo=UTC), "Tuesday 3 March, 2:15pm"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Sunday 29 March, 12:59am"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Sunday 29 March, 2am"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Sunday 25 October, 1:30am"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Sunday 25 October, 1:30am"),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "Thursday 2 July, 12:30am"),
        (datetime(2026, 7, 1, 11, 0, tzinfo=UTC), "Wednesday 1 July, midday"),
        (datetime(2025, 12, 31, 9, 5, tzinfo=UTC), "Wednesday 31 December 2025, 9:05am"),
    ],
)
def test_moments_follow_the_clock_on_the_wall(when: datetime, words: str) -> None:
    """Summer time begins and ends; another year is named."""
    assert dates.moment(when, LONDON, now=NOW) == words


def test_moments_in_welsh() -> None:
    """Names of days and months are Welsh."""
    i18n.use_language("cy")
    assert dates.moment(datetime(2026, 3, 3, 14, 15, tzinfo=UTC), LONDON, now=NOW) == "Dydd Mawrth 3 Mawrth, 2:15pm"


def test_a_time_without_zone_is_refused() -> None:
    """A naive time would be shown an hour wrong half the year."""
    with pytest.raises(ValueError, match="without a zone"):
        dates.moment(datetime(2026, 3, 3), LONDON)  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize(("days", "words"), [(0, "today"), (1, "1 day"), (12, "12 days")])
def test_waiting_is_counted_in_days(days: int, words: str) -> None:
    """From today on."""
    assert dates.waiting(NOW - timedelta(days=days, hours=2), NOW) == words


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 second"), (45, "45 seconds"), (250, "about 4 minutes")])
def test_lengths_are_rough(seconds: float, words: str) -> None:
    """Nobody needs milliseconds before they decide."""
    assert dates.length(seconds) == words


def test_hours_in_words() -> None:
    """Days with the same hours are one line."""
    assert OPENING.sentences() == ["Monday to Friday, 8am to 8pm", "Saturday to Sunday, 9am to 5pm"]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(2026, 11, 23, 12, 0, tzinfo=LONDON), "Open now, until 8pm"),
        (datetime(2026, 11, 23, 7, 0, tzinfo=LONDON), "Opens again today, 8am"),
        (datetime(2026, 11, 22, 17, 0, tzinfo=LONDON), "Opens again Monday 23 November, 8am"),
    ],
)
def test_when_the_phone_is_answered_next(now: datetime, words: str) -> None:
    """Open, later today, another day."""
    assert OPENING.reopens(now) == words


def test_hours_that_never_come() -> None:
    """A service without hours says nothing rather than something wrong."""
    assert Opening.parse("").reopens(NOW) == ""


@pytest.mark.parametrize("text", ["Mon 8-20", "Mon-Xyz 08:00-20:00", "always"])
def test_unreadable_hours_are_refused(text: str) -> None:
    """With the part that is wrong."""
    with pytest.raises(ValueError, match="Opening hours look like"):
        Opening.parse(text)


@pytest.mark.parametrize(
    ("cookie", "accept", "code"),
    [
        (None, "", "en"), ("cy", "en", "cy"), ("xx", "cy-GB,cy;q=0.9", "cy"), (None, "fr,de", "en"),
        (None, "*", "en"), (None, ";;;,,,", "en"),
    ],
)  # fmt: skip
def test_language_is_chosen(cookie: str | None, accept: str, code: str) -> None:
    """The visitor's choice, the browser's, English; nonsense is English."""
    assert i18n.choose_language(cookie, accept) == code


def test_empty_sentence_is_not_the_header_of_the_catalogue() -> None:
    """gettext's oldest trap."""
    i18n.use_language("cy")
    assert i18n.gettext("") == ""


def test_every_error_of_the_tree_is_in_the_catalogue() -> None:
    """Safe sentences are translated like all others."""
    i18n.use_language("cy")
    assert i18n.gettext("This link cannot be opened. Nothing is lost.").startswith("Ni ellir agor y ddolen hon")
