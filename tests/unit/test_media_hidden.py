"""Which words of a Word document nobody sees, and which only look as if: rules over its XML, without any file."""

import pytest
from docx.oxml import parse_xml

from media.inside.hidden import Hidden, row

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
STYLES = f"""<w:styles {W}>
  <w:style w:styleId="Gone"><w:rPr><w:vanish/></w:rPr></w:style>
  <w:style w:styleId="Heir"><w:basedOn w:val="Gone"/></w:style>
  <w:style w:styleId="Back"><w:basedOn w:val="Gone"/><w:rPr><w:vanish w:val="0"/></w:rPr></w:style>
  <w:style w:styleId="Round"><w:basedOn w:val="Round"/></w:style>
</w:styles>"""


def is_hidden(run: str, paragraph: str = "", around: str = "{}", styles: str = STYLES) -> bool:
    """Whether the one run with these properties, in such a paragraph and surroundings, is hidden."""
    inner = f"<w:p>{paragraph}<w:r><w:rPr>{run}</w:rPr><w:t>words</w:t></w:r></w:p>"
    document = parse_xml(f"<w:document {W}>{around.format(f'<w:body>{inner}</w:body>')}</w:document>")
    found = next(element for element in document.iter() if element.tag.endswith("}r"))
    return Hidden(document, parse_xml(styles)).run(found)


@pytest.mark.parametrize(
    "run",
    [
        "<w:vanish/>", '<w:vanish w:val="true"/>', '<w:rStyle w:val="Gone"/>', '<w:rStyle w:val="Heir"/>',
        '<w:color w:val="ffffff"/>', '<w:sz w:val="2"/>',
    ],
)  # fmt: skip
def test_what_nobody_sees_is_hidden(run: str) -> None:
    """Directly, by a style or the one above it, white on nothing, or too small to read."""
    assert is_hidden(run)


@pytest.mark.parametrize(
    "run",
    [
        "", '<w:vanish w:val="0"/>', '<w:vanish w:val="off"/>', '<w:rStyle w:val="Back"/>', '<w:rStyle w:val="Round"/>',
        '<w:rStyle w:val="none"/>', '<w:rStyle w:val="Gone"/><w:vanish w:val="false"/>', '<w:color w:val="EEEEEE"/>',
        '<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>', '<w:color w:val="FFFFFF"/><w:highlight w:val="black"/>',
        '<w:sz w:val="14"/>', '<w:sz w:val="small"/>',
    ],
)  # fmt: skip
def test_what_is_seen_stays(run: str) -> None:
    """Switched off again, white on a ground, pale, small but readable, or nonsense."""
    assert not is_hidden(run)


def test_paragraphs_and_grounds_around_count() -> None:
    """A paragraph's style hides; with the run's own style it is seen again (17.7.3)."""
    hides = '<w:pPr><w:pStyle w:val="Gone"/></w:pPr>'
    assert is_hidden("", hides)
    assert not is_hidden('<w:rStyle w:val="Gone"/>', hides)
    assert not is_hidden('<w:color w:val="FFFFFF"/>', '<w:pPr><w:shd w:fill="000000"/></w:pPr>')
    assert not is_hidden('<w:color w:val="FFFFFF"/>', around='<w:background w:color="000000"/>{}')
    defaults = "<w:docDefaults><w:rPrDefault><w:rPr><w:vanish/></w:rPr></w:rPrDefault></w:docDefaults>"
    assert is_hidden("", styles=f"<w:styles {W}>{defaults}</w:styles>")


def test_hidden_and_deleted_rows_are_left_out() -> None:
    """A row says so in its properties."""
    for properties, hidden in (
        ("<w:hidden/>", True),
        ('<w:hidden w:val="0"/>', False),
        ("<w:del/>", True),
        ("", False),
    ):
        assert row(parse_xml(f"<w:tr {W}><w:trPr>{properties}</w:trPr></w:tr>")) is hidden
    assert row(parse_xml(f"<w:tr {W}/>")) is False
