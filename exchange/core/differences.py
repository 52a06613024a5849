"""What is different between two texts, in words: for whoever compares two versions of a message.

Lines are compared first, and words only within lines that differ, so that a long text takes no longer than its
changes deserve. Beyond `MOST` characters together the words of changed lines are not compared with each other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST = 400_000
MOST_WORDS = 3_000
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some words: in both texts, only in the earlier one, or only in the later one."""

    where: Literal["both", "before", "after"]
    words: str


def differences(before: str, after: str) -> list[Stretch]:
    """Both texts in stretches; those of "both" and "before" are the earlier text, "both" and "after" the later."""
    fine = len(before) + len(after) <= MOST
    return list(_joined(_compared(_LINE.findall(before), _LINE.findall(after), words_too=fine)))


def moved(before: str, after: str, start: int, end: int) -> tuple[int, int] | None:
    """Where characters `start` to `end` of the earlier text stand in the later one; None where they do not."""
    old = new = 0
    for one in differences(before, after):
        if one.where == "both" and old <= start and end <= old + len(one.words):
            return start - old + new, end - old + new
        old += len(one.words) if one.where != "after" else 0
        new += len(one.words) if one.where != "before" else 0
    return None


def _compared(before: list[str], after: list[str], *, words_too: bool) -> Iterator[Stretch]:
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) + len(after) > MOST_WORDS)
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        old, new = "".join(before[i1:i2]), "".join(after[j1:j2])
        if what == "equal":
            yield Stretch("both", old)
        elif what == "replace" and words_too:
            yield from _compared(_WORD.findall(old), _WORD.findall(new), words_too=False)
        else:
            yield Stretch("before", old)
            yield Stretch("after", new)


def _joined(stretches: Iterator[Stretch]) -> Iterator[Stretch]:
    """Without empty ones, and neighbours of one kind as one."""
    last: Stretch | None = None
    for one in stretches:
        if not one.words:
            continue
        if last and last.where == one.where:
            last = Stretch(last.where, last.words + one.words)
            continue
        if last:
            yield last
        last = one
    if last:
        yield last
