"""Taking something out of a clean revision: the media themselves are changed, nothing is laid over them.

    changed = redact(bench, parts, edits, report)

Parts come in that `make` gave; those that an edit touches are made anew, with everything that is drawn from them
(poster, storyboard, waveform), and go out; the rest stays as it is. What lies next to something taken out may go with
it (whole blocks of a picture, hundredths of a second of sound), so that no trace of it is left in its neighbours.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from media import audio, faces, ffmpegs, recheck, redact_picture, redact_sound, video
from media import text as texts
from media.limits import Code, Rejected
from media.product import Part, Product
from media.spans import Span, length_after, merged
from media.workbench import Report, Workbench, share

Box = tuple[int, int, int, int]
GONE = "[…]"
"""Stands where words were taken out: the same in every language, and it tells no length."""
SHORTEST = 0.5
"""Seconds that must be left of a recording."""


class Edit(Protocol):
    """One thing to take out of one part. `doing`: cover, blur, faces, strike, mute, bleep, cut, voice."""

    @property
    def doing(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def start(self) -> int:
        """Milliseconds of a recording, characters of a text."""

    @property
    def end(self) -> int:
        """Behind the last one; 0: to the end."""

    @property
    def box(self) -> Box | None:
        """Left, top, width, height in ten-thousandths of the picture; None: the whole of it."""

    @property
    def how(self) -> str:
        """Of a voice: lower or higher."""


def redact(bench: Workbench, parts: Mapping[str, Part], edits: Sequence[Edit], report: Report) -> tuple[Part, ...]:
    """The parts that are different now. Raises Rejected: damaged, unsafe, took_too_long; empty if nothing is left."""
    changed: list[Part] = []
    pages = sorted({edit.part for edit in edits if edit.part.startswith("page-")})
    for number, name in enumerate(pages):
        boxes = [edit.box for edit in edits if edit.part == name]
        changed.append(_page(bench, parts[name], boxes))
        report((number + 1) / len(pages))
    if mine := [edit for edit in edits if edit.part == "text"]:
        changed.append(_text(bench, parts["text"], mine))
    if any(edit.part in ("sound", "picture") for edit in edits):
        changed += _recording(bench, parts, edits, report).parts
    return tuple(changed)


def struck(text: str, spans: Sequence[Span]) -> str:
    """The text with GONE in place of each span of characters."""
    kept, at = "", 0
    for start, end in merged(spans):
        kept += text[at:start] + GONE
        at = end
    return kept + text[at:]


def _text(bench: Workbench, part: Part, edits: Sequence[Edit]) -> Part:
    words = part.path.read_text(encoding="utf-8")
    text = texts.clean(struck(words, [(edit.start, edit.end) for edit in edits]))
    path = bench.product / part.name
    path.write_text(text, encoding="utf-8", newline="\n")
    path.chmod(0o600)
    recheck.plain(path, bench.limits.max_text)
    return Part(part.name, part.media_type, path, {**part.facts, "characters": len(text)})


def _page(bench: Workbench, page: Part, boxes: Sequence[Box | None]) -> Part:
    with bench.folder() as folder:
        bench.ask("cover", page.path, folder, lambda _: None, boxes=boxes, max_pixels=bench.limits.page_side**2)
        path = bench.take(folder, "page-001.jpg", page.name, 32 << 20)
    width, height = recheck.jpeg(path, bench.limits.page_side**2)
    return Part(page.name, page.media_type, path, {**page.facts, "width": width, "height": height})


def _recording(bench: Workbench, parts: Mapping[str, Part], edits: Sequence[Edit], report: Report) -> Product:
    name = "picture" if "picture" in parts else "sound"
    path = parts[name].path
    facts = ffmpegs.probe(bench, path, ffmpegs.MOVIE)
    cuts = merged([(edit.start, edit.end) for edit in edits if edit.doing == "cut"])
    left = length_after(facts.seconds, cuts)
    if left < SHORTEST:
        raise Rejected(Code.EMPTY, detail="next to nothing is left after the cuts")
    graph = ffmpegs.source(ffmpegs.MOVIE)
    heard = redact_sound.silenced(graph["a:0"], edits) if facts.sound else None
    if name == "sound":
        return audio.made(bench, redact_sound.cut(heard, cuts), path, left, report)
    mask = b""
    seen = graph["V:0"]
    size = facts.width, facts.height
    if any(edit.doing == "faces" for edit in edits):
        mask = faces.mask(bench, path, facts, partial(share, report, 0.0, 0.4))
        seen = faces.hidden(seen, size)
    both = redact_picture.cut(redact_picture.hidden(seen, edits, size), heard, cuts)
    return video.made(bench, both, path, left, report, mask)
