"""ODT, RTF and DOC as a PDF, by LibreOffice where it is installed; the PDF is as hostile as its document was.

The filter is named by what `sniff` found, so the program never guesses: a page of HTML or a flat XML file is not
loaded whatever it is called. It has no network, sees no file but this one, and its profile, made for this one run,
lets no macro run and no link be followed.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from media.limits import Code, Rejected
from media.sandbox import Job, Provider
from media.workbench import Workbench

FILTERS = {"odt": "writer8", "rtf": "Rich Text Format", "doc": "MS Word 97"}
_FIRST_RUN = 81
"""It made its profile and asks to be started again (sal EXITHELPER_NORMAL_RESTART); nothing was opened."""
_ROOM = 256 << 20
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>en-GB</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
</oor:items>
"""
"""Settings it starts with: no macro, no link, A4."""


@cache
def program() -> Path | None:
    """LibreOffice's own program (not its script, which starts others), below /usr as packages install it; or None."""
    found = shutil.which("soffice", path="/usr/bin:/usr/local/bin")
    path = Path(found).resolve().with_name("soffice.bin") if found else None
    return path if path and path.is_file() and path.is_relative_to("/usr") else None


def can_set(provider: Provider) -> bool:
    """Whether documents of LibreOffice's kinds can be taken here."""
    return program() is not None and provider.has_own_view


@contextmanager
def as_pdf(bench: Workbench, document: Path, kind: str) -> Iterator[Path]:
    """The document as an (untrusted) PDF, which is gone afterwards.

    Raises Rejected: needs_office where it is not installed or not confined, damaged, took_too_long.
    """
    installed = program()
    if installed is None or not bench.provider.has_own_view:
        raise Rejected(Code.NEEDS_OFFICE)
    if kind == "odt":
        with bench.folder() as folder:
            caps = {name: getattr(bench.limits, name) for name in ("max_zip_entries", "max_zip_bytes")}
            bench.ask("odt", document, folder, lambda _: None, **caps)
    with bench.folder() as folder:
        user = folder / "profile" / "user"
        user.mkdir(parents=True)
        (user / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
        job = Job(
            folder=folder, program=installed, arguments=_arguments(kind), input=document, office=True,
            seconds=bench.limits.document_seconds, stall_seconds=bench.limits.document_seconds,
            memory_bytes=bench.limits.memory_bytes, file_bytes=_ROOM,
        )  # fmt: skip
        outcome = bench.run(job, lambda _: False)
        if outcome.code == _FIRST_RUN:
            outcome = bench.run(job, lambda _: False)
        if outcome.code != 0 or not (folder / "in.pdf").exists():
            raise Rejected(Code.DAMAGED, detail=f"office ended with {outcome.code}")
        pdf = bench.take(folder, "in.pdf", "office.pdf", _ROOM)
    try:
        yield pdf
    finally:
        pdf.unlink()


def _arguments(kind: str) -> tuple[str, ...]:
    start = ("--headless", "--norestore", "--nologo", "--nolockcheck", "--nodefault")
    filters = (f"--infilter={FILTERS[kind]}", "--convert-to", "pdf:writer_pdf_Export", "--outdir", "/out", "/in")
    return ("-env:UserInstallation=file:///out/profile", *start, *filters)
