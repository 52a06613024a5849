"""Files that use what their format allows against its reader (OWASP ASVS 5.0.0, chapters 1 and 5)."""

import zipfile
from pathlib import Path

import pytest

import media
from exchange.store.clamd import LARGEST, Scan, ScannerUnavailable, scan
from media.limits import Limits
from tests.vectors.media import inputs

CANARY = "canary-words-that-must-stay-where-they-are"


def rewritten(path: Path, entity: str) -> Path:
    """The letter with a document type that declares an entity, and the entity used in its first paragraph."""
    inputs.word(path.with_suffix(".plain.docx"))
    with zipfile.ZipFile(path.with_suffix(".plain.docx")) as before, zipfile.ZipFile(path, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            if name == "word/document.xml":
                head, _, body = data.decode().partition("?>")
                body = body.replace("A letter", "A letter &planted;")
                data = f"{head}?><!DOCTYPE w:document [{entity}]>{body}".encode()
            after.writestr(name, data)
    return path


def made(path: Path, scratch: Path) -> str:
    """ "made", or the code with which it was refused."""
    try:
        media.make("letter", [media.Source(path, "letter.docx")], scratch)
    except media.Rejected as refused:
        return refused.code
    return "made"


def everything(folder: Path) -> bytes:
    """All bytes of all files below a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY planted SYSTEM "file://{canary}">',
        '<!ENTITY % outer SYSTEM "file://{canary}"> %outer; <!ENTITY planted "x">',
        '<!ENTITY planted SYSTEM "http://127.0.0.1:9/canary">',
    ],
    ids=["a file", "a parameter", "an address"],
)
def test_a_letter_cannot_name_another_file_by_an_entity(entity: str, tmp_path: Path) -> None:
    """Refused, or made without a word of the other file (1.5.1)."""
    canary = tmp_path / "canary.txt"
    canary.write_text(CANARY)
    path = rewritten(tmp_path / "letter.docx", entity.format(canary=canary))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert made(path, scratch) in ("made", "damaged")
    assert CANARY.encode() not in everything(scratch)


def test_entities_that_multiply_are_refused_or_harmless(tmp_path: Path) -> None:
    """Ten to the ninth letters out of ten lines end as a refusal or as nothing (1.5.1, 5.2.3)."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    path = rewritten(tmp_path / "letter.docx", f'<!ENTITY l0 "ha">{levels}<!ENTITY planted "&l9;">')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert made(path, scratch) in ("made", "damaged", "too_large", "unsafe")
    assert len(everything(scratch)) < 10_000_000


def test_names_inside_a_document_are_no_paths(tmp_path: Path) -> None:
    """Nothing is unpacked: entries that climb or link leave nothing outside their own folder (5.3.2, 5.3.3, 5.2.5)."""
    path = inputs.word(tmp_path / "letter.docx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../climbed.txt", CANARY)
        archive.writestr(f"{tmp_path}/absolute.txt", CANARY)
        link = zipfile.ZipInfo("word/media/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    media.make("letter", [media.Source(path, "letter.docx")], scratch)
    assert not (tmp_path / "absolute.txt").exists()
    assert list(tmp_path.parent.rglob("climbed.txt")) == []
    assert not any(found.is_symlink() for found in scratch.rglob("*"))
    assert b"root:" not in everything(scratch)


def test_a_document_with_too_many_entries_is_refused(tmp_path: Path) -> None:
    """Counted before anything is unpacked (5.2.3)."""
    path = inputs.word(tmp_path / "letter.docx")
    with pytest.raises(media.Rejected) as refused:
        media.make("letter", [media.Source(path, "letter.docx")], tmp_path, limits=Limits(max_zip_entries=5))
    assert refused.value.code == "unsafe"


async def test_what_is_too_large_for_the_scanner_counts_as_not_scanned(tmp_path: Path) -> None:
    """clamd skips files over 2 GB in silence, so it is not even asked; one byte less is (5.4.3)."""
    path = tmp_path / "film"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
        assert await scan(tmp_path / "nobody-listens", path) is Scan.NOT_SCANNED
        file.truncate(LARGEST)
        with pytest.raises(ScannerUnavailable):
            await scan(tmp_path / "nobody-listens", path)


@pytest.mark.parametrize("name", ["drawing.svg", "drawing.png", "letter.txt", "page.html", ""])
def test_scriptable_files_are_not_taken_under_any_name(name: str, tmp_path: Path) -> None:
    """An SVG with a script, whatever it is called (1.3.4, 5.2.2)."""
    path = tmp_path / "given"
    path.write_text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')
    with pytest.raises(media.Rejected) as refused:
        media.make("letter", [media.Source(path, name)], tmp_path)
    assert refused.value.code in ("wrong_type", "disguised")
