"""Files that attack their reader, made by code from a seed; nothing of them is stored (SECURITY "Hostile files").

Mutations of a good file of every format we take, and every class that is known to have worked against somebody.
The classes point at the canaries and at the listener of `Traps`; the same seed and traps give the same files.
"""

import re
from collections.abc import Iterator
from itertools import chain

from tests.vectors.media.hostile import documents, heavy, movies, mutating, papers, pictures, recordings, scripts
from tests.vectors.media.hostile.case import Case, Traps

LONG = frozenset({"PDF circle: form", "PDF circle: two forms", "PDF bomb: operators", "absurd webm: time scale"})
"""What keeps a sandbox busy for up to a minute until a limit ends it: for the campaign only."""


def classes(traps: Traps) -> Iterator[Case]:
    """Every class, each in several ways."""
    modules = (scripts, movies, recordings, documents, papers, pictures)
    return chain.from_iterable(module.cases(traps) for module in modules)


def family(of: str) -> str:
    """The class that this one is a way of: "HLS" of "HLS: a key, behind a box"."""
    return re.split(r"[:,]", of)[0]


def cases(traps: Traps, seed: int, of_each: int) -> Iterator[Case]:
    """The whole corpus: `of_each` mutations of every good file, every class, and what is heavy to make."""
    return chain(mutating.mutations(seed, of_each), classes(traps), heavy.cases(traps))
