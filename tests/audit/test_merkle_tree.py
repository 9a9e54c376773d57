"""Merkle trees agree with RFC 6962, and their proofs hold for one tree only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from pipeline.audit.merkle_tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    includes,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    root_of,
)

# Test vectors of the reference implementation of RFC 6962 (certificate-transparency, merkle_tree_test).
_DATA = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
_NODES = {
    "01": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "0-1": "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "2-3": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "4": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4-5": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "6-7": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "4-7": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "0-3": "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
}
_PATHS = {(1, 8): "01 2-3 4-7", (6, 8): "4 6-7 0-3", (3, 3): "0-1", (2, 5): "0 2-3 4"}
"""By number of the leaf, from 1, and size of the tree."""
_CONSISTENCY = {(1, 8): "01 2-3 4-7", (6, 8): "4-5 6-7 0-3", (2, 5): "2-3 4"}
_LEAVES = [leaf_hash(str(number).encode()) for number in range(33)]


def _by_definition(leaves: Sequence[bytes]) -> bytes:
    """The root as section 2.1 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    halves = _by_definition(leaves[:split]) + _by_definition(leaves[split:])
    return hashlib.sha256(b"\x01" + halves).digest()


def _nodes(path: str) -> list[str]:
    return [_NODES[name] for name in path.split()]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    leaves = [leaf_hash(data) for data in _DATA[:size]]
    assert root_of(leaves).hex() == _ROOTS[size - 1]
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root().hex() == _ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert Frontier().root() == root_of([]) == EMPTY_ROOT == hashlib.sha256().digest()


def test_proofs_are_those_of_the_reference_implementation() -> None:
    leaves = [leaf_hash(data) for data in _DATA]
    for (number, size), path in _PATHS.items():
        assert [node.hex() for node in inclusion_proof(leaves[:size], number - 1)] == _nodes(path)
    for (former, size), path in _CONSISTENCY.items():
        assert [node.hex() for node in consistency_proof(leaves[:size], former)] == _nodes(path)


@pytest.mark.parametrize("size", range(1, len(_LEAVES) + 1))
def test_every_leaf_has_a_proof_for_its_place_only(size: int) -> None:
    leaves, root = _LEAVES[:size], root_of(_LEAVES[:size])
    assert root == _by_definition(leaves)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(leaves, index)
        assert includes(leaf, index, size, proof, root)
        assert not includes(leaf_hash(b"other"), index, size, proof, root)
        assert not includes(leaf, index, size, [*proof, leaf], root)
        if size > 1:
            assert not includes(leaf, (index + 1) % size, size, proof, root)
            assert not includes(leaf, index, size, proof[:-1], root)


@pytest.mark.parametrize("size", range(1, len(_LEAVES) + 1))
def test_a_tree_is_consistent_with_its_beginnings_only(size: int) -> None:
    root = root_of(_LEAVES[:size])
    for former in range(size + 1):
        proof = consistency_proof(_LEAVES[:size], former)
        assert is_consistent(former, root_of(_LEAVES[:former]), size, root, proof)
        changed = root_of([leaf_hash(b"other"), *_LEAVES[1:former]])
        assert former == 0 or not is_consistent(former, changed, size, root, proof)
        assert not is_consistent(former, root_of(_LEAVES[:former]), size, root, [*proof, root])


def test_a_frontier_goes_on_from_its_subtrees() -> None:
    tree = Frontier()
    for size, leaf in enumerate(_LEAVES, start=1):
        tree = Frontier(tree.size, tree.roots)
        tree.add(leaf)
        assert tree.root() == root_of(_LEAVES[:size])
    with pytest.raises(ValueError, match="2 subtrees for 4 leaves"):
        Frontier(4, _LEAVES[:2])
