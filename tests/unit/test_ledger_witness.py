"""What a witness cosigns and what it refuses: forks, rollbacks, proofs that begin elsewhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core.ledger import Tree, leaf_hash
from exchange.core.notes import BadNote, Checkpoint, KeySigner
from exchange.core.witness import Forked, OutOfStep, RolledBack, Submission, WitnessRefuses, judge
from tests.support.ledger import ORIGIN, leaves, signed_note

LOG = KeySigner.generate(ORIGIN)
TEXTS, OTHER = leaves(60), leaves(30) + leaves(60, seed=2)[30:]
TREE = Tree(leaf_hash(text.encode()) for text in TEXTS)


def seen(size: int) -> Checkpoint:
    """What the witness cosigned last."""
    return Checkpoint(ORIGIN, size, TREE.root(size))


def submission(old: int, size: int, texts: list[str] = TEXTS) -> Submission:
    """An honest submission over these leaves."""
    tree = Tree(leaf_hash(text.encode()) for text in texts[:size])
    steps = tuple(tree.consistency(old)) if 0 < old < size else ()
    return Submission(old, steps, signed_note(texts, LOG, size))


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(1, 60))
def test_a_growing_record_is_cosigned(old: int, size: int) -> None:
    """Every honest step forward, or none, is accepted; read from its text."""
    old, size = sorted((old, size))
    given_ = Submission.parse(submission(old, size).body)
    assert judge(given_, LOG.verifier, seen(old)).checkpoint == seen(size)


def test_the_first_checkpoint_is_taken_as_it_is() -> None:
    """A witness that has seen nothing starts anywhere."""
    assert judge(submission(0, 17), LOG.verifier, None).checkpoint == seen(17)


@settings(max_examples=40)
@given(st.integers(31, 60), st.integers(31, 60))
def test_a_fork_is_refused(old: int, size: int) -> None:
    """Another history after entry 30, at the same size or later, whatever proof comes with it."""
    old, size = sorted((old, size))
    with pytest.raises(Forked):
        judge(submission(old, size, OTHER), LOG.verifier, seen(old))


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 60))
def test_a_rollback_is_refused(one: int, two: int, old: int) -> None:
    """A smaller record is refused, honestly signed or not, whatever old size it claims."""
    small, big = sorted((one, two))
    if small < big:
        with pytest.raises(RolledBack):
            judge(Submission(old, (), signed_note(TEXTS, LOG, small)), LOG.verifier, seen(big))


def test_a_proof_from_elsewhere_is_asked_for_again() -> None:
    """The answer names the size from which it is wanted."""
    with pytest.raises(OutOfStep, match="size 10") as caught:
        judge(submission(12, 20), LOG.verifier, seen(10))
    assert caught.value.size == 10


def test_a_proof_from_nothing_is_empty() -> None:
    """Hashes that prove nothing are refused."""
    with pytest.raises(WitnessRefuses):
        judge(Submission(0, (bytes(32),), signed_note(TEXTS, LOG)), LOG.verifier, None)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    """Only the log's own signature counts."""
    impostor = KeySigner.generate(ORIGIN)
    with pytest.raises(BadNote):
        judge(Submission(0, (), signed_note(TEXTS, impostor)), LOG.verifier, None)


@pytest.mark.parametrize(
    "body",
    ["", "old 1\n", "old -1\n\nx", "old 01\n\nx", "new 1\n\nx", "old 1\nx\n\nx",
     "old 1\n" + ("A" * 43 + "=\n") * 64 + "\nx"],
)  # fmt: skip
def test_other_texts_are_no_submissions(body: str) -> None:
    """Only the one form is read."""
    with pytest.raises(WitnessRefuses):
        Submission.parse(body)
