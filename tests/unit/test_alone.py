"""Which parts of a version stay out where a translation is handed over alone."""

import pytest

from exchange.core import alone

ORIGINALS = (
    "page-001",
    "text",
    "transcription",
    "transcript",
    "captions",
    "sound",
    "picture",
    "poster",
    "translations",
)


@pytest.mark.parametrize("name", ORIGINALS)
def test_everything_that_is_no_translation_stays_out(name: str) -> None:
    """Closed by default: what there may be one day stays out too."""
    assert alone.is_left_out(alone.told(name, {"shown": True}, alone=True))


def test_a_translation_never_stays_out() -> None:
    """In whatever language, and whatever a version before said of it."""
    for facts in ({}, {alone.LEFT_OUT: True}):
        assert not alone.is_left_out(alone.told("translation-pl", facts, alone=True))


def test_put_back_it_is_as_it_was() -> None:
    """Nothing of it is left in the manifest, so nothing else of the part's facts changes."""
    facts = {"shown": True, "language": "en"}
    assert alone.told("text", alone.told("text", facts, alone=True), alone=False) == facts


def test_a_fact_that_is_not_understood_keeps_it_out() -> None:
    """Only a plain no means that it is handed over."""
    assert [alone.is_left_out({alone.LEFT_OUT: said}) for said in ("", None, 0, False)] == [True, True, True, False]
