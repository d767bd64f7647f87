"""The Merkle tree of RFC 6962: roots, inclusion and consistency proofs.

Pure maths over hashes: it knows neither lines nor files. Proofs are made by reading single hashes of complete
subtrees (`Hashes`, one method), so they cost O(log n) whatever keeps the hashes; `Tree` keeps them in memory, 36 bytes
a leaf: those of the smallest subtrees are made when they are asked for. Proofs are checked by free functions that need
nothing but the proof (RFC 9162, 2.1.3.2 and 2.1.4.2).

>>> tree = Tree(leaf_hash(line) for line in (b"a", b"b", b"c"))
>>> verify_inclusion(leaf_hash(b"c"), 2, 3, inclusion_proof(tree, 2, 3), tree.root())
True
>>> verify_consistency(2, 3, tree.root(2), tree.root(3), consistency_proof(tree, 2, 3))
True
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Protocol

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Hashes",
    "Tree",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
KEPT_LEVEL = 4
"""The lowest level above the leaves whose hashes a tree keeps. Those below take 15 hashes at most, ten microseconds."""
_LEAVES = 1 << KEPT_LEVEL
MAX_PROOF = 64
"""Hashes in a proof; a longer one belongs to no tree."""


def leaf_hash(line: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of a zero byte and the leaf's bytes."""
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256 of a one byte and its children's hashes."""
    return sha256(b"\x01" + left + right).digest()


class Hashes(Protocol):
    """What proofs are made from: the hash over leaves `index << level` to `(index + 1) << level`, all of them there."""

    def read(self, level: int, index: int) -> bytes: ...


class Tree:
    """A tree that grows a leaf at a time and can be cut back; every past size keeps its root and proofs."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._leaves = bytearray()
        self._levels: list[bytearray] = [bytearray()]  # from KEPT_LEVEL on
        for leaf in leaves:
            self.append(leaf)

    @classmethod
    def from_leaves(cls, leaves: bytes, nodes: bytes | None = None) -> Tree:
        """The tree over leaf hashes that stand one after another, as `leaves` gives them back; `nodes` gave back `nodes`.

        With them it is made ten times as fast, by whoever knows that they belong together.
        """
        if len(leaves) % HASH_BYTES:
            raise ValueError(f"{len(leaves)} bytes are not whole hashes")
        tree = cls()
        tree._leaves += leaves
        if nodes is None:
            nodes = leaves
            for _ in range(KEPT_LEVEL):
                nodes = _level_above(nodes)
        if len(nodes) != tree.size // _LEAVES * HASH_BYTES:
            raise ValueError(f"{len(nodes)} bytes are not the nodes over {tree.size} leaves")
        tree._levels[0] += nodes
        while len(nodes) >= 2 * HASH_BYTES:
            nodes = _level_above(nodes)
            tree._levels.append(bytearray(nodes))
        return tree

    def __len__(self) -> int:
        return len(self._leaves) // HASH_BYTES

    @property
    def size(self) -> int:
        return len(self)

    def append(self, leaf: bytes) -> int:
        """Add a leaf's hash; returns its index."""
        index = len(self)
        self._leaves += leaf
        if (index + 1) % _LEAVES == 0:
            self._keep(index // _LEAVES)
        return index

    def _keep(self, at: int) -> None:
        """The hash at `KEPT_LEVEL` that has become complete, and those above it."""
        level, hash_ = 0, self._small(KEPT_LEVEL, at)
        self._levels[0] += hash_
        while at & 1:
            hash_ = node_hash(self.read(KEPT_LEVEL + level, at - 1), hash_)
            level, at = level + 1, at >> 1
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += hash_

    def cut(self, size: int) -> None:
        """Back to the first `size` leaves."""
        if not 0 <= size <= len(self):
            raise ValueError(f"a tree of {len(self)} can't be cut back to {size}")
        del self._leaves[size * HASH_BYTES :]
        for level, hashes in enumerate(self._levels, start=KEPT_LEVEL):
            del hashes[(size >> level) * HASH_BYTES :]

    def read(self, level: int, index: int) -> bytes:
        if 0 < level < KEPT_LEVEL:
            return self._small(level, index)
        kept = self._levels[level - KEPT_LEVEL] if level else self._leaves
        hash_ = bytes(kept[index * HASH_BYTES : (index + 1) * HASH_BYTES])
        if len(hash_) != HASH_BYTES:
            raise self._no_subtree(level, index)
        return hash_

    def _small(self, level: int, index: int) -> bytes:
        """The hash of a small subtree, of its leaves."""
        hashes = bytes(self._leaves[(index << level) * HASH_BYTES : (index + 1 << level) * HASH_BYTES])
        if len(hashes) != HASH_BYTES << level:
            raise self._no_subtree(level, index)
        for _ in range(level):
            hashes = _level_above(hashes)
        return hashes

    def _no_subtree(self, level: int, index: int) -> IndexError:
        return IndexError(f"no subtree {index} at level {level} in a tree of {len(self)}")

    def leaf(self, index: int) -> bytes:
        return self.read(0, index)

    def leaves(self, start: int = 0, end: int | None = None) -> bytes:
        """The leaf hashes from `start` to `end`, one after another."""
        last = len(self) if end is None else end
        return bytes(self._leaves[start * HASH_BYTES : last * HASH_BYTES])

    def nodes(self, start: int, end: int) -> bytes:
        """The hashes at `KEPT_LEVEL` that a tree of `end` leaves has, and one of `start` has not."""
        return bytes(self._levels[0][start // _LEAVES * HASH_BYTES : end // _LEAVES * HASH_BYTES])

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` leaves, all of them by default."""
        return root_of(self.edge(size))

    def edge(self, size: int | None = None) -> tuple[bytes, ...]:
        """The hashes of the complete subtrees, from the largest, that a tree of `size` consists of."""
        size = len(self) if size is None else size
        if not 0 <= size <= len(self):
            raise IndexError(f"no {size} leaves in a tree of {len(self)}")
        return tuple(self.read(level, index) for level, index in _subtrees(0, size))


def _level_above(hashes: bytes) -> bytes:
    """The hashes of the pairs in these, one after another."""
    pair = 2 * HASH_BYTES
    whole = len(hashes) - len(hashes) % pair
    return b"".join([sha256(b"\x01" + hashes[at : at + pair]).digest() for at in range(0, whole, pair)])


def root_of(edge: Sequence[bytes]) -> bytes:
    """The root of a tree from its edge."""
    if not edge:
        return EMPTY_ROOT
    root = edge[-1]
    for hash_ in reversed(edge[:-1]):
        root = node_hash(hash_, root)
    return root


def _subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees that make up leaves `start` to `end`, from the largest.

    `start` is a multiple of the largest power of two below the number of leaves, as it is for every range in a proof.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def _range_hash(hashes: Hashes, start: int, end: int) -> bytes:
    return root_of([hashes.read(level, index) for level, index in _subtrees(start, end)])


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(hashes: Hashes, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(hashes, middle, end))
            end = middle
        else:
            proof.append(_range_hash(hashes, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(hashes: Hashes, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `old` is the beginning of the tree of `new` (RFC 6962, 2.1.2)."""
    if not 0 <= old <= new:
        raise IndexError(f"a tree of {old} is not the beginning of one of {new}")
    if old in (0, new):
        return []
    proof = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(hashes, middle, end))
            end = middle
        else:
            proof.append(_range_hash(hashes, start, middle))
            start = middle
    if start:  # else the old tree is one of the subtrees, and its root is known to whoever checks
        proof.append(_range_hash(hashes, start, end))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Does the proof lead from this leaf at `index` to the root of the tree of `size`?"""
    if not 0 <= index < size or len(proof) > MAX_PROOF or any(len(hash_) != HASH_BYTES for hash_ in proof):
        return False
    at, last, found = index, size - 1, leaf
    for hash_ in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(hash_, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Does the proof show that the tree of `old` is the beginning of the tree of `new`?"""
    if not 0 <= old <= new or len(proof) > 2 * MAX_PROOF or any(len(hash_) != HASH_BYTES for hash_ in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found_old = found_new = path[0]
    for hash_ in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            found_old, found_new = node_hash(hash_, found_old), node_hash(hash_, found_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found_new = node_hash(found_new, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root
