"""The hash chain of a wallet and the Merkle root over all wallets.

`hash = SHA256(prev_hash || canonical(row))`, per wallet, starting from 64 zeros. `canonical` is a
JSON array of the row's fields in a fixed order, without white space, in UTF-8: strings and whole
numbers only, instants as RFC 3339 in UTC with microseconds. Golden vectors in the tests fix it.
The Merkle tree follows RFC 6962: leaves are hashed with a 0x00 byte in front, nodes with 0x01.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

GENESIS = "0" * 64
_FORMAT = "fairstar/transfer/v1"


def canonical_instant(instant: datetime) -> str:
    """Write an instant as `2026-11-22T14:37:05.000000Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical_transfer(row: dict[str, Any]) -> bytes:
    """Return the bytes of a transfer row (keys as in table `transfer`) that its hash covers."""
    return orjson.dumps(
        [
            _FORMAT,
            row["id"],
            row["wallet_id"],
            row["wallet_version"],
            row["unit"],
            row["kind"],
            row["debit_account"],
            row["credit_account"],
            row["amount"],
            row["ref_kind"],
            row["ref_id"],
            row["reverses_id"],
            row["actor"],
            canonical_instant(row["occurred_at"]),
            canonical_instant(row["recorded_at"]),
            row["balance_after"],
            row["note_hash"],
        ]
    )


def chained_hash(prev_hash: str, row: dict[str, Any]) -> str:
    """Return the hash (64 hex digits) of `row` in the chain after `prev_hash`."""
    return hashlib.sha256(bytes.fromhex(prev_hash) + canonical_transfer(row)).hexdigest()


def note_hash(salt: str, text: str) -> str:
    """Return the hash that stands in the ledger for an erasable free text."""
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


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
