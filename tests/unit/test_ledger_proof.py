"""Proofs of single entries (C2SP tlog-proof): the form, what they show, and every change caught."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core.cosign import Cosigner
from exchange.core.ledger import Tree, full_subtrees, inclusion_ranges, join, leaf_hash
from exchange.core.notes import BadNote, KeySigner, open_note
from exchange.core.proof import BadProof, EntryProof
from tests.support.ledger import ORIGIN, leaves, signed_note

LOG = KeySigner.generate(ORIGIN)
WITNESS = Cosigner.generate("witness.example/w1")
TEXTS = leaves(77)
TREE = Tree(leaf_hash(text.encode()) for text in TEXTS)
NOTE = signed_note(TEXTS, LOG)
AT = 1_800_000_000


def proof_of(index: int, note: str = NOTE) -> EntryProof:
    """The proof of one entry."""
    return EntryProof(index, TEXTS[index], tuple(TREE.inclusion(index)), note)


@pytest.mark.parametrize("index", range(77))
def test_every_entry_has_a_proof_that_holds(index: int) -> None:
    """Written, read, checked: it is in the record at its place."""
    read = EntryProof.parse(proof_of(index).file)
    assert read == proof_of(index)
    assert read.check(LOG.verifier).opened.checkpoint.size == 77


def test_the_form_is_that_of_the_specification() -> None:
    """First line, extra, index, hashes, empty line, the checkpoint verbatim."""
    lines = proof_of(5).file.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    gap = lines.index("")
    assert all(len(line) == 44 for line in lines[3:gap])
    assert "\n".join(lines[gap + 1 :]) == NOTE


def test_every_changed_character_of_a_proof_is_caught() -> None:
    """Changing any one character, or leaving out every second, never gives another proof that holds."""
    file = proof_of(40).file
    for place in range(len(file)):
        changed = "B" if file[place] != "B" else "C"
        for piece in (changed, "")[: 1 + place % 2]:
            with pytest.raises((BadProof, BadNote)):
                EntryProof.parse(file[:place] + piece + file[place + 1 :]).check(LOG.verifier)


def test_a_proof_at_another_place_or_of_another_text_does_not_hold() -> None:
    """The place and the text are both bound."""
    steps = tuple(TREE.inclusion(3))
    for wrong in (EntryProof(2, TEXTS[3], steps, NOTE), EntryProof(3, TEXTS[2], steps, NOTE)):
        with pytest.raises(BadProof, match="not the one that was signed"):
            wrong.check(LOG.verifier)


def test_a_named_witness_must_have_cosigned() -> None:
    """With its line the time is told, without it the proof is refused."""
    line = WITNESS.cosign(open_note(NOTE, LOG.verifier), AT)
    assert EntryProof.parse(proof_of(9, NOTE + line).file).check(LOG.verifier, [WITNESS.key]).seen == (AT,)
    with pytest.raises(BadProof, match="not cosigned by witness"):
        proof_of(9).check(LOG.verifier, [WITNESS.key])


@pytest.mark.parametrize(
    "file",
    ["", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\n" + proof_of(1).file.partition("\n")[2],
     proof_of(1).file.replace("index 1", "index 01"), proof_of(1).file.replace("extra ", "extra  "),
     proof_of(1).file.replace("index 1\n", "index 1\n" + "A" * 43 + "=\n" * 1 + ("A" * 43 + "=\n") * 63)],
    ids=["empty", "cut", "version", "zero", "space", "too many"],
)  # fmt: skip
def test_other_files_are_no_proofs(file: str) -> None:
    """Only the one form is read."""
    with pytest.raises(BadProof):
        EntryProof.parse(file)


@settings(max_examples=40)
@given(st.integers(1, 5000), st.data())
def test_a_path_is_made_of_full_subtrees(size: int, data: st.DataObject) -> None:
    """What the database keeps is enough for any proof: every subtree of a path splits into full ones."""
    index = data.draw(st.integers(0, size - 1))
    for low, high in inclusion_ranges(index, size):
        pieces = full_subtrees(low, high)
        assert [low, *(end for _, end in pieces)] == [*(start for start, _ in pieces), high]
        widths = [end - start for start, end in pieces]
        assert all(
            width & (width - 1) == 0 and start % width == 0 for (start, _), width in zip(pieces, widths, strict=True)
        )
        assert widths == sorted(widths, reverse=True)


def test_neighbours_join_to_the_root() -> None:
    """The full subtrees of a whole tree join to its head."""
    assert join([TREE.root(64), *[Tree(leaf_hash(t.encode()) for t in TEXTS[a:b]).root() for a, b in
                                  full_subtrees(64, 77)]]) == TREE.root()  # fmt: skip
