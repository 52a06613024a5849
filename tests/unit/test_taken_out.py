"""Every change that can be on the list is told in words, and what stood there is in none of them."""

import json

import pytest

from exchange.core.edits import FITTING, VOICES, Doing, Edit, to_json
from exchange.web.console.messages.words import DOINGS
from exchange.web.taken_out import what

ALL = [(doing, prefix) for fitting in FITTING.values() for doing, prefix in fitting.items()]


@pytest.mark.parametrize(("doing", "prefix"), ALL)
def test_every_change_has_words(doing: Doing, prefix: str) -> None:
    """With and without a place and a time, each is another sentence or the same, never none."""
    part = prefix + "001" if prefix == "page-" else prefix
    for box in (None, (0, 0, 100, 100)):
        for end in (0, 65_200):
            for how in VOICES if doing is Doing.VOICE else ("",):
                told = what(json.loads(to_json(Edit(doing, part, 0, end, box, how))))
                assert told.endswith(".")
    assert DOINGS[doing]


def test_times_and_pages_are_named() -> None:
    """As people say them."""
    assert what(json.loads(to_json(Edit(Doing.MUTE, "sound", 65_000, 69_200)))) == (
        "From 1:05 to 1:09.2 the sound is silent."
    )
    assert what(json.loads(to_json(Edit(Doing.COVER, "page-002")))) == "Page 2 is covered."
