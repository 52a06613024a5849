"""Spans of a recording or a text: whole numbers, the end is behind the last one."""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span], beside: int = 0) -> list[Span]:
    """In their order, none touching another; each made wider by `beside` at both ends. Empty ones are gone."""
    kept: list[Span] = []
    for start, end in sorted((max(0, start - beside), end + beside) for start, end in spans if end > start):
        if kept and start <= kept[-1][1]:
            kept[-1] = kept[-1][0], max(end, kept[-1][1])
        else:
            kept.append((start, end))
    return kept


def between(spans: Sequence[Span]) -> list[tuple[int, int | None]]:
    """What lies outside of merged spans, in their order; None: to the end."""
    kept: list[tuple[int, int | None]] = []
    at = 0
    for start, end in spans:
        if start > at:
            kept.append((at, start))
        at = end
    return [*kept, (at, None)]


def length_after(seconds: float, cuts: Sequence[Span]) -> float:
    """Seconds that are left of a recording without these spans of milliseconds."""
    return seconds - sum(max(0.0, min(seconds, end / 1000) - start / 1000) for start, end in cuts)
