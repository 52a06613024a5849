"""Scans read by the real Tesseract in the real sandbox, and PDFs compared with what is seen on their pages.

Collected only where the engine and its languages are installed (tests/conftest.py).
"""

import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

import media
from exchange.core import boxes
from media import reading
from media.sandbox import PROVIDERS, Provider, works
from tests.vectors.media import inputs, pages

HERE = [provider for provider in PROVIDERS if works(provider)]


def _make(scratch: Path, *paths: Path, **options: object) -> media.Product:
    sources = [media.Source(path, path.name) for path in paths]
    return media.make("letter", sources, scratch, **options)  # type: ignore[arg-type]


def _text(product: media.Product, name: str = "text") -> str:
    part = product.part(name)
    assert part is not None
    return part.path.read_text(encoding="utf-8")


def _words(product: media.Product) -> bytes:
    part = product.part("words")
    assert part is not None
    assert (part.media_type, part.facts["shown"]) == ("application/json", False)
    return part.path.read_bytes()


@pytest.mark.parametrize("provider", HERE, ids=lambda provider: provider.name)
def test_a_scan_is_read_in_every_sandbox(provider: Provider, tmp_path: Path) -> None:
    """Its words are offered as a text that a machine read: neither ticked nor shown, with a note."""
    path = tmp_path / "scan.png"
    pages.written(lines=4, seed=7).save(path)
    product = _make(tmp_path, path, providers=(provider,))
    assert [part.name for part in product.parts] == ["page-001", "text", "words"]
    part = product.part("text")
    assert part is not None
    assert (part.facts["source"], part.facts["ticked"], part.facts["shown"]) == ("ocr", False, False)
    seen = _text(product).split()
    assert sum(word in pages.WORDS for word in seen) >= 0.9 * len(seen) > 20
    assert any("handwriting" in note for note in product.notes)


def test_a_word_that_was_read_is_covered_where_it_stands(tmp_path: Path) -> None:
    """From the characters of a name in the text to a box on the page: covered there, the machine reads it no more."""
    path, page = tmp_path / "scan.png", Image.new("RGB", (1000, 500), "white")
    line = pages.written((1000, 1400), lines=1).crop((0, 100, 1000, 160))
    page.paste(line, (0, 100))
    ImageDraw.Draw(page).text((100, 250), "Ring 07700 900123 tonight", fill="black", font=pages.font(30))
    page.save(path)
    product = _make(tmp_path, path)
    text = _text(product)
    at = text.index("07700")
    places = boxes.boxes(_words(product), "text", text, at, at + len("07700 900123"))
    assert len(places) == 1
    with Image.open(product.parts[0].path) as made:
        made.load()
    x, y, width, height = (value * side / 10_000 for value, side in zip(places[0].box, made.size * 2, strict=True))
    assert 60 < x < 240
    made.paste((0, 0, 0), (int(x), int(y), int(x + width) + 1, int(y + height) + 1))
    made.save(tmp_path / "covered.png")
    after = _text(_make(tmp_path, tmp_path / "covered.png"))
    assert "07700" not in after
    assert "Ring" in after
    assert "tonight" in after


def _pdf(path: Path, hidden: str = "") -> Path:
    """A page that says something, and may hold words in the colour of its paper."""
    said = "BT /F1 24 Tf 100 700 Td (Dear you, I am well.) Tj ET"
    return inputs.pdf_page(path, said + (f" 1 1 1 rg BT /F1 24 Tf 100 400 Td ({hidden}) Tj ET" if hidden else ""))


def test_words_that_a_pdf_hides_are_marked(tmp_path: Path) -> None:
    """White on white: exactly these words are told, in the facts, a note and their places; the others are not."""
    product = _make(tmp_path, _pdf(tmp_path / "letter.pdf", "ring 07700 900123"))
    text = _text(product)
    spans = boxes.alone(_words(product), "text", text)
    assert [text[start:end] for start, end in spans] == ["ring", "07700", "900123"]
    part = product.part("text")
    assert part is not None
    assert (part.facts["source"], part.facts["compared"], part.facts["alone"]) == ("extracted", True, 3)
    assert any("not seen on its pages" in note for note in product.notes)
    assert "07700" not in _text(product, "reading")


def test_a_pdf_that_hides_nothing_has_no_marks(tmp_path: Path) -> None:
    """Every word was seen; what the machine read stands beside it and is never shown."""
    product = _make(tmp_path, _pdf(tmp_path / "letter.pdf"))
    words = _words(product)
    assert boxes.alone(words, "text", _text(product)) == boxes.alone(words, "reading", _text(product, "reading")) == []
    part = product.part("reading")
    assert part is not None
    assert (part.facts["source"], part.facts["shown"], part.facts["ticked"]) == ("ocr", False, False)
    assert all("not seen" not in note for note in product.notes)


def test_words_over_other_words_are_marked(tmp_path: Path) -> None:
    """A picture of words laid over others: the text's own are not seen, the seen ones are not in the text."""
    white = "1 1 1 rg 90 690 300 40 re f 0 0 0 rg BT /F1 24 Tf 100 400 Td (Yours) Tj ET"
    path = inputs.pdf_page(tmp_path / "letter.pdf", f"BT /F1 24 Tf 100 700 Td (Nothing here) Tj ET {white}")
    product = _make(tmp_path, path)
    text = _text(product)
    assert [text[a:b] for a, b in boxes.alone(_words(product), "text", text)] == ["Nothing", "here"]


def test_places_of_a_turned_pdf_page_are_those_of_its_picture(tmp_path: Path) -> None:
    """The page says that it is turned by 90 degrees: text and reading still meet."""
    said = "BT /F1 24 Tf 0 1 -1 0 300 300 Tm (Dear you, I am well.) Tj ET"
    product = _make(tmp_path, inputs.pdf_page(tmp_path / "letter.pdf", said, "/Rotate 90"))
    assert boxes.alone(_words(product), "text", _text(product)) == []


def test_a_page_that_cannot_be_read_never_stops_a_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken language data: the pages are there, and a note says that they were not read."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "eng.traineddata").write_bytes(b"nothing")
    monkeypatch.setattr(reading, "DATA", (broken,))
    reading.engine.cache_clear()
    try:
        pages.written(lines=4).save(tmp_path / "scan.png")
        product = _make(tmp_path, tmp_path / "scan.png")
    finally:
        monkeypatch.undo()
        reading.engine.cache_clear()
        shutil.rmtree(broken)
    assert [part.name for part in product.parts] == ["page-001"]
    assert "Not every page could be read by the machine." in product.notes
