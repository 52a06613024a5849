"""Entries that say what an earlier one said and differ in their ids only: known again without the pattern.

A record repeats itself: the same acts with the same fields, about other ids. When the pattern of core/leaf_text.py took
a line, its form is kept: the line with the hex digits of its ids free. A later line has this form if the same kinds of
characters stand at the same places and every byte that is not free is the same. As a field that takes one UUID, or one
SHA-256, takes any (a test shows it), the pattern would take the later line too. Number and time are looked at apart.

Comparing takes a third of the time that the pattern does. Whatever has no known form is for the pattern to judge.
"""

import re
from struct import Struct
from typing import NamedTuple

MOST = 2_000
"""As many forms as are kept, about 2 kB each."""

_HEX = b"0123456789abcdef"
_KINDS = bytes.maketrans(_HEX, b"0" * len(_HEX))
_DIGITS = _HEX[:10]
_DATED = b"--T::.Z"
_TIME_SIZE = 27
_LEAF = slice(len(b'"leaf":"'), -len(b'"}'))
_FREE = re.compile(rb'\\"(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|([0-9a-f]{64})|(\d{4}-[0-9:.T-]{21}Z))\\"')
_AT = rb"\"at\":\""


class _Form(NamedTuple):
    """Where nothing is free, what stands there, and where the time begins."""

    layout: Struct
    fixed: tuple[bytes, ...]
    at: int


class Forms:
    """What one reader of an export has seen."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Form] = {}

    def leaf(self, untrusted_line: bytes, index: int) -> tuple[bytes, str] | None:
        """Leaf and time on the line (without its end) of entry `index` if its form is known, else None."""
        place, _, rest = untrusted_line.partition(b",")
        form = self._known.get(rest.translate(_KINDS))
        if form is None or place != b'{"i":%d' % index or form.layout.unpack(rest) != form.fixed:
            return None
        at = rest[form.at : form.at + _TIME_SIZE]
        if at.translate(None, _DIGITS) != _DATED:  # its letters count as hex digits above
            return None
        # what the pattern took has backslashes before quotes only
        return rest[_LEAF].translate(None, b"\\"), at.decode()

    def learn(self, line: bytes) -> None:
        """Keep the form of a line that the pattern took."""
        rest = line.partition(b",")[2]
        kinds = rest.translate(_KINDS)
        if kinds not in self._known and len(self._known) < MOST:
            self._known[kinds] = _form(rest)


def _form(rest: bytes) -> _Form:
    at, done, layout = rest.index(_AT) + len(_AT), 0, ""
    for found in _FREE.finditer(rest):
        start, stop = found.span(found.lastindex or 0)
        if found[3] and start != at:
            continue  # another time of the leaf stays as it is
        layout += f"{start - done}s{stop - start}x"
        done = stop
    fields = Struct(f"{layout}{len(rest) - done}s")
    return _Form(fields, fields.unpack(rest), at)
