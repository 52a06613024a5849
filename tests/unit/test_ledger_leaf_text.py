"""The one pattern of a leaf's text: it knows what the service writes, and nothing that the table refuses."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core.audit import Outcome, verify
from exchange.core.export import BadExport, leaf_line, parse_body, parse_leaf
from exchange.core.leaf import LeafRefused, check
from exchange.core.leaf_text import time_of
from exchange.core.notes import KeySigner
from tests.support.ledger import ORIGIN, export_lines, leaves

SIGNER = KeySigner.generate(ORIGIN)
TEXTS = leaves(60)
CHARACTERS = 'abz019 -_.,:{}[]"\\@TZtrue\u00e9\n'


@pytest.mark.parametrize("text", TEXTS[:10])
def test_what_the_service_writes_is_known(text: str) -> None:
    """And its time is read from it."""
    assert time_of(text) == json.loads(text)["at"]
    assert parse_body(leaf_line(3, text)) == parse_body(leaf_line(3, text))
    assert getattr(parse_body(leaf_line(3, text)), "at", None) == json.loads(text)["at"]


@settings(max_examples=40)
@given(st.sampled_from(TEXTS), st.integers(0, 700), st.text(CHARACTERS, max_size=3), st.integers(0, 3))
def test_it_knows_nothing_that_the_table_refuses(text: str, place: int, put: str, cut: int) -> None:
    """Any edit that the pattern still takes is also a leaf by the table, with the same time, in canonical form."""
    edited = text[:place] + put + text[place + cut :]
    at = time_of(edited)
    if at is not None:
        leaf = parse_leaf(edited)
        check(leaf)
        assert (leaf["at"], json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False)) == (at, edited)


@settings(max_examples=40)
@given(st.sampled_from(TEXTS), st.integers(0, 900), st.text(CHARACTERS, max_size=3), st.integers(0, 3))
def test_a_line_read_quickly_is_the_one_canonical_line(text: str, place: int, put: str, cut: int) -> None:
    """Whatever is read as an entry is written again as exactly the same line."""
    line = leaf_line(7, text)
    edited = line[:place] + put + line[place + cut :]
    try:
        found = parse_body(edited)
    except BadExport:
        return
    assert not isinstance(found, str)
    assert leaf_line(found.index, found.text) == edited  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    ['{"act":"a.b","actor":{"kind":"staff"},"at":"2026-03-03T14:15:01.000020Z","v":1}',
     '{"act":"a.b","actor":{"kind":"system"},"at":"2026-03-03T14:15:01.000020Z","name":"x","v":1}',
     '{"act":"a.b","actor":{"kind":"system"},"at":"2026-03-03T14:15:01.000020Z"}'],
    ids=["no id", "unknown key", "no version"],
)  # fmt: skip
def test_what_the_table_refuses_is_not_known(text: str) -> None:
    """Neither by the one nor by the other."""
    assert time_of(text) is None
    with pytest.raises(LeafRefused):
        check(json.loads(text))


def test_both_ways_of_reading_come_to_the_same_verdict() -> None:
    """With the rules asked for, every leaf is read as JSON; without, hardly any."""
    lines = export_lines(TEXTS, SIGNER)
    seen: list[int] = []
    slow = verify(lines, SIGNER.verifier, on_leaf=lambda index, _leaf: seen.append(index))
    assert (slow, seen) == (verify(lines, SIGNER.verifier), list(range(60)))
    assert slow.outcome is Outcome.WHOLE
