"""A pile of reply sheets that was scanned in one go: which pages belong to which reply (rule 20). Pure.

- A page with one code begins that code's reply, or goes on with it where the page before belongs to it too: a pack has
  several reply sheets with the same code.
- A page without a code follows the page before it: the back of a sheet, or paper of their own.
- What cannot be said for certain is left over, and a person decides: pages before the first code; a page with two
  codes, and what follows it; a code that comes again after another one.

Whether a code went out from here, and of which case it is, is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from exchange.core import packs
from exchange.core.errors import BadInput, TooLarge

WARNED, KEPT = timedelta(days=30), timedelta(days=37)
"""From when on it is said that it is late, and how long what nobody decided about is kept."""
MOST_BYTES = 32 << 20
"""Of one file: about a hundred sheets as office scanners make them."""


class PileTooLarge(TooLarge):
    """This file is too large. Scan the pile in two parts, up to 32 MB each."""


class LeftOver(StrEnum):
    """Why pages are nobody's reply yet."""

    NO_CODE = "no_code"
    TWO_CODES = "two_codes"
    AGAIN = "again"
    UNKNOWN = "unknown"
    CLOSED = "closed"


@dataclass(frozen=True)
class Run:
    """Pages in a row (numbers from 1) with the code that they belong to, or why they belong to none for certain.

    Of a code that came again both are there: the pages may only be opened by who may open that code's case.
    """

    code: str | None
    why: LeftOver | None
    pages: tuple[int, ...]


def split(untrusted_pages: Sequence[Sequence[str]]) -> list[Run]:
    """The runs of a pile in order, from what was read on each page; every page is in exactly one of them."""
    runs: list[Run] = []
    for number, untrusted_codes in enumerate(untrusted_pages, 1):
        code, why = _begins(codes(untrusted_codes), {run.code for run in runs})
        last = runs[-1] if runs else None
        goes_on = last is not None and ((code is None and why is None) or (why is LeftOver.AGAIN and code == last.code))
        if last is not None and goes_on:
            runs[-1] = Run(last.code, last.why, (*last.pages, number))
        else:
            runs.append(Run(code, why if code or why else LeftOver.NO_CODE, (number,)))
    return runs


def codes(untrusted: Sequence[str]) -> tuple[str, ...]:
    """What of this can be codes of ours, each once; other squares on a page say nothing here."""
    found: dict[str, None] = {}
    for one in untrusted:
        try:
            found[packs.checked(one)] = None
        except BadInput:
            continue
    return tuple(found)


def _begins(found: tuple[str, ...], before: set[str | None]) -> tuple[str | None, LeftOver | None]:
    if len(found) > 1:
        return None, LeftOver.TWO_CODES
    if not found:
        return None, None
    return found[0], LeftOver.AGAIN if found[0] in before else None
