"""The Merkle root over all wallets.

The tree follows RFC 6962: leaves are hashed with a 0x00 byte in front, nodes with 0x01.
"""

import hashlib
from collections.abc import Iterable


def merkle_root(leaves: Iterable[bytes]) -> str:
    """Return the RFC 6962 Merkle tree hash (64 hex digits) of `leaves` in their order.

    Full subtrees are folded as soon as they are complete, so any number of leaves fits.
    """
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, digest = 0, hashlib.sha256(b"\0" + leaf).digest()
        while stack and stack[-1][0] == height:
            height, digest = height + 1, _node(stack.pop()[1], digest)
        stack.append((height, digest))
    if not stack:
        return hashlib.sha256(b"").hexdigest()
    root = stack.pop()[1]
    while stack:
        root = _node(stack.pop()[1], root)
    return root.hex()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
