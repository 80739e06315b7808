"""Domain events of the ledger: what happens to points by itself, as it goes to the outbox."""

from typing import Any

from server.core.clock import rfc3339
from server.core.outbox import Event
from server.gamification.ledger.types import INACTIVITY, Kind

TOPICS = {str(Kind.EXPIRY): "points.expired", str(Kind.MATURITY): "points.matured"}


def of_transfer(member_id: str, row: dict[str, Any]) -> Event:
    """Return the event of a transfer whose kind is one of `TOPICS`.

    `at` is when it happened; `reason` of an expiry is `date`, or `inactivity` when no purchase
    was made for too long.
    """
    payload = {
        "transfer_id": row["id"],
        "unit": row["unit"],
        "amount": row["amount"],
        "at": rfc3339(row["occurred_at"]),
    }
    if row["kind"] == Kind.EXPIRY:
        payload["reason"] = "inactivity" if row["actor"] == INACTIVITY else "date"
    return Event(TOPICS[row["kind"]], payload, member_id)
