"""Captions of words that a machine heard: lines of a length to read, at pauses, doubtful words marked as such."""

import re
from collections.abc import Iterable, Iterator

from exchange.core.captions import Captions, Piece, cue

PAUSE, LONGEST, MOST_WORDS = 700, 6_000, 12
"""Milliseconds of silence after which a new line begins; the longest line, in milliseconds and in words."""
DOUBTFUL = 0.3
"""A word that the engine is less sure of stands in brackets with a question mark."""
DOUBT = re.compile(r"\(\S+\?\)")

Heard = tuple[str, int, int, float]
"""A word, from when to when in milliseconds, and how sure the engine is (0.0 … 1.0)."""


def captions_of(words: Iterable[Heard]) -> Captions:
    """The words in lines, each with its time."""
    made = (cue(line[0][1], max(line[-1][2], line[0][1] + 1), _pieces(line)) for line in _lines(words))
    return tuple(one for one in made if one)


def _lines(words: Iterable[Heard]) -> Iterator[list[Heard]]:
    line: list[Heard] = []
    for word in words:
        full = line and (len(line) >= MOST_WORDS or word[2] - line[0][1] > LONGEST or word[1] - line[-1][2] > PAUSE)
        if full:
            yield line
            line = []
        line.append(word)
    if line:
        yield line


def _pieces(line: list[Heard]) -> list[Piece]:
    said = [f"({text}?)" if sure < DOUBTFUL else text for text, _, _, sure in line]
    return [Piece(text + " ", start) for text, (_, start, _, _) in zip(said, line, strict=True)]
