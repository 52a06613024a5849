"""Taking something out of a sound, as filters of ffmpeg."""

from collections.abc import Sequence
from typing import Any

import ffmpeg

from media import voice
from media.spans import Span, between, merged

BESIDE = 60
"""Milliseconds that fall silent on either side: an encoder smears a sound over its neighbours (AAC: 43 ms)."""
_FINE = 240
"""Samples that are switched on or off at once: 5 ms at 48 kHz."""
BLEEP_HERTZ, BLEEP_GAIN = 800, 0.6


def silenced(stream: Any, edits: Sequence[Any]) -> Any:
    """Mute and bleep, then mask the voice; what was taken out is silent before anything else is done to the sound."""
    spans = merged([_span(edit) for edit in edits if edit.doing in ("mute", "bleep")], BESIDE)
    if spans:
        stream = _without(stream, spans)
    for how in [edit.how for edit in edits if edit.doing == "voice"]:
        stream = voice.masked(stream, how)
        # the mask smears what is beside a silence into it
        stream = _without(stream, spans) if spans else stream
    bleeps = [_span(edit) for edit in edits if edit.doing == "bleep"]
    return _bleeped(stream, bleeps) if bleeps else stream


def cut(stream: Any, spans: Sequence[Span]) -> Any:
    """The sound without these spans of milliseconds."""
    if not spans:
        return stream
    kept = between(spans)
    branches = stream.filter_multi_output("asplit", len(kept))
    pieces = [
        branches[number].filter("atrim", **limits(span)).filter("asetpts", "PTS-STARTPTS")
        for number, span in enumerate(kept)
    ]
    return ffmpeg.concat(*pieces, v=0, a=1)


def limits(span: tuple[int, int | None]) -> dict[str, float]:
    """For `trim` and `atrim`, in seconds."""
    start, end = span
    return {"start": start / 1000, **({} if end is None else {"end": end / 1000})}


def during(spans: Sequence[Span]) -> str:
    """An expression of ffmpeg that is true within these spans of milliseconds."""
    return "+".join(f"between(t,{start / 1000:.3f},{end / 1000:.3f})" for start, end in spans)


def _span(edit: Any) -> Span:
    return edit.start, edit.end


def _without(stream: Any, spans: Sequence[Span]) -> Any:
    return stream.filter("asetnsamples", n=_FINE, p=0).filter("volume", 0, enable=during(spans))


def _bleeped(stream: Any, spans: Sequence[Span]) -> Any:
    tone = ffmpeg.input(f"sine=f={BLEEP_HERTZ}:r={voice.RATE}", f="lavfi")
    gated = tone.filter("asetnsamples", n=_FINE, p=0).filter("volume", 0, enable=f"not({during(merged(spans))})")
    quiet = gated.filter("volume", BLEEP_GAIN).filter("aformat", channel_layouts="mono")
    return ffmpeg.filter([stream, quiet], "amix", inputs=2, duration="first", normalize=0)
