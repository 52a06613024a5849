"""Bombs that take seconds to make: small files for the campaign, not for every run of the suite."""

import zlib
from collections.abc import Iterator

from tests.vectors.media.hostile import documents, papers, pictures
from tests.vectors.media.hostile.case import Case, Traps


def cases(traps: Traps) -> Iterator[Case]:
    """All of them."""
    base, document = documents.parts(), "word/document.xml"
    for of, data in (
        ("zip: 100000 entries", {**base, **{f"x{n}": b"" for n in range(100_000)}}),
        ("zip: bomb in the document", {**base, document: base[document] + b" " * (300 << 20)}),
    ):
        yield Case(of, "letter", "letter.docx", documents.packed(data))
    body = base[document].replace(b"<w:body>", b"<w:body>" + b" " * (200 << 20))
    lied = documents.lied(documents.packed({**base, document: body}), 10)
    yield Case("zip: bomb, not told", "letter", "letter.docx", lied)
    yield Case("PDF bomb: contents", "letter", "letter.pdf", papers.content(bytes(400 << 20), 2))
    zeros, little = zlib.compress(bytes(200 << 20)), zlib.compress(bytes(10_000))
    just = zlib.compress(bytes(10_900 * (10_900 * 3 + 1)), 9)
    for of, data in (
        ("PNG bomb: more data than pixels", pictures.png(9, 9, zeros)),
        ("PNG bomb: just small enough", pictures.png(10_900, 10_900, just)),
        ("PNG bomb: woven", pictures.png(10_000, 10_000, zlib.compress(bytes(60 << 20)), woven=1)),
    ):
        yield Case(of, "letter", "scan.png", data)
    for name, start in ((b"iCCP", b"a\0\0"), (b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        before = pictures.chunk(name, start + zeros)
        yield Case(f"PNG bomb: {name.decode()}", "letter", "scan.png", pictures.png(9, 9, little, before=before))
