"""ODT, RTF and DOC through the real LibreOffice in the real sandbox.

Collected only where it is installed and can be confined (tests/conftest.py). The documents that try to reach something
have a listener on loopback and canary files that would tell.
"""

import contextlib
import selectors
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

import media
from media import office
from media.limits import SENTENCES, Code
from tests.support import office as documents
from tests.vectors.media import inputs

CANARY = "canary-7b1f-not-in-any-letter"


def _make(scratch: Path, path: Path, **options: object) -> media.Product:
    options.setdefault("limits", media.Limits(reading_seconds=0))
    return media.make("letter", [media.Source(path, path.name)], scratch, **options)  # type: ignore[arg-type]


def _text(product: media.Product) -> str:
    part = product.part("text")
    assert part is not None
    return part.path.read_text(encoding="utf-8")


def _rtf(path: Path, body: str = "") -> Path:
    path.write_text(
        r"{\rtf1\ansi\paperw11906\paperh16838 Dear you,\par I am well. Caf\'e9.\par " + body + "}", encoding="ascii"
    )
    return path


def _doc(path: Path) -> Path:
    """A Word 97 file, written by LibreOffice itself from an RTF of ours."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(office.program()), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore"]
        given = _rtf(Path(folder, "letter.rtf"))
        for _ in range(2):
            subprocess.run(
                [*command, "--convert-to", "doc", "--outdir", folder, str(given)], check=False, capture_output=True,
                timeout=120,
            )  # fmt: skip
        Path(folder, "letter.doc").replace(path)
    return path


@contextlib.contextmanager
def _listener() -> Iterator[tuple[int, list[str]]]:
    """A port on loopback and what knocked at it."""
    knocks: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server, selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                knocks.extend(str(server.accept()[1]) for _ in selector.select(0.1))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], knocks
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize("kind", ["odt", "rtf", "doc"])
def test_documents_of_other_programs_become_pages(kind: str, tmp_path: Path) -> None:
    """Pages on A4 and the words beside them, not ticked, with a note that says who set them; nothing is left over."""
    path, scratch = tmp_path / f"letter.{kind}", tmp_path / "scratch"
    scratch.mkdir()
    body = "<text:p>Dear you,</text:p><text:p>I am well. Café.</text:p>"
    {"odt": lambda: documents.odt(path, body), "rtf": lambda: _rtf(path), "doc": lambda: _doc(path)}[kind]()
    product = _make(scratch, path)
    assert _text(product).split() == ["Dear", "you,", "I", "am", "well.", "Café."]
    facts = product.parts[0].facts
    assert abs(int(facts["height"]) / int(facts["width"]) - 297 / 210) < 0.01
    with Image.open(product.parts[0].path) as page:
        assert page.convert("L").getextrema()[0] < 80
    text = product.part("text")
    assert text is not None
    assert (text.facts["ticked"], text.facts["shown"]) == (False, False)
    assert any("LibreOffice" in note for note in product.notes)
    assert [found.name for found in scratch.iterdir()] == [product.parts[0].path.parent.name]


def _links(path: Path, port: int, canaries: Path) -> Path:
    """An OpenDocument text with pictures, sections and objects of a server and of this machine's files."""
    far, near = f"http://127.0.0.1:{port}", f"file://{canaries}"
    body = documents.picture(f"{far}/x.png") + documents.section(f"{far}/x.odt") + documents.ole(f"{far}/o.odt")
    body += documents.picture(f"{near}/canary.png") + documents.section(f"{near}/canary.txt")
    return documents.odt(path, body + documents.section(f"{near}/canary.odt") + documents.ole(f"{near}/canary.odt"))


def _fields(path: Path, port: int, canaries: Path) -> Path:
    """An RTF that includes a text of this machine and a picture of a server."""
    link = r'{\field{\*\fldinst INCLUDETEXT "%s"}{\fldrslt x}}{\field{\*\fldinst INCLUDEPICTURE "%s" \\d}}'
    return _rtf(path, link % (f"{canaries}/canary.txt", f"http://127.0.0.1:{port}/x.png"))


def _macro(path: Path, port: int, canaries: Path) -> Path:
    """An OpenDocument text whose macro runs when it is opened and writes a file."""
    event = (
        '<office:event-listeners><script:event-listener script:language="ooo:script" script:event-name="dom:load" '
        'xlink:type="simple" xlink:href="vnd.sun.star.script:Standard.M.Main?language=Basic&amp;location=document"/>'
        "</office:event-listeners>"
    )
    scripts = f"<office:scripts>{event}</office:scripts>"
    return documents.odt(path, "<text:p>x</text:p>", scripts=scripts, **_basic(f"{canaries}/made"))


def _basic(made: str) -> dict[str, bytes]:
    head = '<?xml version="1.0"?><!DOCTYPE {0} PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "{1}.dtd">'
    names = 'xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink"'
    listed = f'<library:library library:name="Standard" {{0}}{names}>{{1}}</library:library>'
    code = (
        f'Sub Main\nOn Error Resume Next\nOpen "{made}" For Output As #1\nPrint #1, "made"\nClose #1\n'
        f'Shell("/bin/sh", 0, "-c \'touch {made}\'")\nEnd Sub'
    )
    module = f'<script:module xmlns:script="http://openoffice.org/2000/script" script:name="M" script:language="StarBasic">{code}</script:module>'  # noqa: E501
    return {
        "Basic_script-lc.xml": (
            head.format("library:libraries", "libraries")
            + f'<library:libraries {names}><library:library library:name="Standard" library:link="false"/>'
            "</library:libraries>"
        ).encode(),
        "Basic_Standard_script-lb.xml": (
            head.format("library:library", "library")
            + listed.format('library:readonly="false" library:passwordprotected="false" ',
                            '<library:element library:name="M"/>')
        ).encode(),
        "Basic_Standard_M.xml": (head.format("script:module", "module") + module).encode(),
    }  # fmt: skip


def _canaries(folder: Path) -> Path:
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "canary.txt").write_text(CANARY)
    documents.odt(folder / "canary.odt", f"<text:p>{CANARY}</text:p>")
    Image.new("RGB", (400, 400), (255, 0, 255)).save(folder / "canary.png")
    return folder


def _is_loud(page: Image.Image) -> bool:
    """Whether the canary picture's colour is on the page."""
    return any(min(r, b) > 200 and g < 90 for _, (r, g, b) in page.convert("RGB").getcolors(1 << 24) or ())


def _unconfined(folder: Path, path: Path) -> Path:
    """The same program as a person would run it; the PDF."""
    command = [str(office.program()), f"-env:UserInstallation=file://{folder}/profile", "--headless", "--norestore"]
    for _ in range(2):
        options = ["--infilter=writer8", "--convert-to", "pdf", "--outdir", str(folder), str(path)]
        subprocess.run([*command, *options], check=False, capture_output=True, timeout=120)
    return folder / f"{path.stem}.pdf"


@pytest.mark.parametrize(("name", "made"), [("links.odt", _links), ("macro.odt", _macro), ("fields.rtf", _fields)])
def test_a_document_reaches_nothing(name: str, made: Callable[[Path, int, Path], Path], tmp_path: Path) -> None:
    """No packet arrives on loopback, no canary's word or colour is in any part, nothing was made or changed outside."""
    canaries, scratch = _canaries(tmp_path / "canaries"), tmp_path / "scratch"
    scratch.mkdir()
    before = sorted((path.name, path.stat().st_mtime_ns) for path in canaries.iterdir())
    with _listener() as (port, knocks):
        parts = _make(scratch, made(tmp_path / name, port, canaries)).parts
    assert knocks == []
    assert sorted((path.name, path.stat().st_mtime_ns) for path in canaries.iterdir()) == before
    assert [part.name for part in parts][:1] == ["page-001"]
    for part in parts:
        assert CANARY.encode() not in part.path.read_bytes()
        if part.media_type.startswith("image/"):
            with Image.open(part.path) as page:
                assert not _is_loud(page)


def test_these_documents_do_reach_out_where_nothing_holds_them(tmp_path: Path) -> None:
    """The tries above are real: outside the sandbox the picture is read and the server is asked."""
    canaries = _canaries(tmp_path / "canaries")
    with _listener() as (port, knocks):
        pdf = _unconfined(tmp_path / "one", _links(tmp_path / "links.odt", port, canaries))
        assert _is_loud(pypdfium2.PdfDocument(pdf)[0].render(scale=0.5).to_pil())
        assert knocks


@pytest.mark.parametrize(
    ("code", "name", "made"),
    [
        ("disguised", "flat.fodt", lambda p: p.write_text("<?xml version='1.0'?><office:document/>")),
        ("disguised", "flat.odt", lambda p: p.write_text("<?xml version='1.0'?><office:document/>")),
        ("disguised", "page.doc", lambda p: p.write_text("<html><img src='http://127.0.0.1/x'></html>")),
        ("disguised", "page.rtf", lambda p: p.write_text("<html><body>x</body></html>")),
        ("disguised", "word.odt", inputs.word),
        ("disguised", "sheet.odt", lambda p: documents.odt(p, "").write_bytes(
            p.read_bytes().replace(b"opendocument.text", b"opendocument.calc"))),
        ("password", "locked.odt", lambda p: documents.odt(p, "", more="<manifest:encryption-data/>")),
        ("damaged", "broken.doc", lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x5a" * 5000)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_such_document_is_refused(
    code: str, name: str, made: Callable[[Path], object], tmp_path: Path
) -> None:
    """Flat XML, HTML, other archives and locked documents never reach the program, or end in their sentence."""
    path, scratch = tmp_path / name, tmp_path / "scratch"
    made(path)
    scratch.mkdir()
    with pytest.raises(media.Rejected) as refused:
        _make(scratch, path)
    assert (refused.value.code, str(refused.value)) == (code, SENTENCES[Code(code)])
    assert list(scratch.rglob("*")) == []


def test_a_document_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """The limits hold for this program too: it is ended, and nothing is left."""
    path = documents.odt(tmp_path / "long.odt", "<text:p>word</text:p>" * 50_000)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(media.Rejected) as refused:
        _make(scratch, path, limits=media.Limits(work_seconds=1.0))
    assert refused.value.code in {"took_too_long", "too_many_pages"}
    assert list(scratch.rglob("*")) == []
