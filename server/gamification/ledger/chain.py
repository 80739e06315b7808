"""The hash chain of a wallet.

`hash = SHA256(prev_hash || canonical(row))`, per wallet, starting from 64 zeros. `canonical` is a
JSON array of the row's fields in a fixed order, without white space, in UTF-8: strings and whole
numbers only, instants as RFC 3339 in UTC with microseconds. Golden vectors in the tests fix it.
A row that opens lots is written in the second form, which also covers whose wallet it is and the
lots as they were opened: sorted by id, each with amount, `earned_at`, `available_at`, `expires_at`
and `replaces_id`. All other rows, and those of before, have the first form.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import orjson

GENESIS = "0" * 64
_FORMAT = "fairstar/transfer/v1"
_FORMAT_WITH_LOTS = "fairstar/transfer/v2"
_WHAT = itemgetter(
    *("id", "wallet_id", "wallet_version", "unit", "kind", "debit_account", "credit_account"),
    *("amount", "ref_kind", "ref_id", "reverses_id", "actor"),
)


def canonical_instant(instant: datetime) -> str:
    """Write an instant as `2026-11-22T14:37:05.000000Z`."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical_transfer(row: dict[str, Any], owner_id: str = "", lots: Sequence[Any] = ()) -> bytes:
    """Return the bytes of a transfer row (keys as in table `transfer`) that its hash covers.

    With the `lots` that it opens they cover them too, and `owner_id`, the member of the wallet.
    """
    form = _FORMAT_WITH_LOTS if lots else _FORMAT
    instants = (canonical_instant(row["occurred_at"]), canonical_instant(row["recorded_at"]))
    fields = [form, *_WHAT(row), *instants, row["balance_after"], row["note_hash"]]
    if lots:
        fields += [owner_id, [_canonical_lot(lot) for lot in sorted(lots, key=lambda lot: lot.id)]]
    return orjson.dumps(fields)


def _canonical_lot(lot: Any) -> list[Any]:
    instants = (lot.earned_at, lot.available_at, lot.expires_at)
    written = [at and canonical_instant(at) for at in instants]
    return [lot.id, lot.amount, *written, lot.replaces_id]


def chained_hash(
    prev_hash: str, row: dict[str, Any], owner_id: str = "", lots: Sequence[Any] = ()
) -> str:
    """Return the hash (64 hex digits) of `row`, which opens `lots`, after `prev_hash`."""
    content = canonical_transfer(row, owner_id, lots)
    return hashlib.sha256(bytes.fromhex(prev_hash) + content).hexdigest()


def note_hash(salt: str, text: str) -> str:
    """Return the hash that stands in the ledger for an erasable free text."""
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()
