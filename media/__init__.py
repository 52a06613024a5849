"""Bytes in, safe bytes out (DESIGN section 10). Knows nothing of cases, storage or the web.

`make` takes files of one message and gives a product that was made anew from pixels, samples and characters,
or raises `Rejected` with a sentence for people; `redact` takes something out of a product. Everything that
reads a hostile file runs in `media.sandbox`.
"""

from media.limits import DEFAULT, SENTENCES, Code, Limits, Rejected
from media.making import make, press, redact, taken_apart, typed
from media.product import Fact, Part, Product, Source
from media.scans import Scan

__all__ = [
    "DEFAULT",
    "SENTENCES",
    "Code",
    "Fact",
    "Limits",
    "Part",
    "Product",
    "Rejected",
    "Scan",
    "Source",
    "make",
    "press",
    "redact",
    "taken_apart",
    "typed",
]
