"""From characters of a text to boxes on its pages, and back only for the very same text. Pure."""

import hashlib
import json

from exchange.core.boxes import Place, alone, boxes

TEXT = "Ring me on\n07700 900123.\n\nYours\n"
WORDS = json.dumps({"text": {
    "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
    "boxes": [
        [0, 4, 1, 1000, 1000, 400, 100], [5, 7, 1, 1500, 1005, 200, 95], [8, 10, 1, 1800, 1000, 200, 100],
        [11, 16, 1, 1000, 1200, 500, 100], [17, 24, 1, 1600, 1205, 600, 110], [26, 31, 2, 1000, 1000, 500, 100],
    ],
    "alone": [[17, 24]],
}}).encode()  # fmt: skip


def test_words_of_a_line_are_one_box_with_the_gaps_between_them() -> None:
    """The number as a whole, from its first digit to its last."""
    at = TEXT.index("07700")
    assert boxes(WORDS, "text", TEXT, at, at + 12) == [Place("page-001", (1000, 1200, 1200, 115))]


def test_lines_and_pages_have_boxes_of_their_own() -> None:
    """A passage over two lines and a page has three boxes."""
    assert [(place.page, place.box[1]) for place in boxes(WORDS, "text", TEXT, 0, len(TEXT))] == [
        ("page-001", 1000), ("page-001", 1200), ("page-002", 1000),
    ]  # fmt: skip


def test_a_part_of_a_word_covers_the_whole_word() -> None:
    """Two digits are not covered without their neighbours."""
    assert boxes(WORDS, "text", TEXT, 18, 19) == [Place("page-001", (1600, 1205, 600, 110))]
    assert boxes(WORDS, "text", TEXT, 16, 17) == []


def test_a_text_that_was_changed_has_no_places() -> None:
    """Nothing is covered in a wrong place: another text, another part or a broken file says nothing."""
    assert boxes(WORDS, "text", TEXT + "x", 0, 99) == []
    assert boxes(WORDS, "reading", TEXT, 0, 99) == []
    assert boxes(b"{", "text", TEXT, 0, 99) == []
    assert alone(WORDS, "text", "Ring") == []


def test_words_that_only_the_text_has() -> None:
    """Their characters."""
    assert alone(WORDS, "text", TEXT) == [(17, 24)]
