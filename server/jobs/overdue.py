"""What ends by itself when its time has passed: a few at a time, in small transactions."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from server.core.db import transaction
from server.gamification.confirmations import cancelling
from server.gamification.holds import service as holds
from server.gamification.vouchers import ending

BATCH = 20
Ending = Callable[[Connection, datetime, int], int]
"""Ends up to so many things that are overdue; returns how many there were."""


def lapse_holds(*, now: datetime, limit: int = 200) -> int:
    """Give back what up to `limit` overdue holds have set aside; return how many."""
    return _end(holds.lapse_holds, now, limit)


def cancel_unconfirmed(*, now: datetime, limit: int = 200) -> int:
    """Cancel up to `limit` purchases whose confirmation did not come in time; return how many."""
    return _end(cancelling.cancel_unconfirmed, now, limit)


def lapse_vouchers(*, now: datetime, limit: int = 200) -> int:
    """End up to `limit` overdue vouchers: what they held goes back, and their piece to the shelf.

    Return how many.
    """
    return _end(ending.lapse_vouchers, now, limit)


def _end(ending_some: Ending, now: datetime, limit: int) -> int:
    ended = 0
    while ended < limit:
        most = min(BATCH, limit - ended)
        with transaction() as tx:
            found = ending_some(tx, now, most)
        ended += found
        if found < most:
            break
    return ended
