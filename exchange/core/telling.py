"""What somebody is told or handed never holds what is another person's: name, where they can be reached (rule 17)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST = 3
DIGITS = 6


@dataclass(frozen=True)
class Someone:
    """A person of a case: full name, the form of it that others may know, and where they can be reached."""

    name: str
    form_of_name: str
    addresses: tuple[str, ...]


def tells_of(words: str, reader: Someone, others: Iterable[Someone]) -> bool:
    """Whether `words` for `reader` hold a name or an address of one of `others`; what both share is no secret."""
    mine = {_plain(one) for one in reader.addresses}
    for one in others:
        known = f"{one.form_of_name} {reader.name} {reader.form_of_name}"
        if named_in(words, one.name, known, [each for each in one.addresses if _plain(each) not in mine]):
            return True
    return False


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
