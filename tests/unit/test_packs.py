"""Codes of printed packs: typed as people type, and no slip of the pen leads to another case."""

import random

import pytest

from exchange.core import packs
from exchange.core.errors import BadInput
from exchange.core.needs import names_large_print
from exchange.core.reference import ALPHABET


def slips(code: str) -> set[str]:
    """Every code with one wrong character, or with two exchanged."""
    ten = code.removeprefix("P-").replace("-", "")
    wrong = {ten[:at] + other + ten[at + 1 :] for at in range(len(ten)) for other in ALPHABET}
    for at in range(len(ten)):
        for other in range(at):
            chars = list(ten)
            chars[at], chars[other] = chars[other], chars[at]
            wrong.add("".join(chars))
    return {f"P-{one}" for one in wrong - {ten}}


def test_rule_20_no_slip_of_the_pen_is_another_code() -> None:
    """Every single wrong character and every exchange of two characters is found, for 200 codes."""
    tried = 0
    for _ in range(200):
        code = packs.new_code()
        for slip in slips(code):
            tried += 1
            with pytest.raises(BadInput):
                packs.checked(slip)
    assert tried > 200 * 240


def test_rule_20_a_code_is_read_as_people_write_it() -> None:
    """Small letters, blanks, dashes of all kinds or none."""
    code = packs.new_code()
    for written in (code.lower(), code.replace("-", " "), code.replace("-", ""), f"  {code}\n", code.replace("-", "–")):
        assert packs.checked(written) == code


def test_rule_20_a_guess_is_hardly_ever_a_code() -> None:
    """Of 30,000 random ones at most one in three hundred passes the check; then the table knows it, or does not."""
    dice = random.Random(6)
    hits = 0
    for _ in range(30_000):
        try:
            packs.checked("P" + "".join(dice.choices(ALPHABET, k=10)))
            hits += 1
        except BadInput:
            continue
    assert hits < 100


@pytest.mark.parametrize(
    "untrusted", ["", "P", "P-", "C-7K3MQ", "P-7K3MQ-4TX2", "P-7K3MQ-4TX2C7", "P-0O1IL-ABEUZ", "\x00" * 99]
)
def test_what_is_no_code_is_said_to_be_none(untrusted: str) -> None:
    """Too short, too long, of other letters."""
    with pytest.raises(BadInput) as refused:
        packs.checked(untrusted)
    assert refused.value.field == "code"


@pytest.mark.parametrize(
    ("needs", "large"),
    [
        ("Large print, please", True),
        ("print bras", True),
        ("LARGE-PRINT", True),
        ("Reads small print", False),
        ("", False),
    ],
)
def test_rule_19_large_print_is_known_by_its_name(needs: str, large: bool) -> None:
    """In English and Welsh."""
    assert names_large_print(needs) is large
