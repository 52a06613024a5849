"""The service's own words of a consent: what is in force, and what must stand in every version."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from exchange.core import wordings
from exchange.core.errors import BadInput
from exchange.core.leaf import WORDING
from exchange.core.model import ConsentKind
from exchange.core.wordings import Standing, Version
from exchange.steps import wording

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FLOOR = {"en": ("I can stop.",), "cy": ("Gallaf stopio.",)}
OWN = {"en": ("Ours.",), "cy": ("Ein rhai ni.",)}


def version(number: int, **more: object) -> Version:
    """Approved an hour ago and in force since."""
    since = NOW - timedelta(hours=1)
    made = {
        "written_at": since,
        "written_by": uuid4(),
        "approved_at": since,
        "from_at": since,
        "own": OWN,
        "fixed": FLOOR,
    }
    return Version(wordings.name_of(ConsentKind.SHARE, number), ConsentKind.SHARE, number, **{**made, **more})


@pytest.mark.parametrize("kind", list(ConsentKind))
@pytest.mark.parametrize("language", wordings.LANGUAGES)
def test_the_houses_words_of_every_consent_say_what_must_be_said(kind: ConsentKind, language: str) -> None:
    """Every line of the floor stands in them, word for word, and the floor says that it counts for no sentence."""
    floor = wording.floor(kind)[language]
    assert set(floor) <= set(wording.current(kind, language).paragraphs)
    assert any({"en": "for or against", "cy": "o blaid nac yn erbyn"}[language] in line for line in floor)
    assert len(floor) == len(wording.floor(kind)["en"]) >= 2


def test_the_newest_that_began_is_in_force_and_none_before_it_returns() -> None:
    """By its day and not by its number; a draft, one to come and one retired before its day do not count."""
    first, second = version(1, from_at=NOW - timedelta(days=9)), version(2)
    coming = version(3, from_at=NOW + timedelta(days=1))
    never = version(4, from_at=NOW - timedelta(minutes=1), retired_at=NOW - timedelta(hours=2))
    draft = version(5, approved_at=None, from_at=None)
    every = [draft, never, coming, second, first]
    assert wordings.in_force(every, FLOOR, NOW) == second
    assert wordings.in_force([first, coming], FLOOR, NOW) == first
    assert wordings.in_force([first, replace(second, retired_at=NOW)], FLOOR, NOW) is None
    told = [wordings.standing(one, second, NOW) for one in every]
    assert told == [Standing.DRAFT, Standing.RETIRED, Standing.COMING, Standing.IN_FORCE, Standing.EARLIER]


@pytest.mark.parametrize("language", wordings.LANGUAGES)
def test_a_version_that_lacks_a_line_of_the_floor_is_not_in_force(language: str) -> None:
    """In either language: an approval does not replace it."""
    lost = version(1, fixed={**FLOOR, language: ()})
    assert wordings.in_force([lost], FLOOR, NOW) is None
    assert wordings.in_force([version(1)], {**FLOOR, language: (*FLOOR[language], "New.")}, NOW) is None


def test_lines_are_taken_in_both_languages_short_and_without_the_fixed_ones() -> None:
    """What is missing, too long or cannot be shown is refused, its language named."""
    assert wordings.checked({"en": " Ours.  \n\nI can stop.\n", "cy": "Ein rhai ni."}, FLOOR) == OWN
    for wrong in ({"en": "", "cy": "x"}, {"en": "I can stop.", "cy": "x"}, {"en": "x" * 301, "cy": "x"},
                  {"en": "x\n" * 12 + "y", "cy": "x"}, {"en": "a\u202eb", "cy": "x"}):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            wordings.checked(wrong, FLOOR)
        assert refused.value.field == "en"


def test_a_digest_names_the_words_and_a_name_fits_the_record() -> None:
    """Another word is another digest; no name of the service's can be taken for one of the house's."""
    assert version(1).digest == version(2).digest != version(1, own={**OWN, "cy": ("Arall.",)}).digest
    own, fixed = wordings.from_plain(wordings.as_plain(OWN, FLOOR))
    assert (own, fixed) == (OWN, FLOOR)
    for kind in ConsentKind:
        assert WORDING.fullmatch(wordings.name_of(kind, 999))
        assert wordings.of_the_house(wording.current(kind).id, kind)
        assert not wordings.of_the_house(wordings.name_of(kind, 2026), kind)
        assert sum(wordings.of_the_house(wording.current(kind).id, one) for one in ConsentKind) == 1
