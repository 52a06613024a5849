"""The offline check on a small export: what verifies, what does not, and in which words."""

import json
from collections.abc import Callable

import pytest

from exchange.core.audit import MOST_LISTED, Outcome, verify
from exchange.core.export import BadExport, Filter, Header, leaf_line, note_line
from exchange.core.ledger import Tree, leaf_hash
from exchange.core.notes import BadNote, Checkpoint, KeySigner
from tests.support.ledger import CASES, ORIGIN, export_lines, filtered_lines, leaves, signed_note

SIGNER = KeySigner.generate(ORIGIN)
KEY = SIGNER.verifier
TEXTS = leaves(20)
LINES = export_lines(TEXTS, SIGNER)
CASE = Filter(case=str(CASES[2]))
PART = filtered_lines(TEXTS, SIGNER, CASE, range(2, 20, 5))


def broken(lines: list[str], since: str | None = None) -> str:
    """The sentence of a verdict that must be broken."""
    verdict = verify(lines, KEY, since)
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.problems
    assert verdict.note is None
    return verdict.sentence


def test_a_whole_record_verifies() -> None:
    """An untouched export says that nothing is missing, and gives the note to keep."""
    verdict = verify(LINES, KEY)
    assert (verdict.outcome, verdict.problems, verdict.remarks) == (Outcome.WHOLE, (), ())
    assert verdict.sentence == (
        f"The record is whole: 20 entries, unchanged, in order and none missing, as signed by {ORIGIN}."
    )
    assert verdict.note == signed_note(TEXTS, SIGNER)


def test_every_byte_counts() -> None:
    """Changing any one character anywhere in the file, header and checkpoint included, never verifies."""
    text = "".join(export_lines(TEXTS[:4], SIGNER))
    for place in range(0, len(text), 3):
        changed = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
        assert verify(changed.splitlines(keepends=True), KEY).outcome is Outcome.BROKEN, place


@pytest.mark.parametrize("old", range(1, 21))
def test_since_shows_that_the_record_only_grew(old: int) -> None:
    """With any checkpoint kept earlier the export still verifies; with a rewritten past it does not."""
    verdict = verify(LINES, KEY, signed_note(TEXTS, SIGNER, old))
    assert verdict.outcome is Outcome.WHOLE
    assert f"begins with the {old} entries" in verdict.sentence
    other = [*leaves(20, seed=2)[:1], *TEXTS[1:]]
    assert "rewritten" in broken(export_lines(other, SIGNER), signed_note(TEXTS, SIGNER, old))


def test_a_record_cut_back_to_an_honest_older_state_needs_since() -> None:
    """A tail cut together with its checkpoint is an older export: only the kept checkpoint shows it."""
    older = export_lines(TEXTS[:12], SIGNER)
    assert verify(older, KEY).outcome is Outcome.WHOLE
    assert "you kept a checkpoint of 20 entries, this one has 12" in broken(older, signed_note(TEXTS, SIGNER))


def test_a_kept_checkpoint_must_be_one() -> None:
    """A wrong file as --since is an error, not a verdict."""
    with pytest.raises(BadNote):
        verify(LINES, KEY, "not a note")


def test_a_filtered_export_is_never_whole() -> None:
    """It says how many of how many, and that it cannot show that nothing was left out."""
    verdict = verify(PART, KEY)
    assert verdict.outcome is Outcome.PART
    assert verdict.sentence.startswith("This is only part of the record: 4 of 20 entries")
    assert "cannot show that nothing was left out" in verdict.sentence
    assert verify(PART, KEY, signed_note(TEXTS, SIGNER)).outcome is Outcome.PART
    assert "cannot be compared" in broken(PART, signed_note(TEXTS, SIGNER, 5))


def test_a_filtered_export_dressed_as_complete_is_broken() -> None:
    """Calling a part complete, or the whole a part, is caught."""
    whole_header = Header(ORIGIN, 20, 20).line
    stripped = [leaf_line(json.loads(line)["i"], json.loads(line)["leaf"]) for line in PART[1:-1]]
    broken([whole_header, *PART[1:]])
    broken([whole_header, *stripped, PART[-1]])
    broken([Header(ORIGIN, 4, 4).line, *stripped, PART[-1]])
    broken([PART[0], *LINES[1:]])


PART_CHANGES: dict[str, Callable[[list[str]], list[str]]] = {
    "an entry removed": lambda p: [p[0], *p[2:]],
    "entries swapped": lambda p: [p[0], p[2], p[1], *p[3:]],
    "an entry doubled": lambda p: [p[0], p[1], *p[1:]],
    "an entry changed": lambda p: [p[0], p[1].replace("consent.given", "consent.taken"), *p[2:]],
    "an entry of another place": lambda p: [p[0], p[1].replace('"i":2', '"i":3'), *p[2:]],
    "an entry without proof": lambda p: [p[0], leaf_line(2, TEXTS[2]), *p[2:]],
    "a step of proof changed": lambda p: [p[0], leaf_line(2, TEXTS[2], [bytes(32)] * 5), *p[2:]],
    "a proof of the wrong kind": lambda p: [p[0], p[1].replace('"proof":["', '"proof":["A'), *p[2:]],
    "another filter": lambda p: [p[0].replace(str(CASES[2]), str(CASES[3])), *p[1:]],
    "a filter of unknown kind": lambda p: [p[0].replace('"case"', '"cave"'), *p[1:]],
}


@pytest.mark.parametrize("change", PART_CHANGES.values(), ids=PART_CHANGES.keys())
def test_changes_to_a_filtered_export_are_caught(change: Callable[[list[str]], list[str]]) -> None:
    """A part that was edited is broken."""
    changed = change(list(PART))
    assert changed != PART
    broken(changed)


WHOLE_CHANGES: dict[str, Callable[[list[str]], list[str]]] = {
    "nothing at all": lambda p: p[:0],
    "the header only": lambda p: p[:1],
    "no header": lambda p: p[1:],
    "two headers": lambda p: [p[0], *p],
    "no checkpoint": lambda p: p[:-1],
    "two checkpoints": lambda p: [*p, p[-1]],
    "an entry after the checkpoint": lambda p: [*p[:-2], p[-1], p[-2]],
    "an empty line": lambda p: [*p[:3], "\n", *p[3:]],
    "the last line end": lambda p: [*p[:-1], p[-1].rstrip("\n")],
    "DOS line ends": lambda p: [line.replace("\n", "\r\n") for line in p],
    "spaces in a line": lambda p: [p[0], p[1].replace('"i":0', '"i": 0'), *p[2:]],
    "a key twice": lambda p: [p[0], p[1].replace('{"i":0', '{"i":0,"i":0'), *p[2:]],
    "a number as fraction": lambda p: [p[0], p[1].replace('"i":0', '"i":0.0'), *p[2:]],
    "no number": lambda p: [p[0], p[1].replace('"i":0', '"i":NaN'), *p[2:]],
    "a minus": lambda p: [p[0], p[1].replace('"i":0', '"i":-1'), *p[2:]],
    "an extra key": lambda p: [p[0], p[1].replace('{"i"', '{"a":1,"i"'), *p[2:]],
    "deep nesting": lambda p: [p[0], "[" * 90_000 + "\n", *p[2:]],
    "a very long line": lambda p: [p[0], " " * 200_000 + "\n", *p[2:]],
    "a leaf that is no JSON": lambda p: [p[0], leaf_line(0, "{"), *p[2:]],
    "another count": lambda p: [Header(ORIGIN, 20, 19).line, *p[1:]],
    "another size": lambda p: [Header(ORIGIN, 21, 20).line, *p[1:]],
    "another origin": lambda p: [Header("other.example", 20, 20).line, *p[1:]],
    "a list for a header": lambda p: ["[]\n", *p[1:]],
    "another format": lambda p: [p[0].replace("ledger-1", "ledger-2"), *p[1:]],
    "neither complete nor filtered": lambda p: [p[0].replace("true", "false"), *p[1:]],
    "numbers as text": lambda p: [p[0].replace('"size":20', '"size":"20"'), *p[1:]],
    "another's checkpoint": lambda p: [*p[:-1], note_line(signed_note(TEXTS, KeySigner.generate(ORIGIN)))],
    "an older checkpoint": lambda p: [*p[:-1], note_line(signed_note(TEXTS, SIGNER, 19))],
    "a note that is none": lambda p: [*p[:-1], note_line("hello")],
}


@pytest.mark.parametrize("change", WHOLE_CHANGES.values(), ids=WHOLE_CHANGES.keys())
def test_changes_to_a_whole_export_are_caught(change: Callable[[list[str]], list[str]]) -> None:
    """A whole export that was edited is broken."""
    changed = change(list(LINES))
    assert changed != LINES
    broken(changed)


def test_signed_but_strange_entries_are_remarks() -> None:
    """What was signed is the record, even if it is of a later form or its clock ran backwards."""
    texts = [TEXTS[5], TEXTS[0], '{"v":2}']
    tree = Tree(leaf_hash(text.encode()) for text in texts)
    lines = [leaf_line(number, text) for number, text in enumerate(texts)]
    note = Checkpoint(ORIGIN, 3, tree.root()).signed(SIGNER)
    verdict = verify([Header(ORIGIN, 3, 3).line, *lines, note_line(note)], KEY)
    assert verdict.outcome is Outcome.WHOLE
    assert verdict.remarks == (
        "entry 1 is dated before the one that precedes it",
        "entry 2 is of a form that this version does not know",
    )


def test_a_ruined_file_does_not_flood() -> None:
    """At most so many problems are listed, and the rest counted."""
    verdict = verify([LINES[0], *["x\n"] * 500], KEY)
    assert len(verdict.problems) == MOST_LISTED + 1
    assert verdict.problems[-1].startswith("and ")


@pytest.mark.parametrize(
    "wanted",
    [{"case": "Anna"}, {"act": "opened"}, {"since": "2026-03-03"}, {"outcome": "Not Good"}, {"account": 5}],
    ids=repr,
)
def test_filters_take_what_a_leaf_could_hold(wanted: dict[str, str]) -> None:
    """A filter by anything else is refused."""
    with pytest.raises(BadExport):
        Filter(**wanted)


def test_filters_match() -> None:
    """By field, by list, by actor, and by time (from inclusive, until exclusive)."""
    actor = {"kind": "staff", "id": "ab" * 4}
    leaf = {"at": "2026-03-03T14:15:00.000000Z", "actor": actor, "act": "view.opened", "outcome": ["shown"],
            "case": "cd" * 4}  # fmt: skip
    assert Filter(case="cd" * 4, account="ab" * 4, outcome="shown", act="view.opened").matches(leaf)
    assert Filter(participant="ab" * 4, since="2026-03-03T14:15:00.000000Z").matches(leaf)
    assert not Filter(until="2026-03-03T14:15:00.000000Z").matches(leaf)
    assert not Filter(since="2026-03-03T14:15:00.000001Z").matches(leaf)
    assert not Filter(message="cd" * 4).matches(leaf)
