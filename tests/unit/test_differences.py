"""What differs between two texts: both come back from the stretches, and hostile ones take no longer."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.core.differences import differences

TEXTS = st.text(alphabet="ab \n.é", max_size=60)


def sides(before: str, after: str) -> tuple[str, str]:
    """Both texts again."""
    found = differences(before, after)
    return (
        "".join(one.words for one in found if one.where != "after"),
        "".join(one.words for one in found if one.where != "before"),
    )


@given(TEXTS, TEXTS)
def test_both_texts_come_back(before: str, after: str) -> None:
    """Nothing is lost, nothing is made up."""
    assert sides(before, after) == (before, after)


def test_only_what_was_struck_differs() -> None:
    """Words within a line, not the whole line."""
    found = differences("Dear you.\nI live in Lower Heath now.\n", "Dear you.\nI live in […] now.\n")
    assert next((one.where, one.words) for one in found if one.where != "both") == ("before", "Lower Heath")
    assert "".join(one.words for one in found if one.where == "after") == "[…]"
    assert differences("the same", "the same")[0].where == "both"


@pytest.mark.parametrize(
    ("before", "after"),
    [("a " * 90_000, "b a " * 50_000), ("\n" * 190_000, "a\n" * 90_000), ("ab" * 90_000, "ba" * 90_000)],
    ids=["words", "lines", "letters"],
)
def test_hostile_texts_are_compared_in_seconds(before: str, after: str) -> None:
    """Nothing that is put in makes a page take a minute."""
    began = process_time()
    assert sides(before, after) == (before, after)
    assert process_time() - began < 5
