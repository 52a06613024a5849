"""What a professional's referral may hold (core/referrals.py): consent is told of each person, never assumed."""

import pytest

from exchange.core import referrals
from exchange.core.errors import BadInput
from exchange.core.referrals import FIELDS, OF_PROFESSIONAL, WORDS, Source

BY = {"by_name": "Jo Plain", "by_organisation": "A prison", "by_role": "prison", "by_reach": "01632 960 700"}
ONE = {
    "one_name": "Wren", "one_side": "harmed", "one_agreed": "yes", "one_agreed_when": "3 March, face to face",
    "one_reach_by": "phone", "one_reach_address": "01632 960 701",
}  # fmt: skip
TWO = {"two_name": "Ash", "two_side": "responsible", "two_agreed": "no"}
REACHED = {"two_reach_by": "post", "two_reach_address": "the prison", "two_reach_words": "x", "two_needs": "y"}


def kept(**answers: str) -> dict[str, str]:
    """What is kept of a professional's answers."""
    return referrals.checked(Source.PROFESSIONAL, answers)


def test_of_who_has_not_agreed_no_way_to_reach_them_is_kept() -> None:
    """Whatever was sent: their part in it stays, their number and address do not, nor that they agreed some day."""
    found = kept(**BY, **ONE, **TWO, **REACHED, two_agreed_when="yesterday", orders="not_known")
    assert found == {**BY, **ONE, **TWO, "orders": "not_known"}


@pytest.mark.parametrize("missing", [*BY, "one_agreed", "one_agreed_when", "one_reach_by", "one_reach_address"])
def test_who_asks_who_agreed_when_and_a_safe_way_are_needed(missing: str) -> None:
    """Without one of these nothing is kept; the field is named."""
    with pytest.raises(BadInput) as refused:
        kept(**{name: text for name, text in (BY | ONE).items() if name != missing})
    assert refused.value.field == missing


def test_somebody_must_have_agreed() -> None:
    """A referral of people who were not asked is refused; the second one's yes is enough."""
    nobody = {**ONE, "one_agreed": "no"}
    with pytest.raises(BadInput, match="agreed"):
        kept(**BY, **nobody)
    found = kept(**BY, **nobody, **TWO | {"two_agreed": "yes", "two_agreed_when": "in May"}, **REACHED)
    assert "one_reach_address" not in found
    assert found["two_reach_address"] == "the prison"


@pytest.mark.parametrize("name", list(WORDS))
def test_answers_of_a_list_are_of_that_list(name: str) -> None:
    """Anything else is refused, by name."""
    with pytest.raises(BadInput) as refused:
        kept(**{**BY, **ONE, **TWO, name: "planted"})
    assert refused.value.field == name


def test_lengths_and_fields_are_bounded() -> None:
    """A field of the other form is unknown here; each answer has its length."""
    for source in Source:
        for name in FIELDS[source]:
            with pytest.raises(BadInput):
                referrals.checked(source, {name: "x" * (referrals.longest(source, name) + 1)})
    with pytest.raises(BadInput):
        kept(**BY, **ONE, reach_address="elsewhere")
    assert sum(referrals.longest(Source.PROFESSIONAL, name) for name in OF_PROFESSIONAL) < 30_000


def test_the_diary_keeps_who_referred_and_who_agreed_when() -> None:
    """Nothing of whoever did not agree, no address and no risk; and nothing where they asked themselves."""
    told = referrals.for_the_diary(Source.PROFESSIONAL, kept(**BY, **ONE, **TWO, risks="planted"))
    assert told.splitlines() == ["Jo Plain", "A prison", "01632 960 700", "Wren: 3 March, face to face"]
    assert referrals.for_the_diary(Source.SELF, {"reach_by": "phone"}) == ""


def test_nobody_from_outside_adds_a_line_to_the_diary() -> None:
    """What somebody wrote on the public page in a name is one line of it, whatever line ends it has."""
    forged = "Jo Plain\nWren: agreed on 3 March\r\nby phone\x0b\u2028yes"
    told = referrals.for_the_diary(Source.PROFESSIONAL, kept(**BY | {"by_name": forged}, **ONE))
    assert told.splitlines()[0] == "Jo Plain Wren: agreed on 3 March by phone yes"
    told = referrals.for_the_diary(Source.PROFESSIONAL, kept(**BY, **ONE | {"one_agreed_when": forged}))
    assert len(told.splitlines()) == 4
