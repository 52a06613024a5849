"""Letters of every kind, made anew by the real tools in the real sandbox."""

from pathlib import Path

import pytest
from PIL import Image, ImageStat

import media
from media.inside import upright
from media.sandbox import PROVIDERS, Provider, works
from tests.vectors.media import inputs, pages

NOT_READ = media.Limits(reading_seconds=0)
"""Reading has tests of its own (test_media_reading.py) and takes seconds a page."""
HERE = [provider for provider in PROVIDERS if works(provider)]


def _make(scratch: Path, *paths: Path, **options: object) -> media.Product:
    sources = [media.Source(path, path.name) for path in paths]
    options.setdefault("limits", NOT_READ)
    return media.make("letter", sources, scratch, **options)  # type: ignore[arg-type]


def _names(product: media.Product) -> list[str]:
    return [part.name for part in product.parts]


def _text(product: media.Product) -> str:
    part = product.part("text")
    assert part is not None
    return part.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("provider", HERE, ids=lambda p: p.name)
@pytest.mark.parametrize(
    "name", ["photo.jpg", "scan.png", "photo.heic", "scan.tif", "letter.pdf", "letter.docx", "letter.txt"]
)
def test_every_kind_of_letter_in_every_sandbox(name: str, provider: Provider, tmp_path: Path) -> None:
    """Each kind becomes JPEG pages within the size asked for, under names and types of ours."""
    path = tmp_path / name
    makers = {
        "photo.jpg": inputs.photo,
        "letter.pdf": inputs.pdf,
        "letter.docx": inputs.word,
        "scan.tif": inputs.scan,
    }
    if name == "letter.txt":
        path.write_text("Dear you,\n\nI am well.\n")
    else:
        makers.get(name, inputs.picture)(path)
    product = _make(tmp_path, path, providers=(provider,))
    pages = [part for part in product.parts if part.name.startswith("page-")]
    assert product.length == len(pages) > 0
    for number, part in enumerate(pages, 1):
        assert (part.name, part.media_type) == (f"page-{number:03d}", "image/jpeg")
        with Image.open(part.path) as page:
            page.load()
            assert (page.mode, *page.size) == ("RGB", part.facts["width"], part.facts["height"])
            assert max(page.size) <= media.DEFAULT.page_side


def test_a_sideways_photo_stands_upright(tmp_path: Path) -> None:
    """EXIF orientation 6 is applied to the pixels: 640×480 becomes 480×640, the corner moves right."""
    product = _make(tmp_path, inputs.photo(tmp_path / "photo.jpg"))
    with Image.open(product.parts[0].path) as page:
        assert page.size == (480, 640)
        right = ImageStat.Stat(page.crop((400, 10, 470, 100)).convert("L")).mean[0]
        left = ImageStat.Stat(page.crop((10, 10, 80, 100)).convert("L")).mean[0]
    assert (right < 10, left > 245) == (True, True)


def test_several_photos_are_pages_in_order(tmp_path: Path) -> None:
    """Photos and a scan of three pages follow each other as they were given."""
    wide = inputs.picture(tmp_path / "a.png")
    scan = inputs.scan(tmp_path / "b.tiff", 3)
    photo = inputs.photo(tmp_path / "c.jpg")
    product = _make(tmp_path, wide, scan, photo)
    assert _names(product) == [f"page-{number:03d}" for number in range(1, 6)]
    assert [part.facts["width"] for part in product.parts] == [640, 300, 301, 302, 480]
    assert product.part("text") is None


def test_a_large_photo_is_made_smaller(tmp_path: Path) -> None:
    """12 megapixels become a page of at most 2480 pixels on its long side."""
    path = tmp_path / "large.jpg"
    inputs.drawing(4000, 3000).save(path)
    product = _make(tmp_path, path)
    assert (product.parts[0].facts["width"], product.parts[0].facts["height"]) == (2480, 1860)


def test_transparent_and_deep_pictures_are_readable(tmp_path: Path) -> None:
    """A transparent PNG lies on white; a 16-bit scan keeps its white and its black."""
    clear, deep = tmp_path / "clear.png", tmp_path / "deep.png"
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(clear)
    scan = Image.new("I;16", (50, 50), 65535)
    scan.paste(0, (0, 0, 25, 50))
    scan.save(deep)
    product = _make(tmp_path, clear, deep)
    with Image.open(product.parts[0].path) as first, Image.open(product.parts[1].path) as second:
        assert first.getpixel((10, 10)) == (255, 255, 255)
        assert [second.convert("L").getpixel((x, 25)) for x in (5, 45)] == [0, 255]


def test_pdf_has_pages_and_unticked_text(tmp_path: Path) -> None:
    """Two pages at 200 dpi; the text is there but marked as taken out, not typed, not ticked."""
    product = _make(tmp_path, inputs.pdf(tmp_path / "letter.pdf"))
    assert _names(product) == ["page-001", "page-002", "text", "words"]
    assert _text(product) == "Words in a PDF 1\n\nWords in a PDF 2\n"
    part = product.part("text")
    assert part is not None
    assert (part.media_type, part.facts["source"], part.facts["ticked"]) == (
        "text/plain; charset=utf-8", "extracted", False,
    )  # fmt: skip
    assert abs(int(product.parts[0].facts["height"]) - 842 * 200 // 72) <= 2


def test_word_document_says_what_its_reader_sees(tmp_path: Path) -> None:
    """Heading, Welsh letters, list, table and picture are there; deleted, hidden and header words are not."""
    product = _make(tmp_path, inputs.word(tmp_path / "letter.docx"))
    text = _text(product)
    for seen in ("A letter", "Annwyl ŵr a ŷch, diolch.", "• first point", "left cell | right cell", "kept"):
        assert seen in text
    assert inputs.MARK not in text
    assert product.notes
    with Image.open(product.parts[0].path) as page:
        assert ImageStat.Stat(page.convert("L")).extrema[0] == (0, 255)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_text_files_of_any_encoding(encoding: str, tmp_path: Path) -> None:
    """The same words come out of every usual encoding; curly quotes and the pound sign survive."""
    path = tmp_path / "letter.txt"
    path.write_bytes("Dear you,\r\n\r\nit cost £5 – “really”.\r\n".encode(encoding))
    product = _make(tmp_path, path)
    assert _text(product) == "Dear you,\n\nit cost £5 – “really”.\n"
    part = product.part("text")
    assert part is not None
    assert (part.facts["source"], part.facts["shown"]) == ("typed", True)


def test_typed_letters_stay_text(tmp_path: Path) -> None:
    """A typed letter is one text part in one form: NFC, LF, no steering or hidden characters."""
    product = media.typed("Dear e\u0301\r\nyou\u202e\u200b\x07!\u00ad  \r\n\r\n", tmp_path)
    assert _names(product) == ["text"]
    assert _text(product) == "Dear é\nyou!\n"
    assert (product.length, product.parts[0].facts["source"]) == (0, "typed")


def test_typed_nothing_is_refused(tmp_path: Path) -> None:
    """Blanks and invisible characters are no letter."""
    with pytest.raises(media.Rejected) as refused:
        media.typed(" \u200b\n\t", tmp_path)
    assert refused.value.code == "empty"


def test_progress_rises_to_one(tmp_path: Path) -> None:
    """Progress never falls and ends at 1."""
    heard: list[float] = []
    path = inputs.pdf(tmp_path / "letter.pdf", pages=5)
    media.make("letter", [media.Source(path, "letter.pdf")], tmp_path, heard.append, limits=NOT_READ)
    assert heard == sorted(heard)
    assert (heard[-1], len(heard) >= 5) == (1.0, True)


def test_products_are_private_and_children_gone(tmp_path: Path) -> None:
    """Files of a product are 0600 and ours; of the children's folders nothing is left."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(0o700)
    product = _make(scratch, inputs.pdf(tmp_path / "letter.pdf"))
    assert [path.name[:8] for path in scratch.iterdir()] == ["product-"]
    for part in product.parts:
        facts = part.path.stat()
        assert (facts.st_mode & 0o777, facts.st_uid) == (0o600, scratch.stat().st_uid)


@pytest.mark.parametrize("kind", ["jpg", "tiff", "pdf"])
def test_a_photographed_letter_is_made_readable_and_kept_as_it_came(kind: str, tmp_path: Path) -> None:
    """The page stands upright in even light; beside it, never to be shown, is the page as it came; a note says so."""
    photo, path = pages.turned(pages.shaded(pages.written(paper=(226, 223, 216))), 4.0), tmp_path / f"letter.{kind}"
    photo.save(path)
    product = _make(tmp_path, path)
    assert _names(product) == ["page-001", "came-001"]
    page, came = product.parts
    assert came.facts["shown"] is False
    assert any("as it came" in note for note in product.notes)
    with Image.open(page.path) as made, Image.open(came.path) as kept:
        assert abs(upright.angle(made) or 0.0) <= 0.5
        assert abs((upright.angle(kept) or 0.0) + 4.0) <= 0.5
        assert made.width > kept.width


def test_a_drawing_beside_a_letter_stays_as_it_came(tmp_path: Path) -> None:
    """Only the page of writing has a twin."""
    letter, drawing = tmp_path / "letter.png", tmp_path / "drawing.png"
    pages.turned(pages.written(), -2.0).save(letter)
    pages.drawing().save(drawing)
    product = _make(tmp_path, drawing, letter)
    assert _names(product) == ["page-001", "page-002", "came-002"]
    with Image.open(product.parts[0].path) as page:
        assert page.size == (1000, 1400)
