"""The print pack: PDF/UA, nothing of a letter is markup, its code read by readers that are not ours (rule 20)."""

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

import media
from media import pack
from media.sandbox import PROVIDERS, Provider, works
from tests.support import pdf_ua, scanning
from tests.support.figures import say
from tests.support.pdf_ua import words

CODE = "P-8WCD9-JXN98"
HERE = [provider for provider in PROVIDERS if works(provider)]
MARKUP = (
    '= Head #import "x" #panic("no") #read("/etc/passwd") $x^2$ *bold* _it_ @ref <label> `raw` \\u{41} // gone\n'
    "#sys.inputs #{ } #[ ] - item\n+ other\n/ term: this\nhttps://x.example \\ end"
)
WIDE = "شکریہ، ٹھیک ہے۔\n\nשלום עולם\n\nবাংলা ગુજરાતી ਪੰਜਾਬੀ தமிழ் Українська Ελλάδα\n\nŵythnos ŷd, naïve, Łódź"
ODD = "\x00\x07\x1b[31mred\x7f \u202eback\u202c \ufeff\ue000 👩\u200d👧 🇬🇧 ✍🏽 ☺\ufe0f \U0001f926"


def pressed(scratch: Path, text: str, *, large: bool = False, pages: int = 0, **options: object) -> Path:
    """A pack of this text, and of so many pages."""
    scratch.mkdir(exist_ok=True)
    path = scratch / "page-001.jpg"
    Image.new("RGB", (827, 1169), "lightyellow").save(path)
    named = {f"page-{at:03d}.jpg": path for at in range(1, pages + 1)}
    shown = [[pack.heading(f"Page {at}"), pack.picture(name, f"Page {at}")] for at, name in enumerate(named, 1)]
    sheets = [
        [pack.heading("Staff"), pack.codes([("Case", "C-22222")]), pack.numbered(["1", "2"]), pack.qr(CODE, "Code")],
        *shown,
        [pack.heading("Letter"), pack.letter(text, "en")],
        [pack.heading("Answer"), pack.words("You do not have to."), pack.qr(CODE, "Code"), pack.ruled()],
    ]  # fmt: skip
    return media.press(pack.Pack("Print pack", "en", CODE, large, sheets), named, scratch, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("provider", HERE, ids=lambda p: p.name)
@pytest.mark.parametrize("large", [False, True])
def test_rule_20_the_pack_is_pdf_ua_in_every_sandbox(large: bool, provider: Provider, tmp_path: Path) -> None:
    """Tagged to the last stroke, titled, in its languages, every picture with words, fonts embedded."""
    path = pressed(tmp_path, f"Dear you,\n\n{WIDE}", large=large, pages=2, providers=(provider,))
    assert pdf_ua.problems(path) == []
    assert pdf_ua.foreign(path) == []
    roles = pdf_ua.roles(path)
    assert roles[:4] == ["Document", "H1", "P", "L"]
    assert (roles.count("H1"), roles.count("Figure")) == (5, 4)
    assert pdf_ua.alternatives(path) == ["Code", "Page 1", "Page 2", "Code"]
    assert pdf_ua.languages(path) == {"en", "ar", "he"}


def test_the_checker_sees_what_is_missing(tmp_path: Path) -> None:
    """The same file without title, language, alternatives or structure is let through by neither checker."""
    path = pressed(tmp_path, "Dear you,", pages=1)
    with pdf_ua.pikepdf.open(path) as pdf:
        del pdf.Root.Lang, pdf.Root.ViewerPreferences
        for element in pdf_ua._elements(pdf.Root.StructTreeRoot):
            if "/Alt" in element:
                del element.Alt
        pdf.pages[0].contents_add(b"0 0 m 9 9 l S")
        pdf.save(tmp_path / "worse.pdf")
    found = " ".join(pdf_ua.problems(tmp_path / "worse.pdf"))
    assert all(number in found for number in ("07-002", "11-006", "13-004", "01-005"))
    assert pdf_ua.foreign(tmp_path / "worse.pdf") == ["UA-06-001", "UA-07-002", "UA-13-004"]


def test_rule_20_nothing_of_a_letter_is_markup(tmp_path: Path) -> None:
    """Typst's own syntax comes out as it was written, letter for letter; nothing is read, run or left out."""
    found = words(pressed(tmp_path, MARKUP))
    assert " ".join(MARKUP.split()) in found
    assert "root:" not in found


def test_letters_of_many_alphabets_are_set_and_what_is_no_letter_is_named(tmp_path: Path) -> None:
    """Right to left too; controls and overrides of direction are gone; a smiley without a font stands by its name."""
    path = pressed(tmp_path, f"{WIDE}\n\n{ODD}")
    assert pdf_ua.problems(path) == []
    found = words(path)
    for wanted in ("[31mred back", "[woman]", "[girl]", "[face palm]", "Українська", "Łódź", "ŵythnos"):
        assert wanted in found
    assert not any(char in found for char in "\x07\x1b\x7f\u202e\ue000\ufeff")


def test_half_a_letter_is_no_letter(tmp_path: Path) -> None:
    """Where no font of ours has its letters nothing is printed, and it is said."""
    with pytest.raises(media.Rejected) as refused:
        pressed(tmp_path, "Dear you, 中文字")
    assert refused.value.code is media.Code.NO_LETTERS


def test_a_word_longer_than_any_line_stays_on_the_sheet(tmp_path: Path) -> None:
    """Nothing is set beyond the margin, in either size."""
    for large in (False, True):
        path = pressed(tmp_path / str(large), "M" * 900, large=large)
        assert words(path).count("M") == 900
        page = scanning.sheet(path, 1, 72)
        assert page.crop((page.width - 50, 0, page.width, page.height)).getextrema() == (255, 255)


def test_sixty_pages_are_set_whole(tmp_path: Path) -> None:
    """Every page a sheet, numbered to the last; a letter of 200,000 characters beside them."""
    path = pressed(tmp_path, "All of it, to the very end. " * 7_140, pages=60)
    assert pdf_ua.alternatives(path)[-2:] == ["Page 60", "Code"]
    with pypdfium2.PdfDocument(path) as document:
        assert len(document) > 60 + 40
    assert words(path).count("very") == 7_140


def test_rule_20_a_foreign_reader_finds_the_code_in_a_skewed_noisy_scan(tmp_path: Path) -> None:
    """OpenCV, and zbarimg where it is: on coversheet and reply sheet, as printed and scanned at 150 dpi askew."""
    read = []
    for large, turned in ((False, 3.7), (True, -5.5)):
        path = pressed(tmp_path / str(large), "Dear you,", large=large)
        for image in (scanning.sheet(path, 0), *(scanning.scanned(scanning.sheet(path, n), turned) for n in (0, 2))):
            read.append(scanning.opencv(image))
            read += [scanning.zbar(image, tmp_path)] if scanning.ZBAR else []
    say(f"{len(read)} readings of scans at {scanning.DPI} dpi, zbarimg {'too' if scanning.ZBAR else 'not here'}")
    assert set(read) == {CODE}
