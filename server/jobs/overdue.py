"""What ends by itself when its time has passed: a few at a time, in small transactions."""

from datetime import datetime

from server.gamification.confirmations import cancelling
from server.gamification.holds import service as holds
from server.gamification.vouchers import ending
from server.jobs.batches import in_batches

BATCH = 20


def lapse_holds(*, now: datetime, limit: int = 200) -> int:
    """Give back what up to `limit` overdue holds have set aside; return how many."""
    return in_batches(holds.lapse_holds, now, limit, BATCH)


def cancel_unconfirmed(*, now: datetime, limit: int = 200) -> int:
    """Cancel up to `limit` purchases whose confirmation did not come in time; return how many."""
    return in_batches(cancelling.cancel_unconfirmed, now, limit, BATCH)


def lapse_vouchers(*, now: datetime, limit: int = 200) -> int:
    """End up to `limit` overdue vouchers: what they held goes back, and their piece to the shelf.

    Return how many.
    """
    return in_batches(ending.lapse_vouchers, now, limit, BATCH)
