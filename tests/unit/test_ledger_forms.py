"""A line is known by its form only if the pattern takes it too, and is read the same."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core.export import leaf_line, quickly
from exchange.core.forms import MOST, Forms
from exchange.core.leaf import ACTOR, FIELDS
from tests.support.ledger import leaves

LINES = [leaf_line(7, text).encode()[:-1] for text in leaves(60)]
LATER = [leaf_line(7, text).encode()[:-1] for text in leaves(60, seed=2)]
CHARACTERS = 'abfz019 -_.,:{}[]"\\@TZtrue\u00e9'
SHAPES = {shape for table in (FIELDS, ACTOR) for shapes in table.values() for shape in shapes}
KNOWN = Forms()
for one in LINES:
    KNOWN.learn(one)


def closely(line: bytes) -> tuple[bytes, str] | None:
    """What the pattern makes of the line of entry 7."""
    found = quickly(line.decode() + "\n")
    return found[1:] if found and found[0] == 7 else None


def test_most_lines_of_a_record_have_a_form_that_was_seen() -> None:
    """Other ids, other times; only a number that differs makes another form."""
    known = [KNOWN.leaf(line, 7) for line in LATER]
    assert [one for one in known if one] == [closely(line) for line in LATER if KNOWN.leaf(line, 7)]
    assert sum(found is not None for found in known) >= 30


@settings(max_examples=200)
@given(st.sampled_from(LATER), st.integers(0, 900), st.text(CHARACTERS, max_size=3), st.integers(0, 3))
def test_what_has_a_known_form_the_pattern_takes_too(line: bytes, place: int, put: str, cut: int) -> None:
    """However it was edited."""
    edited = line[:place] + put.encode() + line[place + cut :]
    found = KNOWN.leaf(edited, 7)
    assert found is None or found == closely(edited)


@settings(max_examples=400)
@given(st.sampled_from(LATER), st.integers(0, 900), st.sampled_from("0123456789abcdefg"))
def test_a_digit_or_letter_elsewhere_than_in_an_id_is_another_form(line: bytes, place: int, put: str) -> None:
    """Where letters and digits of hex look alike to the form: in words, in the time, in the number of the entry."""
    edited = line[:place] + put.encode() + line[place + 1 :]
    found = KNOWN.leaf(edited, 7)
    assert found is None or found == closely(edited)


@pytest.mark.parametrize("place", range(len('{"i":7,"leaf":"{\\"act\\"')))
def test_no_byte_of_the_beginning_may_differ(place: int) -> None:
    """Where the number of the entry stands, above all."""
    line = next(one for one in LATER if KNOWN.leaf(one, 7))
    assert KNOWN.leaf(line[:place] + b"b" + line[place + 1 :], 7) is None
    assert KNOWN.leaf(line, 8) is None


@settings(max_examples=200)
@given(st.sampled_from(sorted(SHAPES, key=str)), st.uuids(), st.uuids(), st.binary(min_size=32, max_size=32))
def test_a_field_that_takes_one_id_takes_any(shape: object, one: object, other: object, digest: bytes) -> None:
    """The reason why ids may be free: no field tells one UUID, or one SHA-256, from another."""
    if isinstance(shape, re.Pattern):
        fixed = "01234567-89ab-4cde-8f01-23456789abcd", "01" * 32
        assert [bool(shape.fullmatch(str(id_))) for id_ in (one, other)] == [bool(shape.fullmatch(fixed[0]))] * 2
        assert bool(shape.fullmatch(digest.hex())) is bool(shape.fullmatch(fixed[1]))


def test_forms_are_kept_up_to_a_number() -> None:
    """A record made to fill the memory does not."""
    forms = Forms()
    for size in range(MOST + 5):
        forms.learn(LINES[0].replace(b"}", b',"z":"' + b"z" * size + b'"}'))
    assert len(forms._known) == MOST
