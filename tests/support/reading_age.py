"""How old a reader has to be: Flesch-Kincaid grade (Kincaid et al., 1975: US school years) plus five.

Syllables are counted by hyphenation (pyphen, British English) and by groups of vowels; the larger counts, since
hyphenation alone leaves syllables together at the ends of words and would flatter a text.
"""

import re
from collections.abc import Iterable

from pyphen import Pyphen

SENTENCE = re.compile(r"(?<=[.!?])\s+")
WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
VOWELS = re.compile(r"[aeiouy]+")
SILENT = re.compile(r"(?:[^laeiouy]e|[^aeioutd]ed|[^aeiouscxzg]es)$")
_hyphens = Pyphen(lang="en_GB")


def reading_age(paragraphs: Iterable[str]) -> float:
    """The age in years for these paragraphs or list items, each at least one sentence; 0.0 where there are none."""
    sentences = [WORD.findall(one) for paragraph in paragraphs for one in SENTENCE.split(paragraph)]
    counted = [words for words in sentences if words]
    words = [word for one in counted for word in one]
    if not words:
        return 0.0
    grade = 0.39 * len(words) / len(counted) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    return max(5.0, grade + 5)


def syllables(word: str) -> int:
    """How many syllables a word has, at least one."""
    small = word.lower()
    heard = len(VOWELS.findall(small)) - bool(SILENT.search(small))
    return max(1, heard, len(_hyphens.inserted(small).split("-")) if "-" not in small else 1)
