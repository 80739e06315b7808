"""What may be wrong with transfers between members: each invariant with its damages."""

from typing import Any

TRANSFER_DAMAGE: dict[str, list[Any]] = {
    "What one member gave is what another got.": [
        "UPDATE member_transfer SET amount = amount + 1",
        "UPDATE member_transfer SET sender_id = (SELECT min(id) FROM member"
        " WHERE id NOT IN (SELECT sender_id FROM member_transfer)"
        " AND id NOT IN (SELECT recipient_id FROM member_transfer))",
        "UPDATE member_transfer SET unit = 'stars'",
        "UPDATE transfer SET amount = amount + 1"
        " WHERE kind = 'transfer' AND debit_account = 'transfer'",
    ],
    "Points that are given live no longer than before.": [
        "UPDATE lot SET expires_at = NULL WHERE source_transfer_id IN"
        " (SELECT id FROM transfer WHERE kind = 'transfer')",
    ],
}
