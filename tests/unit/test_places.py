"""Places of notes and changes: closed shapes, times and boxes as people type them, words found in a text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.core import places
from exchange.core.errors import BadInput

BOX = [1200, 3000, 4000, 500]
GOOD: list[dict[str, Any]] = [
    {}, {"page": 1}, {"page": 3, "box": BOX}, {"seconds": 0}, {"seconds": 65.2}, {"seconds": 4, "box": BOX},
    {"text": "translation-pl", "start": 0, "end": 1},
]  # fmt: skip
BAD: list[dict[str, Any]] = [
    {"page": 0}, {"page": "1"}, {"page": True}, {"page": 1, "seconds": 2}, {"box": BOX}, {"seconds": -1},
    {"page": 1, "box": [0, 0, 0, 5]}, {"page": 1, "box": [9000, 0, 1001, 5]}, {"page": 1, "box": [0, 0, 1]},
    {"page": 1, "box": [0.5, 0, 1, 1]}, {"seconds": float("nan")}, {"words": "Lower Heath"},
    {"text": "text", "start": 4, "end": 4}, {"text": "../text", "start": 1, "end": 2}, {"text": "text", "start": 1},
]  # fmt: skip


@pytest.mark.parametrize("place", GOOD)
def test_a_place_is_kept_as_it_is(place: dict[str, Any]) -> None:
    """Each shape that there is."""
    assert places.checked(place) == place


@pytest.mark.parametrize("place", BAD)
def test_what_is_no_place_is_refused(place: dict[str, Any]) -> None:
    """Wrong numbers, wrong types, two places in one, and words, which would stand there in the clear."""
    with pytest.raises(BadInput):
        places.checked(place)


def test_a_place_fits_only_a_version_that_has_it() -> None:
    """Pages, recordings and texts of other versions are no place of this one."""
    letter, film = {"page-001": 9, "text": 20}, {"picture": 1, "sound": 1}
    fitting = [
        places.fits(place, parts)
        for parts in (letter, film, {"sound": 1})
        for place in ({"page": 1, "box": BOX}, {"page": 2}, {"seconds": 1}, {"seconds": 1, "box": BOX},
                      {"text": "text", "start": 3, "end": 20}, {"text": "text", "start": 3, "end": 21}, {})
    ]  # fmt: skip
    assert fitting == [
        True, False, False, False, True, False, True,
        False, False, True, True, False, False, True,
        False, False, True, False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("0", 0), ("65.2", 65_200), ("1:05", 65_000), ("1:05,25", 65_250), ("1:00:05.001", 3_605_001),
     ("90:00", 5_400_000), ("", None), ("1:75", None), ("1:2:3:4", None), ("-1", None),
     ("١:٠٥", None), ("1:05.1234", None)],
)  # fmt: skip
def test_times_as_people_type_them(typed: str, meant: int | None) -> None:
    """Minutes and seconds, hours, parts of a second; nothing else."""
    assert places.milliseconds(typed) == meant


@given(st.integers(0, 10**8))
def test_a_time_is_read_back(span: int) -> None:
    """What the page shows can be typed into it."""
    assert places.milliseconds(places.clock(span)) == span


@given(st.tuples(*[st.integers(0, 10_000)] * 4))
def test_a_box_is_read_back(box: tuple[int, int, int, int]) -> None:
    """Within the picture it comes back to the last digit, otherwise not at all."""
    left, top, width, height = box
    inside = width > 0 and height > 0 and left + width <= 10_000 and top + height <= 10_000
    assert places.box(places.percents(box)) == (box if inside else None)


def test_words_are_found_however_they_are_spaced() -> None:
    """The second of three, over the end of a line; words that are a pattern are words."""
    text = "Ash Reed. Then Ash\n  Reed again, and Ash Reed (who?)."
    assert places.find_words(text, " Ash   Reed ", 2) == (15, 25)
    assert text[slice(*(places.find_words(text, "Reed (who?)") or ()))] == "Reed (who?)"
    assert [
        places.find_words(text, words, nth) for words, nth in (("Ash Reed", 4), ("ash", 1), ("", 1), ("Ash", 0))
    ] == [None] * 4
