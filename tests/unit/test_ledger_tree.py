"""The Merkle tree: against RFC 6962's own definition, its published roots, and every wrong proof nearby."""

import json
from pathlib import Path

import pytest

from exchange.core.ledger import (
    EMPTY_ROOT,
    Peaks,
    Tree,
    leaf_hash,
    node_hash,
    tree_head,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "ledger"
MOST = 35
HASHES = [leaf_hash(bytes([number])) for number in range(MOST)]
TREE = Tree(HASHES)


def by_definition(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, as it is written there."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = max(2**e for e in range(10) if 2**e < len(hashes))
    return node_hash(by_definition(hashes[:k]), by_definition(hashes[k:]))


def test_published_roots() -> None:
    """The roots over the eight inputs of the Certificate Transparency test suite."""
    vector = json.loads((VECTORS / "rfc6962-roots.json").read_text())
    hashes = [leaf_hash(bytes.fromhex(leaf)) for leaf in vector["leaves"]]
    assert [tree_head(hashes[:n]).hex() for n in range(len(hashes) + 1)] == vector["roots"]


@pytest.mark.parametrize("size", range(MOST + 1))
def test_heads_agree(size: int) -> None:
    """Growing leaf by leaf, growing in one go, and the stored tree give the root of the definition."""
    peaks = Peaks()
    for hash_of_leaf in HASHES[:size]:
        peaks = peaks.append(hash_of_leaf)
    expected = by_definition(HASHES[:size])
    assert peaks.root() == tree_head(HASHES[:size]) == TREE.root(size) == expected
    assert peaks == Peaks().extend(HASHES[:size])


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_inclusion(size: int) -> None:
    """Every leaf's proof holds; with another place, leaf, size's root, or a step more or less it does not."""
    root = TREE.root(size)
    for index in range(size):
        proof = TREE.inclusion(index, size)
        assert verify_inclusion(index, size, HASHES[index], proof, root)
        assert not verify_inclusion(index, size, leaf_hash(b"other"), proof, root)
        assert not verify_inclusion(index, size, HASHES[index], [*proof, root], root)
        assert not verify_inclusion(index, size, HASHES[index], proof, TREE.root(size - 1))
        assert not verify_inclusion(size, size, HASHES[index], proof, root)
        if proof:
            assert not verify_inclusion(index, size, HASHES[index], proof[:-1], root)
            assert not verify_inclusion(index ^ 1, size, HASHES[index], proof, root)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_consistency(size: int) -> None:
    """Every prefix is proved; a changed old root, new root or proof is not."""
    root = TREE.root(size)
    for old in range(1, size + 1):
        proof = TREE.consistency(old, size)
        assert verify_consistency(old, size, TREE.root(old), root, proof)
        assert not verify_consistency(old, size, leaf_hash(b"x"), root, proof)
        assert not verify_consistency(old, size, TREE.root(old), leaf_hash(b"x"), proof)
        assert not verify_consistency(old, size, TREE.root(old), root, [*proof, root])
        if proof:
            assert not verify_consistency(old, size, TREE.root(old), root, proof[:-1])


def test_impossible_questions() -> None:
    """What no tree can answer is an error or no, never a proof."""
    for ask in (lambda: TREE.root(MOST + 1), lambda: TREE.inclusion(3, 3), lambda: TREE.consistency(0, 3)):
        with pytest.raises(ValueError, match=r"no such|smaller"):
            ask()
    with pytest.raises(ValueError, match="one-bits"):
        Peaks(3, (HASHES[0],))
    with pytest.raises(ValueError, match="32 bytes"):
        Peaks(1, (b"short",))
    assert not verify_inclusion(0, 1, HASHES[0], [b"short"], HASHES[0])
    assert not verify_consistency(0, 1, EMPTY_ROOT, HASHES[0], [])
    assert not verify_consistency(3, 4, TREE.root(3), TREE.root(4), [])
