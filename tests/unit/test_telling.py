"""What an author is told holds nothing of the other person's (rules 17 and 21)."""

import pytest

from exchange.core.telling import named_in

KNOWN = ("Wilhelmina Plantedname", "Willow", ["willow.planted@people.example", "01632 960 987", ""])


@pytest.mark.parametrize(
    "words",
    ["Wilhelmina does not want it.", "Mrs PLANTEDNAME said so.", "Write to Willow.Planted@people.example",
     "Ring 01632960987.", "ring 01632-960 987 then", "Wilhelmina\n"],
)  # fmt: skip
def test_rule_21_a_name_an_address_or_a_number_is_found(words: str) -> None:
    """However it is written."""
    assert named_in(words, *KNOWN)


@pytest.mark.parametrize("words", ["Willow will not get it.", "It names a school.", "Ring us on 01632 960 001.", ""])
def test_rule_21_what_the_author_may_know_is_not(words: str) -> None:
    """The agreed form of name, our own number, words of every day."""
    assert not named_in(words, *KNOWN)
