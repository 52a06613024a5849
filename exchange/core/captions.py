"""Captions: words with their times, as WebVTT (W3C) says them. Of that we keep times, words and word times only.

`parse` takes hostile text and raises nothing but WrongLine or BadInput; notes, styles, regions, names of voices,
settings and markup are taken out, entities become their characters. `write` gives one text for one value, and
`parse(write(captions)) == captions`. `redacted` says what is left of them when the recording was cut or silenced.
Times are whole milliseconds from the beginning.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from exchange.core.errors import BadInput, WrongLine

GONE = "[…]"
"""Stands for words that were taken out."""
MOST_CUES = 20_000
MOST_CHARACTERS = 2_000_000
LAST = 100 * 3_600_000 - 1

_TIMING = re.compile(
    r"(?:(\d{2}):)?([0-5]\d):([0-5]\d)[.,](\d{3})[ \t]*-->[ \t]*"
    r"(?:(\d{2}):)?([0-5]\d):([0-5]\d)[.,](\d{3})(?:[ \t].*)?"
)
_MARKUP = re.compile(r"<(?:(?:(\d{2}):)?([0-5]\d):([0-5]\d)[.,](\d{3})|[^>]*)(?:>|$)")
_SRT_MARKUP = re.compile(r"\{\\[^}]*\}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufeff\ud800-\udfff]")
_LEFT_OUT = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a cue. `start`: when they are said; None at a cue's beginning means with the cue."""

    text: str
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from `start` to `end`. The pieces together are its text, with line breaks."""

    start: int
    end: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """All its words."""
        return "".join(piece.text for piece in self.pieces)

    def spans(self) -> Iterator[tuple[int, int, Piece]]:
        """Each piece from when to when: until the next one, the last to the end of the cue."""
        starts = [self.start if piece.start is None else piece.start for piece in self.pieces]
        for piece, (start, end) in zip(self.pieces, pairwise([*starts, self.end]), strict=True):
            yield start, end, piece


Captions = tuple[Cue, ...]


def cue(start: int, end: int, pieces: Sequence[Piece]) -> Cue | None:
    """A cue in its one form: no piece empty, no blank line, no word time outside; None where no word is left."""
    kept: list[Piece] = []
    last = start
    for piece in pieces:
        later = piece.start is not None and piece.start > last
        text = _clean(piece.text)
        if kept and not later:
            kept[-1] = Piece(kept[-1].text + text, kept[-1].start)
        elif text:
            kept.append(Piece(text, piece.start if later else None))
            last = piece.start if later and piece.start is not None else last
    return _trimmed(start, end, kept)


def parse(untrusted_text: str) -> Captions:
    """The cues of a WebVTT file, or of a SubRip (.srt) file. Raises WrongLine, BadInput."""
    if len(untrusted_text) > MOST_CHARACTERS:
        raise BadInput("The text is empty or longer than this service takes.", field="text")
    text = untrusted_text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    subrip = not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0])
    blocks = list(_blocks(lines))
    found: list[Cue] = []
    for number, block in blocks if subrip else _after_header(blocks):
        if not subrip and _LEFT_OUT.fullmatch(block[0]) and "-->" not in block[0]:
            continue
        made = _cue(number, block, found[-1].start if found else 0, subrip=subrip)
        found += [made] if made else []
        if len(found) > MOST_CUES:
            raise WrongLine("Line %(line)s is more than this service takes. Please make the file shorter.", number)
    return tuple(found)


def write(captions: Captions) -> str:
    """The WebVTT file; no line of it but the header and timings holds `-->`."""
    blocks = ["WEBVTT\n"]
    for one in captions:
        words = "".join(("" if p.start is None else f"<{clock(p.start)}>") + _escaped(p.text) for p in one.pieces)
        blocks.append(f"{clock(one.start)} --> {clock(one.end)}\n{words}\n")
    return "\n".join(blocks)


def plain(captions: Captions) -> str:
    """The words alone, a line for each cue: the transcript."""
    return "\n".join(" ".join(one.text.split()) for one in captions)


def clock(milliseconds: int) -> str:
    """01:02:03.004"""
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths:03d}"


def redacted(captions: Captions, cut: Sequence[tuple[int, int]], silenced: Sequence[tuple[int, int]]) -> Captions:
    """What is left when spans of the recording are cut out and others silenced, in milliseconds of the old one.

    Words that overlap either become GONE, one by one where word times are there, else the whole cue; cues after a
    cut come earlier, cues within one are gone.
    """
    gone = [span for span in (*cut, *silenced) if span[0] < span[1]]
    kept = []
    for one in captions:
        pieces = list(_struck(one, gone))
        start, end = moved(one.start, cut), moved(one.end, cut)
        times = [Piece(p.text, None if p.start is None else moved(p.start, cut)) for p in pieces]
        made = cue(start, end, times) if start < end else None
        kept += [made] if made else []
    return tuple(kept)


def moved(time: int, cut: Sequence[tuple[int, int]]) -> int:
    """Where a time of the old recording lies in the new one; a time within a cut lies at the cut."""
    return time - sum(min(end, time) - start for start, end in _apart(cut) if start < time)


def restored(captions: Captions, cut: Sequence[tuple[int, int]]) -> Captions:
    """Captions of a recording that was cut, with the times of the one before it was cut."""
    found = []
    for one in captions:
        pieces = [Piece(p.text, None if p.start is None else before_cuts(p.start, cut, late=True)) for p in one.pieces]
        made = cue(before_cuts(one.start, cut, late=True), before_cuts(one.end, cut), pieces)
        found += [made] if made else []
    return tuple(found)


def before_cuts(time: int, cut: Sequence[tuple[int, int]], *, late: bool = False) -> int:
    """The opposite of `moved`. A time right at a cut lies before it, or `late` behind it."""
    for start, end in _apart(cut):
        time += end - start if time > start or (late and time == start) else 0
    return time


def retold(before: Cue, text: str) -> Cue | None:
    """The cue with other words: those that stay keep their times, new ones are said with the one before them."""
    if _clean(text).strip() == before.text.strip():
        return before
    old = [(word, start) for start, _, piece in before.spans() for word in piece.text.split()]
    first = dict(reversed(old))
    if len(before.pieces) < 2:
        return cue(before.start, before.end, [Piece(text)])
    pieces, last = [], before.start
    for word in re.findall(r"\s*\S+", _clean(text)):
        at = first.get(word.strip(), last)
        known = at > last
        pieces.append(Piece(word, at if known else None))
        last = at if known else last
    return cue(before.start, before.end, pieces)


def divided(before: Cue, text: str) -> list[Cue]:
    """As `retold`; a blank line in the text ends the cue there and begins another one."""
    parts = [part for part in re.split(r"\n[ \t]*\n", _clean(text)) if part.strip()]
    if len(parts) < 2:
        made = retold(before, text)
        return [made] if made else []
    whole, at, told = before.end - before.start, before.start, 0
    found: list[Cue] = []
    for part in parts:
        told += len(part)
        end = before.start + max(len(found) + 1, whole * told // sum(map(len, parts)))
        pieces = [p for start, _, p in before.spans() if at <= start < end]
        made = retold(cue(at, end, pieces) or Cue(at, end, ()), part) if at < end else None
        found += [made] if made else []
        at = end
    return found


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, none over another, nothing before the beginning."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        after = max(start, found[-1][1] if found else 0, 0)
        if after < end:
            found.append((after, end))
    return found


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines between blank ones, and the number of the first."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip(" \t"):
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _after_header(blocks: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    number, header = blocks[0]
    for at, line in enumerate(header):
        if "-->" in line:
            raise WrongLine("An empty line is missing before line %(line)s.", number + at)
    return blocks[1:]


def _cue(number: int, block: list[str], earliest: int, *, subrip: bool) -> Cue | None:
    at = 0 if "-->" in block[0] or len(block) < 2 else 1
    found = _TIMING.fullmatch(block[at].strip(" \t"))
    if found is None:
        raise WrongLine("Line %(line)s is not a time such as 00:00:01.000 --> 00:00:04.000.", number + at)
    start, end = _milliseconds(*found.groups()[:4]), _milliseconds(*found.groups()[4:])
    if start < earliest:
        raise WrongLine("Line %(line)s begins before the one above it.", number + at)
    if end <= start:
        raise WrongLine("Line %(line)s ends before it begins.", number + at)
    pieces: list[Piece] = []
    last = start
    for line, words in enumerate(block[at + 1 :], number + at + 1):
        if "-->" in words:
            raise WrongLine("An empty line is missing before line %(line)s.", line)
        told = _SRT_MARKUP.sub("", words) if subrip else words
        for piece in _pieces(told if not pieces else "\n" + told, pieces[-1].start if pieces else None):
            if piece.start is not None:
                if not last <= piece.start <= end:
                    raise WrongLine("A word in line %(line)s has a time outside of its place.", line)
                last = piece.start
            pieces.append(piece)
    return cue(start, end, pieces)


def _pieces(untrusted_words: str, start: int | None) -> Iterator[Piece]:
    at = 0  # markup and new lines within a word's time change nothing of it
    for mark in _MARKUP.finditer(untrusted_words):
        yield Piece(html.unescape(untrusted_words[at : mark.start()]), start)
        at, start = mark.end(), start if mark[2] is None else _milliseconds(*mark.groups())
    yield Piece(html.unescape(untrusted_words[at:]), start)


def _milliseconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)


def _clean(text: str) -> str:
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ")


def _trimmed(start: int, end: int, pieces: list[Piece]) -> Cue | None:
    """Blanks at the ends and blank lines would end a cue early: they are no words."""
    kept: list[Piece] = []
    for piece in pieces:
        before = kept[-1].text if kept else "\n"
        text = re.sub(r"[ \t]*\n\s*", "\n", piece.text)
        text = text.lstrip() if before.endswith("\n") else text
        if before[-1:] in " \t" and text.startswith("\n"):
            kept[-1] = Piece(before.rstrip(), kept[-1].start)
        if text:
            kept.append(Piece(text, piece.start))
    while kept and not kept[-1].text.rstrip():
        kept.pop()
    if not kept or not 0 <= start < end <= LAST:
        return None
    kept[-1] = Piece(kept[-1].text.rstrip(), kept[-1].start)
    return Cue(start, end, tuple(kept))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _struck(one: Cue, gone: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    last = False
    for start, end, piece in one.spans():
        struck = any(a < max(end, start + 1) and start < b for a, b in gone)
        if not struck:
            yield piece
        elif not last:
            tail = piece.text[len(piece.text.rstrip()) :] or " "
            yield Piece(("\n" if piece.text.startswith("\n") else "") + GONE + tail, piece.start)
        last = struck
