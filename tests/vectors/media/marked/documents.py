"""PDF and Word with everything that says who, where and when, and everything that is there but not shown."""

from collections.abc import Iterator

from tests.vectors.media import inputs
from tests.vectors.media.hostile.documents import R, W, packed
from tests.vectors.media.hostile.documents import parts as good_parts
from tests.vectors.media.hostile.papers import pdf, stream
from tests.vectors.media.marked.marks import Marked, mark
from tests.vectors.media.marked.pictures import xmp

_INFO = (
    "Title",
    "Author",
    "Subject",
    "Keywords",
    "Creator",
    "Producer",
    "Company",
    "SourceModified",
    "PTEX.Fullbanner",
    "Trapped",
)
_NOTES = ("Text", "FreeText", "Popup", "Square", "Highlight", "Stamp", "Caret", "FileAttachment", "Link", "Ink")
_SHOWN = "BT /F1 24 Tf 72 700 Td (Dear you) Tj ET"


def files() -> Iterator[Marked]:
    """One of each format."""
    yield Marked("documents", "letter", "letter.pdf", _pdf(marked=True), _pdf(marked=False))
    yield Marked("documents", "letter", "letter.docx", _word(marked=True), _word(marked=False))


def _pdf(*, marked: bool) -> bytes:
    """A page that says "Dear you"; marked: hidden layers, notes nobody sees, properties, files."""
    hidden = "".join((
        f"BT 3 Tr /F1 9 Tf 72 600 Td ({mark('invisible')}) Tj ET BT 0 Tr 1 1 1 rg /F1 9 Tf 72 500 Td ({mark('white')}) Tj ET 0 g ",
        f"/OC /Off BDC BT /F1 9 Tf 72 400 Td ({mark('layer')}) Tj ET EMC ",
        f"BT /F1 9 Tf -900 -900 Td ({mark('outside')}) Tj ET /Span << /ActualText ({mark('ActualText')}) /Alt ({mark('Alt')}) >> BDC EMC ",
    ))  # fmt: skip
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> {} >> {} >>"
    notes = " ".join(_note(name, marked=marked) for name in _NOTES)
    if not marked:
        return pdf(
            [
                "<< /Type /Catalog /Pages 2 0 R >>",
                "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                page.format("", f"/Annots [{notes}]"),
                stream(_SHOWN.encode()),
                _FONT,
            ]
        )
    more = f"/Annots [{notes}] /Metadata 7 0 R /LastModified ({mark('LastModified')}) /PieceInfo << /X << /Private ({mark('PieceInfo')}) >> >> /Thumb 10 0 R"
    page = page.format("/Properties << /Off 8 0 R >>", more)
    info = " ".join(f"/{name} ({mark(f'info.{name}')})" for name in _INFO)
    catalogue = (
        "<< /Type /Catalog /Pages 2 0 R /Metadata 7 0 R /OCProperties << /OCGs [8 0 R] /D << /OFF [8 0 R] /Order [8 0 R] >> >> "
        f"/Names << /EmbeddedFiles << /Names [({mark('names')}) 9 0 R] >> /Dests << /Names [({mark('dest')}) [3 0 R]] >> >> "
        f"/Outlines << /First << /Title ({mark('outline')}) >> >> /PageLabels << /Nums [0 << /P ({mark('label')}) >>] >> "
        f"/Lang ({mark('Lang')}) /OpenAction << /S /JavaScript /JS ({mark('script')}) >> /ViewerPreferences << /X ({mark('viewer')}) >> "
        f"/AcroForm << /Fields [<< /FT /Tx /T ({mark('field')}) /V ({mark('value')}) >>] >> /StructTreeRoot << /RoleMap << /A ({mark('struct')}) >> >> >>"
    )
    objects = [
        catalogue, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, stream((hidden + _SHOWN).encode()), _FONT, f"<< {info} /CreationDate (D:20200101) >>",
        stream(xmp("pdf"), "/Type /Metadata /Subtype /XML", packed=1), f"<< /Type /OCG /Name ({mark('layer.name')}) >>",
        f"<< /Type /Filespec /F ({mark('file.name')}) /Desc ({mark('file.description')}) /EF << /F 11 0 R >> >>",
        stream(mark("thumbnail").encode().ljust(300), "/Width 10 /Height 10 /ColorSpace /DeviceRGB /BitsPerComponent 8"),
        stream(mark("file.content").encode(), packed=1),
    ]  # fmt: skip
    return pdf(objects, "/Info 6 0 R").replace(b"%%EOF", f"% {mark('remark')}\n%%EOF".encode())


_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def _note(name: str, *, marked: bool) -> str:
    """A note as reviewers leave it, open; marked: with words and somebody's name, which are no part of the page."""
    words = (
        f"/Contents ({mark(f'note.{name}')}) /T ({mark(f'note.{name}.author')}) /NM ({mark(f'note.{name}.id')})"
        if marked
        else ""
    )
    return f"<< /Type /Annot /Subtype /{name} /Rect [72 72 400 300] /F 4 /Open true /DA (/F1 9 Tf) {words} >>"


def _run(words: str, how: str) -> str:
    return f"<w:r><w:rPr>{how}</w:rPr><w:t>{words}</w:t></w:r>"


def _hidden_words(relation: str) -> str:
    """Paragraphs of which a reader sees nothing."""
    blip = f'<w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" r:embed="{relation}"/></w:drawing>'
    style = '<w:rStyle w:val="Concealed"/>'
    found = (
        _run(mark("vanish"), "<w:vanish/>"), _run(mark("vanish.on"), '<w:vanish w:val="on"/>'), _run(mark("style"), style),
        _run(mark("style.heir"), '<w:rStyle w:val="ConcealedHeir"/>'), _run(mark("white"), '<w:color w:val="FFFFFF"/>'),
        _run(mark("tiny"), '<w:sz w:val="2"/>'), f'<w:r><w:rPr>{style}</w:rPr>{blip}</w:r>',
        f'<w:del w:id="1" w:author="{mark("del.author")}" w:date="2020-01-01T10:20:30Z"><w:r><w:delText>{mark("del")}</w:delText>{blip}</w:r></w:del>',
        f'<w:moveFrom w:id="2" w:author="{mark("move.author")}"><w:r><w:t>{mark("moveFrom")}</w:t></w:r></w:moveFrom>',
        f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{mark("field.code")}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>',
        f'<w:bookmarkStart w:id="3" w:name="{mark("bookmark")}"/><w:bookmarkEnd w:id="3"/>',
        '<w:r><w:commentReference w:id="0"/><w:footnoteReference w:id="2"/><w:endnoteReference w:id="2"/></w:r>',
        f'<w:sdt><w:sdtPr><w:alias w:val="{mark("control")}"/><w:tag w:val="{mark("control.tag")}"/></w:sdtPr><w:sdtContent/></w:sdt>',
    )  # fmt: skip
    styled = f'<w:p><w:pPr><w:pStyle w:val="ConcealedParagraph"/></w:pPr><w:r><w:t>{mark("paragraph.style")}</w:t></w:r></w:p>'
    row = f"<w:tr><w:trPr><w:hidden/></w:trPr><w:tc><w:p><w:r><w:t>{mark('row')}</w:t></w:r></w:p></w:tc></w:tr>"
    gone = f'<w:tr><w:trPr><w:del w:id="9" w:author="{mark("row.author")}"/></w:trPr><w:tc><w:p><w:r><w:t>{mark("row.deleted")}</w:t></w:r></w:p></w:tc></w:tr>'
    return "".join(f"<w:p>{one}</w:p>" for one in found) + styled + f"<w:tbl>{row}{gone}</w:tbl>"


_STYLES = (
    '<w:style w:type="character" w:styleId="Concealed"><w:name w:val="{0}"/><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="ConcealedHeir"><w:name w:val="h"/><w:basedOn w:val="Concealed"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="ConcealedParagraph"><w:name w:val="p"/><w:rPr><w:vanish/></w:rPr></w:style>'
)


def _word(*, marked: bool) -> bytes:
    """A letter of two paragraphs and a picture; marked: properties, comments, notes, headers, hidden words."""
    found = good_parts()
    head, _, rest = found["word/document.xml"].decode().partition("<w:body>")
    section = rest[rest.index("<w:sectPr") :]
    shown = '<w:p {}><w:r><w:t>Dear you</w:t></w:r></w:p><w:p><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>I am well.</w:t></w:r></w:p>'
    relations = found["word/_rels/document.xml.rels"].decode()
    own = next(piece.split('"')[0] for piece in relations.split('Id="')[1:] if "/image" in piece.split("/>")[0])
    first = shown.format(f'w:rsidR="00{mark("rsid")}"' if marked else "")
    found["word/document.xml"] = f"{head}<w:body>{first}{_hidden_words(own) if marked else ''}{section}".encode()
    # what the fixture itself plants is part of the markers, and is taken out of the bare one
    bare = {name: data.replace(inputs.MARK.encode(), b"nothing") for name, data in found.items()}
    return packed({**found, **_more(found)} if marked else {**found, **bare})


def _more(found: dict[str, bytes]) -> dict[str, bytes]:
    """Parts beside the document."""
    core = "".join(
        f"<dc:{name}>{mark(f'core.{name}')}</dc:{name}>"
        for name in ("title", "creator", "subject", "description", "identifier", "language")
    )
    core += "".join(
        f"<cp:{name}>{mark(f'core.{name}')}</cp:{name}>"
        for name in ("keywords", "lastModifiedBy", "category", "contentStatus", "version")
    )
    spaces = 'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    app = "".join(
        f"<{name}>{mark(f'app.{name}')}</{name}>"
        for name in ("Company", "Manager", "Template", "Application", "HyperlinkBase", "AppVersion")
    )
    notes = {
        name: f'<w:{name}s {W}><w:{name} w:id="2" w:author="{mark(f"{name}.author")}" w:initials="{mark(f"{name}.initials")}"><w:p><w:r><w:t>{mark(name)}</w:t></w:r></w:p></w:{name}></w:{name}s>'
        for name in ("comment", "footnote", "endnote")
    }
    styles = (
        found["word/styles.xml"].decode().replace("</w:styles>", _STYLES.format(mark("style.name")) + "</w:styles>")
    )
    return {
        "docProps/core.xml": f"<cp:coreProperties {spaces}>{core}</cp:coreProperties>".encode(),
        "docProps/app.xml": f"<Properties>{app}</Properties>".encode(),
        "docProps/custom.xml": f'<Properties><property name="{mark("custom.name")}"><lpwstr>{mark("custom.value")}</lpwstr></property></Properties>'.encode(),
        "docProps/thumbnail.jpeg": mark("thumbnail").encode(),
        "word/people.xml": f'<w15:people xmlns:w15="x"><w15:person w15:author="{mark("people")}"/></w15:people>'.encode(),
        "word/settings.xml": f'<w:settings {W} {R}><w:rsids><w:rsid w:val="{mark("rsids")}"/></w:rsids><w:docVars><w:docVar w:name="a" w:val="{mark("docVar")}"/></w:docVars></w:settings>'.encode(),
        **{f"word/{name}s.xml": words.encode() for name, words in notes.items()},
        "word/header9.xml": f"<w:hdr {W}><w:p><w:r><w:t>{mark('header9')}</w:t></w:r></w:p></w:hdr>".encode(),
        "word/footer9.xml": f"<w:ftr {W}><w:p><w:r><w:t>{mark('footer9')}</w:t></w:r></w:p></w:ftr>".encode(),
        "word/glossary/document.xml": f"<w:glossaryDocument {W}>{mark('glossary')}</w:glossaryDocument>".encode(),
        "customXml/item1.xml": f"<a>{mark('customXml')}</a>".encode(),
        "word/embeddings/a.bin": mark("embedding").encode(),
        "word/styles.xml": styles.encode(),
    }
