"""Give back what the tickets of cancelled raffles cost, in small transactions."""

from datetime import datetime

from server.core.db import reading, transaction
from server.gamification.tickets.leaving import refund_entries
from server.gamification.tickets.selling import list_unrefunded

BATCH = 20


def run(*, now: datetime, limit: int = 200) -> int:
    """Refund up to `limit` entries of cancelled raffles; return how many."""
    with reading() as tx:
        raffles = list_unrefunded(tx)
    refunded = 0
    while raffles and refunded < limit:
        with transaction() as tx:
            found = refund_entries(tx, raffles[0], now, min(BATCH, limit - refunded))
        refunded += found
        if not found:
            raffles.pop(0)
    return refunded
