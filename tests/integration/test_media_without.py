"""Letters where an engine is missing: LibreOffice, or what reads pages. As before, with a sentence or a note."""

import json
from pathlib import Path

import pytest

import media
from media import office, reading
from media.limits import SENTENCES, Code
from media.sandbox import PROVIDERS, Bubblewrap, Job, Landlock, works
from tests.vectors.media import inputs, pages


def _make(scratch: Path, path: Path, **options: object) -> media.Product:
    return media.make("letter", [media.Source(path, path.name)], scratch, **options)  # type: ignore[arg-type]


def _rtf(path: Path) -> Path:
    path.write_text(r"{\rtf1 hello}")
    return path


def test_without_a_file_system_of_its_own_no_office_program_runs(tmp_path: Path) -> None:
    """Landlock alone does not hold it: the sentence is said and no command is made."""
    assert not office.can_set(Landlock())
    job = Job(folder=tmp_path, program=Path("/usr/bin/true"), office=True)
    with pytest.raises(PermissionError):
        Landlock().command(job)
    if works(Landlock()):
        with pytest.raises(media.Rejected) as refused:
            _make(tmp_path, _rtf(tmp_path / "letter.rtf"), providers=(Landlock(),))
        assert refused.value.code == "needs_office"


def test_where_it_is_not_installed_the_sentence_says_what_to_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before: nothing is opened."""
    monkeypatch.setattr(office.shutil, "which", lambda *_, **__: None)
    office.program.cache_clear()
    try:
        with pytest.raises(media.Rejected) as refused:
            _make(tmp_path, _rtf(tmp_path / "letter.rtf"))
    finally:
        monkeypatch.undo()
        office.program.cache_clear()
    assert (refused.value.code, str(refused.value)) == ("needs_office", SENTENCES[Code.NEEDS_OFFICE])
    assert [provider.name for provider in PROVIDERS if provider.has_own_view] == [Bubblewrap().name]


def test_where_nothing_can_read_all_is_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan stays a picture, with the note that says so; a PDF has its text, not compared."""
    monkeypatch.setattr(reading, "DATA", ())
    reading.engine.cache_clear()
    try:
        pages.written(lines=4).save(tmp_path / "scan.png")
        scan, pdf = _make(tmp_path, tmp_path / "scan.png"), _make(tmp_path, inputs.pdf(tmp_path / "letter.pdf"))
    finally:
        monkeypatch.undo()
        reading.engine.cache_clear()
    assert [part.name for part in scan.parts] == ["page-001"]
    assert "There is no text version: the pages are pictures." in scan.notes
    text = pdf.part("text")
    assert text is not None
    assert (pdf.part("reading"), text.facts["compared"]) == (None, False)


@pytest.mark.parametrize(
    "said",
    [
        {"text": "x\u202ey\n", "boxes": []},
        {"text": "", "boxes": []},
        {"text": 5, "boxes": []},
        {"text": "word\n", "boxes": [[0, 9, 0, 0, 5, 5]]},
        {"text": "word\n", "boxes": [[0, 4, 0, 0, 10_001, 5]]},
        {"text": "word\n", "boxes": [[0, 4, -1, 0, 5, 5]]},
        {"text": "word\n", "boxes": [[0, 4, 0, 0, True, 5]]},
        {"text": "word\n", "boxes": [[0, 4, 0, 0, 5]]},
        {"text": "a b\n", "boxes": [[2, 3, 0, 0, 5, 5], [0, 1, 0, 0, 5, 5]]},
        {"boxes": []},
        [],
    ],
    ids=str,
)
def test_what_a_child_says_of_words_is_looked_at_again(said: object) -> None:
    """Anything that is not in order is refused, never mended."""
    with pytest.raises((ValueError, TypeError, KeyError)):
        reading._checked(json.loads(json.dumps(said)), 1000)
