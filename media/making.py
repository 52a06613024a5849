"""The one door of this package: files in, a clean product out, or Rejected with a sentence."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg

from media import audio, letter, pack, redaction, sandbox, scans, text, video
from media.limits import DEFAULT, Code, Limits, Rejected
from media.product import Fact, Part, Product, Source
from media.sandbox import PROVIDERS, Provider
from media.sniff import KINDS, Type, sniff
from media.workbench import Report, Workbench


def make(
    kind: str,
    sources: Sequence[Source],
    scratch: Path,
    report: Callable[[float], None] = lambda _: None,
    *,
    early: Callable[[Part], None] = lambda _: None,
    limits: Limits = DEFAULT,
    deadline: float | None = None,
    ffmpeg: Path | None = None,
    providers: Sequence[Provider] = PROVIDERS,
) -> Product:
    """Make a clean product of what was put in. Blocks; runs in a worker's thread.

    kind: letter, audio or video. sources: one file; for a letter of photos several, in page order.
    scratch: a private folder (0700, tmpfs where there is one); the product's files lie in a new folder in it,
    and the caller removes it. report: called with 0.0 … 1.0, never falling. early: called with a video's `sound`
    once that is safe, long before the picture; it is no part of the product. deadline: seconds for all of it.
    ffmpeg: another binary than the wheel's. Raises Rejected, and nothing else for anything the file does.
    """
    if kind not in KINDS:
        raise ValueError(f"no such kind: {kind}")
    untrusted = _counted(kind, sources, limits)
    types = [sniff(source.path, source.untrusted_name, kind, limits.max_bytes) for source in untrusted]
    with _bench(scratch, limits, _patience(kind, limits) if deadline is None else deadline, ffmpeg, providers) as bench:
        return _made(kind, bench, list(zip(untrusted, types, strict=True)), _rising(report), early)


def redact(
    parts: Sequence[Part],
    edits: Sequence[redaction.Edit],
    scratch: Path,
    report: Callable[[float], None] = lambda _: None,
    *,
    limits: Limits = DEFAULT,
    ffmpeg: Path | None = None,
    providers: Sequence[Provider] = PROVIDERS,
) -> tuple[Part, ...]:
    """Make anew what these edits touch of a clean revision (`media.redaction`); the parts that are different now.

    parts: plaintext paths in the worker's scratch, with their facts. Raises Rejected, KeyError for a part that is not
    there.
    """
    longest = 2 * _patience("video", limits)
    with _bench(scratch, limits, longest, ffmpeg, providers) as bench:
        return redaction.redact(bench, {part.name: part for part in parts}, edits, _rising(report))


def press(
    sheets: pack.Pack,
    pictures: Mapping[str, Path],
    scratch: Path,
    *,
    limits: Limits = DEFAULT,
    providers: Sequence[Provider] = PROVIDERS,
) -> Path:
    """Set a pack as one PDF in a new folder of the scratch; `pictures`: pages of ours by name. Raises Rejected."""
    with _bench(scratch, limits, limits.document_seconds, None, providers) as bench:
        return pack.press(bench, sheets, pictures)


def taken_apart(
    source: Source,
    scratch: Path,
    report: Callable[[float], None] = lambda _: None,
    *,
    limits: Limits = DEFAULT,
    providers: Sequence[Provider] = PROVIDERS,
) -> tuple[scans.Scan, ...]:
    """The pages of a scanned pile and what the squares on them say, in a new folder of the scratch. Raises Rejected."""
    kind = sniff(source.path, source.untrusted_name, "letter", limits.max_bytes)
    with _bench(scratch, limits, _patience("letter", limits), None, providers) as bench:
        return scans.make(bench, source.path, kind, _rising(report))


@contextmanager
def _bench(
    scratch: Path, limits: Limits, seconds: float, ffmpeg: Path | None, providers: Sequence[Provider]
) -> Iterator[Workbench]:
    bench = Workbench(
        provider=sandbox.choose(providers),
        ffmpeg=(ffmpeg or Path(imageio_ffmpeg.get_ffmpeg_exe())).resolve(),
        scratch=scratch,
        product=Path(tempfile.mkdtemp(prefix="product-", dir=scratch)),
        limits=limits,
        ends=time.monotonic() + seconds,
    )
    try:
        yield bench
    except BaseException:
        # half a product is never left for anybody to pick up
        shutil.rmtree(bench.product, ignore_errors=True)
        raise


def _made(
    kind: str,
    bench: Workbench,
    sources: Sequence[tuple[Source, Type]],
    report: Report,
    early: Callable[[Part], None],
) -> Product:
    if kind == "letter":
        return letter.make(bench, sources, report)
    if kind == "audio":
        return audio.make(bench, *sources[0], report)
    return video.make(bench, *sources[0], report, early)


def typed(written: str, scratch: Path, *, limits: Limits = DEFAULT) -> Product:
    """A letter typed into the page: text in one form (`text.clean`). Raises Rejected: empty, too_large."""
    if len(written) > limits.max_text:
        raise Rejected(Code.TOO_LARGE)
    cleaned = text.clean(written)
    if not cleaned:
        raise Rejected(Code.EMPTY)
    path = Path(tempfile.mkdtemp(prefix="product-", dir=scratch)) / "text"
    path.write_text(cleaned, encoding="utf-8", newline="\n")
    path.chmod(0o600)
    facts: dict[str, Fact] = {"source": "typed", "ticked": True, "shown": True, "characters": len(cleaned)}
    return Product("letter", (Part("text", letter.PLAIN, path, facts),), 0)


def _counted(kind: str, sources: Sequence[Source], limits: Limits) -> Sequence[Source]:
    if not sources:
        raise Rejected(Code.EMPTY)
    if kind != "letter" and len(sources) > 1:
        raise Rejected(Code.WRONG_TYPE)
    if len(sources) > limits.max_sources:
        raise Rejected(Code.TOO_MANY_PAGES)
    if sum(source.path.stat().st_size for source in sources) > limits.max_bytes:
        raise Rejected(Code.TOO_LARGE)
    return sources


def _patience(kind: str, limits: Limits) -> float:
    """Longer than every child together may take, so that nothing waits for ever."""
    return 600 + 5 * limits.seconds(kind) if kind != "letter" else 3600.0


def _rising(report: Callable[[float], None]) -> Callable[[float], None]:
    highest = [0.0]

    def rising(done: float) -> None:
        highest[0] = min(1.0, max(highest[0], done))
        report(highest[0])

    return rising
