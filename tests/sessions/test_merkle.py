"""The tree against RFC 6962's recursive definitions, every size up to 64, and every way to tamper with a proof."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest

from sessions.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"line %d" % number) for number in range(65)]
TREE = Tree(LEAVES)

CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test vectors that Certificate Transparency's implementations share."""


def split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def tampered(proof: list[bytes]) -> Iterator[list[bytes]]:
    """Every way to change one thing about a proof."""
    stranger = leaf_hash(b"stranger")
    for at, hash_ in enumerate(proof):
        for changed in (bytes([hash_[0] ^ 1]) + hash_[1:], hash_[:-1] + bytes([hash_[-1] ^ 0x80]), hash_[:-1], b""):
            yield [*proof[:at], changed, *proof[at + 1 :]]
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], hash_, hash_, *proof[at + 1 :]]
        if at and proof[at - 1] != hash_:
            yield [*proof[: at - 1], hash_, proof[at - 1], *proof[at + 1 :]]
    yield [*proof, stranger]
    yield [stranger, *proof]


def test_known_roots() -> None:
    tree = Tree()
    assert tree.root() == EMPTY_ROOT
    for leaf, root in zip(CT_LEAVES, CT_ROOTS, strict=True):
        tree.append(leaf_hash(bytes.fromhex(leaf)))
        assert tree.root().hex() == root


@pytest.mark.parametrize("size", range(65))
def test_roots_and_inclusion_at_every_size(size: int) -> None:
    root = TREE.root(size)
    assert root == mth(LEAVES[:size])
    assert root_of(TREE.edge(size)) == root
    for index in range(size):
        proof = inclusion_proof(TREE, index, size)
        assert proof == path(index, LEAVES[:size])
        assert verify_inclusion(LEAVES[index], index, size, proof, root)
        assert not verify_inclusion(LEAVES[index + 1], index, size, proof, root)
        assert not verify_inclusion(LEAVES[index], index, size, proof, LEAVES[64])
        for other in range(-1, size + 1):
            assert verify_inclusion(LEAVES[index], other, size, proof, root) == (other == index)
        for changed in tampered(proof):
            assert not verify_inclusion(LEAVES[index], index, size, changed, root)


@pytest.mark.parametrize("new", range(65))
def test_consistency_between_every_two_sizes(new: int) -> None:
    for old in range(new + 1):
        proof = consistency_proof(TREE, old, new)
        assert proof == ([] if old == 0 else subproof(old, LEAVES[:new], True))
        old_root, new_root = TREE.root(old), TREE.root(new)
        assert verify_consistency(old, new, old_root, new_root, proof)
        assert not verify_consistency(old, new, LEAVES[0] if old != 1 else LEAVES[1], new_root, proof)
        if old:
            assert not verify_consistency(old, new, old_root, EMPTY_ROOT, proof)
        for changed in tampered(proof):
            assert not verify_consistency(old, new, old_root, new_root, changed)


def test_a_forked_tree_is_not_consistent() -> None:
    fork = Tree([*LEAVES[:20], leaf_hash(b"another"), *LEAVES[21:40]])
    for old in range(21, 41):
        proof = consistency_proof(fork, old, 40)
        assert not verify_consistency(old, 40, TREE.root(old), fork.root(40), proof)
        assert not verify_consistency(old, 40, TREE.root(old), fork.root(40), consistency_proof(TREE, old, 40))


@pytest.mark.parametrize("size", range(66))
def test_a_tree_from_its_leaves_is_the_same_tree(size: int) -> None:
    grown = Tree(LEAVES[:size])
    rebuilt = Tree.from_leaves(b"".join(LEAVES[:size]))
    for tree in (grown, rebuilt):
        for leaf in LEAVES[size:]:
            tree.append(leaf)
        assert tree.leaves() == b"".join(LEAVES)
        assert [tree.root(n) for n in range(66)] == [TREE.root(n) for n in range(66)]


def test_leaves_must_be_whole_hashes() -> None:
    with pytest.raises(ValueError, match="whole"):
        Tree.from_leaves(bytes(33))


@pytest.mark.parametrize("size", range(66))
def test_a_tree_that_is_cut_back_is_as_if_it_had_never_grown(size: int) -> None:
    tree = Tree(LEAVES)
    tree.cut(size)
    assert tree.size == size
    assert tree.root() == TREE.root(size)
    assert tree.append(LEAVES[64]) == size
    assert tree.root() == mth([*LEAVES[:size], LEAVES[64]])
    assert inclusion_proof(tree, size, size + 1) == path(size, [*LEAVES[:size], LEAVES[64]])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3), (3, 66)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof(TREE, index, size)


def test_nothing_beyond_the_end() -> None:
    for old, new in [(-1, 2), (3, 2), (3, 66)]:
        with pytest.raises(IndexError):
            consistency_proof(TREE, old, new)
    for size in (-1, 66):
        with pytest.raises(IndexError):
            TREE.root(size)
    for bad in (-1, 66):
        with pytest.raises(ValueError, match="cut"):
            Tree(LEAVES).cut(bad)


def test_proofs_read_few_hashes() -> None:
    class Counting:
        reads = 0

        def read(self, level: int, index: int) -> bytes:
            self.reads += 1
            return tree.read(level, index)

    tree = Tree.from_leaves(b"".join(LEAVES[number % 64] for number in range(50_000)))
    counting = Counting()
    inclusion_proof(counting, 31_999, 49_999)
    consistency_proof(counting, 31_999, 49_999)
    assert counting.reads < 2 * 16 * 2
