"""The Merkle tree of the record: hashes, heads, proofs (RFC 6962 section 2.1, RFC 9162 section 2.1).

Rules. A leaf is hashed as SHA-256(0x00 ‖ leaf), a node as SHA-256(0x01 ‖ left ‖ right), the empty tree
as SHA-256 of nothing. The left subtree of n leaves holds the largest power of two smaller than n. The
head of a tree depends on every byte of every leaf, on their order and on their number.

`Peaks` grows a head leaf by leaf in O(log n) memory; `Tree` keeps all hashes and makes proofs; the
`verify_*` functions need neither. All of them agree with the RFC's recursive definition.

Not here: what a leaf may say (core/leaf.py), who signs a head (core/notes.py), where leaves are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """32 bytes: the hash of one leaf (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """32 bytes: the hash of an inner node over its two children (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def tree_head(hashes: Sequence[bytes]) -> bytes:
    """32 bytes: the root over leaf hashes, in order."""
    return Peaks().extend(hashes).root()


@dataclass(frozen=True, slots=True)
class Peaks:
    """The roots of the full subtrees of a tree of `size` leaves, largest first: enough to append."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError("a tree of n leaves has as many peaks as n has one-bits")
        if any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise ValueError("a peak is 32 bytes")

    def append(self, hash_of_leaf: bytes) -> "Peaks":
        """The peaks after one more leaf, given by its leaf hash."""
        return self.extend((hash_of_leaf,))

    def extend(self, hashes: Iterable[bytes]) -> "Peaks":
        """The peaks after more leaves, given by their leaf hashes in order."""
        size, peaks = self.size, list(self.peaks)
        for hash_of_leaf in hashes:
            node, carry = hash_of_leaf, size
            while carry & 1:
                node = node_hash(peaks.pop(), node)
                carry >>= 1
            peaks.append(node)
            size += 1
        return Peaks(size, tuple(peaks))

    def root(self) -> bytes:
        """32 bytes: the tree head."""
        return join(self.peaks) if self.peaks else EMPTY_ROOT


class Tree:
    """All hashes of a tree, level by level, to make proofs from. About 64 bytes of hashes per leaf."""

    def __init__(self, hashes: Iterable[bytes]) -> None:
        self._levels = [list(hashes)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([node_hash(below[k], below[k + 1]) for k in range(0, len(below) - 1, 2)])

    def __len__(self) -> int:
        return len(self._levels[0])

    def root(self, size: int | None = None) -> bytes:
        """32 bytes: the head of the first `size` leaves, default all. ValueError if there are fewer."""
        size = len(self) if size is None else size
        if not 0 <= size <= len(self):
            raise ValueError("the tree is smaller than that")
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of leaf `index` in the tree of the first `size` leaves (RFC 9162 2.1.3.1)."""
        return [self._range(low, high) for low, high in inclusion_ranges(index, self._within(size))]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the first `old` leaves are a prefix of the first `size` (RFC 9162 2.1.4.1)."""
        return [self._range(low, high) for low, high in consistency_ranges(old, self._within(size))]

    def _within(self, size: int | None) -> int:
        if size is not None and size > len(self):
            raise ValueError("the tree is smaller than that")
        return len(self) if size is None else size

    def _range(self, low: int, high: int) -> bytes:
        return join([self._full(*subtree) for subtree in full_subtrees(low, high)])

    def _full(self, low: int, high: int) -> bytes:
        level = (high - low).bit_length() - 1
        return self._levels[level][low >> level]


Range: TypeAlias = tuple[int, int]
"""A subtree: its first leaf, and the one after its last."""


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots are the audit path of a leaf (RFC 9162 2.1.3.1). ValueError if there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """The subtrees whose roots prove that `old` leaves begin `size` (RFC 9162 2.1.4.1). ValueError for no such tree."""
    if not 0 < old <= size:
        raise ValueError("no such tree")
    path, low, high, whole = [], 0, size, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low, whole = middle, False
    return ([] if whole else [(low, high)]) + path[::-1]


def full_subtrees(low: int, high: int) -> list[Range]:
    """The full subtrees (sizes powers of two, largest first) that a subtree of the tree consists of."""
    found = []
    while low < high:
        width = 1 << ((high - low).bit_length() - 1)
        found.append((low, low + width))
        low += width
    return found


def join(roots: Sequence[bytes]) -> bytes:
    """32 bytes: the root over neighbouring full subtrees, largest first, given by theirs (at least one)."""
    node = roots[-1]
    for root in reversed(roots[:-1]):
        node = node_hash(root, node)
    return node


def verify_inclusion(index: int, size: int, hash_of_leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from leaf `index` to the root of `size` leaves (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or any(len(step) != HASH_SIZE for step in proof):
        return False
    place, last, node = index, size - 1, hash_of_leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(step, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, step)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves only added to the tree of `old` (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= size or any(len(step) != HASH_SIZE for step in proof):
        return False
    if old == size:
        return not proof and old_root == root
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, step)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (width > 1)."""
    return 1 << ((width - 1).bit_length() - 1)
