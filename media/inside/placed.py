"""Words of one page and where each stands, as a child writes them down: words-NNN.json.

    {"text": "Dear you,\\n", "boxes": [[0, 4, x, y, width, height], …]}

Characters `start` to `end` of the text, and a box in 1/10000 of the page's picture.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from media.inside.words import clean

Box = tuple[int, int, int, int]


@dataclass
class Words:
    """The text as it grows, word by word; it comes out as `clean` would leave it."""

    text: str = ""
    boxes: list[list[int]] = field(default_factory=list)
    gap: str = ""

    def add(self, untrusted_word: str, box: Box) -> None:
        """One word; what is not to be seen of it is left out."""
        word = "".join(clean(untrusted_word).split())
        if word:
            self.text += self.gap if self.text else ""
            self.boxes.append([len(self.text), len(self.text) + len(word), *box])
            self.text, self.gap = self.text + word, " "

    def line(self) -> None:
        """The next word begins a line; twice: a paragraph."""
        self.gap = "\n\n" if "\n" in self.gap else "\n"

    def write(self, number: int, most: int) -> bool:
        """Page `number` into the working folder; whether there was anything."""
        text = clean(self.text)
        if not text or len(text) > most:
            return False
        # joined characters can melt into one (NFC); then the places are not certain, and none is said
        boxes = self.boxes if text == self.text + "\n" else []
        said = json.dumps({"text": text, "boxes": boxes}, ensure_ascii=False)
        Path(f"words-{number:03d}.json").write_text(said, encoding="utf-8")
        return True


def boxed(left: float, top: float, right: float, bottom: float) -> Box | None:
    """A box within the page in whole ten-thousandths, never smaller than what was given; None outside of it."""
    x, y = max(0, int(min(left, right))), max(0, int(min(top, bottom)))
    far_x, far_y = min(10_000, int(max(left, right)) + 1), min(10_000, int(max(top, bottom)) + 1)
    return (x, y, far_x - x, far_y - y) if far_x > x and far_y > y else None
