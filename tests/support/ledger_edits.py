"""One export of the record and what can be done to it, for tests of whoever reads exports."""

from collections.abc import Callable

from exchange.core.notes import KeySigner
from tests.support.ledger import ORIGIN, export_lines, leaves

SIGNER = KeySigner.generate(ORIGIN)
COUNT = 60
TEXTS = leaves(COUNT)
WHOLE = export_lines(TEXTS, SIGNER)
UNKNOWN = TEXTS[9].replace('"act":"', '"act":"Ä')

EDITS: dict[str, Callable[[list[str]], object]] = {
    "nothing": lambda lines: lines.copy(),
    "a word": lambda lines: lines.__setitem__(5, lines[5].replace("fact", "face")),
    "a space": lambda lines: lines.__setitem__(7, lines[7].replace(",", ", ", 1)),
    "a line gone": lambda lines: lines.pop(30),
    "two swapped": lambda lines: lines.insert(12, lines.pop(14)),
    "one twice": lambda lines: lines.insert(20, lines[20]),
    "the tail gone": lambda lines: lines.__delitem__(slice(50, 61)),
    "after the note": lambda lines: lines.extend(lines[3:6]),
    "no note": lambda lines: lines.pop(),
    "no last line end": lambda lines: lines.__setitem__(-1, lines[-1].rstrip("\n")),
    "no last line end of an entry": lambda lines: lines.__setitem__(60, lines[60].rstrip("\n")),
    "an empty line": lambda lines: lines.insert(9, "\n"),
    "a carriage return": lambda lines: lines.__setitem__(9, lines[9].replace("\n", "\r\n")),
    "a separator of Unicode": lambda lines: lines.__setitem__(9, lines[9].replace("}", "\u2028}", 1)),
    "an unknown form": lambda lines: lines.__setitem__(slice(None), export_lines([*TEXTS[:9], UNKNOWN], SIGNER)),
    "times back": lambda lines: lines.__setitem__(slice(None), export_lines([*TEXTS[20:40], *TEXTS[:20]], SIGNER)),
    "the header alone": lambda lines: lines.__delitem__(slice(1, None)),
    "nothing at all": lambda lines: lines.clear(),
}


def edited(name: str) -> list[str]:
    """The lines of the export after one edit."""
    lines = list(WHOLE)
    EDITS[name](lines)
    return lines
