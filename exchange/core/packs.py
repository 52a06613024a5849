"""The code of a printed pack: "P-7K3MQ-4TX2C", on its coversheet and on every reply sheet (rule 20).

It names a case and a printed version to whoever has the table, and says nothing to anybody else: eight random
characters of `reference.ALPHABET` and two that check them. It opens nothing.

Check: the eight characters, read as a number N to the base 25, and the two, read as C, satisfy
(625 N + C) mod 619 = 1; 619 is the largest prime below 625. As in ISO/IEC 7064 MOD 97-10, every single wrong
character and every exchange of two is found, of all other mistakes all but one in 619.
"""

import re

from exchange.core.errors import BadInput
from exchange.core.keys import random_below
from exchange.core.reference import ALPHABET

BODY, CHECK = 8, 2
MODULUS = 619
_BASE = len(ALPHABET)
_WRITTEN = re.compile(rf"P([{ALPHABET}]{{{BODY + CHECK}}})")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015.]+")


def new_code() -> str:
    """A fresh code; that it was not given before is the table's to say."""
    return _spoken(_with_check("".join(ALPHABET[random_below(_BASE)] for _ in range(BODY))))


def checked(untrusted: str) -> str:
    """The code as it is kept, from what somebody typed or a machine read; blanks, hyphens and case do not matter.

    Raises BadInput where it is none, a character is wrong or two are exchanged.
    """
    found = _WRITTEN.fullmatch(_BETWEEN.sub("", untrusted[:64]).upper())
    if found is None or _number(found[1]) % MODULUS != 1:
        raise BadInput("That is not a code of ours. Look at the sheet again: it begins with P.", field="code")
    return _spoken(found[1])


def _with_check(body: str) -> str:
    value = (1 - _number(body) * _BASE**CHECK) % MODULUS
    return body + ALPHABET[value // _BASE] + ALPHABET[value % _BASE]


def _number(text: str) -> int:
    value = 0
    for char in text:
        value = value * _BASE + ALPHABET.index(char)
    return value


def _spoken(ten: str) -> str:
    return f"P-{ten[:5]}-{ten[5:]}"
