"""Access needs in free text: what the pages take from them."""

import pytest

from exchange.core.needs import names_easy_read


@pytest.mark.parametrize(
    ("needs", "asked"),
    [
        ("Easy Read", True), ("large print, easy-read please", True), ("needs EASYREAD and a friend", True),
        ("Hawdd ei Ddeall", True), ("fersiwn hawdd ei ddarllen", True), ("", False), ("finds it easy to read", False),
        ("an interpreter", False),
    ],
)  # fmt: skip
def test_easy_read_is_found_in_what_was_recorded(needs: str, asked: bool) -> None:
    """In English and Welsh, however it is written; not in words that are only like it."""
    assert names_easy_read(needs) is asked
