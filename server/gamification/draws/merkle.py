"""Proofs that a leaf is in a Merkle tree: RFC 6962, section 2.1.1; checked as in RFC 9162."""

import hashlib
from collections.abc import Sequence

from server.gamification.draws.types import InclusionProof

_Levels = list[list[bytes]]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> InclusionProof:
    """Return the proof that `leaves[index]` is in the tree over `leaves`. Raise `IndexError`."""
    if not 0 <= index < len(leaves):
        raise IndexError("no such leaf")
    return Tree(leaves).proof(index)


class Tree:
    """All levels of a tree, for whoever needs many proofs of one pool."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
        self._levels: _Levels = [level]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            lone = level[-1:] if len(level) % 2 else []
            level = [_node(left, right) for left, right in pairs] + lone
            self._levels.append(level)

    def proof(self, index: int) -> InclusionProof:
        """Return the proof for the leaf at `index`."""
        path, position = [], index
        for level in self._levels[:-1]:
            sibling = position ^ 1
            if sibling < len(level):
                path.append(level[sibling].hex())
            position >>= 1
        return InclusionProof(index, len(self._levels[0]), tuple(path))


def is_included(leaf: bytes, proof: InclusionProof, root: str) -> bool:
    """Tell whether `proof` leads from `leaf` to `root` (hex)."""
    if not 0 <= proof.index < proof.size:
        return False
    position, last = proof.index, proof.size - 1
    digest = hashlib.sha256(b"\0" + leaf).digest()
    for step in proof.path:
        if last == 0:
            return False
        sibling = bytes.fromhex(step)
        if position % 2 or position == last:
            digest = _node(sibling, digest)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            digest = _node(digest, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and digest.hex() == root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
