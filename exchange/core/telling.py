"""What an author is told never holds what is the other person's: their name, where they can be reached (rule 17)."""

import re
from collections.abc import Iterable

SHORTEST = 3
DIGITS = 6


def named_in(words: str, name: str, form_of_name: str, addresses: Iterable[str]) -> bool:
    """Whether `words` hold part of `name` that the agreed `form_of_name` does not, or one of `addresses`.

    Capitals and spaces do not matter, nor what stands between the digits of a telephone number.
    """
    told = _plain(words)
    hidden = {part for part in _parts(name) - _parts(form_of_name) if len(part) >= SHORTEST}
    if hidden & _parts(words):
        return True
    digits = re.sub(r"\D", "", words)
    for address in addresses:
        number = re.sub(r"\D", "", address)
        if (len(number) >= DIGITS and number in digits) or (len(address) >= SHORTEST and _plain(address) in told):
            return True
    return False


def _parts(words: str) -> set[str]:
    return set(re.findall(r"\w+", words.casefold()))


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())
