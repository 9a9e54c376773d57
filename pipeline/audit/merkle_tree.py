"""Merkle trees of RFC 6962 (section 2.1): roots, inclusion proofs and consistency proofs, with SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node with two children."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that grows, as the roots of its complete subtrees: one for each 1 in the binary form of its size.

    Args:
        size: number of leaves.
        roots: of the subtrees, the largest first.

    Raises:
        ValueError: the number of roots does not fit the size.
    """

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self.roots = list(roots)
        if len(self.roots) != size.bit_count():
            raise ValueError(f"{len(self.roots)} subtrees for {size} leaves")

    def add(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        self.roots.append(leaf)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self.roots.pop()
            self.roots[-1] = node_hash(self.roots[-1], right)

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.roots:
            return EMPTY_ROOT
        *lefts, root = self.roots
        for left in reversed(lefts):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree of hashes of leaves."""
    level = list(leaves) or [EMPTY_ROOT]
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf (section 2.1.1), from the leaf up.

    Args:
        leaves: hashes of all leaves; index: of the leaf, from 0.
    """
    if len(leaves) <= 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], former: int) -> list[bytes]:
    """The proof that the tree of the first `former` leaves was only appended to (section 2.1.2)."""
    return _subproof(former, leaves, whole=True) if 0 < former < len(leaves) else []


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf is in a tree (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, at, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if at % 2 or at == last:
            node = node_hash(sibling, node)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            node = node_hash(node, sibling)
        at, last = at // 2, last // 2
    return last == 0 and node == root


def is_consistent(former: int, former_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a tree is the former one with leaves appended (RFC 9162 section 2.1.4.2)."""
    if former in {0, size}:
        return not proof and former <= size and (former == 0 or former_root == root)
    if not 0 < former < size or not proof:
        return False
    path = [former_root, *proof] if former.bit_count() == 1 else list(proof)
    at, last = former - 1, size - 1
    while at % 2:
        at, last = at // 2, last // 2
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            new = node_hash(new, node)
        at, last = at // 2, last // 2
    return last == 0 and old == former_root and new == root


def _subproof(former: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if former == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if former <= split:
        return [*_subproof(former, leaves[:split], whole=whole), root_of(leaves[split:])]
    return [*_subproof(former - split, leaves[split:], whole=False), root_of(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)
