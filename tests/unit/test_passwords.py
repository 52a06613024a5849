"""Which passwords staff may choose: long ones that nobody would try first; no network is asked."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from exchange.core.errors import BadInput
from exchange.steps import passwords

LONG_ENOUGH = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= passwords.SHORTEST]


def refused(password: str) -> bool:
    """Whether it is refused."""
    try:
        passwords.check(password, "jo.reed")
    except BadInput as error:
        return error.field == "password"
    return False


def test_every_breached_password_of_the_list_is_refused() -> None:
    """All that are long enough to be offered, in capitals and with blanks too."""
    assert len(LONG_ENOUGH) >= 200
    assert [one for one in LONG_ENOUGH if not refused(one)] == []
    assert [one for one in LONG_ENOUGH[:50] if not (refused(one.upper()) and refused(" ".join(one)))] == []


@pytest.mark.parametrize(
    "weak",
    [
        "liverpoolfc1", "password123456", "qwertyuiop123", "facilitator123", "restorativejustice", "Summer2026!!",
        "P4ssw0rd!P4ssw0rd!", "abcabcabcabc", "iloveyou1234", "correct horse battery staple", "123456789012",
        "jo.reed-jo.reed",
    ],
)  # fmt: skip
def test_known_ones_in_disguise_are_refused(weak: str) -> None:
    """With numbers behind, doubled, in leet, from a keyboard's row, from our own words, with the login in it."""
    assert refused(weak)


@pytest.mark.parametrize(
    "good", ["teapot lantern orchard", "tri pheth ar y bwrdd", "x9!fkw#2Lq-vB7", "éé pelican stove"]
)
def test_unusual_ones_are_taken(good: str) -> None:
    """Random words, another language, random characters: no demand for odd characters."""
    assert not refused(good)


def test_first_passwords_are_always_good() -> None:
    """What the service gives is never refused by itself."""
    assert not any(refused(passwords.temporary()) for _ in range(5))


@pytest.mark.parametrize("login", ["jo", "a", "ban"])
def test_a_short_sign_in_name_in_a_long_word_is_no_fault(login: str) -> None:
    """One first password in seventy had "jo" in a word, and `user add jo` failed on it."""
    assert passwords.check("banjo-airport-insect-4089-0506", login)
