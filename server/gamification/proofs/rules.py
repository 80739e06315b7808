"""What a checkpoint signs, and whether a chain of checkpoints holds: pure."""

from collections.abc import Iterable, Sequence

import orjson

from server.core.crypto import is_signed_by
from server.gamification.ledger.chain import GENESIS, canonical_instant
from server.gamification.proofs.merkle import merkle_root
from server.gamification.proofs.types import Checkpoint, Fault, Head

FORMAT = "fairstar/checkpoint/v1"


def leaf_of(head: Head) -> bytes:
    """Return the bytes of a wallet's head as a leaf of the Merkle tree."""
    return orjson.dumps([head.wallet_id, head.version, head.head_hash])


def root_of(heads: Iterable[Head]) -> tuple[str, int]:
    """Return the Merkle root over heads, which come sorted by wallet id, and their number."""
    count = 0

    def leaves() -> Iterable[bytes]:
        nonlocal count
        for head in heads:
            count += 1
            yield leaf_of(head)

    return merkle_root(leaves()), count


def statement_of(checkpoint: Checkpoint) -> bytes:
    """Return the bytes that a checkpoint's signature covers."""
    fields = [FORMAT, checkpoint.number, canonical_instant(checkpoint.taken_at)]
    return orjson.dumps([*fields, checkpoint.wallets, checkpoint.root, checkpoint.previous_root])


def why_not_signed(checkpoint: Checkpoint, trusted: Sequence[str] | None) -> Fault | None:
    """Return what is wrong with a checkpoint's signature; `trusted` are keys (hex), None: any."""
    name = f"checkpoint {checkpoint.number}"
    if not is_signed_by(checkpoint.public_key, statement_of(checkpoint), checkpoint.signature):
        return Fault(f"{name}: the signature does not belong to it")
    if trusted is not None and checkpoint.public_key not in trusted:
        return Fault(f"{name}: signed by the key {checkpoint.public_key}, which is not ours")
    return None


def why_not_next(before: Checkpoint | None, checkpoint: Checkpoint) -> Fault | None:
    """Return what is wrong with the place of a checkpoint after the one before it."""
    number, root = (before.number, before.root) if before else (0, GENESIS)
    if checkpoint.number != number + 1:
        return Fault(f"checkpoint {number + 1} is missing")
    if checkpoint.previous_root != root:
        return Fault(f"checkpoint {checkpoint.number}: does not follow checkpoint {number}")
    return None
